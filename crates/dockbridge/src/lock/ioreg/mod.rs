//! macOS: the sessions in the output of `ioreg`.
//!
//! Everything here is portable, so that it is built and tested everywhere; [`watch`] is called on macOS alone.

mod sessions;

use std::{process::Stdio, sync::Arc, time::Duration};

use tokio::{
    process::Command,
    time::{MissedTickBehavior, interval, timeout},
};

use self::sessions::is_locked;
use super::{LockError, Source, bus::LockResult, publisher::Publisher};

/// How often `ioreg` is run: much more often than `lock.idle_timeout` is long, which is a minute by default.
const PERIOD: Duration = Duration::from_secs(5);
/// How long one run may take.
const BOUND: Duration = Duration::from_secs(5);

/// Publishes whether the screen is locked, for ever.
pub(super) async fn watch(publisher: &Publisher) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match read("/usr/sbin/ioreg").await {
            Ok(locked) => publisher.on(Source::Ioreg, locked, None),
            Err(error) => publisher.off(error),
        }
    }
}

/// Runs `ioreg`, for the root of its tree and as a property list, and reads what it says.
async fn read(program: &str) -> LockResult<bool> {
    let mut command = Command::new(program);
    command.args(["-n", "Root", "-d1", "-a"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = match timeout(BOUND, command.output()).await {
        Ok(output) => output.map_err(|error| LockError::Ioreg(Arc::new(error)))?,
        Err(_) => return Err(LockError::TimedOut { doing: "ioreg", bound: BOUND }),
    };
    if !output.status.success() {
        return Err(LockError::IoregFailed(output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    is_locked(&text, rustix::process::getuid().as_raw()).ok_or(LockError::IoregUnreadable)
}

#[cfg(test)]
mod tests;
