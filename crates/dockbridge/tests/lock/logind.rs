//! The lock, as logind tells it, and which session counts.

use dockbridge::lock::Source;
use zbus::{ObjectPath, Variant};

use crate::{
    bus::Bus,
    mock::{MANAGER, Mock, own_uid},
    watched::{Watched, code, no_hook},
};

#[tokio::test]
async fn hint_and_signals_lock_and_unlock() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c1").await;
    let mut watched = Watched::system(&bus);
    let status = watched.until_on(Source::Logind).await;
    assert!(!status.locked && status.error.is_none() && status.wakes == 0, "{status:?}");

    for locked in [true, false] {
        logind.set_locked_hint(&session, locked).await;
        watched.until_locked(locked).await;
    }
    logind.ask_session(&session, "Lock").await;
    watched.until_locked(true).await;
    logind.ask_session(&session, "Unlock").await;
    watched.until_locked(false).await;
    watched.end().await;
}

#[tokio::test]
async fn a_locker_that_ends_without_a_signal_unlocks_with_the_hint() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c1").await;
    let mut watched = Watched::system(&bus);
    watched.until_on(Source::Logind).await;
    logind.ask_session(&session, "Lock").await;
    watched.until_locked(true).await;
    // Other properties change too, and say nothing of the lock.
    logind.set(&session, "org.freedesktop.login1.Session", "IdleHint", true.into()).await;
    logind.set_locked_hint(&session, true).await;
    logind.set_locked_hint(&session, false).await;
    watched.until_locked(false).await;
    watched.end().await;
}

#[tokio::test]
async fn a_screen_that_is_locked_already_counts() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let session = logind.add_own_session("c1").await;
    logind.set_locked_hint(&session, true).await;
    let mut watched = Watched::system(&bus);
    assert!(watched.until_on(Source::Logind).await.locked);
    watched.end().await;
}

/// Locks `own` and opens it again while `other` stays locked: whoever watches `other` never sees an open screen.
async fn assert_only_own_counts(logind: &Mock, watched: &mut Watched, own: &str, other: &str) {
    watched.until_on(Source::Logind).await;
    logind.set_locked_hint(other, true).await;
    logind.set_locked_hint(own, true).await;
    watched.until_locked(true).await;
    logind.set_locked_hint(own, false).await;
    watched.until_locked(false).await;
}

async fn make_display(logind: &Mock, id: &str, path: &str) {
    let display = Variant::new((id, ObjectPath::try_from(path).unwrap()));
    let user = format!("/org/freedesktop/login1/user/{}", own_uid());
    logind.set(&user, "org.freedesktop.login1.User", "Display", display).await;
}

async fn answer_pid_with(logind: &Mock, session: &str) {
    logind.add_method(MANAGER, "GetSessionByPID", "u", "o", &format!("ret = {session:?}")).await;
}

#[tokio::test]
async fn the_session_of_this_process_comes_first() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let other = logind.add_own_session("c1").await;
    let own = logind.add_own_session("c2").await;
    make_display(&logind, "c1", &other).await;
    answer_pid_with(&logind, &own).await;
    let mut watched = Watched::system(&bus);
    assert_only_own_counts(&logind, &mut watched, &own, &other).await;
    watched.end().await;
}

#[tokio::test]
async fn the_users_service_manager_is_no_session_to_watch() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let manager = logind.add_own_session("c1").await;
    let own = logind.add_own_session("c2").await;
    logind.set(&manager, "org.freedesktop.login1.Session", "Class", "manager".into()).await;
    answer_pid_with(&logind, &manager).await;
    make_display(&logind, "c2", &own).await;
    let mut watched = Watched::system(&bus);
    assert_only_own_counts(&logind, &mut watched, &own, &manager).await;
    watched.end().await;
}

#[tokio::test]
async fn the_session_that_the_environment_names_comes_before_any_other() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let other = logind.add_own_session("c1").await;
    let own = logind.add_own_session("c2").await;
    let variables = [("DBUS_SYSTEM_BUS_ADDRESS", &*bus.address()), ("XDG_SESSION_ID", "c2")];
    let mut watched = Watched::start(&variables, no_hook());
    assert_only_own_counts(&logind, &mut watched, &own, &other).await;
    watched.end().await;
}

#[tokio::test]
async fn nobody_elses_session_counts() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let other = logind.add_session("c1", "seat0", own_uid() + 1).await;
    let own = logind.add_own_session("c2").await;
    let mut watched = Watched::system(&bus);
    assert_only_own_counts(&logind, &mut watched, &own, &other).await;
    watched.end().await;
}

#[tokio::test]
async fn a_session_that_comes_later_is_watched_until_it_goes() {
    let bus = Bus::start().await;
    let logind = Mock::logind(&bus).await;
    let mut watched = Watched::system(&bus);
    let status = watched.until("without a session", |status| code(status) == Some("lock_no_session")).await;
    assert_eq!(status.source, Source::Logind, "logind still tells of sleep");

    let session = logind.add_own_session("c1").await;
    let arguments = || vec!["c1".into(), ObjectPath::try_from(session.as_str()).unwrap().into()];
    logind.emit(MANAGER, "SessionNew", "so", arguments()).await;
    watched.until("with a session", |status| status.error.is_none()).await;
    logind.set_locked_hint(&session, true).await;
    watched.until_locked(true).await;

    logind.remove(&session).await;
    logind.emit(MANAGER, "SessionRemoved", "so", arguments()).await;
    let status = watched.until("without it again", |status| code(status) == Some("lock_no_session")).await;
    assert!(!status.locked);
    watched.end().await;
}
