//! What can go wrong, as users and programs see it: a category, a stable code, a message, and what to do.

use std::{fmt, path::Path};

use serde::Serialize;
use ssh_docker_proxy::{SocketError, SshError};

use crate::{
    activity::ExamineError,
    config::ConfigError,
    control::ControlError,
    keepalive::LeaseError,
    lock::LockError,
    server::{KeyError, ServerError},
    state::StateError,
};

/// Which part of the whole an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCategory {
    /// The way to the API.
    Network,
    /// Hetzner Cloud: its answers and its resources.
    Hetzner,
    /// The local socket.
    Proxy,
    /// The way to the server, and keys.
    Ssh,
    /// Settings and local state.
    Config,
    /// Noticing the screen's lock and the computer's sleep.
    LockDetection,
}

impl fmt::Display for ErrorCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network",
            Self::Hetzner => "hetzner",
            Self::Proxy => "proxy",
            Self::Ssh => "ssh",
            Self::Config => "config",
            Self::LockDetection => "lock_detection",
        })
    }
}

/// Any failure of DockBridge.
#[derive(Debug, thiserror::Error)]
pub enum DockBridgeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The local state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The API refused, or could not be reached.
    #[error(transparent)]
    Hetzner(#[from] hcloud_client::Error),
    /// No server can be had, or it does not come up.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// SSH failed.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// The server's lease cannot be renewed, asked for or given back.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The local socket cannot be used.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The running DockBridge cannot be talked to.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// It is not known what containers use.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// Lock and sleep are not noticed.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl DockBridgeError {
    /// Which part it belongs to.
    #[must_use]
    pub fn category(&self) -> ErrorCategory {
        match self {
            Self::Config(_) | Self::State(_) => ErrorCategory::Config,
            Self::Hetzner(error) if error.api_code().is_none() && error.retryable() => ErrorCategory::Network,
            Self::Hetzner(_) | Self::Server(_) => ErrorCategory::Hetzner,
            Self::Ssh(_) | Self::Lease(_) | Self::Key(_) => ErrorCategory::Ssh,
            Self::Socket(_) | Self::Control(_) => ErrorCategory::Proxy,
            Self::Lock(_) => ErrorCategory::LockDetection,
            Self::Examine(error) => error.category(),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Config(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Hetzner(error) => error.code(),
            Self::Server(error) => error.code(),
            Self::Ssh(error) => error.code(),
            Self::Lease(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Socket(error) => error.code(),
            Self::Control(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Examine(error) => error.code(),
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Config(_) | Self::State(_) | Self::Key(_) | Self::Control(_) => false,
            Self::Hetzner(error) => error.retryable(),
            Self::Server(error) => error.retryable(),
            Self::Ssh(error) => error.retryable(),
            Self::Lease(error) => error.retryable(),
            Self::Socket(error) => error.retryable(),
            Self::Lock(error) => error.retryable(),
            Self::Examine(error) => error.retryable(),
        }
    }

    /// What to do about it, where the message does not say so itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => Some(error.hint()),
            Self::State(error) => Some(error.hint()),
            Self::Hetzner(error) => hetzner_hint(error),
            Self::Server(error) => error.hint(),
            Self::Lease(error) => error.hint(),
            Self::Key(error) => Some(error.hint()),
            Self::Control(error) => Some(error.hint()),
            Self::Examine(error) => error.hint(),
            Self::Ssh(error) => ssh_hint(error),
            Self::Socket(error) => socket_hint(error),
            Self::Lock(error) => Some(error.hint().to_owned()),
        }
    }

    /// Message, causes and hint in one line, for a Docker client.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let text = self.to_string();
        let mut line = if text.starts_with("DockBridge") { text } else { format!("DockBridge: {text}") };
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some errors repeat their cause in their own words.
            if !line.contains(&text) {
                line = format!("{line}: {text}");
            }
            source = cause.source();
        }
        if let Some(hint) = self.hint() {
            let mut letters = hint.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase()).unwrap_or_default();
            line = format!("{line}. {first}{}", letters.as_str());
        }
        format!("{line} [{}]", self.code())
    }
}

/// What to do about an answer of the API.
fn hetzner_hint(error: &hcloud_client::Error) -> Option<String> {
    use hcloud_client::ErrorCode;
    let hint = match error.api_code() {
        Some(ErrorCode::Unauthorized) => {
            "the token is not valid: create one with read and write permission in the Hetzner \
             Console (your project, Security, API tokens) and set HETZNER_API_TOKEN"
        }
        Some(ErrorCode::TokenReadonly | ErrorCode::Forbidden) => {
            "the token may only read: create one with read and write \
             permission in the Hetzner Console (your project, Security, API tokens)"
        }
        Some(ErrorCode::ResourceLimitExceeded) => {
            "the project's limit is reached: delete what is not needed or ask for a higher limit in the Hetzner Console"
        }
        Some(ErrorCode::ResourceUnavailable) => {
            "this type is sold out in this location: try another hetzner.server_type, or try again later"
        }
        Some(ErrorCode::RateLimitExceeded) => "the project's API calls are used up for the moment: wait a minute",
        None if error.retryable() => "check the network connection and hetzner.endpoint, then try again",
        Some(_) | None => return None,
    };
    Some(hint.to_owned())
}

/// Whether this is the socket that `status` and `stop` use, which lies in the state directory.
fn is_control(path: &Path) -> bool {
    path.ends_with("dockbridge/control.sock")
}

/// What to do about a socket that cannot be listened on.
fn socket_hint(error: &SocketError) -> Option<String> {
    let hint = match error {
        SocketError::TooLong { path, .. } if is_control(path) => {
            "set XDG_STATE_HOME to a directory with a shorter path"
        }
        SocketError::InUse { path }
        | SocketError::Locked { path }
        | SocketError::Foreign { path, .. }
        | SocketError::NotASocket { path }
            if is_control(path) =>
        {
            "set XDG_STATE_HOME to another directory; what is there is left as it is"
        }
        SocketError::ForeignLock { .. } | SocketError::NotALock { .. } => {
            "have its owner remove it, or set docker.socket_path to a path in a directory of your own"
        }
        SocketError::InUse { .. } | SocketError::Locked { .. } => {
            "end that program, or set docker.socket_path to another path"
        }
        SocketError::Foreign { .. } | SocketError::NotASocket { .. } => {
            "set docker.socket_path to another path; what is there is left as it is"
        }
        SocketError::NoDirectory { .. } => "create the directory, or set docker.socket_path to another path",
        SocketError::TooLong { .. } => "set docker.socket_path to a shorter path",
        SocketError::Io { .. } => return None,
    };
    Some(hint.to_owned())
}

/// What to do about a failure of SSH to a server of ours, where the message does not say it.
fn ssh_hint(error: &SshError) -> Option<String> {
    match error {
        SshError::HostKeyMismatch { .. } | SshError::HostKeyUnknown { .. } => Some(
            "the server was not trusted and nothing was sent to it. If nobody can have changed its key, run `dockbridge \
             stop`, which destroys the server and keeps the volume, and start again"
                .to_owned(),
        ),
        SshError::AuthenticationFailed { .. } => {
            Some("the server does not know our key: run `dockbridge stop` and start again".to_owned())
        }
        SshError::InvalidTarget { .. }
        | SshError::SshMissing
        | SshError::Unreachable { .. }
        | SshError::ForwardRefused { .. }
        | SshError::TimedOut { .. }
        | SshError::Ended { .. }
        | SshError::Local { .. } => None,
    }
}

#[cfg(test)]
mod tests;
