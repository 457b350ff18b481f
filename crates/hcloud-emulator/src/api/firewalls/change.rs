//! Creating, renaming, labelling and deleting firewalls, and setting their rules.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        input::Input,
        parameters::Id,
        reply::{self, Reply},
    },
    apply::{begin_apply, finish_apply},
    require_free_name, rules, targets,
    wire::Wire,
};
use crate::{
    app::App,
    state::{Action, Command, Firewall, NewAction, Resource, State as Project, now},
    work,
};

/// Longest name, in characters.
const NAME_LENGTH: usize = 128;

fn check_name(input: &mut Input, name: &str) {
    if name.chars().count() > NAME_LENGTH {
        input.fault("name", "Longer than maximum length 128.");
    }
}

/// The action behind new rules. The rules themselves hold at once.
fn begin_rules(project: &mut Project, id: u64) -> Action {
    let resources = vec![Resource::firewall(id)];
    let new = NewAction { command: Command::SetFirewallRules, resources, locks: Vec::new(), parent: None };
    project.actions.start(&mut project.ids, new)
}

pub(in crate::api) async fn create(State(app): State<Arc<App>>, mut input: Input) -> Reply {
    let name = input.required("name", Input::text);
    check_name(&mut input, &name);
    let labels = input.labels().unwrap_or_default();
    let rules = rules::read(&mut input).unwrap_or_default();
    let wanted = targets::read(&mut input, "apply_to").unwrap_or_default();
    input.finish()?;
    let (id, set, applied, response) = app.with(|project| {
        require_free_name(project, &name, None)?;
        wanted.iter().try_for_each(|target| targets::require_resource(project, target))?;
        let id = project.ids.firewall();
        let has_rules = !rules.is_empty();
        let (targets, pending) = (Vec::new(), BTreeSet::new());
        project.firewalls.insert(id, Firewall { id, name, labels, created: now(), rules, targets, pending });
        let set = has_rules.then(|| begin_rules(project, id));
        let applied = wanted.iter().map(|target| begin_apply(project, id, target)).collect::<Result<Vec<_>, _>>()?;
        let actions: Vec<&Action> = set.iter().chain(&applied).collect();
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        let response = reply::created(&json!({"firewall": Wire::of(project, firewall), "actions": actions}))?;
        Ok::<_, ApiError>((id, set, applied, response))
    })?;
    if let Some(action) = set {
        work::simple(&app, action.id, |_| {});
    }
    for (action, target) in applied.iter().zip(&wanted) {
        finish_apply(&app, id, action.id, target);
    }
    Ok(response)
}

pub(in crate::api) async fn update(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let name = input.text("name").filter(|name| !name.is_empty());
    check_name(&mut input, name.as_deref().unwrap_or_default());
    let labels = input.labels();
    input.finish()?;
    app.with(|project| {
        if let Some(name) = &name {
            require_free_name(project, name, Some(id))?;
        }
        let firewall = project.firewalls.get_mut(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        if let Some(name) = name {
            firewall.name = name;
        }
        if let Some(labels) = labels {
            firewall.labels = labels;
        }
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        reply::ok(&json!({"firewall": Wire::of(project, firewall)}))
    })
}

pub(in crate::api) async fn delete(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    app.with(|project| {
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        if !firewall.targets.is_empty() {
            return Err(ApiError::unprocessable("resource_in_use", "firewall is still in use"));
        }
        project.firewalls.remove(&id);
        reply::no_content()
    })
}

pub(in crate::api) async fn set_rules(State(app): State<Arc<App>>, Id(id): Id, mut input: Input) -> Reply {
    let rules = rules::read(&mut input);
    if rules.is_none() {
        input.fault("rules", "Missing data for required field.");
    }
    input.finish()?;
    let action = app.with(|project| {
        let firewall = project.firewalls.get_mut(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        firewall.rules = rules.unwrap_or_default();
        Ok::<_, ApiError>(begin_rules(project, id))
    })?;
    work::simple(&app, action.id, |_| {});
    reply::created(&json!({"actions": [action]}))
}
