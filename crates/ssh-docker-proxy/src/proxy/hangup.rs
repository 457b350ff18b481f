//! Notices that a client has gone altogether, which reading cannot tell from a client that only sends no more.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::net::UnixStream;

/// Watches the other end of a Unix socket for the loss of both directions (`POLLHUP`).
#[derive(Debug)]
pub(super) struct Hangup {
    /// A second descriptor of the same socket, because watching must not consume the readiness that writers rely on.
    socket: Option<OwnedFd>,
}

impl Hangup {
    pub(super) fn of(stream: &UnixStream) -> Self {
        Self { socket: stream.as_fd().try_clone_to_owned().ok() }
    }

    /// Completes when the client has closed its socket. Never, if the system does not let us watch it.
    pub(super) async fn gone(&self) {
        let Some(watch) = self.watch() else {
            return std::future::pending().await;
        };
        // Room to write is reported, cleared and reported again; the hang-up, reported whatever one asks for, stays.
        while let Ok(ready) = watch.ready(Interest::WRITABLE).await {
            if ready.is_write_closed() {
                return;
            }
            let cleared: io::Result<()> = watch.try_io(Interest::WRITABLE, || Err(io::ErrorKind::WouldBlock.into()));
            debug_assert!(cleared.is_err(), "the closure only ever says that it would block");
        }
        std::future::pending::<()>().await;
    }

    /// Registers a descriptor of its own, only while somebody waits: most requests are answered without.
    fn watch(&self) -> Option<UnixStream> {
        let descriptor = self.socket.as_ref()?.try_clone().ok()?;
        UnixStream::from_std(descriptor.into()).ok()
    }
}
