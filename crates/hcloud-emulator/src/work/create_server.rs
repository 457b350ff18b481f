//! Creating a server: it is prepared, its machine boots, and the actions of the answer end with it.

use std::sync::Arc;

use super::failure;
use crate::{
    app::App,
    machines::MachineError,
    state::{Failure, ServerStatus},
};

/// The actions that `POST /servers` answered with.
#[derive(Debug)]
pub(crate) struct Creation {
    pub(crate) server: u64,
    pub(crate) create: u64,
    /// `start_server`; `None` with `start_after_create: false`.
    pub(crate) start: Option<u64>,
    /// Pairs of volume and `attach_volume` action.
    pub(crate) attach: Vec<(u64, u64)>,
    /// Pairs of firewall and `apply_firewall` action.
    pub(crate) apply: Vec<(u64, u64)>,
}

/// Carries a creation out.
pub(crate) fn spawn(app: &Arc<App>, creation: Creation) {
    let owned = Arc::clone(app);
    app.spawn(async move { run(&owned, creation).await });
}

async fn run(app: &App, creation: Creation) {
    app.pause().await;
    let outcome = if creation.start.is_some() { boot(app, &creation).await } else { Ok(()) };
    if let Err(error) = &outcome {
        tracing::warn!(server = creation.server, %error, "a server could not be started");
    }
    let gone = app.with(|state| {
        let outcome: Result<(), Failure> = outcome.as_ref().map_err(failure).copied();
        let started = creation.start.is_some() && outcome.is_ok();
        for &(volume, action) in &creation.attach {
            if outcome.is_err()
                && let Some(volume) = state.volumes.get_mut(&volume)
            {
                volume.server = None;
            }
            state.actions.finish(action, outcome.clone());
        }
        for &(firewall, action) in &creation.apply {
            if let Some(firewall) = state.firewalls.get_mut(&firewall) {
                firewall.pending.remove(&creation.server);
            }
            state.actions.finish(action, Ok(()));
        }
        state.actions.finish(creation.create, outcome.clone());
        if let Some(start) = creation.start {
            state.actions.finish(start, outcome);
        }
        let Some(server) = state.servers.get_mut(&creation.server) else {
            return true;
        };
        server.booted = started;
        server.status = if started { ServerStatus::Running } else { ServerStatus::Off };
        false
    });
    // The server was taken away while its machine booted: nothing would ever stop that machine.
    if gone && let Err(error) = app.machines.remove(creation.server).await {
        tracing::warn!(server = creation.server, %error, "a machine without a server could not be removed");
    }
}

async fn boot(app: &App, creation: &Creation) -> Result<(), MachineError> {
    let refused =
        |reason: &str| MachineError { doing: format!("start server {}", creation.server), reason: reason.to_owned() };
    if app.closing() {
        return Err(refused("the emulator is closing"));
    }
    let spec = app.with(|state| {
        state.actions.progress(creation.create, 50);
        let volumes = state.volumes_of(creation.server);
        let server = state.servers.get_mut(&creation.server)?;
        server.status = ServerStatus::Starting;
        Some(server.machine(volumes, app.api))
    });
    app.machines.boot(spec.ok_or_else(|| refused("it was deleted"))?).await
}
