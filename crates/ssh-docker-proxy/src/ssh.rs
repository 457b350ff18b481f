//! Reaches an engine through OpenSSH's own client.
//!
//! ```text
//!  SshConnector ──one at a time──▶ SshConnection ──owns──▶ supervisor task ──owns──▶ ssh (master)
//!                                   │ open: engine.sock ───────────────────────────▶ -L, one channel per stream
//!                                   │ exec: a short-lived ssh ──────────────────────▶ control socket
//! ```

pub mod connection;
pub mod connector;
pub mod destination;
pub mod error;
pub mod target;

mod classify;
mod command;
mod exec;
mod supervisor;

pub use connection::SshConnection;
pub use connector::SshConnector;
pub use error::SshError;
pub use exec::{ExecOutput, MAX_EXEC_OUTPUT};
pub use target::{HostKeys, SshTarget};
