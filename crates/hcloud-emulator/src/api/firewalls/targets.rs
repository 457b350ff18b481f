//! What a firewall is applied to or removed from, as a request brings it.

use axum::http::StatusCode;

use super::super::{error::ApiError, input::Input};
use crate::{
    labels::Selector,
    state::{State as Project, Target},
};

/// Reads a list of resources; `None` where the field is not there.
pub(super) fn read(input: &mut Input, field: &str) -> Option<Vec<Target>> {
    let items = input.array(field)?;
    let mut targets = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        let Some(mut item) = Input::nested(item) else {
            input.fault(field, "Not a valid object.");
            continue;
        };
        targets.extend(read_one(&mut item));
        input.adopt(&format!("{field}.{position}"), item);
    }
    Some(targets)
}

fn read_one(input: &mut Input) -> Option<Target> {
    match input.required("type", Input::text).as_str() {
        "server" => {
            let Some(mut server) = input.object("server") else {
                input.fault("server", "Missing data for required field.");
                return None;
            };
            let id = server.required("id", Input::number);
            input.adopt("server", server);
            Some(Target::Server(id))
        }
        "label_selector" => {
            let Some(mut selector) = input.object("label_selector") else {
                input.fault("label_selector", "Missing data for required field.");
                return None;
            };
            let text = selector.required("selector", Input::text);
            let parsed = Selector::parse(&text);
            if let Err(error) = &parsed {
                selector.fault("selector", error.to_string());
            }
            input.adopt("label_selector", selector);
            parsed.ok().map(|selector| Target::Labels { text, selector })
        }
        _ => {
            input.fault("type", "Must be one of: server, label_selector.");
            None
        }
    }
}

/// Firewalls that can be applied to one server.
pub(in crate::api) const PER_SERVER: usize = 5;

/// Refuses a server that is not there, that has no public network, or that has its firewalls already.
pub(super) fn require_resource(project: &Project, target: &Target) -> Result<(), ApiError> {
    let Target::Server(id) = target else {
        return Ok(());
    };
    if !project.servers.contains_key(id) {
        let message = format!("server with ID '{id}' not found");
        return Err(ApiError::new(StatusCode::NOT_FOUND, "firewall_resource_not_found", message));
    }
    if !project.primary_ips.values().any(|each| each.server == *id) {
        return Err(ApiError::unprocessable("private_net_only_server", "server has no public network interface"));
    }
    if project.servers.get(id).is_some_and(|server| project.firewalls_of(server).count() >= PER_SERVER) {
        return Err(ApiError::limit_exceeded("firewall limit for server exceeded", "firewall_per_server_limit"));
    }
    Ok(())
}
