//! `POST /servers`.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        firewalls::PER_SERVER as FIREWALLS_PER_SERVER,
        input::Input,
        reply::{self, Reply},
    },
    order::Order,
    require_free_name,
    wire::Wire,
};
use crate::{
    app::App,
    catalogue::Location,
    labels::Labels,
    state::{
        Action, Command, NewAction, PrimaryIp, Resource, Server, ServerStatus, State as Project, Target, VolumeStatus,
        now,
    },
    work::create_server::{self, Creation},
};

/// Sent where no SSH key was given. Machines do not know it: they are reached by key.
const ROOT_PASSWORD: &str = "emulatedRootPassword";

pub(in crate::api) async fn create(State(app): State<Arc<App>>, input: Input) -> Reply {
    let order = Order::read(input)?;
    let (creation, response) = app.with(|project| place(&app, project, order))?;
    create_server::spawn(&app, creation);
    Ok(response)
}

/// Checks the order against the project, and enters the server with its addresses and actions.
fn place(app: &App, project: &mut Project, order: Order) -> Result<(Creation, axum::response::Response), ApiError> {
    let (server_type, location, image) = order.resolve(&app.catalogue)?;
    require_free_name(project, &order.name, None)?;
    let ssh_keys = find_keys(project, &order.ssh_keys)?;
    let volumes: BTreeSet<u64> = order.volumes.iter().copied().collect();
    for id in &volumes {
        check_volume(project, *id, location)?;
    }
    let firewalls: BTreeSet<u64> = order.firewalls.iter().copied().collect();
    if let Some(id) = firewalls.iter().find(|id| !project.firewalls.contains_key(id)) {
        return Err(ApiError::not_found("firewall", id));
    }
    if firewalls.len() > FIREWALLS_PER_SERVER {
        return Err(ApiError::limit_exceeded("firewall limit for server exceeded", "firewall_per_server_limit"));
    }
    if !firewalls.is_empty() && !order.ipv4 && !order.ipv6 {
        return Err(ApiError::unprocessable("private_net_only_server", "server has no public network interface"));
    }
    let id = project.ids.server();
    let address = app.machines.allocate_address(id).map_err(|error| {
        tracing::warn!(%error, "no address for a new server");
        ApiError::unavailable("error during placement")
    })?;
    let root_password = ssh_keys.is_empty().then_some(ROOT_PASSWORD);
    let server = Server {
        id,
        name: order.name,
        status: ServerStatus::Initializing,
        created: now(),
        address,
        kind: server_type.clone(),
        location: location.clone(),
        image: image.clone(),
        labels: order.labels,
        protected: false,
        user_data: order.user_data,
        ssh_keys,
        booted: false,
        power_commands: 0,
        shutting_down: Arc::default(),
    };
    if order.ipv4 {
        add_address(project, &server, "ipv4", address.to_string());
    }
    if order.ipv6 {
        add_address(project, &server, "ipv6", format!("2001:db8:{:x}:{:x}::/64", id >> 16 & 0xffff, id & 0xffff));
    }
    let image = image.id;
    project.servers.insert(id, server);
    let (creation, action, next_actions) = start_actions(project, id, image, order.start, &volumes, &firewalls);
    let server = project.servers.get(&id).ok_or_else(|| ApiError::not_found("server", id))?;
    let response = reply::created(&json!({
        "server": Wire::of(project, server),
        "action": action,
        "next_actions": next_actions,
        "root_password": root_password,
    }))?;
    Ok((creation, response))
}

fn find_keys(project: &Project, references: &[String]) -> Result<Vec<String>, ApiError> {
    references
        .iter()
        .map(|wanted| {
            project
                .ssh_keys
                .values()
                .find(|each| each.name == *wanted || each.id.to_string() == *wanted)
                .map(|each| each.public_key.clone())
                .ok_or_else(|| ApiError::not_found("SSH key", wanted))
        })
        .collect()
}

fn check_volume(project: &Project, id: u64, location: &Location) -> Result<(), ApiError> {
    let volume = project.volumes.get(&id).ok_or_else(|| ApiError::not_found("volume", id))?;
    if volume.server.is_some() {
        return Err(ApiError::unprocessable("volume_already_attached", "volume is already attached to a server"));
    }
    if volume.location.id != location.id {
        return Err(ApiError::invalid_field("volumes", "volume and server must be in the same location"));
    }
    if volume.status != VolumeStatus::Available || project.actions.locked(Resource::volume(id)) {
        return Err(ApiError::locked("volume"));
    }
    Ok(())
}

fn add_address(project: &mut Project, server: &Server, kind: &'static str, ip: String) {
    let id = project.ids.primary_ip();
    let name = format!("primary_ip-{id}");
    let (created, location) = (server.created, server.location.clone());
    let entry = PrimaryIp { id, name, kind, ip, server: server.id, location, labels: Labels::new(), created };
    project.primary_ips.insert(id, entry);
}

fn start_actions(
    project: &mut Project,
    id: u64,
    image: u64,
    start: bool,
    volumes: &BTreeSet<u64>,
    firewalls: &BTreeSet<u64>,
) -> (Creation, Action, Vec<Action>) {
    let server = Resource::server(id);
    let mut begin = |command, resources, locks, parent| {
        project.actions.start(&mut project.ids, NewAction { command, resources, locks, parent })
    };
    let create = begin(Command::CreateServer, vec![server, Resource::image(image)], vec![server], None);
    let parent = Some(create.id);
    let mut creation = Creation { server: id, create: create.id, start: None, attach: Vec::new(), apply: Vec::new() };
    let mut next = Vec::new();
    if start {
        let action = begin(Command::StartServer, vec![server], vec![server], parent);
        creation.start = Some(action.id);
        next.push(action);
    }
    for &volume in volumes {
        let both = vec![server, Resource::volume(volume)];
        let action = begin(Command::AttachVolume, both.clone(), both, parent);
        creation.attach.push((volume, action.id));
        next.push(action);
    }
    for &firewall in firewalls {
        let both = vec![server, Resource::firewall(firewall)];
        let action = begin(Command::ApplyFirewall, both, Vec::new(), parent);
        creation.apply.push((firewall, action.id));
        next.push(action);
    }
    for volume in project.volumes.values_mut().filter(|each| volumes.contains(&each.id)) {
        volume.server = Some(id);
    }
    for firewall in project.firewalls.values_mut().filter(|each| firewalls.contains(&each.id)) {
        firewall.targets.push(Target::Server(id));
        firewall.pending.insert(id);
    }
    (creation, create, next)
}
