//! An emulator of the Hetzner Cloud API whose servers really boot.
#![warn(missing_docs)]

pub mod machines;
