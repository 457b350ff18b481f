//! An emulator of the Hetzner Cloud API whose servers really boot.
//!
//! ```
//! # async fn example() -> Result<(), hcloud_emulator::EmulatorError> {
//! let emulator = hcloud_emulator::Emulator::builder().token("secret").start().await?;
//! println!("{}", emulator.endpoint());
//! emulator.shutdown().await
//! # }
//! ```
//!
//! The modules, from the outside in: `emulator` listens and shuts down; `api` is HTTP, with a folder for each resource;
//! `work` carries out actions in the background; `state` is the project's data; `catalogue` is what can be ordered;
//! [`machines`] is what stands behind a server. Nothing is shared with any client of the API, so that a wrong client
//! cannot agree with itself.

mod api;
mod app;
mod catalogue;
mod emulator;
mod labels;
pub mod machines;
mod ssh_key;
mod state;
mod work;

pub use emulator::{Emulator, EmulatorBuilder, EmulatorError, Request};
