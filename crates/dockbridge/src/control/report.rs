//! What `dockbridge status` shows, and `status --json` prints.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::Span,
    error::DockBridgeError,
    lifecycle::state::State,
    lock::Source,
    proxy::ProxyStatus,
    server::{ForeignLease, Phase, ServerInfo, VolumeInfo},
};

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

/// How the server is used, and what that means for it. Durations are written as in the configuration, such as `5m`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityStatus {
    /// When the last request arrived; `null` if there was none.
    pub last_docker_command: Option<Timestamp>,
    /// When the last connection was opened or closed, or bytes last moved on one.
    pub last_connection: Option<Timestamp>,
    /// No request and no open connection for this long makes the server idle.
    pub idle_timeout: Span,
    /// Open connections count until nothing has moved on them for this long.
    pub connection_timeout: Span,
    /// How long until the server is destroyed, if nothing else happens; `null` while that cannot be told, because work is under
    /// way or there is no server.
    pub time_until_shutdown: Option<Span>,
    /// Why the server will be destroyed, or why it is kept; without a server, why the last one went.
    pub shutdown_reason: String,
    /// Until when the server is paid for; every started hour is billed.
    pub paid_until: Option<Timestamp>,
    /// Until when `dockbridge keep` holds the server.
    pub kept_until: Option<Timestamp>,
    /// When the server is destroyed in any case, by `activity.max_lifetime`.
    pub limit: Option<Timestamp>,
    /// Connections that are open.
    pub open_connections: usize,
    /// Requests since the start.
    pub requests: u64,
    /// Bytes forwarded in both directions since the start.
    pub bytes_transferred: u64,
}

/// The server's right to live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseStatus {
    /// What the server does when its lease has run out: `delete`, `poweroff` or `off`. One that is to delete itself and has not
    /// been given the token powers off; that is among what is degraded.
    pub self_destruct: String,
    /// When it was last renewed.
    pub renewed: Option<Timestamp>,
    /// Until when the server lives without another heartbeat.
    pub until: Option<Timestamp>,
    /// Heartbeats that have failed since then.
    pub failures: u32,
    /// Who else holds the server.
    pub others: Vec<ForeignLease>,
}

/// The locked screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockReport {
    /// Who tells.
    pub source: Source,
    /// Whether the screen is locked.
    pub locked: bool,
}

/// Something that does not work at the moment, while the rest goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degradation {
    /// What does not work: `heartbeat`, `self_destruct`, `lock_detection` or `busy_check`.
    pub part: String,
    /// Why not.
    pub error: ErrorReport,
}

/// Everything `dockbridge status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// `absent`, `provisioning`, `running`, `grace`, `unreachable`, `shutting_down`, `gone` or `failed`.
    pub state: String,
    /// The local side.
    pub proxy: ProxyStatus,
    /// The server; without a running DockBridge, what the API knows.
    pub server: Option<ServerInfo>,
    /// The volume.
    pub volume: Option<VolumeInfo>,
    /// What clients do, and what that means for the server.
    pub activity: ActivityStatus,
    /// The server's right to live.
    pub lease: LeaseStatus,
    /// The locked screen.
    pub lock: LockReport,
    /// What does not work at the moment.
    pub degraded: Vec<Degradation>,
    /// The steps of the present or last provisioning.
    pub phases: Vec<Phase>,
    /// The last failure, until something succeeds.
    pub last_error: Option<ErrorReport>,
}

/// The word for a state.
#[must_use]
pub const fn state_word(state: &State) -> &'static str {
    match state {
        State::Absent => "absent",
        State::Provisioning { .. } => "provisioning",
        State::Running { .. } => "running",
        State::Grace { .. } => "grace",
        State::Unreachable { .. } => "unreachable",
        State::ShuttingDown { .. } => "shutting_down",
        State::Gone { .. } => "gone",
        State::Failed { .. } => "failed",
    }
}
