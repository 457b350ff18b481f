//! Lock detection on real D-Bus daemons, with python-dbusmock in the place of logind and of a screen saver.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that meets an unexpected value should stop there")]

mod absence;
mod bus;
mod logind;
mod mock;
mod screen_saver;
mod sleep;
mod watched;
