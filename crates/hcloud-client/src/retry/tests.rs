use std::cell::RefCell;

use reqwest::Method;

use super::*;
use crate::ApiError;

const SECOND: Duration = Duration::from_secs(1);

fn operation(method: Method) -> Operation {
    Operation::new(method, "/servers")
}

fn api(status: u16) -> Error {
    let operation = operation(Method::GET);
    Error::Api(Box::new(ApiError::read(operation, status, b"", None, None)))
}

fn timeout() -> Error {
    Error::Timeout { operation: operation(Method::GET), after: SECOND }
}

/// Runs attempts that always fail, and returns at which times since the start they were made and how long each had.
async fn failing(policy: &RetryPolicy, method: Method, error: fn() -> Error) -> Vec<(Duration, Duration)> {
    let start = Instant::now();
    let attempts = RefCell::new(Vec::new());
    let result: Result<(), Error> = run(policy, &operation(method), |left| {
        attempts.borrow_mut().push((start.elapsed(), left));
        async { Err(error()) }
    })
    .await;
    assert_eq!(result.unwrap_err().code(), error().code());
    attempts.into_inner()
}

#[tokio::test(start_paused = true)]
async fn safe_requests_are_repeated_after_failures_that_pass() {
    let policy = RetryPolicy::default();
    for error in [|| api(429), || api(502), || api(503), || api(504), timeout] {
        assert_eq!(failing(&policy, Method::GET, error).await.len(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn safe_requests_are_not_repeated_after_failures_that_last() {
    let policy = RetryPolicy::default();
    for error in [|| api(400), || api(401), || api(404), || api(409), || api(422), || api(423), || api(500)] {
        assert_eq!(failing(&policy, Method::GET, error).await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_may_have_changed_something_are_sent_once() {
    let policy = RetryPolicy::default();
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for error in [timeout, || api(502), || api(503), || api(504)] {
            assert_eq!(failing(&policy, method.clone(), error).await.len(), 1);
        }
        let refused = failing(&policy, method, || api(429)).await;
        assert_eq!(refused.len(), 1 + policy.max_retries, "what exceeds the rate limit has changed nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_and_are_lengthened_at_random() {
    let policy = RetryPolicy { max_retries: 6, first_wait: SECOND, longest_wait: 4 * SECOND, ..RetryPolicy::default() };
    let attempts = failing(&policy, Method::GET, || api(503)).await;
    assert_eq!(attempts.len(), 7);
    for (pair, base) in attempts.windows(2).zip([1, 2, 4, 4, 4, 4]) {
        let wait = pair[1].0.saturating_sub(pair[0].0);
        // The timer is exact to a millisecond.
        assert!(wait >= base * SECOND && wait <= 2 * base * SECOND + Duration::from_millis(2), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_used_up_budget_is_given_time_to_refill() {
    let policy = RetryPolicy { max_retries: 1, ..RetryPolicy::default() };
    let attempts = failing(&policy, Method::GET, || api(429)).await;
    assert!(attempts[1].0 >= policy.rate_limit_wait + policy.first_wait, "{attempts:?}");
    assert!(attempts[1].0 <= 2 * SECOND, "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_it_and_bounds_each_attempt() {
    let policy = RetryPolicy {
        max_retries: 1000,
        first_wait: SECOND,
        longest_wait: SECOND,
        total: 10 * SECOND,
        ..RetryPolicy::default()
    };
    let attempts = failing(&policy, Method::GET, || api(503)).await;
    assert!((5..=10).contains(&attempts.len()), "{attempts:?}");
    for (at, left) in attempts {
        assert_eq!(at + left, policy.total);
        assert!(!left.is_zero());
    }
}

#[tokio::test(start_paused = true)]
async fn success_ends_it() {
    let attempts = RefCell::new(0);
    let result = run(&RetryPolicy::default(), &operation(Method::GET), |_| {
        *attempts.borrow_mut() += 1;
        let count = *attempts.borrow();
        async move { if count < 3 { Err(api(502)) } else { Ok(count) } }
    })
    .await;
    assert_eq!(result.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_never_sends_once() {
    assert_eq!(failing(&RetryPolicy::never(), Method::GET, || api(503)).await.len(), 1);
}

#[test]
fn policies_that_make_no_sense_are_refused() {
    assert_eq!(RetryPolicy::default().validate(), Ok(()));
    let policy = RetryPolicy { first_wait: 9 * SECOND, ..RetryPolicy::default() };
    assert_eq!(policy.validate(), Err(RetryPolicyError::WaitsOutOfOrder));
    let policy = RetryPolicy { total: Duration::ZERO, ..RetryPolicy::default() };
    assert_eq!(policy.validate(), Err(RetryPolicyError::NoTime));
}
