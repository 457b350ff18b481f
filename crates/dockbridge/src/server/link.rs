//! The way to an engine: one SSH connection with its own directory for sockets.

use std::path::Path;

use ssh_docker_proxy::{BoxedStream, SshConnection, SshError, SshTarget};
use tempfile::TempDir;

use super::{EngineLink, LinkFuture};

/// An SSH connection to a server of ours.
pub(super) struct SshLink {
    pub(super) connection: SshConnection,
    // Dropped after the connection, whose sockets lie in it.
    _run_dir: TempDir,
}

impl SshLink {
    /// Logs in.
    pub(super) async fn connect(target: &SshTarget, runtime_dir: &Path) -> Result<Self, SshError> {
        let run_dir = tempfile::Builder::new()
            .prefix("dockbridge-")
            .tempdir_in(runtime_dir)
            .map_err(|error| SshError::Local { step: "create a directory for sockets", detail: error.to_string() })?;
        let connection = SshConnection::connect(target, run_dir.path()).await?;
        Ok(Self { connection, _run_dir: run_dir })
    }
}

impl EngineLink for SshLink {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(self.connection.open())
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(self.connection.closed())
    }
}
