//! When a server comes and goes, as a pure function.
//!
//! ```text
//!                  EngineWanted                Provisioned
//!    ┌────────┐ ────────────────▶ ┌────────────┐ ─────────▶ ┌─────────┐
//!    │ Absent │                   │Provisioning│            │ Running │◀───────────────┐
//!    └────────┘ ◀──────────────── └────────────┘            └─────────┘                │
//!      ▲  ▲  │   ProvisionFailed,        │ ProvisionFailed,    │     │ ConnectionLost  │ Reconnected
//!      │  │  │   nothing left            │ something left      │     ▼                 │
//!      │  │  │ Started,                  │                     │   ┌─────────────┐     │
//!      │  │  └─ with a server on record ─┼─────────────────────┼──▶│ Unreachable │─────┘
//!      │  │     ServerGone               │                     │   └─────────────┘
//!      │  └──────────────────────────────┼─────────────────────┼──────┘   │ ServerUseless
//!      │                                 ▼                     ▼          │
//!      │            Destroyed   ┌──────────────┐  StopRequested           │
//!      └────────────────────────│ ShuttingDown │◀─────────────────────────┘
//!                               └──────────────┘
//! ```
//!
//! Requests wait in the driver, not here: it asks again (`EngineWanted`) for those that are still there when a state is
//! reached from which a server can be had. A provisioning that failed after the order is not repeated at once, since each
//! server costs a started hour. Once a stop has been requested nothing is provisioned any more.

use std::time::Duration;

use tokio::time::Instant;

/// Counts the servers of this process, so that news of an old one cannot be taken for news of the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// The longest pause between two attempts to destroy a server, as the design's retry strategy has it.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long no further server is ordered after one came to nothing, so that a client that asks in a loop cannot order a
/// server, and a started hour, with each question.
pub const BRAKE: Duration = Duration::from_mins(1);

/// Where the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is no server.
    Absent,
    /// A server is being created and booted.
    Provisioning {
        /// When that began.
        since: Instant,
    },
    /// The engine answers.
    Running {
        /// When it first did.
        since: Instant,
    },
    /// A server is on record, but there is no connection to it; it is being looked for.
    Unreachable {
        /// When the connection was lost.
        since: Instant,
        /// Whether an attempt to reach it is under way.
        searching: bool,
    },
    /// The server is being destroyed.
    ShuttingDown {
        /// When that began.
        since: Instant,
        /// Failed attempts so far.
        failures: u32,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// DockBridge has started; `on_record` says whether an earlier run left a server behind.
    Started {
        /// Whether the state directory names a server.
        on_record: bool,
    },
    /// A request needs an engine.
    EngineWanted,
    /// The engine of the new server answers.
    Provisioned(Generation),
    /// No server came of it.
    ProvisionFailed {
        /// Which server.
        generation: Generation,
        /// Whether something that costs money may be left and must be destroyed.
        leftover: bool,
    },
    /// The connection to the server has ended.
    ConnectionLost(Generation),
    /// The server was found and its engine answers again.
    Reconnected(Generation),
    /// The API says that the server does not exist any more.
    ServerGone(Generation),
    /// The server exists but can never serve again, such as one that is powered off.
    ServerUseless(Generation),
    /// It could not be found out how the server is.
    SearchFailed(Generation),
    /// The server and everything that is billed with it is gone; the volume remains.
    Destroyed(Generation),
    /// It could not be destroyed yet.
    DestroyFailed(Generation),
    /// The user wants no server any more.
    StopRequested,
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Create a server and wait for its engine.
    Provision(Generation),
    /// Look for the server on record and connect to it.
    Search(Generation),
    /// Destroy the server, after a pause.
    Destroy {
        /// Which server.
        generation: Generation,
        /// How long to wait first.
        after: Duration,
    },
}

/// The state with what outlives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Where the server stands.
    pub state: State,
    /// The present server, or the last one.
    pub generation: Generation,
    /// Whether a stop has been requested; final.
    pub stopping: bool,
    /// When the next server may be ordered at the earliest.
    pub not_before: Option<Instant>,
}

impl Default for Machine {
    fn default() -> Self {
        Self { state: State::Absent, generation: Generation(0), stopping: false, not_before: None }
    }
}

impl Machine {
    /// The next state, and what has to be done to get there. Events that do not fit the state, and news of former
    /// servers, change nothing. At most one effect is under way at any time.
    #[must_use]
    pub fn step(self, event: Event, now: Instant) -> (Self, Option<Effect>) {
        if self.is_stale(event) {
            return (self, None);
        }
        match event {
            Event::Started { on_record } => self.started(on_record, now),
            Event::EngineWanted => self.wanted(now),
            Event::Provisioned(_) => self.provisioned(now),
            Event::ProvisionFailed { leftover, .. } => self.provision_failed(leftover, now),
            Event::ConnectionLost(_) => match self.state {
                State::Running { .. } => self.search(now),
                State::Absent | State::Provisioning { .. } | State::Unreachable { .. } | State::ShuttingDown { .. } => {
                    (self, None)
                }
            },
            Event::Reconnected(_) => self.if_unreachable(|machine| {
                // News of the connection that was lost must not be taken for news of the new one.
                let machine = Self { generation: Generation(machine.generation.0 + 1), ..machine };
                if machine.stopping { machine.shut_down(now) } else { machine.to(State::Running { since: now }) }
            }),
            Event::ServerGone(_) => self.if_unreachable(|machine| machine.to(State::Absent)),
            Event::ServerUseless(_) => self.if_unreachable(|machine| machine.shut_down(now)),
            Event::SearchFailed(_) => self.search_failed(now),
            Event::Destroyed(_) => self.destroyed(),
            Event::DestroyFailed(_) => self.destroy_failed(),
            Event::StopRequested => self.stop(now),
        }
    }

    fn is_stale(self, event: Event) -> bool {
        match event {
            Event::Started { .. } | Event::EngineWanted | Event::StopRequested => false,
            Event::ProvisionFailed { generation, .. }
            | Event::Provisioned(generation)
            | Event::ConnectionLost(generation)
            | Event::Reconnected(generation)
            | Event::ServerGone(generation)
            | Event::ServerUseless(generation)
            | Event::SearchFailed(generation)
            | Event::Destroyed(generation)
            | Event::DestroyFailed(generation) => generation != self.generation,
        }
    }

    fn to(self, state: State) -> (Self, Option<Effect>) {
        (Self { state, ..self }, None)
    }

    fn started(self, on_record: bool, now: Instant) -> (Self, Option<Effect>) {
        match self.state {
            State::Absent if on_record => Self { generation: Generation(self.generation.0 + 1), ..self }.search(now),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. } => (self, None),
        }
    }

    fn wanted(self, now: Instant) -> (Self, Option<Effect>) {
        if self.stopping {
            return (self, None);
        }
        match self.state {
            State::Absent if self.is_braked(now) => (self, None),
            State::Absent => self.provision(now),
            State::Unreachable { searching: false, since } => {
                let state = State::Unreachable { since, searching: true };
                (Self { state, ..self }, Some(Effect::Search(self.generation)))
            }
            State::Unreachable { searching: true, .. }
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::ShuttingDown { .. } => (self, None),
        }
    }

    /// Whether it is too early for another server.
    #[must_use]
    pub fn is_braked(self, now: Instant) -> bool {
        self.not_before.is_some_and(|moment| now < moment)
    }

    fn provision(self, now: Instant) -> (Self, Option<Effect>) {
        let generation = Generation(self.generation.0 + 1);
        (Self { state: State::Provisioning { since: now }, generation, ..self }, Some(Effect::Provision(generation)))
    }

    fn provisioned(self, now: Instant) -> (Self, Option<Effect>) {
        match self.state {
            State::Provisioning { .. } if self.stopping => self.shut_down(now),
            State::Provisioning { .. } => self.to(State::Running { since: now }),
            State::Absent | State::Running { .. } | State::Unreachable { .. } | State::ShuttingDown { .. } => {
                (self, None)
            }
        }
    }

    fn provision_failed(self, leftover: bool, now: Instant) -> (Self, Option<Effect>) {
        match self.state {
            State::Provisioning { .. } if leftover => Self { not_before: Some(now + BRAKE), ..self }.shut_down(now),
            State::Provisioning { .. } => self.to(State::Absent),
            State::Absent | State::Running { .. } | State::Unreachable { .. } | State::ShuttingDown { .. } => {
                (self, None)
            }
        }
    }

    fn search(self, now: Instant) -> (Self, Option<Effect>) {
        let state = State::Unreachable { since: now, searching: true };
        (Self { state, ..self }, Some(Effect::Search(self.generation)))
    }

    fn if_unreachable(self, then: impl FnOnce(Self) -> (Self, Option<Effect>)) -> (Self, Option<Effect>) {
        match self.state {
            State::Unreachable { .. } => then(self),
            State::Absent | State::Provisioning { .. } | State::Running { .. } | State::ShuttingDown { .. } => {
                (self, None)
            }
        }
    }

    fn search_failed(self, now: Instant) -> (Self, Option<Effect>) {
        match self.state {
            State::Unreachable { .. } if self.stopping => self.shut_down(now),
            State::Unreachable { since, .. } => self.to(State::Unreachable { since, searching: false }),
            State::Absent | State::Provisioning { .. } | State::Running { .. } | State::ShuttingDown { .. } => {
                (self, None)
            }
        }
    }

    fn shut_down(self, now: Instant) -> (Self, Option<Effect>) {
        let state = State::ShuttingDown { since: now, failures: 0 };
        (Self { state, ..self }, Some(Effect::Destroy { generation: self.generation, after: Duration::ZERO }))
    }

    fn destroyed(self) -> (Self, Option<Effect>) {
        match self.state {
            State::ShuttingDown { .. } => self.to(State::Absent),
            State::Absent | State::Provisioning { .. } | State::Running { .. } | State::Unreachable { .. } => {
                (self, None)
            }
        }
    }

    /// Tries again after 1, 2, 4, 8 … 60 s, without end: a server that cannot be destroyed is billed.
    fn destroy_failed(self) -> (Self, Option<Effect>) {
        match self.state {
            State::ShuttingDown { since, failures } => {
                let after = Duration::from_secs(1 << failures.min(6)).min(LONGEST_PAUSE);
                let state = State::ShuttingDown { since, failures: failures.saturating_add(1) };
                (Self { state, ..self }, Some(Effect::Destroy { generation: self.generation, after }))
            }
            State::Absent | State::Provisioning { .. } | State::Running { .. } | State::Unreachable { .. } => {
                (self, None)
            }
        }
    }

    /// What is under way is let finish first, since only a server that is known can be destroyed. The driver is free to
    /// cut a provisioning short, which then ends in `ProvisionFailed`.
    fn stop(self, now: Instant) -> (Self, Option<Effect>) {
        let stopping = Self { stopping: true, ..self };
        match self.state {
            State::Running { .. } | State::Unreachable { searching: false, .. } => stopping.shut_down(now),
            State::Absent
            | State::Provisioning { .. }
            | State::Unreachable { searching: true, .. }
            | State::ShuttingDown { .. } => (stopping, None),
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
