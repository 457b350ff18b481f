//! ssh-docker-proxy.
fn main() {}
