//! The local side: which engine a request goes to, and what is said when there is none.

mod connector;

pub use connector::EngineConnector;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The proxy as it is shown, with the field names of the design's model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyStatus {
    /// Whether DockBridge listens.
    pub running: bool,
    /// The socket it listens on.
    pub local_socket: String,
    /// The address of the server it forwards to, empty without one.
    pub remote_server: String,
    /// Whether there is a connection to an engine.
    pub connected: bool,
    /// When bytes last moved or a request last arrived.
    pub last_activity: Option<Timestamp>,
    /// Bytes forwarded in both directions since the start.
    pub bytes_transferred: u64,
}
