//! What requests and background work share: the state and its owner, the machines, and the tasks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    catalogue::Catalogue,
    machines::{Forward, Machines},
    state::State,
};

/// One emulated project.
pub(crate) struct App {
    state: Mutex<State>,
    pub(crate) catalogue: Catalogue,
    pub(crate) machines: Arc<dyn Machines>,
    /// How machines reach the API.
    pub(crate) api: Option<Forward>,
    /// How long an action takes that no machine is involved in.
    pub(crate) action_delay: Duration,
    tasks: TaskTracker,
    /// Asks background work to come to its end.
    closing: CancellationToken,
    /// Drops background work that did not.
    aborting: CancellationToken,
}

impl App {
    pub(crate) fn new(
        catalogue: Catalogue,
        machines: Arc<dyn Machines>,
        api: Option<Forward>,
        action_delay: Duration,
    ) -> Self {
        Self {
            state: Mutex::new(State::default()),
            catalogue,
            machines,
            api,
            action_delay,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            aborting: CancellationToken::new(),
        }
    }

    /// Reads or changes the state. The closure cannot wait, so the lock is never held across an await.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        // A poisoned lock means that a handler panicked; the other resources are still worth showing.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs background work, which [`App::close`] waits for. Who needs to know its end can await the handle; the work
    /// goes on when the handle is dropped.
    pub(crate) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let aborting = self.aborting.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = aborting.cancelled() => {}
                () = work => {}
            }
        })
    }

    /// Lets the time pass that an action takes; shorter when the emulator closes.
    pub(crate) async fn pause(&self) {
        tokio::select! {
            () = self.closing.cancelled() => {}
            () = tokio::time::sleep(self.action_delay) => {}
        }
    }

    /// Ends when background work should come to its end.
    pub(crate) async fn closes(&self) {
        self.closing.cancelled().await;
    }

    /// Whether new machines should no longer be started.
    pub(crate) fn closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Waits for background work, at most `grace`, then drops what is left.
    pub(crate) async fn close(&self, grace: Duration) {
        self.closing.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(?grace, "background work did not end in time and is dropped");
            self.aborting.cancel();
            self.tasks.wait().await;
        }
    }

    /// Stops background work without waiting for it, for an emulator that is dropped.
    pub(crate) fn abort(&self) {
        self.closing.cancel();
        self.aborting.cancel();
        self.tasks.close();
    }
}
