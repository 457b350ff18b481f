//! The rate limit: a bucket of requests for each token, refilled one by one.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

/// How many requests a token has, and how fast they come back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimit {
    /// Requests in a full bucket.
    pub(crate) limit: u32,
    /// Time after which one request is given back.
    pub(crate) refill_every: Duration,
}

impl Default for RateLimit {
    /// The documented default: 3600 an hour, one of them given back each second.
    fn default() -> Self {
        Self { limit: 3600, refill_every: Duration::from_secs(1) }
    }
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) allowed: bool,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// The Unix second in which the bucket is full again.
    pub(crate) reset: i64,
}

/// The buckets, by token; requests without a valid token share one.
#[derive(Debug)]
pub(crate) struct Buckets {
    rate: RateLimit,
    buckets: HashMap<Option<usize>, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    remaining: u32,
    refilled: Instant,
}

impl Buckets {
    pub(crate) fn new(rate: RateLimit) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// Takes one request out of a bucket.
    pub(crate) fn take(&mut self, token: Option<usize>, now: Instant) -> Allowance {
        let RateLimit { limit, refill_every } = self.rate;
        let bucket = self.buckets.entry(token).or_insert(Bucket { remaining: limit, refilled: now });
        bucket.refill(self.rate, now);
        let allowed = bucket.remaining > 0;
        bucket.remaining = bucket.remaining.saturating_sub(1);
        let until_full = refill_every.saturating_mul(limit - bucket.remaining).saturating_sub(now - bucket.refilled);
        let seconds = i64::try_from(until_full.as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
        Allowance {
            allowed,
            limit,
            remaining: bucket.remaining,
            reset: Timestamp::now().as_second().saturating_add(seconds),
        }
    }
}

impl Bucket {
    fn refill(&mut self, rate: RateLimit, now: Instant) {
        let every = rate.refill_every.as_nanos().max(1);
        let due = (now - self.refilled).as_nanos() / every;
        let missing = rate.limit - self.remaining;
        match u32::try_from(due) {
            Ok(due) if due < missing => {
                self.remaining += due;
                self.refilled += rate.refill_every * due;
            }
            _ => {
                self.remaining = rate.limit;
                self.refilled = now;
            }
        }
    }
}
