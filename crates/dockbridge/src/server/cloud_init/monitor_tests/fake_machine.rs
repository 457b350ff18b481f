//! A machine whose time and tools are files in a folder: the monitor runs on it at full speed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

/// The uptime that machines begin with, in seconds: far beyond the boot timeout, as that of a container may be.
pub(super) const START: u64 = 5000;

/// A tool that notes its call and the time of it, and then does what the test has put into `on-NAME`.
const TOOL: &str = r#"#!/bin/sh
read -r now _ <"$FAKE/uptime"
printf '%s\n' "${now%%.*} ${0##*/} $(printf '%s' "$*" | tr '\n' ' ')" >>"$FAKE/calls"
if [ -e "$FAKE/on-${0##*/}" ]; then . "$FAKE/on-${0##*/}"; fi
"#;
/// Time passes only here. Nothing runs beyond the end of the test's time, or of the machine.
const SLEEP: &str = r#"
now=$((${now%%.*} + $1))
echo "$now.00 0.00" >"$FAKE/uptime"
read -r end <"$FAKE/end"
if [ -e "$FAKE/gone" ] || [ "$now" -ge "$end" ]; then kill "$PPID"; fi
"#;
/// Real tools, called through a note.
const REAL: &str = r#"PATH=${PATH#*:} exec "${0##*/}" "$@""#;

pub(super) struct FakeMachine {
    folder: TempDir,
    /// `DOCKBRIDGE_SELF_DESTRUCT`.
    mode: &'static str,
}

/// What a run of the monitor came to.
pub(super) struct Outcome {
    /// `None` where it was ended by a signal.
    pub(super) status: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl FakeMachine {
    pub(super) fn new(mode: &'static str) -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap(), mode };
        fs::create_dir(machine.path("bin")).unwrap();
        for (name, body) in [
            ("systemctl", ""),
            ("umount", ""),
            ("sync", ""),
            ("ip", ""),
            ("sleep", SLEEP),
            ("mkdir", REAL),
            ("mv", REAL),
            ("rm", REAL),
            ("cat", REAL),
            ("python3", REAL),
        ] {
            let path = machine.path("bin").join(name);
            fs::write(&path, format!("{TOOL}{body}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        machine.set_uptime(START);
        machine
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The monitor's directory.
    pub(super) fn run_dir(&self) -> PathBuf {
        self.path("run")
    }

    pub(super) fn set_uptime(&self, seconds: u64) {
        fs::write(self.path("uptime"), format!("{seconds}.00 0.00\n")).unwrap();
    }

    /// What a tool does besides noting its call, as shell.
    pub(super) fn on(&self, tool: &str, script: &str) {
        fs::write(self.path(&format!("on-{tool}")), script).unwrap();
    }

    /// Calls the monitor once.
    pub(super) async fn call(&self, arguments: &[&str], stdin: &str) -> Outcome {
        // No test's time is longer than seconds, so this ends only what would hang for ever, also when the test is killed.
        let mut command = Command::new("timeout");
        command.args(["60", "dash"]).arg(script()).args(arguments).kill_on_drop(true);
        let path = std::env::var("PATH").unwrap();
        command
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("FAKE", self.folder.path())
            .env("MONITOR", script())
            .env("DOCKBRIDGE_RUN", self.run_dir())
            .env("DOCKBRIDGE_UPTIME", self.path("uptime"))
            .env("DOCKBRIDGE_BOOTED", self.path("booted"))
            .env("DOCKBRIDGE_SELF_DESTRUCT", self.mode)
            .env("DOCKBRIDGE_BOOT_TIMEOUT", "900")
            .env_remove("http_proxy")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // What does not read its input may have ended before it is written.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Calls the monitor, which must succeed, and returns what it printed.
    pub(super) async fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.call(arguments, "").await;
        assert_eq!(outcome.status, Some(0), "{arguments:?}: {}", outcome.stderr);
        outcome.stdout
    }

    /// Lets the service run until that uptime, or until the machine is gone.
    pub(super) async fn watch_until(&self, end: u64) -> Outcome {
        fs::write(self.path("end"), format!("{end}\n")).unwrap();
        let outcome = self.call(&["watch"], "").await;
        assert!(outcome.status != Some(124), "it hangs: {}", outcome.stderr);
        outcome
    }

    /// Every call of a tool that ends something on the machine, with its time, in order.
    pub(super) fn calls(&self) -> Vec<(u64, String)> {
        self.calls_of(&["systemctl", "umount", "sync"])
    }

    /// Every call of these tools.
    pub(super) fn calls_of(&self, tools: &[&str]) -> Vec<(u64, String)> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let calls = text.lines().filter_map(|line| {
            let (time, call) = line.split_once(' ')?;
            Some((time.parse().ok()?, call.to_owned()))
        });
        calls.filter(|(_, call)| tools.iter().any(|tool| call.starts_with(tool))).collect()
    }

    /// The pauses since the first call of `tool`, in seconds.
    pub(super) fn pauses_since(&self, tool: &str) -> Vec<u64> {
        let text = fs::read_to_string(self.path("calls")).unwrap();
        let words = |line: &str| line.split(' ').skip(1).take(2).map(str::to_owned).collect::<Vec<_>>();
        let since = text.lines().map(words).skip_while(|words| words.first().is_none_or(|name| name != tool));
        since.filter(|words| words[0] == "sleep").map(|words| words[1].parse().unwrap()).collect()
    }

    /// Writes a lease file as it is.
    pub(super) fn write_lease(&self, name: &str, content: impl AsRef<[u8]>) {
        let folder = self.run_dir().join("leases");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), content).unwrap();
    }
}

/// The monitor as it is in the tree.
pub(super) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/cloud_init/monitor.sh")
}
