//! The seam between the lifecycle, which decides, and the cloud, which is told.

use std::{pin::Pin, sync::Arc, time::Duration};

use ssh_docker_proxy::{BoxedStream, ExecOutput, SshError};
use tokio_util::sync::CancellationToken;

use super::{Phases, ServerInfo, VolumeInfo};
use crate::error::DockBridgeError;

/// A boxed future, so that links can be trait objects.
pub type LinkFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The way to a running engine.
pub trait EngineLink: Send + Sync + 'static {
    /// Opens a stream to the engine's socket.
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>>;

    /// Runs a command on the server, for at most `bound`. Secrets belong into `stdin`, its whole standard input.
    fn run<'a>(
        &'a self,
        command: &'a str,
        stdin: &'a [u8],
        bound: Duration,
    ) -> LinkFuture<'a, Result<ExecOutput, SshError>>;

    /// Whether the way is lost.
    fn is_closed(&self) -> bool;

    /// Completes when the way is lost, and says why.
    fn closed(&self) -> LinkFuture<'_, SshError>;

    /// Gives the way up: every stream on it breaks, and `closed` completes.
    fn close(&self) -> LinkFuture<'_, ()>;
}

/// A server whose engine answers.
#[derive(Clone)]
pub struct Engine {
    /// The server.
    pub server: ServerInfo,
    /// Its volume.
    pub volume: VolumeInfo,
    /// The way to it.
    pub link: Arc<dyn EngineLink>,
    /// How long the server has existed, and been billed, at the moment this value was made.
    pub age: Duration,
    /// Cancelled when the engine takes no further requests, because its server is about to go. Streams that are in use at
    /// that moment go on.
    pub retired: CancellationToken,
}

/// What became of the server on record.
pub enum Search {
    /// It is there and its engine answers.
    Found(Box<Engine>),
    /// The API says that it does not exist.
    Gone,
    /// It exists, but will never serve again.
    Useless,
}

/// What the destruction of a server came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left that is billed, but the volume.
    Destroyed,
    /// The server runs on, because others hold it. Our own lease is given back, and nothing of it is on record any more.
    LeftTo(Vec<ForeignLease>),
}

/// How much a server's end is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The user wants it, or the server is of no use.
    Firm,
    /// It is idle. Others may use it all the same.
    Idle,
}

/// A server that could not be destroyed.
#[derive(Debug)]
pub struct Unended {
    /// Why.
    pub error: DockBridgeError,
    /// Whether nothing has been done to it, so that it could go on serving.
    pub untouched: bool,
}

/// Somebody else's right to the server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ForeignLease {
    /// The installation that holds it.
    pub client_id: String,
    /// The name of the computer it is on.
    pub host: String,
    /// How long it holds from the moment it was asked for; 0 where this is not a lease but a guess: who ordered the server.
    pub remaining_seconds: u64,
}

impl ForeignLease {
    /// Whether a monitor has said so. Otherwise this is who ordered a server that could not be asked who uses it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.remaining_seconds > 0
    }
}

/// A provisioning that came to nothing.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: DockBridgeError,
    /// Whether a server may exist all the same, and must be destroyed.
    pub leftover: bool,
}

/// Creates and destroys servers. Called by the lifecycle's driver alone, one call at a time.
pub trait ServerManager: Send + Sync + 'static {
    /// Creates a server with the volume and waits until its engine answers. Once `cancel` is cancelled it returns as soon
    /// as it is known what has been created.
    fn provision(
        &self,
        phases: &Phases,
        cancel: &CancellationToken,
    ) -> impl Future<Output = Result<Engine, Failure>> + Send;

    /// Replaces a connection that has ended, without the API where that is possible.
    fn reconnect(&self, cancel: &CancellationToken) -> impl Future<Output = Result<Search, DockBridgeError>> + Send;

    /// Looks for the server on record and connects to it.
    fn search(&self, cancel: &CancellationToken) -> impl Future<Output = Result<Search, DockBridgeError>> + Send;

    /// Stops the engine, unmounts the volume and destroys the server on record, and everything that is billed with it.
    /// The volume stays. Destroying what is gone already is a success. A server that somebody else holds is left; `others` did
    /// when that was last known. Unless `wish` is [`Wish::Firm`], a server whose monitor cannot be asked is not
    /// destroyed either: it ends by itself.
    fn destroy(&self, others: &[ForeignLease], wish: Wish) -> impl Future<Output = Result<Ended, Unended>> + Send;

    /// Writes down that others hold the present server as well, so that a later run knows it too.
    fn note_shared(&self);

    /// Forgets the server on record, which the API does not know any more, and closes what is left of the way to it.
    fn forget(&self) -> impl Future<Output = Result<(), DockBridgeError>> + Send;
}
