//! Reaches an engine through OpenSSH's own client.

pub mod connection;
pub mod connector;
pub mod error;
pub mod target;

pub use connection::{ExecOutput, SshConnection};
pub use connector::SshConnector;
pub use error::SshError;
pub use target::{HostKeys, SshTarget};
