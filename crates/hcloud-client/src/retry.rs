//! When a request is sent again.
//!
//! Only what cannot do harm is repeated: a request that changes nothing, after failures that pass; and any request of
//! which nothing was sent, because no connection came about.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use thiserror::Error as ThisError;
use tokio::time::Instant;

use crate::{Error, Operation};

/// How often, how fast and how long a request is repeated.
///
/// The n-th wait is `first_wait` times 2^n, at most `longest_wait`, lengthened at random to at most twice that so that
/// many clients do not come back at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times a request is sent again at most; 0 sends everything once.
    pub max_retries: usize,
    /// The shortest first wait.
    pub first_wait: Duration,
    /// What a wait grows to at most, before it is lengthened at random.
    pub longest_wait: Duration,
    /// What is waited in addition after HTTP 429. The API gives back one request a second.
    pub rate_limit_wait: Duration,
    /// How long all the attempts of one request and the waits between them may take together.
    pub total: Duration,
}

/// Why a retry policy makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum RetryPolicyError {
    /// The first wait is longer than the longest.
    #[error("the first wait of the retry policy is longer than its longest wait")]
    WaitsOutOfOrder,
    /// There is no time for a single attempt.
    #[error("the retry policy leaves no time for a single attempt")]
    NoTime,
}

impl Default for RetryPolicy {
    /// Four repetitions within a minute, which outlasts a restarted gateway and leaves the caller's patience alone.
    fn default() -> Self {
        Self {
            max_retries: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(5),
            rate_limit_wait: Duration::from_secs(1),
            total: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Sends every request once.
    #[must_use]
    pub fn never() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// Checks that the numbers make sense together.
    pub fn validate(&self) -> Result<(), RetryPolicyError> {
        if self.first_wait > self.longest_wait {
            return Err(RetryPolicyError::WaitsOutOfOrder);
        }
        if self.total.is_zero() {
            return Err(RetryPolicyError::NoTime);
        }
        Ok(())
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_factor(2.0)
            .with_max_times(self.max_retries)
            .with_jitter()
    }
}

/// Makes attempts until one succeeds, fails for good, or time is up. Each attempt is told how long it may take.
pub(crate) async fn run<T, F, Fut>(policy: &RetryPolicy, operation: &Operation, mut attempt: F) -> Result<T, Error>
where
    F: FnMut(Duration) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let start = Instant::now();
    let left = || policy.total.saturating_sub(start.elapsed());
    let try_once = || attempt(left());
    try_once
        .retry(policy.backoff())
        .when(|error| may_repeat(error, operation))
        .adjust(|error, wait| {
            let wait = if is_rate_limit(error) { wait? + policy.rate_limit_wait } else { wait? };
            (wait < left()).then_some(wait)
        })
        .notify(|error, wait| {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(%operation, code = error.code(), wait_ms, "will send the request again");
        })
        .await
}

fn is_rate_limit(error: &Error) -> bool {
    matches!(error, Error::Api(api) if api.status == 429)
}

fn may_repeat(error: &Error, operation: &Operation) -> bool {
    match error {
        Error::Connect { .. } => true,
        Error::Timeout { .. } | Error::ConnectionLost { .. } => !operation.changes_something(),
        // What exceeds the rate limit is refused before anything is done, whatever it was.
        Error::Api(api) if api.status == 429 => true,
        Error::Api(api) => !operation.changes_something() && matches!(api.status, 502..=504),
        Error::Request { .. }
        | Error::Decode { .. }
        | Error::TooManyPages { .. }
        | Error::ActionFailed { .. }
        | Error::ActionsUnfinished { .. }
        | Error::ActionsUnknown { .. } => false,
    }
}

#[cfg(test)]
mod tests;
