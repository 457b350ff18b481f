//! Whether a server that serves has to go. Part of the machine: as pure as the rest of it.

use std::time::Duration;

use super::{
    machine::Machine,
    rules::{Facts, Rules},
    state::{Effect, Examination, Reason, State},
};
use crate::clock::Moment;

/// How long the answer that all containers are quiet is good for: long enough for the decision that it was asked for.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// Less than that measures nothing.
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);

impl Machine {
    /// Looks at the time and at what is known, and decides.
    pub(super) fn look(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            // One that cannot be reached too: its lease may not have run out, since each search that gets as far as the server
            // renews it.
            State::Running { reconnecting: false, .. }
            | State::Grace { .. }
            | State::Unreachable { searching: false, .. }
                if self.is_too_old(now) =>
            {
                self.shut_down(Reason::MaxLifetime, now)
            }
            State::Running { reconnecting: false, since, examination } => self.consider(since, examination, now),
            State::Grace { serving_since, .. } if !self.is_idle(serving_since, now) => self.resume(serving_since),
            State::Grace { examination: Examination::NotAsked, until, .. }
                if self.watches_grace() && until.since(now) <= self.rules.window =>
            {
                self.examine_grace(now)
            }
            State::Grace { until, examination, .. } if until.is_past(now) && examination != Examination::UnderWay => {
                (self, Some(Effect::Retire(self.generation)))
            }
            State::Unreachable { searching: false, since, serving_since, failures, retry_at }
                if retry_at.is_past(now) =>
            {
                self.search(since, serving_since, failures, now)
            }
            State::Failed { until, .. } if until.is_past(now) => self.to(State::Absent),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }

    fn is_too_old(self, now: Moment) -> bool {
        self.rules.limit(&self.facts, now).is_some_and(|limit| limit.is_past(now))
    }

    fn is_idle(self, since: Moment, now: Moment) -> bool {
        let idle = self.rules.idle_at(&self.facts, since).is_some_and(|(moment, _)| moment.is_past(now));
        idle && Rules::kept_until(&self.facts, now).is_none()
    }

    /// Whether a running server has to go. Containers without a client are asked about only when the decision is due.
    fn consider(self, since: Moment, examination: Examination, now: Moment) -> (Self, Option<Effect>) {
        let Some((moment, reason)) = self.rules.decide_at(&self.facts, since, now) else { return (self, None) };
        let due = moment.is_past(now);
        match examination {
            Examination::Quiet { at } if now.since(at) >= FRESH => {
                let state = State::Running { since, reconnecting: false, examination: Examination::NotAsked };
                Self { state, ..self }.look(now)
            }
            Examination::NotAsked if self.rules.examines && self.examine_at(moment, now).is_past(now) => {
                let state = State::Running { since, reconnecting: false, examination: Examination::UnderWay };
                let examine = Effect::Examine { generation: self.generation, window: self.rules.window };
                (Self { state, ..self }, Some(examine))
            }
            Examination::Quiet { .. } if due => self.grace(since, reason, now),
            Examination::NotAsked if due && !self.rules.examines => self.grace(since, reason, now),
            Examination::UnderWay | Examination::Quiet { .. } | Examination::NotAsked => (self, None),
        }
    }

    /// When to begin measuring, so that the answer is there when the decision is due.
    pub(super) fn examine_at(self, decision: Moment, now: Moment) -> Moment {
        let ahead = decision.since(now).saturating_sub(self.rules.window);
        now + ahead
    }

    fn grace(self, serving_since: Moment, reason: Reason, now: Moment) -> (Self, Option<Effect>) {
        let until = now + self.rules.grace_period;
        let examination = Examination::NotAsked;
        let state = State::Grace { since: now, serving_since, until, reason, examination };
        Self { state, ..self }.look(now)
    }

    /// Whether containers are measured once more, during the grace period: one may get to work in it. A period of less than a
    /// second is too short for that.
    const fn watches_grace(self) -> bool {
        self.rules.examines && self.rules.grace_period.as_secs() > 0
    }

    /// So late that the answer comes at its end.
    fn examine_grace(self, now: Moment) -> (Self, Option<Effect>) {
        let State::Grace { since, serving_since, until, reason, .. } = self.state else { return (self, None) };
        let examination = Examination::UnderWay;
        let window = until.since(now).max(SHORTEST_WINDOW);
        let state = State::Grace { since, serving_since, until, reason, examination };
        (Self { state, ..self }, Some(Effect::Examine { generation: self.generation, window }))
    }

    pub(super) fn examined(self, busy: bool, now: Moment) -> (Self, Option<Effect>) {
        let examination = if busy { Examination::NotAsked } else { Examination::Quiet { at: now } };
        let busy_at = if busy { Some(now) } else { self.facts.busy_at };
        let machine = self.with_facts(Facts { busy_at, ..self.facts });
        let state = match self.state {
            State::Running { since, reconnecting, examination: Examination::UnderWay } => {
                State::Running { since, reconnecting, examination }
            }
            State::Grace { since, serving_since, until, reason, examination: Examination::UnderWay } => {
                State::Grace { since, serving_since, until, reason, examination }
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => return (self, None),
        };
        Self { state, ..machine }.look(now)
    }

    /// The last look before the end, when the engine takes no further requests: whatever began before keeps the server.
    pub(super) fn retired(self, now: Moment) -> (Self, Option<Effect>) {
        match self.state {
            State::Grace { serving_since, reason, until, .. } if until.is_past(now) => {
                if self.is_idle(serving_since, now) { self.shut_down(reason, now) } else { self.resume(serving_since) }
            }
            State::Absent
            | State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => (self, None),
        }
    }
}
