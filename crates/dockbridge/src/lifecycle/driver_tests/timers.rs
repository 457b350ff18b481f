//! Every timer of the lifecycle, by a clock that the test moves.

use jiff::SignedDuration;

use super::*;

#[tokio::test(start_paused = true)]
async fn an_idle_server_is_destroyed_after_timeout_and_grace() {
    let mut rig = Rig::running(plain()).await;
    rig.minutes(4).await;
    rig.use_once();
    rig.pass(299).await;
    assert!(rig.is_running());
    rig.pass(2).await;
    assert!(rig.is_in_grace());
    assert!(rig.handle.running().is_some(), "the engine still takes requests");
    rig.pass(28).await;
    assert_eq!(rig.cloud.counts(), (1, 0));
    rig.pass(3).await;
    assert_eq!(rig.cloud.counts(), (1, 1));
    assert_eq!(rig.state(), State::Absent);
    assert!(rig.handle.engine().await.is_ok(), "the next request gets another");
    assert_eq!(rig.cloud.counts(), (2, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_connection_counts_until_its_own_timeout() {
    let mut rig = Rig::running(plain()).await;
    let logs = rig.request("GET", "/v1.41/containers/c/logs?follow=1");
    logs.answered(200);
    rig.minutes(20).await;
    logs.bytes(Direction::ToClient, 10);
    rig.minutes(29).await;
    assert!(rig.is_running());
    rig.pass(62).await;
    assert!(rig.is_in_grace());
    logs.bytes(Direction::ToClient, 10);
    rig.pass(2).await;
    assert!(rig.is_running(), "bytes in the grace period keep the server");
    rig.minutes(31).await;
    assert_eq!(rig.cloud.counts(), (1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_in_the_grace_period_keeps_the_server_at_once() {
    let mut rig = Rig::running(plain()).await;
    rig.pass(301).await;
    assert!(rig.is_in_grace());
    rig.use_once();
    // No second has to pass for that.
    rig.until("running again", |snapshot| matches!(snapshot.machine.state, State::Running { .. })).await;
    assert!(rig.handle.running().is_some_and(|(_, engine)| !engine.retired.is_cancelled()));
    rig.minutes(4).await;
    assert!(rig.is_running());
    assert_eq!(rig.cloud.counts(), (1, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_during_the_shutdown_waits_and_gets_a_new_server() {
    let mut rig = Rig::running(plain()).await;
    let (_, engine) = rig.handle.running().unwrap();
    rig.cloud.answers.forget_permits(1000);
    rig.pass(331).await;
    assert!(matches!(rig.state(), State::ShuttingDown { .. }));
    assert!(engine.retired.is_cancelled() && rig.handle.running().is_none(), "nobody can take the old engine any more");
    let guard = rig.request("GET", "/v1.41/info");
    let handle = rig.handle.clone();
    let waiting = tokio::spawn(async move { handle.engine().await.is_ok() });
    rig.minutes(2).await;
    assert!(!waiting.is_finished());
    rig.cloud.answers.add_permits(1000);
    assert!(waiting.await.unwrap());
    assert_eq!(rig.cloud.counts(), (2, 1));
    drop(guard);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_fails_for_a_moment_is_not_the_requests_affair() {
    let rig = Rig::running(plain()).await;
    rig.cloud.script().indestructible = true;
    rig.pass(331).await;
    let handle = rig.handle.clone();
    let waiting = tokio::spawn(async move { handle.engine().await.is_ok() });
    rig.pass(10).await;
    rig.cloud.script().indestructible = false;
    assert!(waiting.await.unwrap());
    assert_eq!(rig.cloud.counts(), (2, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_that_cannot_be_destroyed_serves_on() {
    let rig = Rig::running(plain()).await;
    let found = rig.cloud.found();
    {
        let mut script = rig.cloud.script();
        script.indestructible = true;
        script.untouched = true;
        script.reconnects.push(found);
    }
    rig.pass(331).await;
    assert!(matches!(rig.state(), State::ShuttingDown { .. }));
    assert!(rig.handle.engine().await.is_ok(), "the API is away, and the server is not");
    assert_eq!(rig.cloud.counts(), (1, 0));
    rig.cloud.script().indestructible = false;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_begins_in_the_very_last_moment_is_not_cut_off() {
    let mut rig = Rig::running(plain()).await;
    rig.pass(301).await;
    let State::Grace { until, .. } = rig.state() else { panic!("{:?}", rig.state()) };
    let left = until.since(rig.clock.now());
    // The driver has not heard of it when the grace period ends: it looks once more, with the engine retired.
    tokio::time::advance(left).await;
    let build = rig.request("POST", "/v1.41/build");
    rig.minutes(60).await;
    assert!(rig.is_running());
    assert!(rig.handle.running().is_some_and(|(_, engine)| !engine.retired.is_cancelled()), "it takes requests again");
    assert_eq!(rig.cloud.counts(), (1, 0));
    drop(build);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn work_keeps_the_server_however_silent_it_is() {
    for (method, target) in [
        ("POST", "/v1.41/build"),
        ("POST", "/session"),
        ("POST", "/grpc"),
        ("POST", "/v1.41/images/create?fromImage=x"),
    ] {
        let mut rig = Rig::running(plain()).await;
        let work = rig.request(method, target);
        rig.minutes(300).await;
        assert!(rig.is_running(), "{target}");
        drop(work);
        rig.minutes(6).await;
        assert_eq!(rig.cloud.counts(), (1, 1), "{target}");
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_only_pings_keeps_nothing() {
    let mut rig = Rig::running(plain()).await;
    for _ in 0..12 {
        let ping = rig.request("HEAD", "/_ping");
        ping.bytes(Direction::ToClient, 100);
        rig.pass(30).await;
    }
    assert_eq!(rig.cloud.counts(), (1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_kept_by_hand_stays_until_then() {
    let rig = Rig::running(plain()).await;
    let now = rig.clock.now().wall;
    rig.handle.keep(Some(now + SignedDuration::from_hours(3))).await;
    rig.minutes(179).await;
    assert!(rig.is_running());
    rig.minutes(2).await;
    assert_eq!(rig.cloud.counts(), (1, 1));
    assert!(rig.handle.engine().await.is_ok());
    rig.handle.keep(Some(rig.clock.now().wall + SignedDuration::from_hours(3))).await;
    rig.minutes(20).await;
    rig.handle.keep(None).await;
    rig.pass(32).await;
    assert_eq!(rig.cloud.counts(), (2, 2), "without the hold it has been idle for long");
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_is_kept_until_its_paid_hour_is_nearly_over() {
    let mut rig = Rig::running(rules()).await;
    rig.minutes(56).await;
    assert!(rig.is_running());
    rig.pass(62).await;
    assert!(rig.is_in_grace());
    rig.pass(30).await;
    assert_eq!(rig.cloud.counts(), (1, 1), "within the hour that is paid for");
    // One that is used across the hour is kept for the next hour.
    assert!(rig.handle.engine().await.is_ok());
    rig.minutes(55).await;
    rig.use_once();
    rig.minutes(60).await;
    assert!(rig.is_running(), "idle since the fifth minute of the second hour");
    rig.pass(122).await;
    assert!(rig.is_in_grace());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_moves_no_hour_and_no_timer() {
    for jump in [-86_400, 86_400] {
        let rig = Rig::running(rules()).await;
        rig.minutes(30).await;
        rig.clock.set_wall(jump);
        rig.minutes(26).await;
        assert!(rig.is_running(), "{jump}");
        rig.pass(62).await;
        assert!(rig.is_in_grace(), "{jump}");
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_locked_screen_shortens_the_timeout_and_unlocking_restores_it() {
    let mut rig = Rig::running(plain()).await;
    let attached = rig.request("POST", "/v1.41/containers/c/attach?stream=1");
    attached.answered(101);
    rig.pass(50).await;
    assert!(rig.is_running());
    rig.lock.send_modify(|status| status.locked = true);
    rig.pass(12).await;
    assert!(rig.is_in_grace(), "an open connection without traffic is no use while nobody is there");
    rig.lock.send_modify(|status| status.locked = false);
    rig.pass(1).await;
    assert!(rig.is_running());
    // Work counts all the same.
    let build = rig.request("POST", "/v1.41/build");
    rig.lock.send_modify(|status| status.locked = true);
    rig.minutes(120).await;
    assert!(rig.is_running());
    drop((build, attached));
    rig.pass(92).await;
    assert_eq!(rig.cloud.counts(), (1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_computer_that_slept_counts_the_time_and_learns_what_became_of_the_server() {
    let rig = Rig::running(rules()).await;
    // The server has destroyed itself meanwhile; nothing but the two clocks tells of the sleep.
    rig.clock.sleep(Duration::from_hours(2));
    rig.pass(2).await;
    assert!(rig.is_running() || rig.is_in_grace());
    rig.cloud.link.lost.notify_one();
    rig.until("gone", |snapshot| snapshot.machine.state == State::Absent).await;
    assert!(rig.handle.engine().await.is_ok());
    assert_eq!(rig.cloud.counts(), (2, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sleep_counts_as_idle_time() {
    let rig = Rig::running(plain()).await;
    rig.minutes(1).await;
    rig.clock.sleep(Duration::from_mins(10));
    rig.pass(2).await;
    assert!(rig.is_in_grace());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_measured_counts_as_busy() {
    let rig = Rig::running(Rules { examines: true, ..plain() }).await;
    let unknown = rig.handle.clone();
    rig.minutes(60).await;
    assert!(rig.is_running(), "{:?}", unknown.snapshot().machine.state);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_longest_life_ends_work_too() {
    let mut rig = Rig::running(Rules { max_lifetime: Some(Duration::from_hours(2)), ..plain() }).await;
    let build = rig.request("POST", "/v1.41/build");
    rig.minutes(119).await;
    assert!(rig.is_running());
    rig.pass(62).await;
    assert_eq!(rig.cloud.counts(), (1, 1));
    drop(build);
    rig.stop().await;
}
