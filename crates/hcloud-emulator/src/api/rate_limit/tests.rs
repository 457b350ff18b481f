use std::time::Duration;

use tokio::time::Instant;

use super::{Buckets, RateLimit};

fn buckets(limit: u32) -> Buckets {
    Buckets::new(RateLimit { limit, refill_every: Duration::from_secs(1) })
}

#[test]
fn a_bucket_empties_and_refills_one_by_one() {
    let mut buckets = buckets(3);
    let start = Instant::now();
    let taken: Vec<_> =
        (0..4).map(|_| buckets.take(Some(0), start)).map(|each| (each.allowed, each.remaining)).collect();
    assert_eq!(taken, [(true, 2), (true, 1), (true, 0), (false, 0)]);
    assert!(!buckets.take(Some(0), start + Duration::from_millis(999)).allowed);
    assert!(buckets.take(Some(0), start + Duration::from_secs(1)).allowed);
    assert!(!buckets.take(Some(0), start + Duration::from_millis(1001)).allowed);
    assert_eq!(buckets.take(Some(0), start + Duration::from_mins(1)).remaining, 2);
}

#[test]
fn tokens_do_not_share_a_bucket() {
    let mut buckets = buckets(1);
    let now = Instant::now();
    assert!(buckets.take(Some(0), now).allowed);
    assert!(!buckets.take(Some(0), now).allowed);
    assert!(buckets.take(Some(1), now).allowed);
    assert!(buckets.take(None, now).allowed);
}

#[test]
fn reset_is_when_the_bucket_is_full_again() {
    let mut buckets = buckets(3600);
    let now = Instant::now();
    let before = jiff::Timestamp::now().as_second();
    for _ in 0..9 {
        buckets.take(Some(0), now);
    }
    let reset = buckets.take(Some(0), now).reset;
    assert!((before + 10..=before + 11).contains(&reset), "{reset} against {before}");
}
