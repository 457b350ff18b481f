//! Why an emulator could not start or stop.

use std::{net::SocketAddr, time::Duration};

use crate::machines::MachineError;

/// Why an emulator could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// No token was given, or an empty one: nobody could use the emulator.
    #[error("the emulator needs at least one token that is not empty")]
    NoToken,
    /// The rate limit is zero: every request would be refused.
    #[error("the rate limit must be at least one request")]
    RateLimit,
    /// The address could be reached from other machines.
    #[error("{0} can be reached from other machines; allow remote access explicitly to listen there")]
    Remote(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The catalogue that is part of the program is damaged.
    #[error("the built-in catalogue cannot be used: {0}")]
    Catalogue(String),
    /// The machines could not be cleaned up.
    #[error("machines could not be removed: {0}")]
    Machines(#[source] MachineError),
    /// The machines were not cleaned up in time; the next run removes what is left.
    #[error("machines were not removed within {0:?}")]
    ShutdownTimeout(Duration),
}

impl EmulatorError {
    /// A fixed name of the error, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::RateLimit => "rate_limit",
            Self::Remote(_) => "remote_address",
            Self::Listen { .. } => "listen",
            Self::Catalogue(_) => "catalogue",
            Self::Machines(_) => "machines",
            Self::ShutdownTimeout(_) => "shutdown_timeout",
        }
    }

    /// Whether the same call can succeed later without a change to what it was given.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::NoToken | Self::RateLimit | Self::Remote(_) | Self::Catalogue(_) => false,
            Self::Listen { .. } | Self::Machines(_) | Self::ShutdownTimeout(_) => true,
        }
    }
}
