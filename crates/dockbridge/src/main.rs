//! dockbridge.
fn main() {}
