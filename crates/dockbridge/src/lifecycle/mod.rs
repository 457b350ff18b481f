//! When a server comes and goes: a pure [`machine`], one [`Driver`] task that carries out what it decides, and a [`Handle`]
//! through which everybody else asks.

mod driver;
mod handle;
pub mod machine;

pub use driver::Driver;
pub use handle::{Handle, Snapshot};
