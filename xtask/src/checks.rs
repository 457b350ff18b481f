//! `cargo xtask test`: everything a change has to pass, in the order in which it fails fastest.

use std::process::{Command, ExitCode, Stdio};

use crate::{
    Failure, machines_cache,
    run::{Steps, cargo, chore_as_root, with_root_runner},
};

/// Runs all checks and shows how long each took.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::default();
    let outcome = all(&mut steps);
    steps.show();
    outcome.map(|()| ExitCode::SUCCESS)
}

fn all(steps: &mut Steps) -> Result<(), Failure> {
    steps.run("formatting", &mut cargo(&["fmt", "--all", "--", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    steps.run("lints", &mut cargo(&lints))?;
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    steps.run("documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))?;
    steps.run("packages and machine images", &mut chore_as_root(&["machine-image", "--for-tests"])?)?;
    let mut tests = if has_nextest() {
        cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
    } else {
        // Without nextest each test binary runs on its own; those that boot machines wait for one another.
        cargo(&["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"])
    };
    with_root_runner(tests.env("DOCKBRIDGE_MACHINES_CACHE", machines_cache()));
    let tested = steps.run("tests", &mut tests);
    if tested.is_err() {
        // A test that was cut off leaves its machines to whoever comes next; that is now.
        steps.run("cleaning up", &mut chore_as_root(&["clean-machines"])?)?;
    }
    tested?;
    steps.run("examples in the documentation", &mut cargo(&["test", "--workspace", "--locked", "--doc"]))
}

fn has_nextest() -> bool {
    let asked: &mut Command = &mut cargo(&["nextest", "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
