//! Heartbeats against a scripted server, with a clock that tests move.

use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::*;
use crate::{
    clock::test_clock::TestClock,
    keepalive::fake_server::{Answer, FakeServer},
};

const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_mins(5);
const FINE: Answer = Answer::Output(0, "", "");
const BROKEN: Answer = Answer::Output(1, "", "no space left");

/// A heartbeat that runs.
struct Beating {
    server: Arc<FakeServer>,
    clock: Arc<TestClock>,
    urgent: Arc<Notify>,
    status: watch::Receiver<HeartbeatStatus>,
    task: JoinHandle<HeartbeatEnd>,
}

impl Beating {
    fn with_life(
        answers: impl IntoIterator<Item = Answer>,
        life: impl Fn(Moment) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        let server = FakeServer::new(answers);
        let clock = TestClock::new();
        let urgent = Arc::new(Notify::new());
        let (sender, status) = watch::channel(HeartbeatStatus::default());
        let owner = Owner::new("c0ffee", "laptop");
        let life = {
            let clock = clock.clone();
            move || life(clock.now()).map_or(TIMEOUT, |life| life.min(TIMEOUT))
        };
        let task = tokio::spawn(beat(server.clone(), owner, INTERVAL, life, clock.clone(), urgent.clone(), sender));
        Self { server, clock, urgent, status, task }
    }

    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_life(answers, |_| None)
    }

    fn seconds_of_leases(&self) -> Vec<u64> {
        let last_word = |command: &str| command.rsplit('\'').nth(1).unwrap().parse().unwrap();
        self.server.calls().iter().map(|call| last_word(&call.command)).collect()
    }

    /// How it ends, which must be within an hour.
    async fn end(self) -> HeartbeatEnd {
        timeout(Duration::from_hours(1), self.task).await.unwrap().unwrap()
    }
}

/// Lets time pass while everything runs.
async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_at_once_and_every_interval() {
    let beating = Beating::new([Answer::Output(0, "5eed desktop 260\n", "")]);
    pass(95).await;
    assert_eq!(beating.seconds_of_leases(), [300; 4]);
    assert_eq!(beating.server.pauses(), [30.0; 3]);
    let status = beating.status.borrow().clone();
    let last = status.last.unwrap();
    assert_eq!((last.uptime.as_secs(), status.until.unwrap().since(last).as_secs()), (90, 300));
    assert_eq!((status.failures, status.others[0].client_id.as_str()), (0, "5eed"));
    beating.server.lose();
    assert_eq!(beating.end().await, HeartbeatEnd::LinkLost);
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_ever_more_slowly_and_shown() {
    let beating = Beating::new([BROKEN]);
    pass(61).await;
    let bases = [1.0, 2.0, 4.0, 8.0, 16.0];
    let pauses = beating.server.pauses();
    assert!(pauses.len() >= 4, "{pauses:?}");
    for (pause, base) in pauses.iter().zip(bases) {
        assert!((base..=2.0 * base + 0.01).contains(pause), "{pauses:?}");
    }
    let status = beating.status.borrow().clone();
    assert_eq!(status.failures as usize, pauses.len() + 1);
    let (error, _) = status.error.unwrap();
    assert_eq!(error.code(), "lease_failed");
    assert!(status.last.is_none() && status.until.is_none());

    beating.server.answer(FINE);
    pass(60).await;
    let status = beating.status.borrow().clone();
    assert!(status.failures == 0 && status.error.is_none() && status.last.is_some());
    beating.server.answer(BROKEN);
    let before = beating.server.calls().len();
    pass(35).await;
    assert!(beating.server.calls().len() >= before + 2, "the pauses begin with the shortest again");
    beating.task.abort();
}

#[tokio::test(start_paused = true)]
async fn silence_is_tried_again_often_while_the_lease_lasts() {
    let beating = Beating::new([FINE, Answer::Silence]);
    pass(290).await;
    let calls = beating.server.calls();
    assert!(calls.iter().all(|call| call.bound == lease::BOUND));
    // The last attempts before the end: each pause is a quarter of the rest at most, and an attempt takes 15 s.
    let last = calls.last().unwrap().at;
    assert!(Instant::now() - last < Duration::from_secs(40), "{:?}", beating.server.pauses());
    assert!(!beating.server.is_closed(), "the server may have written a lease and its answers were lost");
    beating.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_destroys_itself_is_the_end() {
    let beating = Beating::new([FINE, Answer::Output(3, "", "it has begun")]);
    let server = beating.server.clone();
    assert_eq!(beating.end().await, HeartbeatEnd::Destroying);
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_ends_during_a_renewal_is_the_end() {
    let beating = Beating::new([Answer::Silence]);
    pass(3).await;
    beating.server.lose();
    let before = Instant::now();
    assert_eq!(beating.end().await, HeartbeatEnd::LinkLost);
    assert_eq!(Instant::now(), before);
}

#[tokio::test(start_paused = true)]
async fn a_lease_never_reaches_beyond_the_life() {
    let life = |now: Moment| Some(Duration::from_secs(100).saturating_sub(now.uptime));
    let beating = Beating::with_life([FINE], life);
    pass(1000).await;
    assert_eq!(beating.seconds_of_leases(), [100, 70, 40, 10], "nothing is renewed after it");
    assert!(!beating.server.is_closed(), "the lifecycle needs the link to end the server in order");
    beating.task.abort();
}

#[tokio::test(start_paused = true)]
async fn after_a_short_sleep_the_lease_is_renewed_at_once() {
    let beating = Beating::new([FINE]);
    pass(10).await;
    beating.clock.sleep(Duration::from_secs(200));
    beating.urgent.notify_one();
    pass(1).await;
    let calls = beating.server.calls();
    assert_eq!((calls.len(), calls[1].bound), (2, URGENT_BOUND));
    assert_eq!(beating.status.borrow().last.unwrap().uptime.as_secs(), 210);
    pass(30).await;
    assert_eq!(beating.server.calls()[2].bound, lease::BOUND, "then all is as before");
    beating.task.abort();
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_a_dead_link_is_closed_within_seconds() {
    let beating = Beating::new([FINE, Answer::Silence]);
    pass(10).await;
    beating.clock.sleep(Duration::from_secs(200));
    beating.urgent.notify_one();
    let (server, woken) = (beating.server.clone(), Instant::now());
    assert_eq!(beating.end().await, HeartbeatEnd::LinkLost);
    assert_eq!(Instant::now() - woken, URGENT_BOUND);
    assert!(server.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_began_before_the_sleep_does_not_delay_the_urgent_one() {
    let beating = Beating::new([Answer::Silence]);
    pass(10).await;
    beating.clock.sleep(Duration::from_mins(1));
    beating.urgent.notify_one();
    let (server, woken) = (beating.server.clone(), Instant::now());
    assert_eq!(beating.end().await, HeartbeatEnd::LinkLost);
    assert_eq!(Instant::now() - woken, URGENT_BOUND);
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_the_urgent_renewal_is_not_cut_off() {
    let beating = Beating::new([FINE, BROKEN]);
    pass(10).await;
    beating.urgent.notify_one();
    pass(1).await;
    assert_eq!(beating.status.borrow().failures, 1);
    assert!(!beating.server.is_closed());
    beating.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_has_surely_run_out_ends_the_link_without_asking() {
    for notified in [true, false] {
        let beating = Beating::new([FINE]);
        pass(10).await;
        beating.clock.sleep(Duration::from_secs(291));
        if notified {
            beating.urgent.notify_one();
        }
        let server = beating.server.clone();
        assert_eq!(beating.end().await, HeartbeatEnd::LinkLost, "notified: {notified}");
        assert!(server.is_closed());
        assert_eq!(server.calls().len(), 1, "a dead connection would only cost time");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_monitor_nothing_is_cut_off() {
    let beating = Beating::new([Answer::Output(127, "", "not found")]);
    pass(3600).await;
    beating.clock.sleep(Duration::from_hours(1));
    beating.urgent.notify_one();
    pass(1).await;
    assert!(!beating.server.is_closed());
    assert_eq!(beating.status.borrow().error.as_ref().unwrap().0.code(), "lease_no_monitor");
    let mut urgent = beating.server.calls();
    urgent.retain(|call| call.bound == URGENT_BOUND);
    assert_eq!(urgent.len(), 1);
    beating.task.abort();
}
