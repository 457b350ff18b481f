//! Creating, attaching, detaching, resizing and deleting volumes.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    app::App,
    machines::MachineError,
    state::{State, Volume, VolumeStatus},
};

/// Creates the data of a volume, then attaches it where the request named a server.
pub(crate) fn spawn_create(app: &Arc<App>, volume: u64, create: u64, attach: Option<(u64, u64)>) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        let app = &*owned;
        app.pause().await;
        let Some((size, format)) =
            app.with(|state| state.volumes.get(&volume).map(|each| (each.size_gb, each.format.clone())))
        else {
            return;
        };
        let outcome = app.machines.create_volume(volume, size, format.as_deref()).await;
        super::finish(app, create, &outcome, |state| {
            if outcome.is_err() {
                state.volumes.remove(&volume);
            } else if let Some(each) = state.volumes.get_mut(&volume) {
                each.status = VolumeStatus::Available;
            }
        });
        if let Some((server, action)) = attach {
            let attached = match outcome {
                Ok(()) => connect(app, volume, server).await,
                Err(error) => Err(error),
            };
            finish_attach(app, volume, action, &attached);
        }
    });
}

/// Attaches a volume that the state already shows at its server.
pub(crate) fn spawn_attach(app: &Arc<App>, volume: u64, server: u64, action: u64) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        owned.pause().await;
        let outcome = connect(&owned, volume, server).await;
        finish_attach(&owned, volume, action, &outcome);
    });
}

fn finish_attach(app: &App, volume: u64, action: u64, outcome: &Result<(), MachineError>) {
    super::finish(app, action, outcome, |state| {
        if outcome.is_err() {
            release(state, volume);
        }
    });
}

/// A server that has never been started has no machine: it finds the volume when it boots.
async fn connect(app: &App, volume: u64, server: u64) -> Result<(), MachineError> {
    if has_machine(app, server) { app.machines.attach_volume(volume, server).await } else { Ok(()) }
}

/// Detaches a volume from its server.
pub(crate) fn spawn_detach(app: &Arc<App>, volume: u64, server: u64, action: u64) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        owned.pause().await;
        let outcome = if has_machine(&owned, server) { owned.machines.detach_volume(volume).await } else { Ok(()) };
        super::finish(&owned, action, &outcome, |state| {
            if outcome.is_ok() {
                release(state, volume);
            }
        });
    });
}

/// Grows a volume.
pub(crate) fn spawn_resize(app: &Arc<App>, volume: u64, size_gb: u64, action: u64) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        owned.pause().await;
        let outcome = owned.machines.resize_volume(volume, size_gb).await;
        super::finish(&owned, action, &outcome, |state| {
            if let (Ok(()), Some(each)) = (&outcome, state.volumes.get_mut(&volume)) {
                each.size_gb = size_gb;
            }
        });
    });
}

/// Deletes the data of a volume that has been taken out of the state, and puts it back where that fails.
pub(crate) fn spawn_delete(app: &Arc<App>, volume: Volume, report: oneshot::Sender<Result<(), MachineError>>) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        let id = volume.id;
        let outcome = owned.machines.delete_volume(id).await;
        if let Err(error) = &outcome {
            tracing::warn!(volume = id, %error, "a volume's data could not be deleted");
            owned.with(|state| state.volumes.insert(id, volume));
        }
        // Nobody listens where the client has gone away.
        let _ = report.send(outcome);
    });
}

fn has_machine(app: &App, server: u64) -> bool {
    app.with(|state| state.servers.get(&server).is_some_and(|each| each.booted))
}

fn release(state: &mut State, volume: u64) {
    if let Some(each) = state.volumes.get_mut(&volume) {
        each.server = None;
    }
}
