//! Deleting a server: the API forgets it at once, its machine follows.

use std::sync::Arc;

use tokio::task::JoinHandle;

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

/// Removes the machine and ends the action. The work goes on when the handle is dropped.
pub(crate) fn spawn(app: &Arc<App>, server: u64, action: u64) -> JoinHandle<()> {
    let owned = Arc::clone(app);
    app.spawn(async move {
        let outcome = owned.machines.remove(server).await;
        super::finish(&owned, action, &outcome, |_| {});
    })
}
