//! `cargo xtask test`: everything a change has to pass, in the order in which it fails fastest.

use std::process::{Command, ExitCode, Stdio};

use crate::{
    Failure, machines_cache,
    run::{Steps, cargo, chore_as_root, with_root_runner},
};

/// Runs all checks and shows how long each took.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let mut steps = Steps::new()?;
    let outcome = all(&mut steps);
    steps.conclude(outcome)
}

fn all(steps: &mut Steps) -> Result<(), Failure> {
    steps.run("formatting", &mut cargo(&["fmt", "--all", "--", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    steps.run("lints", &mut cargo(&lints))?;
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    steps.run("documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))?;
    steps.run("packages and machine images", &mut chore_as_root(&["machine-image", "--for-tests"])?)?;
    let tested = tests(steps);
    if tested.is_err() {
        // A test that was cut off leaves its machines to whoever comes next; that is now.
        let cleaned = steps.run_regardless("cleaning up", &mut chore_as_root(&["clean-machines"])?);
        tested.and(cleaned)?;
    }
    steps.run("examples in the documentation", &mut cargo(&["test", "--workspace", "--locked", "--doc"]))
}

fn tests(steps: &mut Steps) -> Result<(), Failure> {
    let mut run = |name, arguments: &[&str]| {
        let mut command = cargo(arguments);
        steps.run(name, with_root_runner(command.env("HCLOUD_EMULATOR_CACHE", machines_cache())))
    };
    if has_nextest() {
        return run("tests", &["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    }
    // Without nextest the tests of one binary run side by side. Those that boot machines look at the whole host in the end,
    // so they go one by one.
    let everything = ["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins"];
    run("tests without machines", &everything)?;
    for (package, names) in [
        ("ssh-docker-proxy", &["proxy", "ssh"][..]),
        ("hcloud-client", &["api", "secrets"]),
        ("hcloud-emulator", &["api", "program"]),
        ("dockbridge", &["cli"]),
    ] {
        let mut arguments = vec!["test", "--locked", "--no-fail-fast", "--package", package];
        arguments.extend(names.iter().flat_map(|name| ["--test", name]));
        run("tests without machines", &arguments)?;
    }
    let one_by_one =
        |package, name| ["test", "--locked", "--package", package, "--test", name, "--", "--test-threads=1"];
    run("tests of machines", &one_by_one("hcloud-emulator", "machines"))?;
    run("tests from end to end", &one_by_one("dockbridge", "e2e"))
}

fn has_nextest() -> bool {
    let asked: &mut Command = &mut cargo(&["nextest", "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
