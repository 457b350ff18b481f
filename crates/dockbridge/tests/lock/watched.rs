//! A detector at work.

use std::{fmt::Debug, path::Path, sync::Arc};

use dockbridge::{
    clock::SystemClock,
    environment::Environment,
    lock::{BeforeSleep, Detector, LockStatus, Source},
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::bus::{BOUND, Bus};

/// An address where no bus can be.
pub(crate) const NOWHERE: &str = "unix:path=/nonexistent/bus";

/// A detector, and what it says.
pub(crate) struct Watched {
    status: watch::Receiver<LockStatus>,
    end: CancellationToken,
    task: JoinHandle<()>,
}

impl Watched {
    /// Watches `bus` as the system bus, where there is no session bus.
    pub(crate) fn system(bus: &Bus) -> Self {
        Self::start(&[("DBUS_SYSTEM_BUS_ADDRESS", &bus.address())], no_hook())
    }

    /// Watches with an environment and something to do before sleep. Buses that are not named are nowhere.
    pub(crate) fn start(variables: &[(&str, &str)], before_sleep: BeforeSleep) -> Self {
        let nowhere = [("DBUS_SYSTEM_BUS_ADDRESS", NOWHERE), ("DBUS_SESSION_BUS_ADDRESS", NOWHERE)];
        let pairs = nowhere.into_iter().chain(variables.iter().copied());
        let environment = Environment::from_pairs(pairs, Path::new("/"));
        let (detector, status) = Detector::new(environment, Arc::new(SystemClock), before_sleep);
        let end = CancellationToken::new();
        let task = tokio::spawn(detector.run(end.clone()));
        Self { status, end, task }
    }

    /// Waits until the status is as wanted, and returns it.
    pub(crate) async fn until(&mut self, what: impl Debug, wanted: impl FnMut(&LockStatus) -> bool) -> LockStatus {
        let reached = timeout(BOUND, self.status.wait_for(wanted)).await.map(|status| status.unwrap().clone());
        reached.unwrap_or_else(|_| panic!("never {what:?}: {:?}", self.status.borrow()))
    }

    pub(crate) async fn until_on(&mut self, source: Source) -> LockStatus {
        self.until(source, |status| status.source == source).await
    }

    pub(crate) async fn until_locked(&mut self, locked: bool) {
        self.until(if locked { "locked" } else { "open" }, |status| status.locked == locked).await;
    }

    /// Ends it, which takes no time.
    pub(crate) async fn end(self) {
        self.end.cancel();
        timeout(BOUND, self.task).await.expect("the detector ends").unwrap();
    }
}

/// The code of what does not work.
pub(crate) fn code(status: &LockStatus) -> Option<&'static str> {
    status.error.as_ref().map(|failure| failure.error.code())
}

/// Nothing is to be done before sleep.
pub(crate) fn no_hook() -> BeforeSleep {
    Arc::new(|| Box::pin(async {}))
}
