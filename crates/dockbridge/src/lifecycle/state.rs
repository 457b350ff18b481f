//! The words of the lifecycle: where a server can stand, what can happen, what has to be done about it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{activity::Usage, clock::Moment};

/// Counts the servers of this process and their connections, so that news of an old one cannot be taken for news of the
/// present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// How it stands with the containers that run without a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examination {
    /// Nobody has asked.
    NotAsked,
    /// They are being measured.
    UnderWay,
    /// They were found to use nothing.
    Quiet {
        /// When.
        at: Moment,
    },
}

/// Where the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is no server.
    Absent,
    /// A server is being created and booted.
    Provisioning {
        /// When that began.
        since: Moment,
    },
    /// The engine answers, or its connection is just being replaced.
    Running {
        /// When it last began to answer.
        since: Moment,
        /// Whether the connection has ended and is being replaced.
        reconnecting: bool,
        /// What is known of containers without a client.
        examination: Examination,
    },
    /// The server is idle and is destroyed soon; any use keeps it.
    Grace {
        /// When that was decided.
        since: Moment,
        /// When the engine last began to answer.
        serving_since: Moment,
        /// When it is destroyed.
        until: Moment,
        /// Why.
        reason: Reason,
        /// What containers do meanwhile.
        examination: Examination,
    },
    /// A server is on record, but there is no connection to it; it is looked for.
    Unreachable {
        /// When the connection was lost.
        since: Moment,
        /// When the engine had begun to answer, if this process has known it to.
        serving_since: Option<Moment>,
        /// Whether an attempt to find it is under way.
        searching: bool,
        /// Failed attempts so far.
        failures: u32,
        /// When the next one follows.
        retry_at: Moment,
    },
    /// The server is being destroyed.
    ShuttingDown {
        /// When that began.
        since: Moment,
        /// Failed attempts so far.
        failures: u32,
        /// Why.
        reason: Reason,
        /// Whether somebody waits for an engine meanwhile.
        wanted: bool,
    },
    /// The API does not know the server any more, or it is left to others; what is on record of it is being removed.
    Gone {
        /// When that was learnt.
        since: Moment,
        /// Failed attempts to remove the record so far.
        failures: u32,
    },
    /// A server came to nothing. No other is ordered for a moment.
    Failed {
        /// When it was gone.
        since: Moment,
        /// When the next one may be ordered.
        until: Moment,
    },
}

/// Why a server is destroyed, or has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The user said so.
    Stop,
    /// No request and no connection for the idle timeout.
    Idle,
    /// Connections were open, but nothing moved on them for the connection timeout.
    Quiet,
    /// The same while the screen was locked or the computer about to sleep.
    Locked,
    /// It has reached the longest life that the user allows.
    MaxLifetime,
    /// It did not come up.
    NotProvisioned,
    /// It was off, was being deleted, had lost its volume, or had begun to destroy itself.
    Useless,
    /// It was deleted by itself or by somebody else.
    Vanished,
}

impl Reason {
    /// The reason in words, to follow "because".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Stop => "you stopped it",
            Self::Idle => "it was idle",
            Self::Quiet => "nothing moved on its open connections",
            Self::Locked => "it was idle while the screen was locked",
            Self::MaxLifetime => "it has reached activity.max_lifetime",
            Self::NotProvisioned => "it did not come up",
            Self::Useless => "it could serve no more",
            Self::Vanished => "it had deleted itself, or somebody else deleted it",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// DockBridge has started.
    Started {
        /// The age of the server that an earlier run has left on record, if there is one.
        on_record: Option<Duration>,
    },
    /// A request needs an engine.
    EngineWanted,
    /// Time has passed, or somebody has used the server: this is how it is used at this moment.
    Looked(Usage),
    /// The user holds the server until then, or no longer.
    Kept(Option<Timestamp>),
    /// The screen is locked, or the computer about to sleep; or neither any more.
    Locked(bool),
    /// The computer has slept.
    Woke,
    /// The engine of the new server answers.
    Provisioned {
        /// Which server.
        generation: Generation,
        /// How long it has existed.
        age: Duration,
    },
    /// No server came of it.
    ProvisionFailed {
        /// Which server.
        generation: Generation,
        /// Whether something that costs money may be left and must be destroyed.
        leftover: bool,
    },
    /// The connection to the server has ended.
    ConnectionLost(Generation),
    /// The server's engine answers again.
    Reconnected {
        /// Which server.
        generation: Generation,
        /// How long it has existed.
        age: Duration,
    },
    /// The connection could not be replaced.
    ReconnectFailed(Generation),
    /// The API says that the server does not exist any more.
    ServerGone(Generation),
    /// The server exists but can never serve again, such as one that is powered off.
    ServerUseless(Generation),
    /// The running server has begun to destroy itself.
    Destroying(Generation),
    /// It could not be found out how the server is.
    SearchFailed(Generation),
    /// The containers without a client have been measured; what could not be measured counts as busy.
    Examined {
        /// On which server.
        generation: Generation,
        /// Whether they keep the server.
        busy: bool,
    },
    /// The engine takes no further requests, and this is how it is used at this moment.
    Retired(Generation, Usage),
    /// The server and everything that is billed with it is gone, or left to others; the volume remains.
    Destroyed(Generation),
    /// It could not be destroyed yet.
    DestroyFailed {
        /// Which server.
        generation: Generation,
        /// Whether nothing has been done to it, so that it could go on serving.
        untouched: bool,
    },
    /// Nothing is on record any more.
    Forgotten(Generation),
    /// The record could not be removed yet.
    ForgetFailed(Generation),
    /// The user wants no server any more.
    StopRequested,
}

/// What the driver has to do. There is none that creates, detaches or deletes a volume by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Create a server and wait for its engine.
    Provision(Generation),
    /// Replace the connection.
    Reconnect(Generation),
    /// Look for the server on record and connect to it.
    Search(Generation),
    /// Renew the lease at once, and give the connection up if that fails.
    Renew(Generation),
    /// Measure the containers that run without a client.
    Examine {
        /// On which server.
        generation: Generation,
        /// Over how long.
        window: Duration,
    },
    /// Let the engine take no further requests, and say how it is used then.
    Retire(Generation),
    /// Destroy the server, after a pause.
    Destroy {
        /// Which server.
        generation: Generation,
        /// How long to wait first.
        after: Duration,
    },
    /// Remove what is on record of a server that is gone, after a pause.
    Forget {
        /// Which server.
        generation: Generation,
        /// How long to wait first.
        after: Duration,
    },
}

impl Event {
    /// Which server an event is about, if it is about one.
    pub(super) const fn generation(self) -> Option<Generation> {
        match self {
            Self::Started { .. }
            | Self::EngineWanted
            | Self::Looked(_)
            | Self::Kept(_)
            | Self::Locked(_)
            | Self::Woke
            | Self::StopRequested => None,
            Self::Provisioned { generation, .. }
            | Self::ProvisionFailed { generation, .. }
            | Self::ConnectionLost(generation)
            | Self::Reconnected { generation, .. }
            | Self::ReconnectFailed(generation)
            | Self::ServerGone(generation)
            | Self::ServerUseless(generation)
            | Self::Destroying(generation)
            | Self::SearchFailed(generation)
            | Self::Examined { generation, .. }
            | Self::Retired(generation, _)
            | Self::Destroyed(generation)
            | Self::DestroyFailed { generation, .. }
            | Self::Forgotten(generation)
            | Self::ForgetFailed(generation) => Some(generation),
        }
    }
}
