//! Buses and services that are not there, go away, and come back.

use dockbridge::lock::Source;
use jiff::Timestamp;

use crate::{
    bus::Bus,
    mock::Mock,
    watched::{Watched, code, no_hook},
};

#[tokio::test]
async fn without_any_bus_it_is_off() {
    let before = Timestamp::now();
    let mut watched = Watched::start(&[("DBUS_SESSION_BUS_ADDRESS", "")], no_hook());
    let status = watched.until("without a bus", |status| status.error.is_some()).await;
    let failure = status.error.unwrap();
    assert_eq!((failure.error.code(), failure.error.retryable()), ("lock_no_bus", false));
    assert!(failure.at >= before && failure.at <= Timestamp::now());
    assert_eq!((status.source, status.locked, status.sleeping), (Source::Off, false, false));
    let message = failure.error.to_string();
    assert!(message.contains("system bus") && message.contains("session bus"), "{message}");
    watched.end().await;
}

#[tokio::test]
async fn a_bus_with_nobody_on_it_is_as_good_as_none() {
    let bus = Bus::start().await;
    let address = bus.address();
    let variables = [("DBUS_SYSTEM_BUS_ADDRESS", &*address), ("DBUS_SESSION_BUS_ADDRESS", &*address)];
    let mut watched = Watched::start(&variables, no_hook());
    let status = watched.until("without a source", |status| code(status) == Some("lock_no_source")).await;
    assert_eq!(status.source, Source::Off);
    watched.end().await;
}

#[tokio::test]
async fn a_bus_that_dies_unlocks_and_is_found_again() {
    let mut bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c1").await;
    let mut watched = Watched::system(&bus);
    watched.until_on(Source::Logind).await;
    logind.set_locked_hint(&session, true).await;
    watched.until_locked(true).await;

    bus.die().await;
    let status = watched.until_on(Source::Off).await;
    assert!(!status.locked, "{status:?}");
    // The first attempt to connect again may have been made by now.
    assert!(matches!(code(&status), Some("lock_bus_lost" | "lock_no_bus")), "{status:?}");

    bus.come_back().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c2").await;
    watched.until("back", |status| status.source == Source::Logind).await;
    // The detector may have come before the session, which is then announced.
    logind.emit(crate::mock::MANAGER, "SessionNew", "so", announcement(&session)).await;
    watched.until("without an error", |status| status.error.is_none()).await;
    logind.set_locked_hint(&session, true).await;
    watched.until_locked(true).await;
    watched.end().await;
}

#[tokio::test]
async fn a_logind_that_restarts_is_found_again() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    logind.add_own_session("c1").await;
    let mut watched = Watched::system(&bus);
    watched.until_on(Source::Logind).await;
    logind.die().await;
    let status = watched.until_on(Source::Off).await;
    assert!(matches!(code(&status), Some("lock_service_lost" | "lock_no_source")), "{status:?}");
    let _logind = Mock::logind(&bus).await;
    watched.until_on(Source::Logind).await;
    watched.end().await;
}

fn announcement(session: &str) -> Vec<zbus::Variant<'_>> {
    vec!["c2".into(), zbus::ObjectPath::try_from(session).unwrap().into()]
}
