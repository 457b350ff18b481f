//! What is said over the control socket.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::{ErrorReport, state_word};
use crate::{
    lifecycle::{Snapshot, state::State},
    server::ForeignLease,
};

/// What the running DockBridge is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// One [`super::StatusReport`].
    Status,
    /// Holds the server until then, or lets it go; one [`super::StatusReport`] as the answer.
    Keep {
        /// Until when; `null` lets it go.
        until: Option<Timestamp>,
    },
    /// The end: [`Progress`] lines until the server is gone.
    Stop,
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
    /// Who holds the server, where it is left running for others.
    #[serde(default)]
    pub left_to: Vec<ForeignLease>,
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
            left_to: snapshot.left_to(),
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
