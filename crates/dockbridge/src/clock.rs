//! Time as the lifecycle sees it: one clock that goes on while the computer sleeps, and the wall clock for what is shown.
//!
//! Waiting is done on tokio's clock, which stands still during sleep on Linux and is paused in tests. What is decided is
//! decided by the clock of this module, so that a laptop that wakes up knows at once how much time has passed.

use std::{ops::Add, time::Duration};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time since the computer was turned on, sleep included. It never jumps, and decides.
    pub uptime: Duration,
    /// The wall clock, which can be set. It is shown, and compared with times that people name.
    pub wall: Timestamp,
}

impl Moment {
    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.uptime.saturating_sub(earlier.uptime)
    }

    /// Whether this moment has come at `now`.
    #[must_use]
    pub fn is_past(self, now: Self) -> bool {
        self.uptime <= now.uptime
    }

    /// The later of two moments.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.uptime > self.uptime { other } else { self }
    }

    /// The earlier of two moments.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        if other.uptime < self.uptime { other } else { self }
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let wall = self.wall.checked_add(span).unwrap_or(Timestamp::MAX);
        Self { uptime: self.uptime.saturating_add(span), wall }
    }
}

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Moment;
}

/// The clocks of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        // Linux has a clock of its own for this. The monotonic clock of macOS counts sleep anyway (clock_gettime(3) there).
        #[cfg(target_os = "linux")]
        const CLOCK: ClockId = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        const CLOCK: ClockId = ClockId::Monotonic;
        let time = clock_gettime(CLOCK);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
        Moment { uptime: Duration::new(seconds, nanoseconds), wall: Timestamp::now() }
    }
}

/// A clock for tests, which follows tokio's and can sleep and be set.
#[cfg(test)]
pub(crate) mod test_clock {
    use std::sync::{Arc, Mutex};

    use tokio::time::Instant;

    use super::*;

    /// Where the wall clock of tests begins.
    pub(crate) const START: &str = "2026-11-24T14:00:00Z";

    #[derive(Debug)]
    pub(crate) struct TestClock {
        began: Instant,
        slept: Mutex<Duration>,
        wall: Mutex<Timestamp>,
    }

    impl TestClock {
        pub(crate) fn new() -> Arc<Self> {
            let wall = START.parse().unwrap();
            Arc::new(Self { began: Instant::now(), slept: Mutex::default(), wall: Mutex::new(wall) })
        }

        /// The computer has slept: tokio's clock has stood still meanwhile.
        pub(crate) fn sleep(&self, span: Duration) {
            *self.slept.lock().unwrap() += span;
        }

        /// Somebody sets the wall clock by that many seconds, forwards or back.
        pub(crate) fn set_wall(&self, seconds: i64) {
            *self.wall.lock().unwrap() += jiff::SignedDuration::from_secs(seconds);
        }
    }

    impl Clock for TestClock {
        fn now(&self) -> Moment {
            let passed = self.began.elapsed() + *self.slept.lock().unwrap();
            Moment { uptime: passed, wall: *self.wall.lock().unwrap() + passed }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_clock_goes_forward() {
        let first = SystemClock.now();
        let second = SystemClock.now();
        assert!(first.is_past(second) && first.uptime > Duration::ZERO);
        assert_eq!((first + Duration::from_secs(5)).since(first), Duration::from_secs(5));
        assert_eq!(first.since(first + Duration::from_secs(5)), Duration::ZERO);
    }
}
