//! Runs other programs, as root where that is needed.

use std::{
    ffi::{OsStr, OsString},
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, root};

/// Cargo, as this very process was started by it.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// Another chore of ours, as root.
pub(crate) fn chore_as_root(arguments: &[&str]) -> Result<Command, Failure> {
    let program = std::env::current_exe()?;
    let mut command = if root::is_root() { Command::new(&program) } else { root::sudo() };
    if !root::is_root() {
        command.arg(program);
    }
    command.args(arguments);
    Ok(command)
}

/// Has cargo run the programs it builds as root, while it builds them as whoever it is: tests boot machines, and nobody
/// wants files of root's among their build results.
pub(crate) fn with_root_runner(command: &mut Command) -> &mut Command {
    if root::is_root() {
        return command;
    }
    let sudo = root::sudo();
    let words: Vec<_> = [sudo.get_program()].into_iter().chain(sudo.get_args()).collect();
    let runner = words.join(OsStr::new(" "));
    let target = env!("XTASK_TARGET").replace('-', "_").to_uppercase();
    command.env(format!("CARGO_TARGET_{target}_RUNNER"), runner)
}

/// Steps that follow one another, each with the time it took.
pub(crate) struct Steps {
    times: Vec<(&'static str, Duration)>,
    interrupted: Arc<AtomicBool>,
    _watch: tokio::runtime::Runtime,
}

impl Steps {
    /// From here on Ctrl-C and SIGTERM no longer end this process: they end the step under way, whose programs get the
    /// signal as well, and are then acted upon in order.
    pub(crate) fn new() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let (mut interrupt, mut terminate) = {
            let _context = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let seen = interrupted.clone();
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                seen.store(true, Ordering::SeqCst);
            }
        });
        Ok(Self { times: Vec::new(), interrupted, _watch: runtime })
    }

    /// Whether somebody wants an end.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Runs a step, whose own output is shown as it comes.
    pub(crate) fn run(&mut self, name: &'static str, command: &mut Command) -> Result<(), Failure> {
        if self.interrupted() {
            return Err("interrupted".into());
        }
        self.run_regardless(name, command)
    }

    /// Runs a step even though somebody wants an end: one that cleans up.
    pub(crate) fn run_regardless(&mut self, name: &'static str, command: &mut Command) -> Result<(), Failure> {
        println!("==> {name}");
        let began = Instant::now();
        let status = command.status().map_err(|error| format!("{name}: cannot run {command:?}: {error}"))?;
        self.times.push((name, began.elapsed()));
        if status.success() { Ok(()) } else { Err(format!("{name} failed ({status})").into()) }
    }

    /// Shows how long each step took, and turns their outcome into that of the chore.
    pub(crate) fn conclude(&self, outcome: Result<(), Failure>) -> Result<ExitCode, Failure> {
        let all: Duration = self.times.iter().map(|(_, time)| *time).sum();
        for (name, time) in self.times.iter().copied().chain([("all", all)]) {
            println!("{name:<32} {:>6}.{} s", time.as_secs(), time.subsec_millis() / 100);
        }
        if self.interrupted() { Ok(root::interrupted()) } else { outcome.map(|()| ExitCode::SUCCESS) }
    }
}
