//! A D-Bus daemon of a test's own.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long anything may take before a test gives up. Nothing waits that long where all is well.
pub(crate) const BOUND: Duration = Duration::from_secs(30);

/// A bus that ends with its test, however that ends.
pub(crate) struct Bus {
    folder: TempDir,
    daemon: Child,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(&folder).await;
        Self { folder, daemon }
    }

    /// Where it listens, alive or not.
    pub(crate) fn address(&self) -> String {
        address(&self.folder)
    }

    /// Kills the daemon.
    pub(crate) async fn die(&mut self) {
        self.daemon.kill().await.unwrap();
    }

    /// Starts another one at the same address.
    pub(crate) async fn come_back(&mut self) {
        std::fs::remove_file(socket(&self.folder)).unwrap();
        self.daemon = daemon(&self.folder).await;
    }
}

/// A command that is killed when this process has gone, even if that was killed itself, and when its handle is dropped.
pub(crate) fn bound_to_us(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]).stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("bus")
}

fn address(folder: &TempDir) -> String {
    format!("unix:path={}", socket(folder).display())
}

/// Starts a daemon that lets everybody do everything and starts no services, and waits until it listens.
async fn daemon(folder: &TempDir) -> Child {
    let configuration = folder.path().join("bus.conf");
    let text = format!(
        "<busconfig><type>session</type><listen>{}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
         <allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
        address(folder)
    );
    std::fs::write(&configuration, text).unwrap();
    let mut command = bound_to_us("dbus-daemon");
    command.args(["--nofork", "--print-address"]).arg(format!("--config-file={}", configuration.display()));
    let mut daemon = command.stdout(Stdio::piped()).spawn().expect("setpriv (util-linux) and dbus-daemon are needed");
    let mut lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
    let line = timeout(BOUND, lines.next_line()).await.expect("the daemon says in time where it listens").unwrap();
    assert!(line.is_some_and(|line| line.starts_with("unix:")), "the package dbus-daemon is needed");
    daemon
}
