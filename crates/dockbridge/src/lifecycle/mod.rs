//! When a server comes and goes: a pure [`machine`] that decides by [`rules`], one [`Driver`] task that carries out what is
//! decided, and a [`Handle`] through which everybody else asks.

mod announce;
mod attendance;
mod decision;
mod driver;
mod ending;
mod handle;
pub mod machine;
pub mod outlook;
pub mod rules;
pub mod state;

pub use attendance::{Attendance, Beat, Busy, Renewal, Unknown};
pub use driver::{Driver, Parts};
pub use handle::{Handle, Snapshot};

#[cfg(test)]
mod simulation_tests;
