//! The screen saver, where there is no logind.

use dockbridge::lock::Source;

use crate::{
    bus::Bus,
    mock::{Mock, SAVER},
    watched::{Watched, code, no_hook},
};

#[tokio::test]
async fn it_tells_where_there_is_no_logind() {
    let bus = Bus::start().await;
    let saver = Mock::screen_saver(&bus, false).await;
    // Once without a system bus, and once with one that has no logind.
    for system in [crate::watched::NOWHERE, &bus.address()] {
        let variables = [("DBUS_SYSTEM_BUS_ADDRESS", system), ("DBUS_SESSION_BUS_ADDRESS", &bus.address())];
        let mut watched = Watched::start(&variables, no_hook());
        let status = watched.until_on(Source::ScreenSaver).await;
        assert!(!status.locked && status.error.is_none(), "{status:?}");
        for active in [true, false] {
            saver.emit(SAVER, "ActiveChanged", "b", vec![active.into()]).await;
            watched.until_locked(active).await;
        }
        watched.end().await;
    }
}

#[tokio::test]
async fn one_that_is_active_already_counts() {
    let bus = Bus::start().await;
    let _saver = Mock::screen_saver(&bus, true).await;
    let mut watched = Watched::start(&[("DBUS_SESSION_BUS_ADDRESS", &bus.address())], no_hook());
    assert!(watched.until_on(Source::ScreenSaver).await.locked);
    watched.end().await;
}

#[tokio::test]
async fn a_user_bus_is_found_without_its_variable() {
    let bus = Bus::start().await;
    let _saver = Mock::screen_saver(&bus, true).await;
    let address = bus.address();
    let folder = address.strip_prefix("unix:path=").unwrap().strip_suffix("/bus").unwrap();
    let mut watched = Watched::start(&[("DBUS_SESSION_BUS_ADDRESS", ""), ("XDG_RUNTIME_DIR", folder)], no_hook());
    assert!(watched.until_on(Source::ScreenSaver).await.locked);
    watched.end().await;
}

#[tokio::test]
async fn one_that_goes_away_unlocks_and_another_is_found() {
    let bus = Bus::start().await;
    let saver = Mock::screen_saver(&bus, true).await;
    let mut watched = Watched::start(&[("DBUS_SESSION_BUS_ADDRESS", &bus.address())], no_hook());
    watched.until_on(Source::ScreenSaver).await;
    saver.die().await;
    let status = watched.until_on(Source::Off).await;
    assert!(!status.locked, "{status:?}");
    assert!(matches!(code(&status), Some("lock_service_lost" | "lock_no_source")), "{status:?}");
    let _another = Mock::screen_saver(&bus, true).await;
    assert!(watched.until_on(Source::ScreenSaver).await.locked);
    watched.end().await;
}
