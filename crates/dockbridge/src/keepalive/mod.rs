//! The server's lease: its monitor lets the server live for as long as some client renews a lease on it.
//!
//! A lease is a file on the server, written by `dockbridge-monitor` there, which is called over the SSH connection that
//! there is anyway. [`beat`] renews ours; the functions of [`lease`] are single calls.

mod error;
mod heartbeat;
pub mod lease;
mod owner;
mod pauses;

pub use error::LeaseError;
pub use heartbeat::{HeartbeatEnd, HeartbeatStatus, beat};
pub use lease::{end, hand_over, leases, release, renew};
pub use owner::Owner;

#[cfg(test)]
mod fake_server;
