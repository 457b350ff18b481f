//! The heartbeat beside the lifecycle, and what the two clocks tell it.

use jiff::SignedDuration;

use super::*;

/// The seconds of a renewal's command.
fn seconds(command: &str) -> u64 {
    let word = command.split_whitespace().next_back().unwrap();
    word.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_server_runs_and_no_longer() {
    let rig = Rig::leased(rules()).await;
    let link = rig.cloud.link.clone();
    rig.minutes(10).await;
    let renewals = link.commands();
    assert!((20..=22).contains(&renewals.len()), "{}", renewals.len());
    assert!(renewals.iter().all(|command| seconds(command) == 300), "{renewals:?}");
    assert_eq!(rig.handle.heartbeat().failures, 0);
    rig.stop().await;
    let count = link.commands().len();
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(link.commands().len(), count);
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_written_into_the_lease_and_a_limit_too() {
    let rig = Rig::leased(Rules { max_lifetime: Some(Duration::from_hours(2)), ..rules() }).await;
    let link = rig.cloud.link.clone();
    rig.handle.keep(Some(rig.clock.now().wall + SignedDuration::from_hours(1))).await;
    rig.pass(1).await;
    assert!((3590..=3600).contains(&seconds(link.commands().last().unwrap())), "{:?}", link.commands());
    rig.handle.keep(Some(rig.clock.now().wall + SignedDuration::from_hours(5))).await;
    rig.pass(1).await;
    assert!((7190..=7200).contains(&seconds(link.commands().last().unwrap())), "{:?}", link.commands());
    rig.handle.keep(None).await;
    rig.pass(1).await;
    assert_eq!(seconds(link.commands().last().unwrap()), 300);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_computer_that_wakes_up_renews_at_once() {
    let rig = Rig::leased(rules()).await;
    rig.pass(40).await;
    let before = rig.cloud.link.commands().len();
    rig.clock.sleep(Duration::from_mins(2));
    rig.pass(2).await;
    assert_eq!(rig.cloud.link.commands().len(), before + 1);
    assert!(rig.is_running());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_in_the_sleep_is_given_up_within_seconds() {
    let rig = Rig::leased(rules()).await;
    let found = rig.cloud.found();
    rig.cloud.script().reconnects.push(found);
    *rig.cloud.link.monitor.lock().unwrap() = Monitor::Silent;
    let (first, _) = rig.handle.running().unwrap();
    rig.clock.sleep(Duration::from_mins(2));
    let woken = Instant::now();
    rig.until("replaced", |snapshot| snapshot.machine.generation > first).await;
    assert!(woken.elapsed() < Duration::from_secs(10), "{:?}", woken.elapsed());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_longer_than_the_lease_the_connection_is_not_trusted_any_more() {
    let rig = Rig::leased(rules()).await;
    rig.clock.sleep(Duration::from_hours(2));
    let woken = Instant::now();
    // Nobody can reconnect, and the API does not know the server any more.
    rig.until("gone", |snapshot| snapshot.machine.state == State::Absent).await;
    assert!(woken.elapsed() < Duration::from_secs(5), "{:?}", woken.elapsed());
    assert!(rig.handle.engine().await.is_ok());
    assert_eq!(rig.cloud.counts(), (2, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_begun_to_destroy_itself_is_replaced() {
    let rig = Rig::leased(rules()).await;
    *rig.cloud.link.monitor.lock().unwrap() = Monitor::Destroying;
    rig.pass(31).await;
    assert_eq!(rig.cloud.counts(), (1, 1), "whatever is left of it is cleaned up");
    *rig.cloud.link.monitor.lock().unwrap() = Monitor::Fine;
    assert!(rig.handle.engine().await.is_ok());
    assert_eq!(rig.cloud.counts(), (2, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn logind_wakes_it_up_as_well() {
    let rig = Rig::leased(rules()).await;
    rig.pass(40).await;
    let before = rig.cloud.link.commands().len();
    rig.lock.send_modify(|status| status.wakes += 1);
    rig.pass(1).await;
    assert_eq!(rig.cloud.link.commands().len(), before + 1);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_ends_the_server_is_told_who_else_was_last_seen_on_it() {
    for (monitor, hosts) in [(Monitor::Shared, &["desk"][..]), (Monitor::Fine, &[])] {
        let rig = Rig::leased(rules()).await;
        *rig.cloud.link.monitor.lock().unwrap() = monitor;
        rig.pass(40).await;
        // What fails later tells nothing new.
        *rig.cloud.link.monitor.lock().unwrap() = Monitor::Silent;
        rig.pass(40).await;
        let cloud = rig.cloud.clone();
        rig.stop().await;
        assert_eq!(cloud.script().noted as usize, hosts.len(), "written down once, for a later run");
        let others: Vec<_> = cloud.script().others.iter().map(|lease| lease.host.clone()).collect();
        assert_eq!(others, hosts);
    }
}
