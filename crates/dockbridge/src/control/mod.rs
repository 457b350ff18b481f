//! How `dockbridge stop` and `dockbridge status` talk to the running DockBridge: one JSON request a connection over a Unix
//! socket in the state directory, answered by JSON lines.

mod client;
mod messages;
mod server;

pub use client::{request_status, request_stop};
pub use messages::{ControlError, ErrorReport, Progress, Request, StatusReport, state_word};
pub use server::ControlServer;
