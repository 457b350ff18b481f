//! `cargo xtask bench`: what DockBridge costs, beside what a user would use otherwise.

use std::process::ExitCode;

use crate::{
    Failure, machines_cache,
    run::{Steps, cargo, chore_as_root, with_root_runner},
};

/// Runs all benchmarks.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::new()?;
    let outcome = all(&mut steps);
    steps.conclude(outcome)
}

fn all(steps: &mut Steps) -> Result<(), Failure> {
    steps.run("packages and machine images", &mut chore_as_root(&["machine-image", "--for-tests"])?)?;
    let mut benches = cargo(&["bench", "--workspace", "--locked", "--benches"]);
    let measured = steps.run("benchmarks", with_root_runner(benches.env("HCLOUD_EMULATOR_CACHE", machines_cache())));
    if measured.is_err() {
        let cleaned = steps.run_regardless("cleaning up", &mut chore_as_root(&["clean-machines"])?);
        measured.and(cleaned)?;
    }
    Ok(())
}
