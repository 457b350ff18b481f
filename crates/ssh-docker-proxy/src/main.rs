//! Forwards a local Unix socket to a Docker Engine's Unix socket over SSH.

fn main() {}
