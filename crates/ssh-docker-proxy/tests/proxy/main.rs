//! The proxy between clients and an engine in this process.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(dead_code, reason = "the fixture serves several test programs")]

mod exchanges;
#[path = "../fixture/mod.rs"]
mod fixture;
mod retired;
mod setup;
