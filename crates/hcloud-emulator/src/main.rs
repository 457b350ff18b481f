//! hcloud-emulator.
fn main() {}
