//! How a server ends, and what is left to do then. Part of the machine: as pure as the rest of it.

use std::time::Duration;

use super::{
    machine::{Machine, pause},
    rules::Facts,
    state::{Effect, Examination, Reason, State},
};
use crate::{clock::Moment, server::Wish};

/// How long after its lease has run out a server may still be ending itself.
const PATIENCE: Duration = Duration::from_mins(10);

impl Machine {
    /// How much the end of the server is wanted that is being destroyed. An idle one that cannot be asked ends by itself when its
    /// leases have run out; if it has not done so by then, nothing on it works any more.
    #[must_use]
    pub fn wish(&self, now: Moment) -> Wish {
        match self.state {
            State::ShuttingDown { reason: Reason::Idle | Reason::Quiet | Reason::Locked, since, .. }
                if !self.stopping && self.rules.lease.is_some_and(|lease| now.since(since) < lease + PATIENCE) =>
            {
                Wish::Idle
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => Wish::Firm,
        }
    }

    /// The running server says itself that it ends.
    pub(super) fn destroying(self, now: Moment) -> (Self, Option<Effect>) {
        if self.serves() { self.shut_down(Reason::Useless, now) } else { (self, None) }
    }

    pub(super) fn shut_down(self, reason: Reason, now: Moment) -> (Self, Option<Effect>) {
        let state = State::ShuttingDown { since: now, failures: 0, reason, wanted: false };
        let destroy = Effect::Destroy { generation: self.generation, after: Duration::ZERO };
        (Self { state, ..self }, Some(destroy))
    }

    pub(super) fn destroyed(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::ShuttingDown { reason, .. } => self.gone(reason, now),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    /// Tries again after 1, 2, 4, 8 … 60 s, without end: a server that cannot be destroyed is billed. One that was only idle
    /// serves on if somebody wants it meanwhile and nothing has been done to it.
    pub(super) fn destroy_failed(self, untouched: bool, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::ShuttingDown { reason: Reason::Idle | Reason::Quiet | Reason::Locked, wanted: true, .. }
                if untouched && !self.stopping =>
            {
                let state = State::Running { since: now, reconnecting: true, examination: Examination::NotAsked };
                (Self { state, ..self }, Some(Effect::Reconnect(self.generation)))
            }
            State::ShuttingDown { since, failures, reason, wanted } => {
                let state = State::ShuttingDown { since, failures: failures.saturating_add(1), reason, wanted };
                let destroy = Effect::Destroy { generation: self.generation, after: pause(failures) };
                (Self { state, ..self }, Some(destroy))
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    pub(super) fn gone(self, reason: Reason, now: Moment) -> (Self, Option<Effect>) {
        let machine = Self {
            state: State::Gone { since: now, failures: 0 },
            last_reason: Some(reason),
            facts: Facts { birth: None, busy_at: None, ..self.facts },
            ..self
        };
        (machine, Some(Effect::Forget { generation: self.generation, after: Duration::ZERO }))
    }

    pub(super) fn forgotten(self, now: Moment) -> (Self, Option<Effect>) {
        match (self.state, self.not_before) {
            (State::Gone { since, .. }, Some(until)) if !until.is_past(now) && !self.stopping => {
                self.to(State::Failed { since, until })
            }
            (State::Gone { .. }, _) => self.to(State::Absent),
            (
                State::Absent
                | State::Provisioning { .. }
                | State::Running { .. }
                | State::Grace { .. }
                | State::Unreachable { .. }
                | State::ShuttingDown { .. }
                | State::Failed { .. },
                _,
            ) => (self, None),
        }
    }

    pub(super) fn forget_failed(self) -> (Self, Option<Effect>) {
        match self.state {
            State::Gone { since, failures } => {
                let state = State::Gone { since, failures: failures.saturating_add(1) };
                let forget = Effect::Forget { generation: self.generation, after: pause(failures) };
                (Self { state, ..self }, Some(forget))
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    /// What is under way is let finish first, since only a server that is known can be destroyed. The driver is free to
    /// cut a provisioning short, which then ends in `ProvisionFailed`.
    pub(super) fn stop(self, now: Moment) -> (Self, Option<Effect>) {
        let stopping = Self { stopping: true, ..self };
        match self.state {
            State::Running { reconnecting: false, .. }
            | State::Grace { .. }
            | State::Unreachable { searching: false, .. } => stopping.shut_down(Reason::Stop, now),
            State::Failed { .. } => stopping.to(State::Absent),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Unreachable { searching: true, .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. } => (stopping, None),
        }
    }
}
