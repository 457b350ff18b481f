//! `PUT /servers/{id}`, `DELETE /servers/{id}` and the server's protection.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        input::Input,
        parameters::Id,
        reply::{self, Reply},
    },
    is_host_name, require_free_name, require_unlocked,
    wire::Wire,
};
use crate::{
    app::App,
    state::{Command, NewAction, Resource},
    work::{self, delete_server},
};

pub(in crate::api) async fn update(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let name = input.text("name");
    let labels = input.labels();
    if name.as_ref().is_some_and(|name| !is_host_name(name)) {
        input.fault("name", "must be a valid hostname as per RFC 1123");
    }
    input.finish()?;
    app.with(|project| {
        if let Some(name) = &name {
            require_free_name(project, name, Some(id))?;
        }
        let server = project.servers.get_mut(&id).ok_or_else(|| ApiError::not_found("server", id))?;
        if let Some(name) = name {
            server.name = name;
        }
        if let Some(labels) = labels {
            server.labels = labels;
        }
        let server = project.servers.get(&id).ok_or_else(|| ApiError::not_found("server", id))?;
        reply::ok(&json!({"server": Wire::of(project, server)}))
    })
}

pub(in crate::api) async fn delete(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    let action = app.with(|project| {
        require_unlocked(project, id)?;
        if project.servers.get(&id).is_some_and(|server| server.protected) {
            return Err(ApiError::protected("server"));
        }
        delete_server::begin(project, id).ok_or_else(|| ApiError::not_found("server", id))
    })?;
    delete_server::spawn(&app, id, action.id);
    reply::ok(&json!({"action": action}))
}

pub(in crate::api) async fn change_protection(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let (delete, rebuild) = (input.flag("delete"), input.flag("rebuild"));
    if delete.is_some() && rebuild.is_some() && delete != rebuild {
        input.fault("rebuild", "must have the same value as delete");
    }
    input.finish()?;
    let action = app.with(|project| {
        require_unlocked(project, id)?;
        let resources = vec![Resource::server(id)];
        let new = NewAction { command: Command::ChangeProtection, locks: resources.clone(), resources, parent: None };
        Ok::<_, ApiError>(project.actions.start(&mut project.ids, new))
    })?;
    work::simple(&app, action.id, move |project| {
        if let (Some(server), Some(wanted)) = (project.servers.get_mut(&id), delete.or(rebuild)) {
            server.protected = wanted;
        }
    });
    reply::created(&json!({"action": action}))
}
