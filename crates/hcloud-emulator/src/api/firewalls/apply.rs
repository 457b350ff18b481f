//! Applying a firewall to servers and label selectors, and removing it from them.

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
    targets,
};
use crate::{
    app::App,
    state::{Action, Command, NewAction, Resource, State as Project, Target},
    work,
};

/// Enters a target and starts its action.
pub(super) fn begin_apply(project: &mut Project, id: u64, target: &Target) -> Result<Action, ApiError> {
    targets::require_resource(project, target)?;
    let firewall = project.firewalls.get_mut(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
    if firewall.targets.contains(target) {
        return Err(ApiError::unprocessable("firewall_already_applied", "firewall is already applied to the resource"));
    }
    firewall.targets.push(target.clone());
    if let Target::Server(server) = target {
        firewall.pending.insert(*server);
    }
    Ok(begin(project, id, Command::ApplyFirewall, target))
}

/// Ends what [`begin_apply`] started.
pub(super) fn finish_apply(app: &Arc<App>, id: u64, action: u64, target: &Target) {
    let server = match target {
        Target::Server(server) => Some(*server),
        Target::Labels { .. } => None,
    };
    work::simple(app, action, move |project| {
        if let (Some(firewall), Some(server)) = (project.firewalls.get_mut(&id), server) {
            firewall.pending.remove(&server);
        }
    });
}

fn begin(project: &mut Project, id: u64, command: Command, target: &Target) -> Action {
    let mut resources = vec![Resource::firewall(id)];
    if let Target::Server(server) = target {
        resources.push(Resource::server(*server));
    }
    // Changing a firewall does not keep others away from the server.
    let new = NewAction { command, resources, locks: Vec::new(), parent: None };
    project.actions.start(&mut project.ids, new)
}

pub(in crate::api) async fn apply_to_resources(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let wanted = targets::read(&mut input, "apply_to").unwrap_or_default();
    if wanted.is_empty() {
        input.fault("apply_to", "Missing data for required field.");
    }
    input.finish()?;
    let actions = app.with(|project| {
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        if wanted.iter().any(|target| firewall.targets.contains(target)) {
            return Err(ApiError::unprocessable(
                "firewall_already_applied",
                "firewall is already applied to the resource",
            ));
        }
        // All are checked before the first is applied.
        wanted.iter().try_for_each(|target| targets::require_resource(project, target))?;
        wanted.iter().map(|target| begin_apply(project, id, target)).collect::<Result<Vec<_>, _>>()
    })?;
    for (action, target) in actions.iter().zip(&wanted) {
        finish_apply(&app, id, action.id, target);
    }
    reply::created(&json!({"actions": actions}))
}

pub(in crate::api) async fn remove_from_resources(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let wanted = targets::read(&mut input, "remove_from").unwrap_or_default();
    if wanted.is_empty() {
        input.fault("remove_from", "Missing data for required field.");
    }
    input.finish()?;
    let actions = app.with(|project| {
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        if wanted.iter().any(|target| !firewall.targets.contains(target)) {
            return Err(ApiError::new(
                axum::http::StatusCode::NOT_FOUND,
                "firewall_resource_not_found",
                "firewall is not applied to the resource",
            ));
        }
        Ok(wanted.iter().map(|target| begin(project, id, Command::RemoveFirewall, target)).collect::<Vec<_>>())
    })?;
    for (action, target) in actions.iter().zip(wanted) {
        work::simple(&app, action.id, move |project| {
            if let Some(firewall) = project.firewalls.get_mut(&id) {
                firewall.targets.retain(|each| *each != target);
            }
        });
    }
    reply::created(&json!({"actions": actions}))
}
