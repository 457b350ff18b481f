//! The way to an engine: one SSH connection.

use std::time::Duration;

use ssh_docker_proxy::{BoxedStream, ExecOutput, SshConnection, SshError};

use super::{EngineLink, LinkFuture};

/// An SSH connection to a server of ours.
pub(super) struct SshLink {
    pub(super) connection: SshConnection,
}

impl EngineLink for SshLink {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(self.connection.open())
    }

    fn run<'a>(
        &'a self,
        command: &'a str,
        stdin: &'a [u8],
        bound: Duration,
    ) -> LinkFuture<'a, Result<ExecOutput, SshError>> {
        Box::pin(self.connection.exec(command, stdin, bound))
    }

    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(self.connection.closed())
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        Box::pin(self.connection.close())
    }
}
