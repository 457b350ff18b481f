//! What can be wrong with a socket's path.

use std::path::PathBuf;

/// Why a socket could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A live process listens there.
    #[error("{path} is in use: a program listens on it already", path = path.display())]
    InUse {
        /// The socket's path.
        path: PathBuf,
    },
    /// Another start of ours is between looking and listening, or listens.
    #[error(
        "{path} is in use: another process listens on it or is about to (it holds the lock file beside it)", path = path.display())]
    Locked {
        /// The socket's path.
        path: PathBuf,
    },
    /// The path is another user's socket.
    #[error("{path} belongs to another user (uid {uid})", path = path.display())]
    Foreign {
        /// The socket's path.
        path: PathBuf,
        /// The owner.
        uid: u32,
    },
    /// The lock file is another user's.
    #[error("the lock file {path} belongs to another user (uid {uid})", path = path.display())]
    ForeignLock {
        /// The lock file's path.
        path: PathBuf,
        /// The owner.
        uid: u32,
    },
    /// The lock file's place is held by something else.
    #[error("{path}, where the lock file is kept, exists and is not a regular file", path = path.display())]
    NotALock {
        /// The lock file's path.
        path: PathBuf,
    },
    /// The path is held by something else than a socket.
    #[error("{path} exists and is not a socket", path = path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The directory does not exist.
    #[error("the directory {directory} for the socket does not exist", directory = directory.display())]
    NoDirectory {
        /// The missing directory.
        directory: PathBuf,
    },
    /// The path does not fit into a socket address.
    #[error("{path} is too long for a socket: {length} bytes, at most {limit}", path = path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The longest possible one.
        limit: usize,
    },
    /// The system refused a step.
    #[error("cannot {step} {path}: {source}", path = path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To which path.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl SocketError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "socket_in_use",
            Self::Locked { .. } => "socket_locked",
            Self::Foreign { .. } => "socket_foreign",
            Self::ForeignLock { .. } => "socket_lock_foreign",
            Self::NotALock { .. } => "socket_lock_taken",
            Self::NotASocket { .. } => "socket_path_taken",
            Self::NoDirectory { .. } => "socket_directory_missing",
            Self::TooLong { .. } => "socket_path_too_long",
            Self::Io { .. } => "socket_io",
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Locked { .. }
            | Self::InUse { .. }
            | Self::Foreign { .. }
            | Self::ForeignLock { .. }
            | Self::NotALock { .. }
            | Self::NotASocket { .. }
            | Self::NoDirectory { .. }
            | Self::TooLong { .. }
            | Self::Io { .. } => false,
        }
    }
}
