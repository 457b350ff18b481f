//! One emulated cloud with machines that boot, one home directory, and the DockBridge that is under test.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use hcloud_emulator::{Emulator, machines::containers::ContainerMachines};
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What the tests' project answers to.
pub(crate) const TOKEN: &str = "e2e-token-0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefg";
/// How long any single command may take. Generous, since a machine boots in between.
const COMMAND_BOUND: Duration = Duration::from_mins(1);

/// See the module's description.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    home: TempDir,
    settings: Vec<(String, String)>,
    bridge: Option<Bridge>,
}

/// A running `dockbridge start`.
struct Bridge {
    child: Child,
    /// Each line it has written, in order.
    lines: mpsc::Receiver<String>,
    reader: Option<thread::JoinHandle<()>>,
    seen: String,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // Already gone, most of the time.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Where the machine image and the engine's data are kept between runs.
fn cache_dir() -> PathBuf {
    std::env::var_os("HCLOUD_EMULATOR_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/machines"), PathBuf::from)
}

impl World {
    /// A cloud in which nothing exists yet.
    pub(crate) async fn new() -> Self {
        let cache = cache_dir();
        fs::create_dir_all(&cache).unwrap();
        let machines = ContainerMachines::start(&cache.canonicalize().unwrap())
            .await
            .unwrap_or_else(|error| panic!("machines cannot boot here: {error}"));
        let emulator = Emulator::builder().token(TOKEN).machines(Arc::new(machines)).start().await.unwrap();
        let home = tempfile::Builder::new().prefix("dockbridge-e2e-").tempdir().unwrap();
        Self { emulator, home, settings: Vec::new(), bridge: None }
    }

    /// A cloud in which DockBridge has been started.
    pub(crate) async fn started() -> Self {
        let mut world = Self::new().await;
        world.start();
        world
    }

    /// Sets a variable for every DockBridge that is started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("docker.sock")
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.path("state/dockbridge")
    }

    /// A command in a clean environment that knows of this world and no other.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("TERM", "dumb")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.home.path());
        command
    }

    pub(crate) fn dockbridge(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_dockbridge"));
        command
            .args(arguments)
            .env("HETZNER_API_TOKEN", TOKEN)
            .env("HCLOUD_ENDPOINT", self.emulator.endpoint())
            .env("DOCKBRIDGE_DOCKER_SOCKET_PATH", self.socket())
            .envs(self.settings.iter().cloned());
        command
    }

    /// A Docker command against the socket under test.
    pub(crate) fn docker_command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = self.command(program);
        command.args(arguments).env("DOCKER_HOST", format!("unix://{}", self.socket().display()));
        command
    }

    /// Starts DockBridge and waits until it listens.
    pub(crate) fn start(&mut self) {
        let mut child = self.dockbridge(&["start"]).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("dockbridge: {line}");
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        self.bridge = Some(Bridge { child, lines, reader: Some(reader), seen: String::new() });
        self.wait_for_line("DOCKER_HOST=unix://", Duration::from_secs(10));
    }

    /// Waits until DockBridge has written a line with `part` in it.
    pub(crate) fn wait_for_line(&mut self, part: &str, bound: Duration) -> String {
        let bridge = self.bridge.as_mut().expect("DockBridge has been started");
        let deadline = Instant::now() + bound;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match bridge.lines.recv_timeout(left) {
                Ok(line) => {
                    bridge.seen.push_str(&line);
                    bridge.seen.push('\n');
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(error) => panic!("no line with `{part}` ({error}) in:\n{}", bridge.seen),
            }
        }
    }

    /// Freezes DockBridge and its connection, as a computer does that goes to sleep, or lets them go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let bridge = self.bridge.as_ref().expect("DockBridge has been started");
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        let parent = bridge.child.id();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
        let all = children.split_whitespace().map(|pid| pid.parse().unwrap()).chain([parent]);
        for pid in all {
            let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            // A short-lived child may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills DockBridge as `kill -9` does, and waits until it is dead.
    pub(crate) fn kill_bridge(&mut self) {
        drop(self.bridge.take());
    }

    /// Ends DockBridge with `dockbridge stop`, as a user does.
    pub(crate) fn stop(&mut self) -> Output {
        let output = run(&mut self.dockbridge(&["stop"]), b"");
        if let Some(mut bridge) = self.bridge.take() {
            assert!(bridge.child.wait().unwrap().success(), "start must end well:\n{}", bridge.seen);
        }
        output
    }

    /// Runs a Docker command that must succeed, and returns what it printed.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        self.docker_with(arguments, b"")
    }

    /// The same with something on its standard input.
    pub(crate) fn docker_with(&self, arguments: &[&str], stdin: &[u8]) -> String {
        let output = run(&mut self.docker_command("docker", arguments), stdin);
        succeeded(&format!("docker {}", arguments.join(" ")), &output)
    }

    /// Makes a small image called `busybox` out of this machine's static busybox, since no registry can be reached.
    pub(crate) fn import_busybox(&self) {
        let tar = hcloud_emulator::machines::busybox::archive(&cache_dir()).unwrap();
        self.docker_with(&["import", "--change", "CMD [\"/bin/sh\"]", "-", "busybox"], &tar);
    }

    /// `dockbridge status --json`.
    pub(crate) fn status(&self) -> serde_json::Value {
        let output = run(&mut self.dockbridge(&["status", "--json"]), b"");
        serde_json::from_str(&succeeded("dockbridge status --json", &output)).unwrap()
    }

    /// Waits until a heartbeat has renewed the lease so long after `moment`.
    pub(crate) fn wait_for_renewal(&self, moment: Timestamp, later: Duration) {
        let enough = moment + later;
        eventually("a renewal of the lease", || {
            let renewed = self.status()["lease"]["renewed"].as_str().map(|at| at.parse::<Timestamp>().unwrap());
            renewed.is_some_and(|renewed| renewed >= enough)
        });
    }

    /// Runs a command on the server, past DockBridge, with its key and its pinned host key.
    pub(crate) fn on_server(&self, command: &str) -> String {
        let status = self.status();
        let name = status["server"]["name"].as_str().unwrap();
        let known_hosts = self.state_dir().join(format!("known_hosts.{name}"));
        let mut ssh = self.command("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
            .arg("-o")
            .arg(format!("HostKeyAlias={name}"))
            .arg("-i")
            .arg(self.state_dir().join("id_ed25519"))
            .arg(format!("root@{}", status["server"]["ip_address"].as_str().unwrap()))
            .arg(command);
        succeeded(command, &run(&mut ssh, b""))
    }

    /// What the API has of a kind of resource, such as `servers`.
    pub(crate) async fn api(&self, kind: &str) -> Vec<serde_json::Value> {
        let url = format!("{}/{kind}", self.emulator.endpoint());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).bearer_auth(TOKEN).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        body[kind].as_array().unwrap().clone()
    }

    /// How many servers have ever been ordered.
    pub(crate) fn orders(&self) -> usize {
        let requests = self.emulator.requests();
        requests.iter().filter(|r| r.method == "POST" && r.path == "/servers" && r.status == 201).count()
    }

    /// Ends what is left and takes the cloud down.
    pub(crate) async fn finish(mut self) {
        self.kill_bridge();
        self.emulator.shutdown().await.unwrap();
    }
}

/// Waits until `condition` holds, and fails when that takes too long.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + COMMAND_BOUND;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// Runs a command to its end, feeding it `stdin`. It is killed when it takes longer than it may.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Output {
    run_within(COMMAND_BOUND, command, stdin)
}

/// The same with another bound.
pub(crate) fn run_within(bound: Duration, command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let deadline = Instant::now() + bound;
    thread::scope(|scope| {
        // A command that does not read its input to the end is none of our business.
        scope.spawn(move || std::io::Write::write_all(&mut input, stdin));
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() >= deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                let (out, err) = (stdout.join().unwrap(), stderr.join().unwrap());
                panic!(
                    "{command:?} took longer than {bound:?}:\n{}\n{}",
                    String::from_utf8_lossy(&out),
                    String::from_utf8_lossy(&err)
                );
            }
            thread::park_timeout(Duration::from_millis(5));
        };
        Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    })
}

fn collect(mut source: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks has ended as well.
        let _ = source.read_to_end(&mut bytes);
        bytes
    })
}

/// What a command that must have succeeded printed.
pub(crate) fn succeeded(what: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{what}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
