//! Chores that start machines need root. Started by anybody else, the whole chore is started again through `sudo`.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitCode},
};

use crate::Failure;

/// Returns when this process is root already; otherwise becomes `sudo`, which runs the same chore as root, with `further`
/// in its environment.
pub(crate) fn require(further: &[(&str, &Path)]) -> Result<(), Failure> {
    if is_root() {
        return Ok(());
    }
    eprintln!("Machines need root: continuing with sudo.");
    let error = sudo()
        .args(further.iter().map(|(name, value)| assignment(name, value.as_os_str())))
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .exec();
    Err(format!("root is needed, and sudo cannot be run ({error}); run this as root").into())
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The beginning of a command that sudo runs. The environment is kept, with `PATH` given explicitly, because sudo replaces
/// it and `cargo` is in the user's own directories.
pub(crate) fn sudo() -> Command {
    let mut command = Command::new("sudo");
    command.args(["--preserve-env", "env"]).arg(assignment("PATH", &std::env::var_os("PATH").unwrap_or_default()));
    command
}

fn assignment(name: &str, value: &OsStr) -> OsString {
    let mut text = OsString::from(name);
    text.push("=");
    text.push(value);
    text
}

/// The exit code of a chore that Ctrl-C ended, by the convention of shells: 128 and the number of SIGINT.
pub(crate) fn interrupted() -> ExitCode {
    ExitCode::from(130)
}
