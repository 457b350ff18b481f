//! `cargo xtask bench`: what DockBridge costs, beside what a user would use otherwise.

use std::process::ExitCode;

use crate::{
    Failure, machines_cache, root,
    run::{Steps, cargo, chore_as_root},
};

/// Runs all benchmarks.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::new()?;
    let outcome = all(&mut steps);
    steps.conclude(outcome)
}

fn all(steps: &mut Steps) -> Result<(), Failure> {
    steps.run("packages and machine images", chore_as_root(&["machine-image", "--for-tests"])?)?;
    let arguments = ["bench", "--workspace", "--locked", "--benches"];
    let mut build = cargo(&arguments);
    build.arg("--no-run");
    steps.run("building the benchmarks", build)?;
    let mut benches = cargo(&arguments);
    benches.env("HCLOUD_EMULATOR_CACHE", machines_cache());
    let measured = steps.run("benchmarks", root::as_root(benches));
    steps.clean_up_after(&measured);
    measured
}
