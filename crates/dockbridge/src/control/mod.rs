//! How `dockbridge stop`, `status` and `keep` talk to the running DockBridge: one JSON request a connection over a Unix
//! socket in the state directory, answered by JSON lines.

mod client;
mod compose;
mod messages;
mod report;
mod server;

pub use client::{request_keep, request_status, request_stop};
pub use compose::Sources;
pub use messages::{ControlError, Progress, Request};
pub use report::{ActivityStatus, Degradation, ErrorReport, LeaseStatus, LockReport, StatusReport, state_word};
pub use server::ControlServer;
