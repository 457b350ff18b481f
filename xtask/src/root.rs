//! Chores that start machines need root. Started by anybody else, they are started again through `sudo`.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
};

use crate::Failure;

/// Returns when this process is root already; otherwise becomes `sudo`, which runs the same chore as root, with `further`
/// in its environment.
pub(crate) fn require(further: &[(&str, &Path)]) -> Result<(), Failure> {
    if is_root() {
        return Ok(());
    }
    eprintln!("Machines need root: continuing with sudo.");
    let mut same = Command::new(std::env::current_exe()?);
    same.args(std::env::args_os().skip(1)).envs(further.iter().copied());
    let error = as_root(same).exec();
    Err(format!("root is needed, and sudo cannot be run ({error}); run this as root").into())
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The same command, run by root. The environment is kept; what sudo replaces in it, and what the command adds to it, is
/// given explicitly, because `cargo` and its toolchains are in the user's own directories.
pub(crate) fn as_root(command: Command) -> Command {
    if is_root() { command } else { through_sudo(&command) }
}

fn through_sudo(command: &Command) -> Command {
    let mut sudo = Command::new("sudo");
    sudo.args(["--preserve-env", "env"]);
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            sudo.arg(assignment(OsStr::new(name), &value));
        }
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            sudo.arg(assignment(name, value));
        }
    }
    sudo.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        sudo.current_dir(folder);
    }
    sudo
}

fn assignment(name: &OsStr, value: &OsStr) -> OsString {
    let mut text = name.to_owned();
    text.push("=");
    text.push(value);
    text
}

#[cfg(test)]
mod tests;
