//! Sleep, as logind tells it: it is held up until the hook is done.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dockbridge::lock::{SLEEP_BOUND, Source};
use tokio::{
    sync::Semaphore,
    time::{interval, timeout},
};

use crate::{
    bus::{BOUND, Bus},
    mock::{MANAGER, Mock},
    watched::{Watched, code},
};

/// Asks until there are as many inhibitors as wanted.
async fn await_inhibitors(logind: &Mock, wanted: usize) {
    let mut asking = interval(Duration::from_millis(10));
    let reached = timeout(BOUND, async {
        while logind.inhibitors().await.len() != wanted {
            asking.tick().await;
        }
    });
    reached.await.unwrap_or_else(|_| panic!("there are never {wanted} inhibitors"));
}

#[tokio::test]
async fn the_computer_sleeps_when_the_hook_is_done_and_not_before() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    logind.add_own_session("c1").await;
    let (begun, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let hook = {
        let (begun, gate) = (begun.clone(), gate.clone());
        Arc::new(move || {
            let (begun, gate) = (begun.clone(), gate.clone());
            Box::pin(async move {
                begun.add_permits(1);
                gate.acquire().await.unwrap().forget();
            }) as _
        })
    };
    let mut watched = Watched::start(&[("DBUS_SYSTEM_BUS_ADDRESS", &bus.address())], hook);
    watched.until_on(Source::Logind).await;
    let ours = vec![("sleep".to_owned(), "DockBridge".to_owned(), "delay".to_owned())];
    assert_eq!(logind.inhibitors().await, ours);

    for night in 1..=2 {
        logind.prepare_for_sleep(true).await;
        timeout(BOUND, begun.acquire()).await.expect("the hook is called").unwrap().forget();
        let status = watched.until("sleeping", |status| status.sleeping).await;
        assert_eq!(status.wakes, night - 1);
        // The mock notices a dropped inhibitor before it takes the next call.
        for _ in 0..2 {
            assert_eq!(logind.inhibitors().await, ours, "released before the hook was done");
        }
        gate.add_permits(1);
        await_inhibitors(&logind, 0).await;
        logind.prepare_for_sleep(false).await;
        watched.until("awake", |status| !status.sleeping && status.wakes == night).await;
        await_inhibitors(&logind, 1).await;
    }
    watched.end().await;
    await_inhibitors(&logind, 0).await;
}

#[tokio::test]
async fn a_hook_that_hangs_is_given_up() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    logind.add_own_session("c1").await;
    let hook = Arc::new(|| Box::pin(std::future::pending()) as _);
    let mut watched = Watched::start(&[("DBUS_SYSTEM_BUS_ADDRESS", &bus.address())], hook);
    watched.until_on(Source::Logind).await;
    let began = Instant::now();
    logind.prepare_for_sleep(true).await;
    await_inhibitors(&logind, 0).await;
    assert!(began.elapsed() >= SLEEP_BOUND);
    logind.prepare_for_sleep(false).await;
    watched.until("awake", |status| status.wakes == 1).await;
    watched.end().await;
}

#[tokio::test]
async fn a_refused_inhibitor_takes_nothing_else_away() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c1").await;
    let refuse = "raise dbus.exceptions.DBusException('no', name='org.freedesktop.DBus.Error.AccessDenied')";
    logind.add_method(MANAGER, "Inhibit", "ssss", "h", refuse).await;
    let mut watched = Watched::system(&bus);
    let status = watched.until("refused", |status| code(status) == Some("lock_call_failed")).await;
    assert_eq!(status.source, Source::Logind);
    logind.set_locked_hint(&session, true).await;
    watched.until_locked(true).await;
    logind.prepare_for_sleep(true).await;
    watched.until("sleeping", |status| status.sleeping).await;
    logind.prepare_for_sleep(false).await;
    watched.until("awake", |status| status.wakes == 1).await;
    watched.end().await;
}
