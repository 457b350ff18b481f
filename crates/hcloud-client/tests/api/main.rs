//! The client against an HTTP server with answers written by hand after the API's documentation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod catalogue;
mod failures;
mod paging;
mod resources;
mod scripted;
mod servers;
