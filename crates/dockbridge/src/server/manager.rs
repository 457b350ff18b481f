//! The seam between the lifecycle, which decides, and the cloud, which is told.

use std::{pin::Pin, sync::Arc};

use ssh_docker_proxy::{BoxedStream, SshError};
use tokio_util::sync::CancellationToken;

use super::{Phases, ServerInfo, VolumeInfo};
use crate::error::DockBridgeError;

/// A boxed future, so that links can be trait objects.
pub type LinkFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The way to a running engine.
pub trait EngineLink: Send + Sync + 'static {
    /// Opens a stream to the engine's socket.
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>>;

    /// Whether the way is lost.
    fn is_closed(&self) -> bool;

    /// Completes when the way is lost, and says why.
    fn closed(&self) -> LinkFuture<'_, SshError>;
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

    /// Looks for the server on record and connects to it.
    fn search(&self, cancel: &CancellationToken) -> impl Future<Output = Result<Search, DockBridgeError>> + Send;

    /// Stops the engine, unmounts the volume and destroys the server on record, and everything that is billed with it.
    /// The volume stays. Destroying what is gone already is a success.
    fn destroy(&self) -> impl Future<Output = Result<(), DockBridgeError>> + Send;
}
