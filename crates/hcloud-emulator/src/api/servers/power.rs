//! `POST /servers/{id}/actions/…` for the power switch.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        parameters::Id,
        reply::{self, Reply},
    },
    require_unlocked,
};
use crate::{
    app::App,
    state::{NewAction, Resource},
    work::power::{self, Power},
};

fn command(app: &Arc<App>, id: u64, power: Power) -> Reply {
    let action = app.with(|project| {
        require_unlocked(project, id)?;
        let resources = vec![Resource::server(id)];
        let new = NewAction { command: power.command(), locks: resources.clone(), resources, parent: None };
        Ok(project.actions.start(&mut project.ids, new))
    })?;
    power::spawn(app, id, action.id, power);
    reply::created(&json!({"action": action}))
}

pub(in crate::api) async fn power_on(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    command(&app, id, Power::On)
}

pub(in crate::api) async fn power_off(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    command(&app, id, Power::Off)
}

pub(in crate::api) async fn shut_down(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    command(&app, id, Power::Shutdown)
}

pub(in crate::api) async fn reboot(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    command(&app, id, Power::Reboot)
}

pub(in crate::api) async fn reset(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    command(&app, id, Power::Reset)
}
