//! The whole of DockBridge on real parts: the real Docker CLI on this side; OpenSSH, systemd, cloud-init and Docker Engine on
//! machines that boot behind an emulated Hetzner Cloud API.
//!
//! Every test owns its cloud and leaves nothing behind. They run one at a time, since a machine takes both cores to boot.
//! Where machines cannot boot, the tests fail and say why.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod cold_start;
mod failures;
mod fidelity;
mod idle;
mod lease;
mod persistence;
mod pty;
mod request;
mod stall;
mod world;
