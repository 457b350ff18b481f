//! A DockBridge on real parts for benchmarks: an emulated cloud whose servers boot, a home directory of its own, and the
//! program as a user starts it.
//!
//! All of it goes with the benchmark: in order at its end, when it fails and on Ctrl-C or SIGTERM; by the kernel's hand when
//! it is killed (what the kernel leaves, the next start of the machines removes).

pub(crate) mod engine_socket;
pub(crate) mod http;

use std::{
    ffi::OsStr,
    os::unix::{net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use dockbridge::state::StateDir;
use hcloud_emulator::{Emulator, machines::containers::ContainerMachines};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// What the emulated project answers to.
const TOKEN: &str = "bench-token-123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdef";
/// How long DockBridge may take to listen.
const LISTEN_BOUND: Duration = Duration::from_secs(10);
/// How often to look whether somebody listens.
const LISTEN_POLL: Duration = Duration::from_millis(1);

/// See the module's description.
pub(crate) struct World {
    home: TempDir,
    endpoint: String,
    /// What runs beside the benchmark, killed at its end.
    processes: Mutex<Vec<Child>>,
}

/// The exit status of a program that was interrupted, as shells report it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Runs `work` in a new world, on a thread of its own, and takes the world down afterwards, whatever has happened.
pub(crate) fn run(work: impl FnOnce(&World) + Send + 'static) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).unwrap();
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        let mut ended = std::pin::pin!(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        let emulator = tokio::select! {
            emulator = emulated_cloud() => emulator,
            () = &mut ended => return ExitCode::from(INTERRUPTED),
        };
        let world = Arc::new(World { home: home(), endpoint: emulator.endpoint(), processes: Mutex::default() });
        let (done, finished) = tokio::sync::oneshot::channel();
        let working = Arc::clone(&world);
        // Processes are tied to the life of the thread that starts them, so it must not be one that comes and goes.
        let worker = thread::spawn(move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&working)));
            drop(working);
            // Nobody waits any more after an interruption.
            let _ = done.send(outcome.is_ok());
        });
        let status = tokio::select! {
            finished = finished => {
                // It has said its last word.
                let _ = worker.join();
                if finished.unwrap_or(false) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            () = &mut ended => {
                eprintln!("interrupted: whatever still runs is ended, and says so");
                ExitCode::from(INTERRUPTED)
            }
        };
        world.end_processes();
        let removed = emulator.shutdown().await;
        // A worker that was interrupted still refers to the world, which then is not dropped.
        let _ = std::fs::remove_dir_all(world.home.path());
        removed.unwrap();
        status
    });
    runtime.shutdown_background();
    outcome
}

/// A new home, after those of benchmarks that were killed have been removed. Their names say which process made them.
fn home() -> TempDir {
    let prefix = "dockbridge-bench-";
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(prefix)?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
            // Somebody else's cannot be removed, and need not be.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&format!("{prefix}{}-", std::process::id())).tempdir().unwrap()
}

async fn emulated_cloud() -> Emulator {
    let cache = std::env::var_os("HCLOUD_EMULATOR_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/machines"), PathBuf::from);
    std::fs::create_dir_all(&cache).unwrap();
    eprintln!("waiting for the machines in {}", cache.display());
    let machines = ContainerMachines::start(&cache.canonicalize().unwrap())
        .await
        .unwrap_or_else(|error| panic!("machines cannot boot here: {error}"));
    Emulator::builder().token(TOKEN).machines(Arc::new(machines)).start().await.unwrap()
}

impl World {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The socket that DockBridge listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("docker.sock")
    }

    pub(crate) fn state(&self) -> StateDir {
        StateDir::open(&self.path("state/dockbridge")).unwrap()
    }

    /// A command in a clean environment that knows of this world and no other.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
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

    /// A command that the kernel kills when the benchmark is, in a process group that Ctrl-C does not reach.
    fn tied(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).process_group(0);
        command
    }

    fn dockbridge(&self, mut command: Command, argument: &str) -> Command {
        command
            .arg(argument)
            .env("HETZNER_API_TOKEN", TOKEN)
            .env("HCLOUD_ENDPOINT", &self.endpoint)
            .env("DOCKBRIDGE_DOCKER_SOCKET_PATH", self.socket());
        command
    }

    /// Starts DockBridge and returns how long it took until its socket accepted a connection.
    pub(crate) fn start(&self) -> Duration {
        let mut command = self.dockbridge(self.tied(env!("CARGO_BIN_EXE_dockbridge")), "start");
        let began = Instant::now();
        self.keep(command.stdin(Stdio::null()).spawn().unwrap());
        self.until_accepting(&self.socket(), began)
    }

    /// Starts something that listens on a socket, and waits until it does.
    pub(crate) fn start_beside(&self, program: &str, arguments: &[String], socket: &Path) {
        let child = self.tied(program).args(arguments).stdin(Stdio::null()).spawn().unwrap();
        self.keep(child);
        self.until_accepting(socket, Instant::now());
    }

    fn keep(&self, child: Child) {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    }

    fn until_accepting(&self, socket: &Path, began: Instant) -> Duration {
        while UnixStream::connect(socket).is_err() {
            let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
            let last = processes.last_mut().unwrap();
            assert!(last.try_wait().unwrap().is_none(), "what should listen on {} has ended", socket.display());
            drop(processes);
            assert!(began.elapsed() < LISTEN_BOUND, "nobody listens on {}", socket.display());
            thread::sleep(LISTEN_POLL);
        }
        began.elapsed()
    }

    /// Ends DockBridge as a user does, and returns how long that took.
    pub(crate) fn stop(&self) -> Duration {
        let began = Instant::now();
        output(self.dockbridge(self.command(env!("CARGO_BIN_EXE_dockbridge")), "stop"));
        let took = began.elapsed();
        self.end_processes();
        took
    }

    /// `dockbridge status --json`.
    pub(crate) fn status(&self) -> serde_json::Value {
        let mut command = self.dockbridge(self.command(env!("CARGO_BIN_EXE_dockbridge")), "status");
        command.arg("--json");
        serde_json::from_slice(&output(command)).unwrap()
    }

    fn end_processes(&self) {
        for mut child in self.processes.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Already gone, most of the time.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a command that must succeed prints.
pub(crate) fn output(mut command: Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
