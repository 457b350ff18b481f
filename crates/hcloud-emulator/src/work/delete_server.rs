//! Deleting a server: the API forgets it at once, its machine follows.

use std::sync::Arc;

use crate::{
    app::App,
    state::{Action, Command, NewAction, Resource, State},
};

/// Takes the server out of the state and starts the action that removes its machine. The volumes stay locked until the
/// machine has let go of them.
pub(crate) fn begin(state: &mut State, server: u64) -> Option<Action> {
    let locks = state.volumes_of(server).into_iter().map(Resource::volume).collect();
    state.remove_server(server)?;
    let new =
        NewAction { command: Command::DeleteServer, resources: vec![Resource::server(server)], locks, parent: None };
    Some(state.actions.start(&mut state.ids, new))
}

/// Removes the machine and ends the action.
pub(crate) fn spawn(app: &Arc<App>, server: u64, action: u64) {
    let owned = Arc::clone(app);
    app.spawn(async move { run(&owned, server, action).await });
}

/// Removes the machine and ends the action.
pub(crate) async fn run(app: &App, server: u64, action: u64) {
    let outcome = app.machines.remove(server).await;
    super::finish(app, action, &outcome, |_| {});
}
