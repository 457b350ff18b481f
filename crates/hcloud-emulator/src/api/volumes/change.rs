//! Renaming, labelling, resizing, protecting and deleting volumes.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    super::{
        error::ApiError,
        input::Input,
        parameters::Id,
        reply::{self, Reply},
    },
    SIZES, is_volume_name, require_free_name, require_unlocked,
    wire::Wire,
};
use crate::{
    app::App,
    state::{Action, Command, NewAction, Resource, State as Project},
    work,
};

pub(in crate::api) async fn update(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let name = input.text("name");
    let labels = input.labels();
    if name.as_ref().is_some_and(|name| !is_volume_name(name)) {
        input.fault("name", "must be at most 64 letters, digits, dashes, underscores and dots");
    }
    input.finish()?;
    app.with(|project| {
        if let Some(name) = &name {
            require_free_name(project, name, Some(id))?;
        }
        let volume = project.volumes.get_mut(&id).ok_or_else(|| ApiError::not_found("volume", id))?;
        if let Some(name) = name {
            volume.name = name;
        }
        if let Some(labels) = labels {
            volume.labels = labels;
        }
        reply::ok(&json!({"volume": Wire::from(&*volume)}))
    })
}

fn begin(project: &mut Project, id: u64, command: Command) -> Action {
    let resources = vec![Resource::volume(id)];
    let new = NewAction { command, locks: resources.clone(), resources, parent: None };
    project.actions.start(&mut project.ids, new)
}

pub(in crate::api) async fn resize(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let size_gb = input.required("size", Input::number);
    input.finish()?;
    let action = app.with(|project| {
        let volume = require_unlocked(project, id)?;
        if size_gb <= volume.size_gb {
            return Err(ApiError::invalid_field("size", "must be greater than the current size"));
        }
        if !SIZES.contains(&size_gb) {
            return Err(ApiError::invalid_field("size", "Must be between 10 and 10240."));
        }
        Ok(begin(project, id, Command::ResizeVolume))
    })?;
    work::volumes::spawn_resize(&app, id, size_gb, action.id);
    reply::created(&json!({"action": action}))
}

pub(in crate::api) async fn change_protection(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let delete = input.flag("delete");
    input.finish()?;
    let action = app.with(|project| {
        require_unlocked(project, id)?;
        Ok::<_, ApiError>(begin(project, id, Command::ChangeProtection))
    })?;
    work::simple(&app, action.id, move |project| {
        if let (Some(volume), Some(delete)) = (project.volumes.get_mut(&id), delete) {
            volume.protected = delete;
        }
    });
    reply::created(&json!({"action": action}))
}

/// The real API deletes before it answers; so the data goes first, while the volume stays out of everybody's reach. The
/// deletion goes on when the client does not wait for the answer.
pub(in crate::api) async fn delete(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    let volume = app.with(|project| {
        let volume = require_unlocked(project, id)?;
        if volume.protected {
            return Err(ApiError::protected("volume"));
        }
        if volume.server.is_some() {
            // The code for this is not documented; it is the one other resources in use answer with.
            return Err(ApiError::unprocessable("resource_in_use", "volume is still attached to a server"));
        }
        project.volumes.remove(&id).ok_or_else(|| ApiError::not_found("volume", id))
    })?;
    let (report, outcome) = oneshot::channel();
    work::volumes::spawn_delete(&app, volume, report);
    match outcome.await {
        Ok(Ok(())) => reply::no_content(),
        Ok(Err(error)) => Err(ApiError::unprocessable("service_error", error.to_string())),
        Err(_) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the emulator is closing")),
    }
}
