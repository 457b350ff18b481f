//! How everybody but the driver sees the server: by asking for an engine and by watching.

use std::sync::Arc;

use jiff::Timestamp;
use ssh_docker_proxy::SshError;
use tokio::sync::{mpsc, oneshot, watch};

use super::{machine::Machine, state::Generation};
use crate::{
    error::DockBridgeError,
    keepalive::HeartbeatStatus,
    server::{Ended, Engine, ForeignLease, Phases, ServerError},
};

/// A failure that several requests have in common.
pub(super) type SharedError = Arc<DockBridgeError>;

/// Somebody who waits for an engine.
pub(super) type Waiter = oneshot::Sender<Result<(Generation, Engine), SharedError>>;

/// What the driver is asked to do.
pub(super) enum Command {
    /// A request needs an engine; it is answered when there is one, or when it is certain that there will be none.
    Engine(Waiter),
    /// A stream to the engine could not be opened.
    Lost(Generation),
    /// The user holds the server until then, or no longer; answered when the machine knows.
    Keep(Option<Timestamp>, oneshot::Sender<()>),
    /// Destroy the server and end.
    Stop,
}

/// The state of the whole at one moment.
#[derive(Clone)]
pub struct Snapshot {
    /// Where the server stands.
    pub machine: Machine,
    /// The running engine.
    pub engine: Option<Engine>,
    /// The last failure and when it happened, until something succeeds.
    pub last_error: Option<(SharedError, Timestamp)>,
    /// How the last server ended, until there is another.
    pub ended: Option<Ended>,
}

impl Snapshot {
    /// Nothing but a machine.
    #[must_use]
    pub const fn new(machine: Machine) -> Self {
        Self { machine, engine: None, last_error: None, ended: None }
    }

    /// Who holds the last server, if it was left to others.
    #[must_use]
    pub fn left_to(&self) -> Vec<ForeignLease> {
        match &self.ended {
            Some(Ended::LeftTo(others)) => others.clone(),
            Some(Ended::Destroyed) | None => Vec::new(),
        }
    }
}

/// Asks the driver and watches it. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) snapshot: watch::Receiver<Snapshot>,
    pub(super) phases: Arc<Phases>,
    pub(super) heartbeat: watch::Receiver<HeartbeatStatus>,
}

impl Handle {
    /// An engine, provisioned if there is none. Waits as long as that takes.
    pub async fn engine(&self) -> Result<(Generation, Engine), SharedError> {
        let gone = || Arc::new(DockBridgeError::from(ServerError::DriverGone));
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Engine(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// The running engine, if there is one at this moment. Provisions nothing.
    #[must_use]
    pub fn running(&self) -> Option<(Generation, Engine)> {
        let snapshot = self.snapshot.borrow();
        let engine = snapshot.engine.clone().filter(|engine| !engine.retired.is_cancelled());
        engine.map(|engine| (snapshot.machine.generation, engine))
    }

    /// Says that no stream could be opened to the engine of that generation.
    pub async fn report_lost(&self, generation: Generation, error: &SshError) {
        tracing::warn!(%error, "the engine cannot be reached");
        // The driver ends only after the proxy, so nobody is left to be told when this fails.
        let _ = self.commands.send(Command::Lost(generation)).await;
    }

    /// Holds the server until then, whether it is used or not; `None` lets it go.
    pub async fn keep(&self, until: Option<Timestamp>) {
        let (reply, known) = oneshot::channel();
        // A driver that has ended has no server to hold.
        if self.commands.send(Command::Keep(until, reply)).await.is_ok() {
            let _ = known.await;
        }
    }

    /// How the lease stands.
    #[must_use]
    pub fn heartbeat(&self) -> HeartbeatStatus {
        self.heartbeat.borrow().clone()
    }

    /// Asks for the end: the server is destroyed, and the driver ends when it is gone.
    pub async fn stop(&self) {
        // A driver that has ended already has done what is asked for here.
        let _ = self.commands.send(Command::Stop).await;
    }

    /// The state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    /// Follows the state as it changes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Snapshot> {
        self.snapshot.clone()
    }

    /// The steps of the present or last provisioning.
    #[must_use]
    pub fn phases(&self) -> &Phases {
        &self.phases
    }
}
