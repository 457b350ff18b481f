//! Why the server's lease could not be renewed, asked for or given back.

use ssh_docker_proxy::SshError;

/// A call of the server's monitor that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// The monitor was not reached, or its answer was lost: the call may have taken effect.
    #[error("the monitor of the server cannot be reached")]
    Link(#[from] SshError),
    /// The monitor has begun to destroy the server, because every lease had run out.
    #[error("the server is destroying itself, because its lease had run out")]
    Destroying,
    /// The server has no monitor, or not yet.
    #[error("the server has no monitor")]
    NoMonitor,
    /// The monitor refused or could not do it.
    #[error("the monitor of the server failed: {said}")]
    Failed {
        /// Its own words, or its exit status.
        said: String,
    },
}

impl LeaseError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Link(_) => "lease_link",
            Self::Destroying => "lease_destroying",
            Self::NoMonitor => "lease_no_monitor",
            Self::Failed { .. } => "lease_failed",
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Link(error) => error.retryable(),
            // The monitor may still be about to be installed, or may lack memory for the moment.
            Self::NoMonitor | Self::Failed { .. } => true,
            Self::Destroying => false,
        }
    }

    /// What to do about it, where the message does not say so itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Link(_) => {
                "DockBridge goes on trying; unless it succeeds in time, the server destroys itself and keeps the volume"
            }
            Self::Destroying => "the volume stays; the next Docker command gets a new server",
            Self::NoMonitor => {
                "the server would not destroy itself if this computer failed: run `dockbridge stop` when you need it no \
                 more, and the next server has a monitor"
            }
            Self::Failed { .. } => "look at the journal of dockbridge-monitor on the server",
        };
        Some(hint.to_owned())
    }

    /// Whether the server itself has answered, so that the way to it works.
    #[must_use]
    pub const fn answered(&self) -> bool {
        match self {
            Self::Destroying | Self::NoMonitor | Self::Failed { .. } => true,
            Self::Link(_) => false,
        }
    }
}
