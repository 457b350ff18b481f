//! How long to wait after a renewal that failed.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The first pause, and the shortest of all.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(1);
/// A pause takes up at most this part of what is left of the lease.
const PARTS: u32 = 4;

/// Pauses of 1, 2, 4 … 60 s, each with up to as much again at random.
pub(super) struct Pauses(ExponentialBackoff);

impl Pauses {
    /// From the first pause on.
    pub(super) fn new() -> Self {
        let rules = ExponentialBuilder::new().with_min_delay(SHORTEST).with_max_delay(LONGEST);
        Self(rules.without_max_times().with_jitter().build())
    }

    /// The next pause, where the lease lasts for `left`.
    ///
    /// While it lasts, no pause takes up more than a quarter of the rest. So whatever the chance adds, attempts become
    /// more frequent again towards its end, and a network that comes back in time saves the server.
    pub(super) fn next(&mut self, left: Duration) -> Duration {
        let pause = self.0.next().unwrap_or(LONGEST).min(LONGEST);
        if left.is_zero() { pause } else { pause.min(left / PARTS).max(SHORTEST) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_double_up_to_a_minute() {
        let mut pauses = Pauses::new();
        for seconds in [1, 2, 4, 8, 16, 32] {
            let pause = pauses.next(Duration::ZERO);
            let base = Duration::from_secs(seconds);
            assert!((base..=(base * 2).min(LONGEST)).contains(&pause), "{pause:?} after {seconds} s");
        }
        for _ in 0..100 {
            assert_eq!(pauses.next(Duration::ZERO), LONGEST);
        }
    }

    proptest! {
        #[test]
        fn there_is_an_attempt_in_the_last_seconds_of_a_lease(lease in 1_u64..100_000) {
            let mut left = Duration::from_secs(lease);
            let mut pauses = Pauses::new();
            while left > SHORTEST * PARTS {
                let pause = pauses.next(left);
                prop_assert!(pause >= SHORTEST && pause <= left / PARTS);
                left = left.saturating_sub(pause);
            }
            prop_assert!(!left.is_zero());
        }
    }
}
