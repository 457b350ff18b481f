//! Runs the system's tools, each with a bound, and turns what they say into errors.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tokio::process::Command;

use super::MachineError;

/// How long a tool may take that only asks the kernel for something.
pub(super) const QUICK: Duration = Duration::from_secs(30);

/// Where administrators' programs are, besides `PATH`, which often leaves them out for ordinary users.
const SYSTEM_DIRECTORIES: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Finds a program in `PATH` or in the directories of administrators' programs.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_DIRECTORIES.iter().map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// `PATH` with the directories of administrators' programs, for tools that start other tools.
pub(super) fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut directories: Vec<&str> = path.split(':').filter(|part| !part.is_empty()).collect();
    directories.extend(SYSTEM_DIRECTORIES.iter().chain(&["/usr/bin", "/bin"]));
    directories.join(":")
}

/// A command in a process group of its own, so that Ctrl-C in a terminal reaches us and not the tool half way.
pub(super) fn command(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command
        .env("PATH", search_path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs a tool to its end within `bound` and returns its standard output.
pub(super) async fn run<I, S>(doing: &str, program: &str, arguments: I, bound: Duration) -> Result<String, MachineError>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = command(program);
    command.args(arguments);
    finish(doing, program, command, bound).await
}

/// Runs a prepared command to its end within `bound` and returns its standard output.
pub(super) async fn finish(
    doing: &str,
    program: &str,
    mut command: Command,
    bound: Duration,
) -> Result<String, MachineError> {
    let output = match tokio::time::timeout(bound, command.output()).await {
        Err(_) => return Err(failed(doing, format!("`{program}` did not finish within {} s", bound.as_secs()))),
        Ok(Err(error)) => return Err(failed(doing, format!("cannot run `{program}`: {error}"))),
        Ok(Ok(output)) => output,
    };
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(failed(doing, format!("`{program}` failed ({}): {}", output.status, words(&output))))
    }
}

/// What a tool said, preferably on standard error.
fn words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = if said.trim().is_empty() { String::from_utf8_lossy(&output.stdout) } else { said };
    said.trim().to_owned()
}

/// The last lines of a log file, for an error that must show why something ended.
pub(super) fn tail(log: &Path, lines: usize) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    let last = &all[all.len().saturating_sub(lines)..];
    if last.is_empty() {
        format!("{} is empty", log.display())
    } else {
        format!("the end of {}:\n{}", log.display(), last.join("\n"))
    }
}

/// Makes the error of an operation.
pub(super) fn failed(doing: impl Into<String>, reason: impl Into<String>) -> MachineError {
    MachineError { doing: doing.into(), reason: reason.into() }
}

/// Turns an input or output error into the error of an operation.
pub(super) fn io_failed(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> MachineError {
    move |error| failed(doing, format!("{}: {error}", path.display()))
}
