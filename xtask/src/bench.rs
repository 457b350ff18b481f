//! `cargo xtask bench`: what DockBridge costs, beside what a user would use otherwise.

use std::process::ExitCode;

use crate::{
    Failure, machines_cache,
    run::{Steps, cargo, chore_as_root, with_root_runner},
};

/// Runs all benchmarks.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::default();
    steps.run("packages and machine images", &mut chore_as_root(&["machine-image", "--for-tests"])?)?;
    let mut benches = cargo(&["bench", "--workspace", "--locked", "--benches"]);
    steps.run("benchmarks", with_root_runner(benches.env("DOCKBRIDGE_MACHINES_CACHE", machines_cache())))?;
    steps.show();
    Ok(ExitCode::SUCCESS)
}
