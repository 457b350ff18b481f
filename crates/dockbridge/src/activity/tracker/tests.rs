use std::sync::{
    Barrier,
    atomic::{AtomicBool, Ordering},
};

use ssh_docker_proxy::{Direction, RequestHead};

use super::*;
use crate::clock::test_clock::{START, TestClock};

type Guard = Box<dyn ConnectionObserver>;

fn ask(guard: &Guard, method: &str, target: &str) {
    guard.request(&RequestHead { method: method.to_owned(), target: target.to_owned(), ..RequestHead::opaque() });
}

fn tracker() -> (Arc<TestClock>, ActivityTracker) {
    let clock = TestClock::new();
    (clock.clone(), ActivityTracker::new(clock))
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// What is in use, and how many seconds ago it was used and has been quiet.
fn seen(clock: &TestClock, tracker: &ActivityTracker) -> (bool, Option<u64>, Option<u64>) {
    let usage = tracker.usage();
    let ago = |moment: Moment| clock.now().since(moment).as_secs();
    (usage.work, usage.last_use.map(ago), usage.quiet_since.map(ago))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_used_by_who_only_connects_or_probes() {
    let (clock, tracker) = tracker();
    assert_eq!(tracker.usage(), Usage::default());
    let guard = tracker.opened(ConnectionId(1));
    ask(&guard, "HEAD", "/_ping");
    guard.bytes(Direction::ToClient, 40);
    assert_eq!(seen(&clock, &tracker), (false, None, None));
    guard.finished();
    ask(&guard, "GET", "/v1.41/_ping");
    drop(guard);
    assert_eq!(seen(&clock, &tracker), (false, None, None));
    assert_eq!((tracker.status().requests, tracker.status().bytes_transferred), (2, 40), "it is shown all the same");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_use_from_its_beginning_to_the_end_of_its_connection() {
    let (clock, tracker) = tracker();
    let guard = tracker.opened(ConnectionId(1));
    pass(5).await;
    ask(&guard, "GET", "/containers/json");
    assert_eq!(seen(&clock, &tracker), (true, Some(0), Some(0)));
    pass(7).await;
    assert_eq!(seen(&clock, &tracker), (true, Some(7), Some(7)));
    guard.bytes(Direction::ToClient, 100);
    assert_eq!(seen(&clock, &tracker), (true, Some(0), Some(0)));
    pass(3).await;
    guard.finished();
    pass(2).await;
    assert_eq!(seen(&clock, &tracker), (false, Some(2), Some(2)), "it is open, and nothing is under way");
    drop(guard);
    pass(4).await;
    assert_eq!(seen(&clock, &tracker), (false, Some(4), None), "its end is use");
}

#[tokio::test(start_paused = true)]
async fn a_silent_build_is_work_and_a_silent_watcher_is_not() {
    let (clock, tracker) = tracker();
    let watcher = tracker.opened(ConnectionId(1));
    ask(&watcher, "GET", "/v1.44/events?since=1");
    assert_eq!(seen(&clock, &tracker), (false, Some(0), Some(0)));
    pass(600).await;
    assert_eq!(seen(&clock, &tracker), (false, Some(600), Some(600)));
    watcher.bytes(Direction::ToClient, 1);
    assert_eq!(seen(&clock, &tracker), (false, Some(0), Some(0)), "bytes on it are use");
    let session = tracker.opened(ConnectionId(2));
    ask(&session, "POST", "/session");
    session.answered(101);
    pass(3600).await;
    assert_eq!(seen(&clock, &tracker), (true, Some(3600), Some(3600)));
    drop(session);
    assert_eq!(seen(&clock, &tracker), (false, Some(0), Some(3600)), "the watcher is as quiet as before");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_is_not_understood_any_more_is_work() {
    let (clock, tracker) = tracker();
    let guard = tracker.opened(ConnectionId(1));
    ask(&guard, "GET", "/events");
    guard.request(&RequestHead::opaque());
    assert_eq!(seen(&clock, &tracker), (true, Some(0), Some(0)));
}

#[tokio::test(start_paused = true)]
async fn probes_on_a_connection_that_counts_are_no_use() {
    let (clock, tracker) = tracker();
    let guard = tracker.opened(ConnectionId(1));
    ask(&guard, "GET", "/info");
    guard.finished();
    pass(60).await;
    ask(&guard, "GET", "/_ping");
    guard.bytes(Direction::ToClient, 40);
    guard.finished();
    assert_eq!(seen(&clock, &tracker), (false, Some(60), Some(60)));
}

#[tokio::test(start_paused = true)]
async fn sleep_counts_and_a_wall_clock_that_is_set_does_not() {
    let (clock, tracker) = tracker();
    let guard = tracker.opened(ConnectionId(1));
    ask(&guard, "GET", "/info");
    guard.finished();
    clock.sleep(Duration::from_hours(1));
    clock.set_wall(-86400);
    assert_eq!(seen(&clock, &tracker), (false, Some(3600), Some(3600)));
    let began = START.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_secs(86400);
    assert_eq!(tracker.usage().last_use.unwrap().wall, began);
    assert_eq!(tracker.status().last_docker_command, Some(began));
}

#[tokio::test(start_paused = true)]
async fn the_figures_outlive_their_connections() {
    let (_clock, tracker) = tracker();
    assert_eq!(tracker.status(), Figures::default());
    let start: jiff::Timestamp = START.parse().unwrap();
    let at = |seconds| Some(start + jiff::SignedDuration::from_secs(seconds));
    let first = tracker.opened(ConnectionId(1));
    ask(&first, "GET", "/info");
    first.bytes(Direction::ToEngine, 10);
    pass(1).await;
    let second = tracker.opened(ConnectionId(2));
    ask(&second, "GET", "/info");
    second.bytes(Direction::ToClient, 5);
    pass(1).await;
    drop(second);
    let figures = Figures {
        last_docker_command: at(1),
        last_connection: at(2),
        open_connections: 1,
        requests: 2,
        bytes_transferred: 15,
    };
    assert_eq!(tracker.status(), figures);
    pass(1).await;
    first.bytes(Direction::ToClient, 1);
    assert_eq!(tracker.status(), Figures { last_connection: at(3), bytes_transferred: 16, ..figures });
}

#[tokio::test(start_paused = true)]
async fn a_request_wakes_who_waits_for_use() {
    let (_clock, tracker) = tracker();
    let waits =
        async |tracker: &ActivityTracker| tokio::time::timeout(Duration::from_mins(1), tracker.used()).await.is_err();
    let guard = tracker.opened(ConnectionId(1));
    ask(&guard, "GET", "/_ping");
    guard.bytes(Direction::ToClient, 1);
    assert!(waits(&tracker).await, "a probe wakes nobody");
    ask(&guard, "GET", "/events");
    ask(&guard, "GET", "/info");
    assert!(!waits(&tracker).await, "what began before is told");
    assert!(waits(&tracker).await, "and only once");
    let wakes = async {
        tokio::task::yield_now().await;
        ask(&guard, "GET", "/info");
    };
    let (timed_out, ()) = tokio::join!(waits(&tracker), wakes);
    assert!(!timed_out);
}

#[test]
fn whoever_retires_and_then_looks_misses_no_request() {
    let tracker = ActivityTracker::new(Arc::new(crate::clock::SystemClock));
    for round in 0..2000 {
        let guard = tracker.opened(ConnectionId(round));
        let (start, retired) = (Barrier::new(2), AtomicBool::new(false));
        let (goes_ahead, is_seen) = std::thread::scope(|scope| {
            let client = scope.spawn(|| {
                start.wait();
                ask(&guard, "POST", "/build");
                // Relaxed on purpose: the order comes from the tracker alone.
                !retired.load(Ordering::Relaxed)
            });
            start.wait();
            retired.store(true, Ordering::Relaxed);
            let is_seen = tracker.usage().work;
            (client.join().unwrap(), is_seen)
        });
        assert!(!goes_ahead || is_seen, "a request went to a retired engine unseen, in round {round}");
    }
}
