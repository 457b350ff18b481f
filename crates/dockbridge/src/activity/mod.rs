//! What clients do, and what containers do without them.
//!
//! ```text
//!  proxy ─▶ guard of a connection ─▶ record (atomics, written while bytes move)
//!                                       ▲ read under the registry's lock
//!  driver ◀─ usage ─────────────── tracker
//! ```
//!
//! [`ActivityTracker`] says whether work is under way, when the engine was last used and since when open connections are
//! quiet. [`busiest`] asks the engine what its containers use. Whether that is enough to keep a server is not decided here.

mod connection;
mod containers;
mod kind;
mod record;
mod tracker;

use jiff::Timestamp;

pub use containers::{Containers, ExamineError, busiest};
pub use tracker::ActivityTracker;

use crate::clock::Moment;

/// What the use of the engine comes to at one moment.
///
/// A connection counts once it has had another request than `_ping`: who only probes is no user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Whether a request is under way that no server may be destroyed under.
    pub work: bool,
    /// When a request other than `_ping` last began or ended, bytes of one last moved, or a connection that counts was
    /// closed. `None` if none of it ever happened.
    pub last_use: Option<Moment>,
    /// Of the connections that are open and count: when a byte last moved, or a request began or ended, on any of them.
    /// `None` if there are none.
    pub quiet_since: Option<Moment>,
}

/// Counts and times as they are shown, probes included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
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

#[cfg(test)]
mod tests;
