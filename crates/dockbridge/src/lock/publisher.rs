//! Publishes what is known, and says once in the log what does not work.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::{LockError, LockFailure, LockStatus, Source};
use crate::clock::Clock;

/// The only writer of the status.
pub(super) struct Publisher {
    status: watch::Sender<LockStatus>,
    clock: Arc<dyn Clock>,
}

impl Publisher {
    pub(super) fn new(clock: Arc<dyn Clock>) -> (Self, watch::Receiver<LockStatus>) {
        let (status, receiver) = watch::channel(LockStatus::default());
        (Self { status, clock }, receiver)
    }

    /// `source` tells at the moment, apart from what `error` says.
    pub(super) fn on(&self, source: Source, locked: bool, error: Option<LockError>) {
        self.change(|status| {
            let mut changed = status.source != source || status.locked != locked;
            if status.source != source {
                info!(%source, "the screen's lock is watched");
            }
            if status.locked != locked {
                debug!(locked, "the screen's lock has changed");
            }
            (status.source, status.locked) = (source, locked);
            match error {
                Some(error) => changed |= self.fail(status, error),
                None => changed |= status.error.take().is_some(),
            }
            changed
        });
    }

    /// The computer is about to sleep.
    pub(super) fn falls_asleep(&self) {
        info!("the computer is about to sleep");
        self.change(|status| {
            status.sleeping = true;
            true
        });
    }

    /// The computer has woken up.
    pub(super) fn wakes_up(&self) {
        info!("the computer has woken up");
        self.change(|status| {
            status.sleeping = false;
            status.wakes += 1;
            true
        });
    }

    /// Nobody tells any more. An unknown lock counts as none.
    pub(super) fn off(&self, error: LockError) {
        self.change(|status| {
            let was_on = status.source != Source::Off;
            (status.source, status.locked, status.sleeping) = (Source::Off, false, false);
            self.fail(status, error) || was_on
        });
    }

    /// Notes an error, and logs it unless there was one before: repeated attempts say nothing new.
    fn fail(&self, status: &mut LockStatus, error: LockError) -> bool {
        let code = error.code();
        match &status.error {
            // The whole reason is in the status.
            None if error.is_ordinary() => {
                info!(code, "lock detection is off: nobody tells whether the screen is locked");
                debug!(%error, "why");
            }
            None => warn!(code, "lock detection does not work: {error}"),
            Some(_) => debug!(code, "lock detection does not work: {error}"),
        }
        let since = status.error.as_ref().filter(|failure| failure.error.code() == code).map(|failure| failure.at);
        let at = since.unwrap_or_else(|| self.clock.now().wall);
        status.error = Some(LockFailure { error: Arc::new(error), at });
        since.is_none()
    }

    fn change(&self, change: impl FnOnce(&mut LockStatus) -> bool) {
        self.status.send_if_modified(change);
    }
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
