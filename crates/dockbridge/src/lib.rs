//! DockBridge: Docker on Hetzner Cloud servers that exist only while they are used.
//!
//! [`bridge`] puts the parts together; `ARCHITECTURE.md` in the repository is the map.

pub mod activity;
pub mod bridge;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod environment;
pub mod error;
pub mod keepalive;
pub mod lifecycle;
pub mod lock;
pub mod proxy;
pub mod server;
pub mod state;
