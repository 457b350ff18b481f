//! Hands the name of the target on: cargo tells it to build scripts alone.

fn main() {
    println!("cargo::rustc-env=XTASK_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}
