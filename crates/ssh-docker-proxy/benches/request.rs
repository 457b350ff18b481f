//! One small request, directly and through the proxy.

fn main() {}
