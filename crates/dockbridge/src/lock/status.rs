//! What is known about lock and sleep.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LockError;

/// Who tells whether the screen is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// systemd-logind or elogind, which also tells of sleep.
    Logind,
    /// `org.freedesktop.ScreenSaver` on the session bus.
    ScreenSaver,
    /// The output of macOS's `ioreg`.
    Ioreg,
    /// Nobody.
    #[default]
    Off,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Logind => "logind",
            Self::ScreenSaver => "the screen saver",
            Self::Ioreg => "ioreg",
            Self::Off => "off",
        })
    }
}

/// Lock and sleep at one moment. The default is what holds where nothing is known: not locked, not about to sleep.
#[derive(Debug, Clone, Default)]
pub struct LockStatus {
    /// Who tells.
    pub source: Source,
    /// Whether the screen is locked.
    pub locked: bool,
    /// Whether the computer is about to sleep.
    pub sleeping: bool,
    /// How often the computer has woken up since the detector began. Only logind tells.
    pub wakes: u64,
    /// What does not work at the moment.
    pub error: Option<LockFailure>,
}

/// An error and its time. Errors of the same kind, one after the other, have the time of the first.
#[derive(Debug, Clone)]
pub struct LockFailure {
    /// What failed.
    pub error: Arc<LockError>,
    /// When, by the wall clock.
    pub at: Timestamp,
}
