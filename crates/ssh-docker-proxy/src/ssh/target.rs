//! Which server to reach, as whom, and how to know that it is the right one.

use std::path::PathBuf;
use std::time::Duration;

/// Where a Docker Engine listens unless it is told otherwise.
pub const DEFAULT_REMOTE_SOCKET: &str = "/var/run/docker.sock";

/// How long TCP and the server's greeting may take unless the caller says otherwise.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How the server proves its identity. A key that is not known beforehand is never accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKeys {
    /// By the user's own `known_hosts`. The user's `~/.ssh/config`, agent and jump hosts apply.
    UserDefault,
    /// By this private `known_hosts` file alone. No configuration, agent or other key of the user is looked at.
    Pinned {
        /// The file, in the format of `known_hosts`.
        known_hosts: PathBuf,
        /// The name that the file has the key under, if it is not the host's own (`host`, or `[host]:port`).
        alias: Option<String>,
    },
}

/// A server and the engine on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    /// The user to log in as; `None` leaves it to ssh.
    pub user: Option<String>,
    /// Name or address of the server.
    pub host: String,
    /// The port; `None` leaves it to ssh.
    pub port: Option<u16>,
    /// The private key; `None` leaves it to ssh.
    pub identity_file: Option<PathBuf>,
    /// How the server proves its identity.
    pub host_keys: HostKeys,
    /// The engine's socket on the server.
    pub remote_socket: PathBuf,
    /// How long TCP and the server's greeting may take.
    pub connect_timeout: Duration,
}

impl SshTarget {
    /// The engine on `host` as ssh itself would reach it.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            user: None,
            host: host.into(),
            port: None,
            identity_file: None,
            host_keys: HostKeys::UserDefault,
            remote_socket: PathBuf::from(DEFAULT_REMOTE_SOCKET),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        }
    }
}
