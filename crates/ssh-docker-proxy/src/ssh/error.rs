//! What can go wrong with SSH, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no SSH connection, or why something on it failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshError {
    /// The target cannot be handed to ssh as it is.
    #[error("{what}")]
    InvalidTarget {
        /// Which part, and why.
        what: String,
    },
    /// There is no ssh program.
    #[error("the program `ssh` was not found: install OpenSSH's client (package openssh-client, or openssh-clients)")]
    SshMissing,
    /// The server showed another key than the known one.
    #[error(
        "the host key of {host} is not the one that is known: somebody may be in the way, or the server was rebuilt. {help}"
    )]
    HostKeyMismatch {
        /// The server.
        host: String,
        /// What to do.
        help: String,
    },
    /// No key of the server is known.
    #[error("no host key of {host} is known. {help}")]
    HostKeyUnknown {
        /// The server.
        host: String,
        /// What to do.
        help: String,
    },
    /// The server did not accept any of our keys.
    #[error("{host} did not accept the login: {detail}")]
    AuthenticationFailed {
        /// The server.
        host: String,
        /// ssh's own words.
        detail: String,
    },
    /// No SSH server answered.
    #[error("{host} cannot be reached: {detail}")]
    Unreachable {
        /// The server.
        host: String,
        /// ssh's own words.
        detail: String,
    },
    /// The socket could not be forwarded.
    #[error("{host} does not forward {socket}: {detail}", socket = socket.display())]
    ForwardRefused {
        /// The server.
        host: String,
        /// The engine's socket on the server.
        socket: PathBuf,
        /// ssh's own words.
        detail: String,
    },
    /// A step took longer than it may.
    #[error("{what} took longer than {} s", bound.as_secs_f32())]
    TimedOut {
        /// Which step.
        what: String,
        /// How long it might have taken.
        bound: Duration,
    },
    /// The connection is over.
    #[error("the SSH connection has ended: {cause}")]
    Ended {
        /// ssh's own words, or its exit status.
        cause: String,
    },
    /// The local system refused a step.
    #[error("cannot {step}: {detail}")]
    Local {
        /// What was being done.
        step: &'static str,
        /// The system's answer.
        detail: String,
    },
}

impl SshError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidTarget { .. } => "ssh_invalid_target",
            Self::SshMissing => "ssh_missing",
            Self::HostKeyMismatch { .. } => "ssh_host_key_mismatch",
            Self::HostKeyUnknown { .. } => "ssh_host_key_unknown",
            Self::AuthenticationFailed { .. } => "ssh_authentication_failed",
            Self::Unreachable { .. } => "ssh_unreachable",
            Self::ForwardRefused { .. } => "ssh_forward_refused",
            Self::TimedOut { .. } => "ssh_timed_out",
            Self::Ended { .. } => "ssh_ended",
            Self::Local { .. } => "ssh_local",
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Ended { .. } => true,
            Self::InvalidTarget { .. }
            | Self::SshMissing
            | Self::HostKeyMismatch { .. }
            | Self::HostKeyUnknown { .. }
            | Self::AuthenticationFailed { .. }
            | Self::ForwardRefused { .. }
            | Self::Local { .. } => false,
        }
    }
}
