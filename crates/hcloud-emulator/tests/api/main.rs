//! The emulator as a client sees it: raw requests, raw JSON.
#![expect(clippy::unwrap_used, reason = "a test that meets an unexpected value should stop there")]

mod acting;
mod actions;
mod bare;
mod catalogue;
mod client;
mod control;
mod firewalls;
mod limits;
mod machines;
mod sequences;
mod servers;
mod ssh_keys;
mod volumes;
