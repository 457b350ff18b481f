use std::{
    io::{self, Write},
    sync::Mutex,
};

use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::{clock::test_clock::TestClock, lock::Bus};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged at `info` and above while `act` runs.
fn logged(act: impl FnOnce()) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, act);
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn no_bus() -> LockError {
    let none = |bus| Box::new(LockError::NoBus { bus, source: None });
    LockError::NoSource { logind: none(Bus::System), screen_saver: none(Bus::Session) }
}

#[tokio::test(start_paused = true)]
async fn what_stays_away_is_said_once_and_has_its_first_time() {
    let clock = TestClock::new();
    let (publisher, mut status) = Publisher::new(clock.clone());
    let log = logged(|| {
        publisher.off(no_bus());
        let at = clock.now().wall;
        status.mark_unchanged();
        clock.sleep(std::time::Duration::from_mins(1));
        publisher.off(no_bus());
        let seen = status.borrow().error.clone().unwrap();
        assert_eq!((seen.at, seen.error.code()), (at, "lock_no_bus"));
        assert!(!status.has_changed().unwrap());
    });
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("INFO") && log.contains("lock_no_bus"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_a_warning_and_unlocks() {
    let (publisher, status) = Publisher::new(TestClock::new());
    publisher.on(Source::Logind, true, None);
    publisher.falls_asleep();
    let log = logged(|| publisher.off(LockError::BusLost { bus: Bus::System }));
    assert!(log.contains("WARN") && log.contains("lock_bus_lost"), "{log}");
    let seen = status.borrow().clone();
    assert_eq!((seen.source, seen.locked, seen.sleeping), (Source::Off, false, false));
    let log = logged(|| publisher.on(Source::Logind, false, None));
    assert!(log.contains("is watched"), "{log}");
    assert!(status.borrow().error.is_none());
}
