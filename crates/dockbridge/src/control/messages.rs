//! What is said over the control socket, and what `status --json` prints.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    activity::ActivityStatus,
    error::DockBridgeError,
    lifecycle::{Snapshot, machine::State},
    proxy::ProxyStatus,
    server::{Phase, ServerInfo, VolumeInfo},
};

/// What the running DockBridge is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// One [`StatusReport`].
    Status,
    /// The end: [`Progress`] lines until the server is gone.
    Stop,
}

/// A failure as it is shown to programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Which part of the whole it belongs to.
    pub category: String,
    /// The stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the same may succeed later without anybody doing anything.
    pub retryable: bool,
    /// When it happened; in RFC 3339.
    pub timestamp: Timestamp,
}

impl ErrorReport {
    /// What is shown of `error`, which happened at `timestamp`.
    #[must_use]
    pub fn new(error: &DockBridgeError, timestamp: Timestamp) -> Self {
        Self {
            category: error.category().to_string(),
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            retryable: error.retryable(),
            timestamp,
        }
    }
}

/// Everything `dockbridge status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// `absent`, `provisioning`, `running`, `unreachable` or `shutting_down`.
    pub state: String,
    /// The local side.
    pub proxy: ProxyStatus,
    /// The server; without a running DockBridge, what the API knows.
    pub server: Option<ServerInfo>,
    /// The volume.
    pub volume: Option<VolumeInfo>,
    /// What clients do.
    pub activity: ActivityStatus,
    /// The steps of the present or last provisioning.
    pub phases: Vec<Phase>,
    /// The last failure, until something succeeds.
    pub last_error: Option<ErrorReport>,
}

/// A step towards the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The state reached.
    pub state: String,
    /// What stands in the way at the moment.
    pub error: Option<ErrorReport>,
    /// Whether this is the last line: everything is gone but the volume.
    pub done: bool,
}

/// The word for a state.
#[must_use]
pub const fn state_word(state: &State) -> &'static str {
    match state {
        State::Absent => "absent",
        State::Provisioning { .. } => "provisioning",
        State::Running { .. } => "running",
        State::Unreachable { .. } => "unreachable",
        State::ShuttingDown { .. } => "shutting_down",
    }
}

impl From<&Snapshot> for Progress {
    fn from(snapshot: &Snapshot) -> Self {
        let destroy_failed = matches!(snapshot.machine.state, State::ShuttingDown { failures: 1.., .. });
        Self {
            state: state_word(&snapshot.machine.state).to_owned(),
            // An error of the provisioning that led here stands in nobody's way.
            error: snapshot
                .last_error
                .as_ref()
                .filter(|_| destroy_failed)
                .map(|(error, at)| ErrorReport::new(error, *at)),
            done: snapshot.machine.stopping && snapshot.machine.state == State::Absent,
        }
    }
}

/// Why the running DockBridge cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("DockBridge is not running")]
    NotRunning,
    /// The socket could not be used.
    #[error("cannot talk to the running DockBridge over {path}: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Its answer was not understood: most likely it is of another version.
    #[error("the running DockBridge answered something else than was asked for: {0}")]
    Answer(String),
    /// It ended in the middle of an answer.
    #[error("the running DockBridge ended before the server was gone")]
    Ended,
}

impl ControlError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotRunning => "not_running",
            Self::Io { .. } => "control_io",
            Self::Answer(_) => "control_answer",
            Self::Ended => "control_ended",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotRunning => "start it with `dockbridge start`".to_owned(),
            Self::Io { path, .. } => format!("check the permissions of {}", path.display()),
            Self::Answer(_) => "use the same version of dockbridge for both".to_owned(),
            Self::Ended => "a server may be left and billed: run `dockbridge stop` again".to_owned(),
        }
    }
}
