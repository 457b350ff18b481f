//! The real `dockbridge` program in a process of its own, against an emulated Hetzner Cloud whose servers never answer, but for an SSH server where a test needs one: what
//! the user reads, the exit code, and what exists in the cloud afterwards.
#![expect(clippy::unwrap_used, reason = "a test that meets an unexpected value should stop there")]

mod client;
mod daemon;
mod ending;
mod help;
mod keep;
mod leaving;
mod leftovers;
mod machines;
mod reconnecting;
mod refusals;
mod requests;
mod secrets;
mod shared;
mod socket;
mod sshd;
mod status;
mod support;
mod unreachable;
