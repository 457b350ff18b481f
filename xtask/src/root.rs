//! Chores that start machines need root. Started by anybody else, the whole chore is started again through `sudo`.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

use crate::Failure;

/// Returns when this process is root already; otherwise becomes `sudo`, which runs the same chore as root.
///
/// The environment is kept (`sudo -E`), with `PATH` given explicitly, because sudo replaces it and `cargo` is in the
/// user's own directories.
pub(crate) fn require() -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    eprintln!("Machines need root: continuing with sudo.");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut assignment = std::ffi::OsString::from("PATH=");
    assignment.push(path);
    let error = Command::new("sudo")
        .args(["-E", "env"])
        .arg(assignment)
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .exec();
    Err(format!("root is needed, and sudo cannot be run ({error}); run this as root").into())
}

/// The exit code of a chore that Ctrl-C ended, by the convention of shells: 128 and the number of SIGINT.
pub(crate) fn interrupted() -> ExitCode {
    ExitCode::from(130)
}
