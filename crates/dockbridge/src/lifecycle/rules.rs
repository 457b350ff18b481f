//! When a server is worth its money no more: pure arithmetic on what is known of its use.

use std::time::Duration;

use jiff::Timestamp;

use super::state::Reason;
use crate::{
    activity::Usage,
    clock::Moment,
    config::{Config, RunningContainers, SelfDestruct},
};

/// Every started hour of a server is billed in full, from the documentation of Hetzner Cloud's billing.
pub(super) const PAID_HOUR: Duration = Duration::from_hours(1);
/// What stopping the engine and deleting the server may take. A destruction that begins later than that before the end of a
/// paid hour would not end within it, and would have paid for a new hour and used nothing of it.
const STOP_TIME: Duration = Duration::from_mins(1);
/// Over how long the use of the processor is measured.
const WINDOW: Duration = Duration::from_mins(1);
/// How long before the end of the longest life a warning comes, at most.
const WARNING: Duration = Duration::from_mins(10);

/// What the user has decided, out of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// No request and no open connection for this long makes the server idle.
    pub idle_timeout: Duration,
    /// Open connections count until nothing has moved on them for this long.
    pub connection_timeout: Duration,
    /// Stands in for both while the screen is locked; never longer than the idle timeout.
    pub locked_timeout: Duration,
    /// Between the decision and the destruction.
    pub grace_period: Duration,
    /// Whether containers without a client are asked about.
    pub examines: bool,
    /// Over how long they are measured.
    pub window: Duration,
    /// How long before the end of a paid hour an idle server is destroyed; `None` where it is not kept for it.
    pub paid_hour_margin: Option<Duration>,
    /// The longest life of a server.
    pub max_lifetime: Option<Duration>,
    /// How long a lease lasts; `None` where a server without a client does not end by itself.
    pub lease: Option<Duration>,
}

impl From<&Config> for Rules {
    fn from(config: &Config) -> Self {
        let activity = &config.activity;
        let idle_timeout = activity.idle_timeout.0;
        Self {
            idle_timeout,
            connection_timeout: activity.connection_timeout.0,
            locked_timeout: idle_timeout.min(config.lock.idle_timeout.0),
            grace_period: activity.grace_period.0,
            examines: activity.running_containers != RunningContainers::Ignore,
            window: WINDOW.min(idle_timeout),
            paid_hour_margin: activity.keep_paid_hour.then_some(activity.paid_hour_margin.0),
            max_lifetime: activity.max_lifetime.duration(),
            lease: (config.keepalive.self_destruct != SelfDestruct::Off).then_some(config.keepalive.timeout.0),
        }
    }
}

/// How old a server was at some moment. Counted on from there by a clock that does not jump, so that setting the wall clock
/// moves no hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    /// When the age was learnt.
    pub seen: Moment,
    /// The age at that moment.
    pub age: Duration,
}

impl Birth {
    /// The age at `now`.
    #[must_use]
    pub const fn age(self, now: Moment) -> Duration {
        self.age.saturating_add(now.since(self.seen))
    }

    /// Until when the server is paid for at `now`.
    #[must_use]
    pub fn paid_until(self, now: Moment) -> Moment {
        now + PAID_HOUR.saturating_sub(self.into_hour(now))
    }

    /// How much of the present hour has passed.
    fn into_hour(self, now: Moment) -> Duration {
        let age = self.age(now);
        Duration::new(age.as_secs() % PAID_HOUR.as_secs(), age.subsec_nanos())
    }

    /// The moment at which the server reaches an age.
    fn when(self, age: Duration, now: Moment) -> Moment {
        now + age.saturating_sub(self.age(now))
    }
}

/// Everything that a decision depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// How clients use the server.
    pub usage: Usage,
    /// When containers without a client were last found busy.
    pub busy_at: Option<Moment>,
    /// Until when the user holds the server, by the wall clock.
    pub keep_until: Option<Timestamp>,
    /// Whether the screen is locked or the computer about to sleep.
    pub locked: bool,
    /// The age of the server, while there is one.
    pub birth: Option<Birth>,
}

impl Rules {
    /// When the server is, or will be, idle if nothing else happens, and for which reason then. `None` while work is under way.
    /// `since` is when it last began to serve.
    #[must_use]
    pub fn idle_at(&self, facts: &Facts, since: Moment) -> Option<(Moment, Reason)> {
        if facts.usage.work {
            return None;
        }
        let (idle, quiet, reason) = if facts.locked {
            (self.locked_timeout, self.locked_timeout, Reason::Locked)
        } else {
            (self.idle_timeout, self.connection_timeout, Reason::Idle)
        };
        let used = [Some(since), facts.usage.last_use, facts.busy_at].into_iter().flatten().fold(since, Moment::later);
        let idle = used + idle;
        match facts.usage.quiet_since.map(|moved| moved + quiet) {
            Some(quiet) if quiet.uptime > idle.uptime && !facts.locked => Some((quiet, Reason::Quiet)),
            Some(quiet) => Some((quiet.later(idle), reason)),
            None => Some((idle, reason)),
        }
    }

    /// Until when the user holds the server, if that is ahead.
    #[must_use]
    pub fn kept_until(facts: &Facts, now: Moment) -> Option<Moment> {
        let left = facts.keep_until?.duration_since(now.wall);
        Duration::try_from(left).ok().filter(|left| !left.is_zero()).map(|left| now + left)
    }

    /// When it is to be decided that the server goes, if nothing else happens: when it is idle, not held by the user, and near
    /// the end of an hour that is paid for.
    #[must_use]
    pub fn decide_at(&self, facts: &Facts, since: Moment, now: Moment) -> Option<(Moment, Reason)> {
        let (idle, reason) = self.idle_at(facts, since)?;
        let free = Self::kept_until(facts, now).map_or(idle, |kept| kept.later(idle));
        Some((self.end_of_paid_hour(facts, free.later(now)), reason))
    }

    /// The first moment from `from` on at which destroying the server wastes nothing.
    fn end_of_paid_hour(&self, facts: &Facts, from: Moment) -> Moment {
        let (Some(margin), Some(birth)) = (self.paid_hour_margin, facts.birth) else { return from };
        let passed = birth.into_hour(from);
        let opens = PAID_HOUR.saturating_sub(margin);
        let closes = PAID_HOUR.saturating_sub(self.grace_period + STOP_TIME);
        if passed < opens {
            from + opens.saturating_sub(passed)
        } else if passed <= closes {
            from
        } else {
            // Too late for this hour: the next one is paid for already when the server is gone.
            from + PAID_HOUR.saturating_sub(passed) + opens
        }
    }

    /// When the server has reached the longest life that it may have.
    #[must_use]
    pub fn limit(&self, facts: &Facts, now: Moment) -> Option<Moment> {
        Some(facts.birth?.when(self.max_lifetime?, now))
    }

    /// When the user is warned of that.
    #[must_use]
    pub fn warn_at(&self, facts: &Facts, now: Moment) -> Option<Moment> {
        let limit = self.max_lifetime?;
        Some(facts.birth?.when(limit.saturating_sub(WARNING.min(limit / 4)), now))
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
pub(crate) mod tests;
