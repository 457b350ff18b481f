//! Servers that power themselves off: the API shows them as off. They are still there, and still billed.

use std::sync::Arc;

use crate::{app::App, state::ServerStatus};

/// Follows what the machines report until the emulator closes.
pub(crate) fn spawn(app: &Arc<App>) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        let report = |server| set_off(&owned, server);
        tokio::select! {
            () = owned.closes() => {}
            outcome = owned.machines.power_offs(&report) => if let Err(error) = outcome {
                tracing::warn!(%error, "servers that power themselves off will stay running in the API");
            },
        }
    });
}

/// A server in any other status is in the hands of an action, which sets the status at its end.
fn set_off(app: &App, server: u64) {
    app.with(|state| {
        if let Some(server) = state.servers.get_mut(&server).filter(|each| each.status == ServerStatus::Running) {
            server.status = ServerStatus::Off;
        }
    });
}
