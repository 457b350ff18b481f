//! `POST /volumes`.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        input::Input,
        reply::{self, Reply},
        servers,
    },
    PER_SERVER, SIZES, is_volume_name, require_free_name,
    wire::Wire,
};
use crate::{
    app::App,
    catalogue::Location,
    labels::Labels,
    state::{Command, NewAction, Resource, State as Project, Volume, VolumeStatus, now},
    work::volumes as work,
};

/// File systems the API can put on a volume.
const FORMATS: [&str; 2] = ["ext4", "xfs"];

struct Order {
    size_gb: u64,
    name: String,
    labels: Labels,
    location: Option<String>,
    server: Option<u64>,
    format: Option<String>,
}

impl Order {
    fn read(mut input: Input) -> Result<Self, ApiError> {
        let order = Self {
            size_gb: input.required("size", Input::number),
            name: input.required("name", Input::text),
            labels: input.labels().unwrap_or_default(),
            location: input.reference("location"),
            server: input.number("server"),
            format: input.text("format"),
        };
        if order.size_gb != 0 && !SIZES.contains(&order.size_gb) {
            input.fault("size", "Must be between 10 and 10240.");
        }
        if !order.name.is_empty() && !is_volume_name(&order.name) {
            input.fault("name", "must be at most 64 letters, digits, dashes, underscores and dots");
        }
        if order.format.as_deref().is_some_and(|format| !FORMATS.contains(&format)) {
            input.fault("format", "Must be one of: xfs, ext4.");
        }
        match (&order.location, order.server) {
            (Some(_), Some(_)) => {
                input.fault("location", "only one of location and server can be given");
            }
            (None, None) => input.fault("location", "one of location and server is required"),
            (Some(_), None) | (None, Some(_)) => {}
        }
        if input.flag("automount").is_some_and(|automount| automount && order.server.is_none()) {
            input.fault("automount", "server must be provided");
        }
        input.finish()?;
        Ok(order)
    }

    /// Where the volume is to be: in the named location, or where its server is.
    fn place(&self, app: &App, project: &Project) -> Result<Location, ApiError> {
        if let Some(server) = self.server {
            servers::require_unlocked(project, server)?;
            if project.volumes_of(server).len() >= PER_SERVER {
                return Err(ApiError::limit_exceeded("volume limit for server exceeded", "volume_per_server_limit"));
            }
            if let Some(server) = project.servers.get(&server) {
                return Ok(server.location.clone());
            }
        }
        let name = self.location.as_deref().unwrap_or_default();
        app.catalogue.location(name).cloned().ok_or_else(|| ApiError::invalid(format!("location '{name}' not found")))
    }
}

pub(in crate::api) async fn create(State(app): State<Arc<App>>, input: Input) -> Reply {
    let order = Order::read(input)?;
    let (id, create, attach, response) = app.with(|project| {
        let location = order.place(&app, project)?;
        require_free_name(project, &order.name, None)?;
        let id = project.ids.volume();
        let mut locks = vec![Resource::volume(id)];
        let create =
            NewAction { command: Command::CreateVolume, resources: locks.clone(), locks: locks.clone(), parent: None };
        let create = project.actions.start(&mut project.ids, create);
        let attach = order.server.map(|server| {
            locks.insert(0, Resource::server(server));
            let attach =
                NewAction { command: Command::AttachVolume, resources: locks.clone(), locks, parent: Some(create.id) };
            (server, project.actions.start(&mut project.ids, attach))
        });
        let volume = Volume {
            id,
            name: order.name,
            created: now(),
            status: VolumeStatus::Creating,
            size_gb: order.size_gb,
            format: order.format,
            location,
            server: order.server,
            protected: false,
            labels: order.labels,
        };
        let next_actions: Vec<_> = attach.iter().map(|(_, action)| action).collect();
        let response =
            reply::created(&json!({"volume": Wire::from(&volume), "action": create, "next_actions": next_actions}))?;
        project.volumes.insert(id, volume);
        Ok::<_, ApiError>((id, create.id, attach.map(|(server, action)| (server, action.id)), response))
    })?;
    work::spawn_create(&app, id, create, attach);
    Ok(response)
}
