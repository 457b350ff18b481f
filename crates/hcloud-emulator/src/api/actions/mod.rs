//! Actions: all of them by id, and those of a kind of resource or of one resource.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    error::ApiError,
    listing::{Listing, SortKey},
    parameters::{Id, Parameters},
    reply::{self, Reply},
};
use crate::{
    app::App,
    state::{Action, ActionStatus, Kind, Resource, State as Project},
};

type Shared = State<Arc<App>>;

const ORDER: [SortKey<Action>; 6] = [
    ("id", |one, two| one.id.cmp(&two.id)),
    ("command", |one, two| one.command.cmp(&two.command)),
    ("status", |one, two| one.status.cmp(&two.status)),
    ("progress", |one, two| one.progress.cmp(&two.progress)),
    ("started", |one, two| one.started.cmp(&two.started)),
    ("finished", |one, two| one.finished.cmp(&two.finished)),
];

const fn word(status: ActionStatus) -> &'static str {
    match status {
        ActionStatus::Running => "running",
        ActionStatus::Success => "success",
        ActionStatus::Error => "error",
    }
}

/// Actions about any resource of a kind, or about one resource.
#[derive(Clone, Copy)]
enum About {
    Any(Kind),
    One(Resource),
}

impl About {
    fn covers(self, action: &Action) -> bool {
        match self {
            Self::Any(kind) => action.resources.iter().any(|each| each.kind == kind),
            Self::One(resource) => action.resources.contains(&resource),
        }
    }
}

fn send(project: &Project, parameters: &Parameters, about: Option<About>) -> Reply {
    let ids: Vec<&str> = parameters.all("id").collect();
    if let Some(wrong) = ids.iter().find(|each| each.parse::<u64>().is_err()) {
        return Err(ApiError::invalid_field("id", format!("'{wrong}' is not a valid integer.")));
    }
    Listing::new(project.actions.iter(), parameters)
        .filter(|each| about.is_none_or(|about| about.covers(each)))
        .filter(|each| ids.is_empty() || ids.contains(&each.id.to_string().as_str()))
        .matching("status", |each| word(each.status))
        .sorted(&ORDER)?
        .reply("actions", Clone::clone)
}

fn find(project: &Project, id: u64, about: Option<About>) -> Reply {
    let action = project
        .actions
        .get(id)
        .filter(|each| about.is_none_or(|about| about.covers(each)))
        .ok_or_else(|| ApiError::not_found("action", id))?;
    reply::ok(&json!({"action": action}))
}

/// Since 2025-01-30 the ids must be named.
pub(super) async fn list(State(app): Shared, parameters: Parameters) -> Reply {
    if parameters.first("id").is_none() {
        return Err(ApiError::invalid_field("id", "Missing data for required field."));
    }
    app.with(|project| send(project, &parameters, None))
}

pub(super) async fn get(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|project| find(project, id, None))
}

pub(super) async fn list_of_servers(State(app): Shared, parameters: Parameters) -> Reply {
    app.with(|project| send(project, &parameters, Some(About::Any(Kind::Server))))
}

pub(super) async fn list_of_volumes(State(app): Shared, parameters: Parameters) -> Reply {
    app.with(|project| send(project, &parameters, Some(About::Any(Kind::Volume))))
}

pub(super) async fn list_of_firewalls(State(app): Shared, parameters: Parameters) -> Reply {
    app.with(|project| send(project, &parameters, Some(About::Any(Kind::Firewall))))
}

pub(super) async fn get_of_servers(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|project| find(project, id, Some(About::Any(Kind::Server))))
}

pub(super) async fn get_of_volumes(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|project| find(project, id, Some(About::Any(Kind::Volume))))
}

pub(super) async fn get_of_firewalls(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|project| find(project, id, Some(About::Any(Kind::Firewall))))
}

pub(super) async fn list_of_server(State(app): Shared, Id(id): Id, parameters: Parameters) -> Reply {
    app.with(|project| {
        if !project.servers.contains_key(&id) {
            return Err(ApiError::not_found("server", id));
        }
        send(project, &parameters, Some(About::One(Resource::server(id))))
    })
}

pub(super) async fn list_of_volume(State(app): Shared, Id(id): Id, parameters: Parameters) -> Reply {
    app.with(|project| {
        if !project.volumes.contains_key(&id) {
            return Err(ApiError::not_found("volume", id));
        }
        send(project, &parameters, Some(About::One(Resource::volume(id))))
    })
}

pub(super) async fn list_of_firewall(State(app): Shared, Id(id): Id, parameters: Parameters) -> Reply {
    app.with(|project| {
        if !project.firewalls.contains_key(&id) {
            return Err(ApiError::not_found("firewall", id));
        }
        send(project, &parameters, Some(About::One(Resource::firewall(id))))
    })
}

pub(super) async fn get_of_server(State(app): Shared, Id((id, action)): Id<(u64, u64)>) -> Reply {
    app.with(|project| find(project, action, Some(About::One(Resource::server(id)))))
}

pub(super) async fn get_of_volume(State(app): Shared, Id((id, action)): Id<(u64, u64)>) -> Reply {
    app.with(|project| find(project, action, Some(About::One(Resource::volume(id)))))
}

pub(super) async fn get_of_firewall(State(app): Shared, Id((id, action)): Id<(u64, u64)>) -> Reply {
    app.with(|project| find(project, action, Some(About::One(Resource::firewall(id)))))
}
