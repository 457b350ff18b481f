//! Runs other programs one after the other, and ends them in order.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    process::{Command, ExitCode, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Child, time::timeout};

use crate::{Failure, interrupt::Interrupt, root};

/// How long a program may take to end by itself after Ctrl-C, which its terminal has told it as well: as long as nextest
/// gives its tests, and a little more. A second signal would cut them off.
const OWN_END: Duration = Duration::from_secs(40);
/// How long it may take to end after SIGTERM, before it is killed. Package scripts that are under way may need that long.
const TOLD_END: Duration = Duration::from_mins(5);
/// What `timeout` returns when it ended its program (`timeout(1)`).
const TIMED_OUT: i32 = 124;

/// Cargo, as this very process was started by it.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// Another chore of ours, as root.
pub(crate) fn chore_as_root(arguments: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(root::as_root(command))
}

/// The same command with an end after `bound`, in a process group of its own that is ended as a whole: cargo alone would
/// leave its tests running.
pub(crate) fn bounded(bound: Duration, command: &Command) -> Command {
    let mut timeout = Command::new("timeout");
    timeout.arg("--kill-after=30").arg(bound.as_secs().to_string()).arg(command.get_program()).args(command.get_args());
    timeout.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        timeout.current_dir(folder);
    }
    timeout
}

/// Steps that follow one another, each with the time it took.
pub(crate) struct Steps {
    times: Vec<(&'static str, Duration)>,
    interrupt: Interrupt,
}

impl Steps {
    /// From here on Ctrl-C and SIGTERM end the step under way instead of this process.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { times: Vec::new(), interrupt: Interrupt::watch()? })
    }

    /// Runs a step, whose own output is shown as it comes.
    pub(crate) fn run(&mut self, name: &'static str, command: Command) -> Result<(), Failure> {
        self.supervised(name, command, OWN_END)
    }

    /// Runs a step made by [`bounded`], which Ctrl-C does not reach by itself.
    pub(crate) fn run_bounded(&mut self, name: &'static str, command: Command) -> Result<(), Failure> {
        self.supervised(name, command, Duration::ZERO)
    }

    /// Removes the machines of a step that failed or was ended; they would otherwise be left to whoever comes next. What
    /// goes wrong here is shown, and does not take the place of what went wrong before.
    pub(crate) fn clean_up_after(&mut self, outcome: &Result<(), Failure>) {
        if outcome.is_ok() && !self.interrupt.seen() {
            return;
        }
        let clean = chore_as_root(&["clean-machines"]);
        let cleaned = clean.and_then(|mut command| self.timed("cleaning up", |_| command.status()));
        if let Err(failure) = cleaned {
            eprintln!("error: {failure}");
        }
    }

    fn supervised(&mut self, name: &'static str, command: Command, own_end: Duration) -> Result<(), Failure> {
        if self.interrupt.seen() {
            return Err("interrupted".into());
        }
        self.timed(name, |interrupt| {
            interrupt.block_on(async {
                let mut child = tokio::process::Command::from(command).spawn()?;
                tokio::select! {
                    status = child.wait() => status,
                    signal = interrupt.wait() => {
                        end(&mut child, if signal == Signal::INT { own_end } else { Duration::ZERO }).await
                    }
                }
            })
        })
    }

    fn timed(
        &mut self,
        name: &'static str,
        step: impl FnOnce(&Interrupt) -> io::Result<ExitStatus>,
    ) -> Result<(), Failure> {
        println!("==> {name}");
        let began = Instant::now();
        let status = step(&self.interrupt).map_err(|error| format!("{name}: the program cannot be run: {error}"))?;
        self.times.push((name, began.elapsed()));
        match status.code() {
            Some(0) => Ok(()),
            Some(TIMED_OUT) => Err(format!("{name}: took too long and was ended").into()),
            _ => Err(format!("{name} failed ({status})").into()),
        }
    }

    /// Shows how long each step took, and turns their outcome into that of the chore.
    pub(crate) fn conclude(&self, outcome: Result<(), Failure>) -> Result<ExitCode, Failure> {
        let all: Duration = self.times.iter().map(|(_, time)| *time).sum();
        for (name, time) in self.times.iter().copied().chain([("all", all)]) {
            println!("{name:<32} {:>6}.{} s", time.as_secs(), time.subsec_millis() / 100);
        }
        if self.interrupt.seen() { Ok(Interrupt::code()) } else { outcome.map(|()| ExitCode::SUCCESS) }
    }
}

/// Ends a program: first by waiting for it, then with SIGTERM, then with SIGKILL.
async fn end(child: &mut Child, own_end: Duration) -> io::Result<ExitStatus> {
    for (patience, signal) in [(own_end, Signal::TERM), (TOLD_END, Signal::KILL)] {
        if let Ok(status) = timeout(patience, child.wait()).await {
            return status;
        }
        // Its number is its own until it was waited for.
        if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            tell(pid, signal).await;
        }
    }
    child.wait().await
}

/// Sends a signal, as root where the program is root's. It may have ended just now, which is what is wanted.
async fn tell(pid: Pid, signal: Signal) {
    if kill_process(pid, signal) == Err(rustix::io::Errno::PERM) {
        let mut kill = Command::new("sudo");
        kill.args(["--non-interactive", "kill", "-s", &signal.as_raw().to_string(), &pid.to_string()]);
        // sudo passes no signal on that comes from its own process group.
        kill.process_group(0);
        let _ = tokio::process::Command::from(kill).status().await;
    }
}

#[cfg(test)]
mod tests;
