//! `POST /volumes/{id}/actions/attach` and `detach`.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        input::Input,
        parameters::Id,
        reply::{self, Reply},
        servers,
    },
    PER_SERVER, require_unlocked,
};
use crate::{
    app::App,
    state::{Command, NewAction, Resource},
    work::volumes as work,
};

pub(in crate::api) async fn attach(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let server = input.required("server", Input::number);
    // Mounting is the work of an agent inside the machine; the flag is checked and then has no effect.
    input.flag("automount");
    input.finish()?;
    let action = app.with(|project| {
        let volume = require_unlocked(project, id)?;
        if volume.server.is_some() {
            return Err(ApiError::unprocessable("volume_already_attached", "volume is already attached to a server"));
        }
        servers::require_unlocked(project, server)?;
        let same = project.servers.get(&server).is_some_and(|each| each.location.id == volume.location.id);
        if !same {
            return Err(ApiError::invalid_field("server", "volume and server must be in the same location"));
        }
        if project.volumes_of(server).len() >= PER_SERVER {
            return Err(ApiError::limit_exceeded("volume limit for server exceeded", "volume_per_server_limit"));
        }
        let both = vec![Resource::server(server), Resource::volume(id)];
        let new = NewAction { command: Command::AttachVolume, resources: both.clone(), locks: both, parent: None };
        let action = project.actions.start(&mut project.ids, new);
        if let Some(volume) = project.volumes.get_mut(&id) {
            volume.server = Some(server);
        }
        Ok(action)
    })?;
    work::spawn_attach(&app, id, server, action.id);
    reply::created(&json!({"action": action}))
}

pub(in crate::api) async fn detach(State(app): State<Arc<App>>, Id(id): Id, _input: Input) -> Reply {
    let (server, action) = app.with(|project| {
        let Some(server) = require_unlocked(project, id)?.server else {
            return Err(ApiError::unprocessable("volume_not_attached", "volume is not attached to a server"));
        };
        servers::require_unlocked(project, server)?;
        let both = vec![Resource::server(server), Resource::volume(id)];
        let new = NewAction { command: Command::DetachVolume, resources: both.clone(), locks: both, parent: None };
        Ok((server, project.actions.start(&mut project.ids, new)))
    })?;
    work::spawn_detach(&app, id, server, action.id);
    reply::created(&json!({"action": action}))
}
