//! When a server comes and goes, as a pure function.
//!
//! ```text
//!                 EngineWanted                 Provisioned                 idle, and nothing speaks for it
//!   ┌────────┐ ─────────────────▶ ┌────────────┐ ────────▶ ┌───────────────┐ ─────────▶ ┌───────┐
//!   │ Absent │                    │Provisioning│           │    Running    │            │ Grace │
//!   └────────┘ ◀───────────────── └────────────┘           │ (reconnecting)│ ◀───────── └───────┘
//!     ▲  ▲  │    ProvisionFailed,       │ ProvisionFailed, └───────────────┘  any use       │ Retired: still unused
//!     │  │  │    nothing left           │ something left      │    ▲ │                      │
//!     │  │  │ Started, with             │  ReconnectFailed    │    │ │ StopRequested,       │
//!     │  │  │ a server on record        │    ┌────────────────┘    │ │ longest life         │
//!     │  │  │                           │    ▼         Reconnected │ │                      │
//!     │  │  └──────────────────────▶ ┌─────────────┐ ──────────────┘ │                      │
//!     │  │                           │ Unreachable │ ServerUseless   │                      │
//!     │  │                           └─────────────┘ ─────────────┐  │                      │
//!     │  │                                │ ServerGone            ▼  ▼                      │
//!     │  │ Forgotten      ┌──────┐ ◀──────┘   Destroyed   ┌──────────────┐                  │
//!     │  └─────────────── │ Gone │ ◀───────────────────── │ ShuttingDown │ ◀────────────────┘
//!     │                   └──────┘                        └──────────────┘
//!     │  time passes         │ Forgotten, after a server that came to nothing
//!     │      ┌────────┐      │
//!     └───── │ Failed │ ◀────┘
//!            └────────┘
//! ```
//!
//! Requests wait in the driver, not here: it asks again (`EngineWanted`) for those that are still there when a state is
//! reached from which a server can be had. A provisioning that failed after the order is not repeated at once (`Failed`),
//! since each server costs a started hour. Once a stop has been requested nothing is provisioned any more.

use std::time::Duration;

use super::{
    decision::FRESH,
    rules::{Birth, Facts, Rules},
    state::{Effect, Event, Examination, Generation, Reason, State},
};
use crate::{activity::Usage, clock::Moment};

/// The longest pause between two attempts, as the design's retry strategy has it.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long no further server is ordered after one came to nothing, so that a client that asks in a loop cannot order a
/// server, and a started hour, with each question.
pub const BRAKE: Duration = Duration::from_mins(1);

/// The state with what outlives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Where the server stands.
    pub state: State,
    /// The present server and connection, or the last ones.
    pub generation: Generation,
    /// Whether a stop has been requested; final.
    pub stopping: bool,
    /// What the user has decided.
    pub rules: Rules,
    /// What is known of the server's use.
    pub facts: Facts,
    /// When the next server may be ordered at the earliest.
    pub not_before: Option<Moment>,
    /// Why the last server went.
    pub last_reason: Option<Reason>,
}

impl Machine {
    /// A machine without a server.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            state: State::Absent,
            generation: Generation(0),
            stopping: false,
            rules,
            facts: Facts::default(),
            not_before: None,
            last_reason: None,
        }
    }

    /// The next state, and what has to be done to get there. Events that do not fit the state, and news of former
    /// servers, change nothing. At most one effect on the server is under way at any time.
    #[must_use]
    pub fn step(self, event: Event, now: Moment) -> (Self, Option<Effect>) {
        if event.generation().is_some_and(|generation| generation != self.generation) {
            return (self, None);
        }
        match event {
            Event::Started { on_record } => self.started(on_record, now),
            Event::EngineWanted => self.wanted(now),
            Event::Looked(usage) => self.with_usage(usage).look(now),
            Event::Kept(keep_until) => self.with_facts(Facts { keep_until, ..self.facts }).look(now),
            Event::Locked(locked) => self.with_facts(Facts { locked, ..self.facts }).look(now),
            Event::Woke => self.woke(now),
            Event::Provisioned { age, .. } => self.provisioned(age, now),
            Event::ProvisionFailed { leftover, .. } => self.provision_failed(leftover, now),
            Event::ConnectionLost(_) => self.connection_lost(now),
            Event::Reconnected { age, .. } => self.if_connecting(|machine| machine.connected(age, now)),
            Event::ReconnectFailed(_) => self.reconnect_failed(now),
            Event::ServerGone(_) => self.if_connecting(|machine| machine.gone(Reason::Vanished, now)),
            Event::ServerUseless(_) => self.if_connecting(|machine| machine.shut_down(Reason::Useless, now)),
            Event::Destroying(_) => self.destroying(now),
            Event::SearchFailed(_) => self.search_failed(now),
            Event::Examined { busy, .. } => self.examined(busy, now),
            Event::Retired(_, usage) => self.with_usage(usage).retired(now),
            Event::Destroyed(_) => self.destroyed(now),
            Event::DestroyFailed { untouched, .. } => self.destroy_failed(untouched, now),
            Event::Forgotten(_) => self.forgotten(now),
            Event::ForgetFailed(_) => self.forget_failed(),
            Event::StopRequested => self.stop(now),
        }
    }

    /// Whether an engine serves.
    #[must_use]
    pub const fn serves(&self) -> bool {
        matches!(self.state, State::Running { reconnecting: false, .. } | State::Grace { .. })
    }

    /// When time alone may change something: the latest moment for the next look.
    #[must_use]
    pub fn next_look(self, now: Moment) -> Option<Moment> {
        match self.state {
            State::Running { reconnecting: false, since, examination } => {
                let decision = self.rules.decide_at(&self.facts, since, now).map(|(moment, _)| match examination {
                    Examination::NotAsked if self.rules.examines => self.examine_at(moment, now),
                    Examination::Quiet { at } => moment.earlier(at + FRESH),
                    Examination::NotAsked => moment,
                    // The decision comes with the answer.
                    Examination::UnderWay => moment.later(now + FRESH),
                });
                [decision, self.rules.limit(&self.facts, now)].into_iter().flatten().reduce(Moment::earlier)
            }
            // The end comes with the answer.
            State::Grace { until, examination: Examination::UnderWay, .. } => Some(until.later(now + FRESH)),
            State::Grace { until, examination: Examination::NotAsked, .. } if self.rules.examines => {
                Some(self.examine_at(until, now))
            }
            State::Grace { until, .. } => {
                Some(self.rules.limit(&self.facts, now).map_or(until, |limit| limit.earlier(until)))
            }
            State::Unreachable { searching: false, retry_at, .. } => Some(retry_at),
            State::Failed { until, .. } => Some(until),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Unreachable { searching: true, .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. } => None,
        }
    }

    pub(super) const fn to(self, state: State) -> (Self, Option<Effect>) {
        (Self { state, ..self }, None)
    }

    pub(super) const fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    pub(super) const fn with_usage(self, usage: Usage) -> Self {
        self.with_facts(Facts { usage, ..self.facts })
    }

    const fn next_generation(self) -> Self {
        Self { generation: Generation(self.generation.0 + 1), ..self }
    }

    fn started(self, on_record: Option<Duration>, now: Moment) -> (Self, Option<Effect>) {
        match (self.state, on_record) {
            (State::Absent, Some(age)) => {
                let birth = Some(Birth { seen: now, age });
                self.next_generation().with_facts(Facts { birth, ..self.facts }).search(now, None, 0, now)
            }
            (
                State::Absent
                | State::Provisioning { .. }
                | State::Running { .. }
                | State::Grace { .. }
                | State::Unreachable { .. }
                | State::ShuttingDown { .. }
                | State::Gone { .. }
                | State::Failed { .. },
                _,
            ) => (self, None),
        }
    }

    fn wanted(self, now: Moment) -> (Self, Option<Effect>) {
        if self.stopping {
            return (self, None);
        }
        match self.state {
            State::Failed { until, .. } if !until.is_past(now) => (self, None),
            State::Absent | State::Failed { .. } => self.provision(now),
            State::Unreachable { searching: false, since, serving_since, failures, .. } => {
                self.search(since, serving_since, failures, now)
            }
            // A request that wants an engine is use.
            State::Grace { .. } => self.resume(now),
            State::ShuttingDown { since, failures, reason, .. } => {
                self.to(State::ShuttingDown { since, failures, reason, wanted: true })
            }
            State::Unreachable { searching: true, .. }
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Gone { .. } => (self, None),
        }
    }

    fn provision(self, now: Moment) -> (Self, Option<Effect>) {
        let machine = Self {
            state: State::Provisioning { since: now },
            not_before: None,
            facts: Facts { birth: None, busy_at: None, ..self.facts },
            ..self.next_generation()
        };
        (machine, Some(Effect::Provision(machine.generation)))
    }

    fn provisioned(self, age: Duration, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Provisioning { .. } if self.stopping => self.shut_down(Reason::Stop, now),
            State::Provisioning { .. } => self.running(age, now, now),
            State::Absent
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    fn running(self, age: Duration, since: Moment, now: Moment) -> (Self, Option<Effect>) {
        // What this process has learnt is kept: it has been counted on by a clock that does not jump. What the record said is
        // replaced, since it knows only when the server was written down.
        let known = self.facts.birth.filter(|_| !matches!(self.state, State::Unreachable { serving_since: None, .. }));
        let birth = known.or(Some(Birth { seen: now, age }));
        self.with_facts(Facts { birth, ..self.facts }).resume(since)
    }

    /// The engine serves, as it has since `since`.
    pub(super) const fn resume(self, since: Moment) -> (Self, Option<Effect>) {
        self.to(State::Running { since, reconnecting: false, examination: Examination::NotAsked })
    }

    fn provision_failed(self, leftover: bool, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Provisioning { .. } if leftover => {
                Self { not_before: Some(now + BRAKE), ..self }.shut_down(Reason::NotProvisioned, now)
            }
            State::Provisioning { .. } => self.to(State::Absent),
            State::Absent
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    fn woke(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            // The connection may be dead, and the lease over, without anybody having noticed.
            State::Running { reconnecting: false, .. } => (self, Some(Effect::Renew(self.generation))),
            // What was found out before the sleep is out of date: others may use the server by now.
            State::Grace { serving_since, .. } => (self.resume(serving_since).0, Some(Effect::Renew(self.generation))),
            State::Unreachable { searching: false, since, serving_since, failures, .. } => {
                self.search(since, serving_since, failures, now)
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Unreachable { searching: true, .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    fn connection_lost(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Running { reconnecting: false, since, .. } | State::Grace { serving_since: since, .. } => {
                if self.stopping {
                    return self.shut_down(Reason::Stop, now);
                }
                let examination = Examination::NotAsked;
                let state = State::Running { since, reconnecting: true, examination };
                (Self { state, ..self }, Some(Effect::Reconnect(self.generation)))
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    /// An event that ends the wait for a connection.
    fn if_connecting(self, then: impl FnOnce(Self) -> (Self, Option<Effect>)) -> (Self, Option<Effect>) {
        match self.state {
            State::Running { reconnecting: true, .. } | State::Unreachable { searching: true, .. } => then(self),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: false, .. }
            | State::Grace { .. }
            | State::Unreachable { searching: false, .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    fn connected(self, age: Duration, now: Moment) -> (Self, Option<Effect>) {
        // News of the connection that was lost must not be taken for news of the new one.
        let machine = self.next_generation();
        if machine.stopping {
            return machine.shut_down(Reason::Stop, now);
        }
        // That the network was away for a moment is no use of the server. Streams that broke are.
        let since = match self.state {
            State::Running { since, .. } | State::Unreachable { serving_since: Some(since), .. } => since,
            State::Unreachable { serving_since: None, .. }
            | State::Absent
            | State::Provisioning { .. }
            | State::Grace { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => now,
        };
        machine.running(age, since, now)
    }

    fn reconnect_failed(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Running { reconnecting: true, .. } if self.stopping => self.shut_down(Reason::Stop, now),
            State::Running { reconnecting: true, since, .. } => self.search(now, Some(since), 0, now),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: false, .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    pub(super) fn search(
        self,
        since: Moment,
        serving_since: Option<Moment>,
        failures: u32,
        now: Moment,
    ) -> (Self, Option<Effect>) {
        let state = State::Unreachable { since, serving_since, searching: true, failures, retry_at: now };
        (Self { state, ..self }, Some(Effect::Search(self.generation)))
    }

    fn search_failed(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Unreachable { searching: true, .. } if self.stopping => self.shut_down(Reason::Stop, now),
            State::Unreachable { searching: true, since, serving_since, failures, .. } => {
                let (retry_at, failures) = (now + pause(failures), failures.saturating_add(1));
                self.to(State::Unreachable { since, serving_since, searching: false, failures, retry_at })
            }
            State::Unreachable { searching: false, .. }
            | State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }
}

/// The pause after so many failures: 1, 2, 4, 8 … 60 s, as the design's retry strategy has it.
pub(super) fn pause(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6)).min(LONGEST_PAUSE)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
