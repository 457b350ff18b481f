//! Whether the screen is locked, and whether the computer is about to sleep.
//!
//! On Linux logind tells both, over the system bus; where there is no logind, `org.freedesktop.ScreenSaver` on the session
//! bus tells the first. On macOS the output of `ioreg` tells the first. What cannot be told degrades to [`Source::Off`]: the
//! idle timers then hold as they do with an open screen.

mod bus;
mod detector;
mod error;
mod ioreg;
mod logind;
mod publisher;
mod screen_saver;
mod status;

pub use bus::Bus;
pub use detector::{BeforeSleep, Detector, SLEEP_BOUND};
pub use error::LockError;
pub use status::{LockFailure, LockStatus, Source};
