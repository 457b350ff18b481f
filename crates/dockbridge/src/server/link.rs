//! The way to an engine: one SSH connection.

use ssh_docker_proxy::{BoxedStream, SshConnection, SshError};

use super::{EngineLink, LinkFuture};

/// An SSH connection to a server of ours.
pub(super) struct SshLink {
    pub(super) connection: SshConnection,
}

impl EngineLink for SshLink {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(self.connection.open())
    }

    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(self.connection.closed())
    }
}
