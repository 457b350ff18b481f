//! What clients do: when they last asked for something, how many are connected, how many bytes have moved.
//!
//! Whether that is enough to keep a server is not decided here.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ssh_docker_proxy::{ConnectionId, Direction, Observer, RequestHead};

/// Counts and times, fed by the proxy.
#[derive(Debug, Default)]
pub struct ActivityTracker {
    /// Milliseconds since 1970; zero for never.
    last_docker_command: AtomicI64,
    last_connection: AtomicI64,
    connections: AtomicUsize,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// The tracker's figures at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityStatus {
    /// When the last request arrived; `null` if there was none.
    pub last_docker_command: Option<Timestamp>,
    /// When the last connection was opened or closed, or bytes last moved on one.
    pub last_connection: Option<Timestamp>,
    /// Connections that are open.
    pub open_connections: usize,
    /// Requests since the start.
    pub requests: u64,
    /// Bytes forwarded in both directions since the start.
    pub bytes_transferred: u64,
}

impl ActivityTracker {
    /// The figures of this moment.
    #[must_use]
    pub fn status(&self) -> ActivityStatus {
        let time = |cell: &AtomicI64| match cell.load(Ordering::Relaxed) {
            0 => None,
            milliseconds => Timestamp::from_millisecond(milliseconds).ok(),
        };
        ActivityStatus {
            last_docker_command: time(&self.last_docker_command),
            last_connection: time(&self.last_connection),
            open_connections: self.connections.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            bytes_transferred: self.bytes.load(Ordering::Relaxed),
        }
    }

    fn touch(cell: &AtomicI64) {
        cell.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
    }
}

impl Observer for ActivityTracker {
    fn opened(&self, _: ConnectionId) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Self::touch(&self.last_connection);
    }

    fn request(&self, connection: ConnectionId, head: &RequestHead) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Self::touch(&self.last_docker_command);
        // The target can hold what a user passed as a build argument, so only its path is logged.
        tracing::debug!(%connection, method = head.method, path = head.path(), "request");
    }

    fn bytes(&self, _: ConnectionId, _: Direction, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
        Self::touch(&self.last_connection);
    }

    fn closed(&self, _: ConnectionId) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        Self::touch(&self.last_connection);
    }
}
