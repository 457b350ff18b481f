//! Why it is not known what containers use.

use std::time::Duration;

use ssh_docker_proxy::SshError;

use crate::error::ErrorCategory;

/// The engine's containers could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// There is no way to the engine.
    #[error("the engine cannot be asked what its containers use")]
    Link(#[from] SshError),
    /// The engine did not answer in time.
    #[error("the engine has not told within {} s what its containers use", .bound.as_secs())]
    TimedOut {
        /// How long a single answer may take.
        bound: Duration,
    },
    /// The engine's answer broke off or cannot be read.
    #[error("the engine's answer about its containers is of no use: {detail}")]
    Broken {
        /// What is wrong with it.
        detail: String,
    },
    /// The engine answered with an error.
    #[error("the engine does not tell what its containers use: status {status}, {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The engine's own words.
        message: String,
    },
}

impl ExamineError {
    /// Which part it belongs to.
    #[must_use]
    pub const fn category(&self) -> ErrorCategory {
        match self {
            Self::Link(_) => ErrorCategory::Ssh,
            Self::TimedOut { .. } | Self::Broken { .. } | Self::Refused { .. } => ErrorCategory::Proxy,
        }
    }

    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Link(_) | Self::TimedOut { .. } | Self::Broken { .. } | Self::Refused { .. } => "containers_unknown",
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Link(error) => error.retryable(),
            Self::TimedOut { .. } | Self::Broken { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
        }
    }

    /// What to do about it, where the message does not say so itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Link(_) => None,
            Self::TimedOut { .. } | Self::Broken { .. } | Self::Refused { .. } => Some(
                "`docker stats` asks the engine the same: if it fails too, restart the engine or run `dockbridge stop`"
                    .to_owned(),
            ),
        }
    }
}
