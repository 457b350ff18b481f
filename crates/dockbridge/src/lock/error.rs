//! Why lock and sleep are not noticed.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use super::Bus;

/// What failed in watching the screen's lock. It never stops anything else.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LockError {
    /// There is no bus, or it cannot be reached.
    #[error("the {bus} bus cannot be reached{}", .source.as_ref().map(|source| format!(": {source}")).unwrap_or_default())]
    NoBus {
        /// Which.
        bus: Bus,
        /// Why; `None` where the environment names no address.
        source: Option<zbus::Error>,
    },
    /// The bus is there, the service is not.
    #[error("{service} is not on the {bus} bus")]
    NoService {
        /// Its name.
        service: &'static str,
        /// Which bus.
        bus: Bus,
    },
    /// Neither of the two that could tell can be asked.
    #[error("nobody tells whether the screen is locked: {logind}; {screen_saver}")]
    NoSource {
        /// Why logind cannot.
        logind: Box<LockError>,
        /// Why the screen saver cannot.
        screen_saver: Box<LockError>,
    },
    /// The bus has gone away.
    #[error("the connection to the {bus} bus is lost")]
    BusLost {
        /// Which.
        bus: Bus,
    },
    /// The service has gone away, or another one has taken its name.
    #[error("{service} has left the bus")]
    ServiceLost {
        /// Its name.
        service: &'static str,
    },
    /// logind has no session whose lock could be watched. It still tells of sleep.
    #[error("logind knows no session of this user")]
    NoSession,
    /// A call on a bus failed.
    #[error("the D-Bus call {call} failed: {source}")]
    Call {
        /// The method's name.
        call: &'static str,
        /// Why.
        source: zbus::Error,
    },
    /// A call on a bus, or `ioreg`, took too long.
    #[error("{doing} took longer than {} s", .bound.as_secs())]
    TimedOut {
        /// What was done.
        doing: &'static str,
        /// How long it could have taken.
        bound: Duration,
    },
    /// `ioreg` cannot be run.
    #[error("cannot run ioreg: {0}")]
    Ioreg(#[source] Arc<io::Error>),
    /// `ioreg` ended with an error.
    #[error("ioreg failed with {0}")]
    IoregFailed(ExitStatus),
    /// `ioreg` said nothing of sessions.
    #[error("the output of ioreg has no list of sessions")]
    IoregUnreadable,
}

impl LockError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBus { .. } => "lock_no_bus",
            Self::NoSource { .. } if self.is_without_bus() => "lock_no_bus",
            Self::NoService { .. } => "lock_no_service",
            Self::NoSource { .. } => "lock_no_source",
            Self::BusLost { .. } => "lock_bus_lost",
            Self::ServiceLost { .. } => "lock_service_lost",
            Self::NoSession => "lock_no_session",
            Self::Call { .. } => "lock_call_failed",
            Self::TimedOut { .. } => "lock_timed_out",
            Self::Ioreg(_) => "lock_ioreg_missing",
            Self::IoregFailed(_) => "lock_ioreg_failed",
            Self::IoregUnreadable => "lock_ioreg_unreadable",
        }
    }

    /// Whether it may go away without anybody doing anything.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::NoSource { logind, screen_saver } => logind.retryable() || screen_saver.retryable(),
            Self::BusLost { .. }
            | Self::ServiceLost { .. }
            | Self::NoSession
            | Self::Call { .. }
            | Self::TimedOut { .. }
            | Self::IoregFailed(_) => true,
            Self::NoBus { .. } | Self::NoService { .. } | Self::Ioreg(_) | Self::IoregUnreadable => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoBus { .. } | Self::NoService { .. } | Self::NoSource { .. } => {
                "a locked screen is not noticed, and all else works; where there is no screen, lock.enabled: false says so"
            }
            Self::BusLost { .. } | Self::ServiceLost { .. } | Self::TimedOut { .. } | Self::IoregFailed(_) => {
                "a locked screen is not noticed for now; this is tried again by itself"
            }
            Self::NoSession => "a locked screen is noticed once this user logs in at a screen",
            Self::Call { .. } => "a locked screen or the computer's sleep may not be noticed; all else works",
            Self::Ioreg(_) | Self::IoregUnreadable => "a locked screen is not noticed; lock.enabled: false says so",
        }
    }

    /// Whether it only means that this computer has no bus at all or nobody on it, which is ordinary where there is no
    /// screen.
    pub(super) fn is_ordinary(&self) -> bool {
        match self {
            Self::NoBus { .. } | Self::NoService { .. } | Self::NoSession => true,
            Self::NoSource { logind, screen_saver } => logind.is_ordinary() && screen_saver.is_ordinary(),
            Self::BusLost { .. }
            | Self::ServiceLost { .. }
            | Self::Call { .. }
            | Self::TimedOut { .. }
            | Self::Ioreg(_)
            | Self::IoregFailed(_)
            | Self::IoregUnreadable => false,
        }
    }

    fn is_without_bus(&self) -> bool {
        match self {
            Self::NoBus { .. } => true,
            Self::NoSource { logind, screen_saver } => logind.is_without_bus() && screen_saver.is_without_bus(),
            Self::NoService { .. }
            | Self::BusLost { .. }
            | Self::ServiceLost { .. }
            | Self::NoSession
            | Self::Call { .. }
            | Self::TimedOut { .. }
            | Self::Ioreg(_)
            | Self::IoregFailed(_)
            | Self::IoregUnreadable => false,
        }
    }
}
