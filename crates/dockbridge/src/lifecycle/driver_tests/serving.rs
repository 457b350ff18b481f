//! Requests, failures, lost servers and the end.

use super::*;

#[tokio::test(start_paused = true)]
async fn twenty_requests_share_one_server() {
    let rig = Rig::new(FakeCloud::planned(&[Ok(())]), rules(), false);
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let handle = rig.handle.clone();
        requests.spawn(async move { handle.engine().await.is_ok() });
    }
    assert!(requests.join_all().await.into_iter().all(|ok| ok));
    let cloud = rig.cloud.clone();
    rig.stop().await;
    assert_eq!(cloud.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_reaches_everybody_who_waits_and_a_later_request_tries_again() {
    let rig = Rig::new(FakeCloud::planned(&[Err(true), Ok(())]), rules(), false);
    let (one, two) = tokio::join!(rig.refused(), rig.refused());
    assert_eq!((one.as_deref(), two.as_deref()), (Some("no_server_type_available"), Some("no_server_type_available")));
    let again = rig.refused().await;
    assert_eq!(again.as_deref(), Some("no_server_type_available"), "no server a second for who asks in a loop");
    rig.minutes(1).await;
    assert!(rig.handle.engine().await.is_ok());
    assert_eq!(rig.cloud.counts(), (2, 1), "what was left half-made is destroyed first");
    assert!(rig.handle.snapshot().last_error.is_none());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_replaced_and_nobody_notices() {
    let rig = Rig::running(rules()).await;
    let (first, _) = rig.handle.running().unwrap();
    let found = rig.cloud.found();
    rig.cloud.script().reconnects.push(found);
    rig.cloud.link.lost.notify_one();
    rig.until("replaced", |snapshot| snapshot.machine.generation > first).await;
    let (second, _) = rig.handle.engine().await.ok().unwrap();
    assert!(second > first);
    assert_eq!(rig.cloud.counts(), (1, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_server_is_replaced_for_those_who_wait() {
    let rig = Rig::running(rules()).await;
    let (first, _) = rig.handle.running().unwrap();
    rig.cloud.link.lost.notify_one();
    rig.until("lost", |snapshot| snapshot.engine.is_none()).await;
    let (second, _) = rig.handle.engine().await.ok().unwrap();
    assert!(second > first);
    assert_eq!(rig.cloud.counts(), (2, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_a_provisioning_short_and_leaves_nothing() {
    let rig = Rig::new(FakeCloud::planned(&[]), rules(), false);
    let waiting = tokio::spawn({
        let handle = rig.handle.clone();
        async move { handle.engine().await.err().map(|error| error.code().to_owned()) }
    });
    rig.until("provisioning", |snapshot| matches!(snapshot.machine.state, State::Provisioning { .. })).await;
    let (cloud, handle) = (rig.cloud.clone(), rig.handle.clone());
    rig.stop().await;
    assert_eq!(waiting.await.unwrap().as_deref(), Some("stopping"));
    assert_eq!(cloud.counts(), (1, 1));
    assert_eq!(handle.engine().await.err().map(|error| error.code().to_owned()).as_deref(), Some("ended"));
}

#[tokio::test(start_paused = true)]
async fn a_server_on_record_is_taken_over_at_the_start() {
    let cloud = FakeCloud::planned(&[]);
    let found = cloud.found();
    cloud.script().searches.push(found);
    let rig = Rig::new(cloud.clone(), rules(), true);
    assert!(rig.handle.engine().await.is_ok());
    assert_eq!(cloud.counts(), (0, 0));
    rig.stop().await;
    assert_eq!(cloud.counts(), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_ends_abnormally_is_cleaned_up_once() {
    let rig = Rig::new(FakeCloud::new(Script { panics: true, ..Script::default() }), rules(), false);
    assert_eq!(rig.refused().await.as_deref(), Some("abnormal_end"));
    let cloud = rig.cloud.clone();
    rig.stop().await;
    assert_eq!(cloud.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_provisioned_for_somebody_who_has_gone_away() {
    let rig = Rig::running(rules()).await;
    // Whoever asks while the server is looked for waits; this one leaves before it is known to be gone.
    rig.cloud.answers.forget_permits(1000);
    rig.cloud.link.lost.notify_one();
    rig.until("lost", |snapshot| snapshot.engine.is_none()).await;
    assert!(timeout(Duration::from_secs(1), rig.handle.engine()).await.is_err());
    rig.cloud.answers.add_permits(1000);
    rig.until("absent", |snapshot| snapshot.machine.state == State::Absent).await;
    assert_eq!(rig.cloud.counts(), (1, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_a_server_that_cannot_be_destroyed() {
    let script = Script { provisions: vec![Err(true)], indestructible: true, ..Script::default() };
    let rig = Rig::new(FakeCloud::new(script), rules(), false);
    assert!(rig.handle.engine().await.is_err());
    let asked = Instant::now();
    assert_eq!(rig.refused().await.as_deref(), Some("server_not_gone"));
    let waited = asked.elapsed();
    assert!(waited > Duration::from_secs(30), "a failure that passes is nobody's business: {waited:?}");
    rig.cloud.script().indestructible = false;
    let cloud = rig.cloud.clone();
    rig.stop().await;
    assert_eq!(cloud.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_others_hold_is_left_and_that_is_told() {
    let rig = Rig::running(rules()).await;
    let other =
        ForeignLease { client_id: "ba9876543210".to_owned(), host: "laptop".to_owned(), remaining_seconds: 200 };
    rig.cloud.script().left_to.push(other.clone());
    let (cloud, handle) = (rig.cloud.clone(), rig.handle.clone());
    rig.stop().await;
    assert_eq!(cloud.counts(), (1, 0));
    assert_eq!(handle.snapshot().ended, Some(Ended::LeftTo(vec![other])));
}
