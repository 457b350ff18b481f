//! The one task that watches.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{LockError, LockStatus, bus::Bus, ioreg, logind::Logind, publisher::Publisher, screen_saver::ScreenSaver};
use crate::{clock::Clock, environment::Environment};

/// What has to be done before the computer sleeps. It is given up after [`SLEEP_BOUND`].
pub type BeforeSleep = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How long sleep is held up: less than the 5 s that logind grants by default (`InhibitDelayMaxSec`, `logind.conf(5)`).
pub const SLEEP_BOUND: Duration = Duration::from_secs(4);

/// The longest pause between two attempts to find somebody who tells.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Watches lock and sleep.
pub struct Detector {
    environment: Environment,
    before_sleep: BeforeSleep,
    publisher: Publisher,
}

impl Detector {
    /// A detector, and what it finds out. Buses and session are those that `environment` names.
    #[must_use]
    pub fn new(
        environment: Environment,
        clock: Arc<dyn Clock>,
        before_sleep: BeforeSleep,
    ) -> (Self, watch::Receiver<LockStatus>) {
        let (publisher, status) = Publisher::new(clock);
        (Self { environment, before_sleep, publisher }, status)
    }

    /// Watches until `end` is cancelled. Never fails: what does not work is in the status, and tried again.
    pub async fn run(self, end: CancellationToken) {
        if cfg!(target_os = "macos") {
            end.run_until_cancelled(ioreg::watch(&self.publisher)).await;
        } else {
            // Boxed, since it is far larger than the other.
            end.run_until_cancelled(Box::pin(self.watch_buses())).await;
        }
    }

    async fn watch_buses(&self) {
        let mut failures = 0;
        loop {
            let error = match self.find_logind().await {
                Ok(logind) => {
                    failures = 0;
                    self.follow(logind).await
                }
                Err(logind) => match self.find_screen_saver().await {
                    Ok(mut screen_saver) => {
                        failures = 0;
                        // logind also tells of sleep, so it is preferred as soon as it is there.
                        let found = tokio::select! {
                            error = screen_saver.watch(&self.publisher) => Err(error),
                            logind = self.await_logind() => Ok(logind),
                        };
                        drop(screen_saver);
                        match found {
                            Ok(logind) => self.follow(logind).await,
                            Err(error) => error,
                        }
                    }
                    Err(saver) => LockError::NoSource { logind: Box::new(logind), screen_saver: Box::new(saver) },
                },
            };
            self.publisher.off(error);
            sleep(pause(failures)).await;
            failures += 1;
        }
    }

    async fn follow(&self, mut logind: Logind) -> LockError {
        logind.watch(&self.publisher, &self.before_sleep).await
    }

    /// Looks for logind until it is there.
    async fn await_logind(&self) -> Logind {
        loop {
            sleep(LONGEST_PAUSE).await;
            if let Ok(logind) = self.find_logind().await {
                return logind;
            }
        }
    }

    async fn find_logind(&self) -> Result<Logind, LockError> {
        let session = self.environment.var("XDG_SESSION_ID").map(str::to_owned);
        Logind::find(Bus::System.address(&self.environment).as_deref(), session).await
    }

    async fn find_screen_saver(&self) -> Result<ScreenSaver, LockError> {
        ScreenSaver::find(Bus::Session.address(&self.environment).as_deref()).await
    }
}

/// The pause after so many failed attempts: 1, 2, 4 … 60 s.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6)).min(LONGEST_PAUSE)
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
