//! `cargo xtask test`: everything a change has to pass, in the order in which it fails fastest.

use std::{
    process::{ExitCode, Stdio},
    time::Duration,
};

use crate::{
    Failure, machines_cache, root,
    run::{Steps, bounded, cargo, chore_as_root},
};

/// Tests that boot machines. Each looks at the whole host in the end, so none may run beside another.
const WITH_MACHINES: [&str; 2] = ["machines", "e2e"];
/// How long each half of the tests may take without nextest, which has bounds of its own.
const BOUND: Duration = Duration::from_mins(20);

/// Runs all checks and shows how long each took.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::new()?;
    let outcome = all(&mut steps);
    steps.conclude(outcome)
}

fn all(steps: &mut Steps) -> Result<(), Failure> {
    steps.run("formatting", cargo(&["fmt", "--all", "--", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    steps.run("lints", cargo(&lints))?;
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    documentation.env("RUSTDOCFLAGS", "--deny warnings");
    steps.run("documentation", documentation)?;
    steps.run("packages and machine images", chore_as_root(&["machine-image", "--for-tests"])?)?;
    let tested = run_tests(steps);
    steps.clean_up_after(&tested);
    tested?;
    steps.run("examples in the documentation", cargo(&["test", "--workspace", "--locked", "--doc"]))
}

/// Builds the tests as whoever this is, and runs them as root.
fn run_tests(steps: &mut Steps) -> Result<(), Failure> {
    let chosen = |arguments: &[&str]| {
        let mut command = cargo(arguments);
        command.env("HCLOUD_EMULATOR_CACHE", machines_cache());
        command
    };
    if has_nextest() {
        let run = ["nextest", "run", "--workspace", "--locked", "--no-fail-fast"];
        steps.run("building the tests", chosen(&["nextest", "run", "--workspace", "--locked", "--no-run"]))?;
        return steps.run("tests", root::as_root(chosen(&run)));
    }
    steps.run("building the tests", chosen(&["test", "--workspace", "--locked", "--no-run"]))?;
    let targets = test_targets()?;
    let (machines, others): (Vec<_>, Vec<_>) =
        targets.iter().map(String::as_str).partition(|name| WITH_MACHINES.contains(name));
    let mut half =
        |name, arguments: Vec<&str>| steps.run_bounded(name, root::as_root(bounded(BOUND, &chosen(&arguments))));
    let (first, second) = halves(&others, &machines);
    let first = half("tests without machines", first);
    // A failure in one half says nothing about the other.
    let second = half("tests of machines, one by one", second);
    first.and(second)
}

/// The arguments of cargo for the tests that run side by side and for those that do not. Both are for the whole workspace,
/// so that nothing is built twice with other features.
fn halves<'a>(others: &[&'a str], machines: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let named = |further: &[&'a str], names: &[&'a str]| -> Vec<&'a str> {
        let start = ["test", "--workspace", "--locked", "--no-fail-fast"];
        start.iter().chain(further).copied().chain(names.iter().flat_map(|name| ["--test", name])).collect()
    };
    let mut second = named(&[], machines);
    second.extend(["--", "--test-threads=1"]);
    (named(&["--lib", "--bins"], others), second)
}

/// The names of all integration tests of the workspace, each once.
fn test_targets() -> Result<Vec<String>, Failure> {
    let output =
        cargo(&["metadata", "--no-deps", "--locked", "--format-version=1"]).stderr(Stdio::inherit()).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let mut names: Vec<String> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| target["kind"][0] == "test")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn has_nextest() -> bool {
    let mut asked = cargo(&["nextest", "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests;
