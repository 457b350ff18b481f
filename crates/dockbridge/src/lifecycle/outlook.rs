//! What is ahead of the server, in words and times, for people who ask.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    machine::Machine,
    rules::Rules,
    state::{Examination, Reason, State},
};
use crate::{activity::Usage, clock::Moment};

/// What is ahead, if nothing else happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// How long until the server is destroyed; `None` while nothing is decided or there is none.
    pub time_until_shutdown: Option<Duration>,
    /// Why it will be destroyed, or why it is kept; without a server, why the last one went. Empty if there was none.
    pub shutdown_reason: String,
    /// Until when the server is paid for.
    pub paid_until: Option<Timestamp>,
    /// Until when the user holds it.
    pub kept_until: Option<Timestamp>,
    /// When it reaches the longest life that it may have.
    pub limit: Option<Timestamp>,
}

impl Machine {
    /// The same machine with what is known of its use at this moment.
    #[must_use]
    pub const fn used_as(self, usage: Usage) -> Self {
        self.with_usage(usage)
    }

    /// What is ahead at `now`, with times of day in `zone`.
    #[must_use]
    pub fn outlook(&self, now: Moment, zone: &TimeZone) -> Outlook {
        let limit = self.rules.limit(&self.facts, now);
        let kept = Rules::kept_until(&self.facts, now);
        let (at, reason) = self.ahead(now, kept, zone);
        let ends = match (at, limit) {
            (Some(at), Some(limit)) => Some(at.earlier(limit)),
            (at, limit) => at.or(limit),
        };
        let reason = match (at, limit) {
            (at, Some(limit)) if at.is_none_or(|at| limit.uptime < at.uptime) => {
                format!("{reason}; destroyed at {} in any case, by activity.max_lifetime", clock_time(limit, zone))
            }
            _ => reason,
        };
        Outlook {
            time_until_shutdown: ends.map(|ends| ends.since(now)),
            shutdown_reason: reason,
            paid_until: self.facts.birth.map(|birth| birth.paid_until(now).wall),
            kept_until: kept.and(self.facts.keep_until),
            limit: limit.map(|limit| limit.wall),
        }
    }

    /// When the server is destroyed, if that can be told, and the reason for its end or its life.
    fn ahead(&self, now: Moment, kept: Option<Moment>, zone: &TimeZone) -> (Option<Moment>, String) {
        match self.state {
            State::Running { reconnecting: true, .. } => (None, "the connection is being replaced".to_owned()),
            State::Running { since, examination, .. } => self.running_ahead(since, examination, now, kept, zone),
            State::Grace { until, reason, .. } => (Some(until), format!("{}; any use keeps it", reason.words())),
            State::ShuttingDown { reason, .. } => (Some(now), reason.words().to_owned()),
            State::Unreachable { .. } if self.rules.lease.is_some() => {
                (None, "it cannot be reached; it ends by itself when its lease has run out".to_owned())
            }
            State::Unreachable { .. } => (None, "it cannot be reached".to_owned()),
            State::Provisioning { .. } => (None, "it is being created".to_owned()),
            State::Absent | State::Gone { .. } | State::Failed { .. } => (
                None,
                self.last_reason
                    .map(|reason| format!("the last server went because {}", reason.words()))
                    .unwrap_or_default(),
            ),
        }
    }

    fn running_ahead(
        &self,
        since: Moment,
        examination: Examination,
        now: Moment,
        kept: Option<Moment>,
        zone: &TimeZone,
    ) -> (Option<Moment>, String) {
        let Some((idle, reason)) = self.rules.idle_at(&self.facts, since) else {
            return (None, "work is under way".to_owned());
        };
        let decision = self.rules.decide_at(&self.facts, since, now).map_or(idle, |(decision, _)| decision);
        let end = decision + self.rules.grace_period;
        let is_idle = idle.is_past(now);
        let state = match reason {
            Reason::Quiet if is_idle => {
                format!("nothing moves on its open connections since {}", clock_time(self.last_used(since), zone))
            }
            Reason::Quiet => format!("connections are open, last used at {}", clock_time(self.last_used(since), zone)),
            _ if is_idle => format!("idle since {}", clock_time(self.last_used(since), zone)),
            _ => format!("last used at {}", clock_time(self.last_used(since), zone)),
        };
        let until = clock_time(decision, zone);
        // An hour that begins before the server can be gone has to be paid for too, so it is used.
        let free = self.facts.birth.is_some_and(|birth| decision.is_past(birth.paid_until(now)));
        let waits = decision.uptime > idle.later(now).uptime;
        let why = match kept {
            Some(kept) if decision.uptime > kept.uptime => {
                format!(
                    "kept by hand until {}, and then until {until}, near the end of a paid hour",
                    clock_time(kept, zone)
                )
            }
            Some(kept) => format!("kept by hand until {}", clock_time(kept, zone)),
            None if waits && free => format!("{state}, kept free of charge until {until}"),
            None if waits => format!("{state}, kept until {until}, near the end of an hour that has to be paid for"),
            None if matches!(examination, Examination::UnderWay) => {
                format!("{state}; its containers are being looked at")
            }
            None if is_idle => state,
            None => format!("{state}, idle at {} if nothing else happens", clock_time(idle, zone)),
        };
        (Some(end), why)
    }

    /// When the server was last used.
    fn last_used(&self, since: Moment) -> Moment {
        let usage = &self.facts.usage;
        [usage.last_use, usage.quiet_since, self.facts.busy_at].into_iter().flatten().fold(since, Moment::later)
    }
}

/// The time of day, as it is on the wall.
fn clock_time(moment: Moment, zone: &TimeZone) -> String {
    moment.wall.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
#[path = "outlook_tests.rs"]
mod tests;
