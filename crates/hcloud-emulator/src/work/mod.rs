//! What happens after a request has been answered: actions that take time, and the machines they move.

pub(crate) mod create_server;
pub(crate) mod delete_server;
pub(crate) mod power;
pub(crate) mod power_offs;
pub(crate) mod volumes;

use std::sync::Arc;

use crate::{
    app::App,
    machines::MachineError,
    state::{Failure, State},
};

/// What the action shows when a machine did not do what it should. The code is that of the real API's examples.
fn failure(error: &MachineError) -> Failure {
    Failure { code: "action_failed", message: error.to_string() }
}

/// Ends an action as its machine operation ended, and applies `then` to the state in the same moment.
fn finish(app: &App, action: u64, outcome: &Result<(), MachineError>, then: impl FnOnce(&mut State)) {
    if let Err(error) = outcome {
        tracing::warn!(action, %error, "an action failed");
    }
    app.with(|state| {
        then(state);
        state.actions.finish(action, outcome.as_ref().map_err(failure).copied());
    });
}

/// Runs an action that no machine is involved in: after the usual delay, `then` happens and the action succeeds.
pub(crate) fn simple(app: &Arc<App>, action: u64, then: impl FnOnce(&mut State) + Send + 'static) {
    let owned = Arc::clone(app);
    app.spawn(async move {
        owned.pause().await;
        finish(&owned, action, &Ok(()), then);
    });
}
