//! The private Docker Engine that machines run on; the user's own engine is never touched.
//!
//! ```text
//! this process ── keeper thread ── unshare ┄┄ dockerd ── containerd ── machines
//!                                          └┄ a process and a mount namespace of their own
//! ```
//!
//! The engine and everything it starts live in a process namespace whose first process is `dockerd`. When this process
//! is killed, the kernel kills `unshare`, that kills `dockerd`, and with it every process and every mount in the
//! namespaces. Only loop devices and the bridge outlive that; the next run removes them.
//!
//! The engine writes no packet filter rules and no settings of the host's network, because it would share them with the
//! user's engine. So machines reach this host and each other, but not the internet.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use super::{
    MachineError, abandoned, host, leftovers,
    place::{Place, Subnet},
    tool::{self, QUICK, failed, io_failed},
};

/// How long the engine may take to answer; it takes about a second, and more on a cold disk.
const READY_BOUND: Duration = Duration::from_mins(1);
/// How long the engine may take to end after it was asked to.
const STOP_BOUND: Duration = Duration::from_secs(15);
/// How often to look whether the engine is ready.
const POLL: Duration = Duration::from_millis(50);
/// How much of the engine's log an error shows.
const LOG_LINES: usize = 15;
/// The network of the machines inside our engine.
pub(super) const NETWORK: &str = "machines";

/// Hides a system-wide containerd, which `dockerd` would use instead of starting its own, and the directories of the host
/// that both write to, then becomes `dockerd`.
const START: &str = include_str!("engine/start.sh");

/// A running private engine, and the lock on its cache directory.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) place: Place,
    pub(super) subnet: Subnet,
    keeper: Keeper,
    /// Held as long as the engine is used; the kernel releases it with the process.
    _lock: File,
}

impl Engine {
    /// Waits for the cache directory, cleans up after earlier runs and starts the engine.
    pub(super) async fn start(place: Place) -> Result<Self, MachineError> {
        let doing = "start the machines' Docker Engine";
        host::check().await?;
        let lock = place.lock().await?;
        leftovers::clear(&place).await?;
        abandoned::clear_all(&place).await;
        let subnet = place.free_subnet().await?;
        place.create_run()?;
        // An empty configuration of our own keeps the user's daemon.json out.
        let configuration = place.run.join("daemon.json");
        std::fs::write(&configuration, "{}\n").map_err(io_failed(doing, &configuration))?;
        let mut keeper = Keeper::spawn(&place)?;
        let engine = match ready(&place, &mut keeper).await {
            Ok(()) => Self { place, subnet, keeper, _lock: lock },
            Err(reason) => {
                keeper.stop().await;
                let log = tool::tail(&place.engine_log(), LOG_LINES);
                return Err(failed(doing, format!("{reason}{}; {log}", advice(&place, &log))));
            }
        };
        if let Err(error) = engine.prepare().await {
            engine.shutdown().await?;
            return Err(error);
        }
        Ok(engine)
    }

    /// Removes containers and networks that an earlier run left in the data root, and makes the machines' network.
    async fn prepare(&self) -> Result<(), MachineError> {
        self.remove_containers().await?;
        self.docker("remove old networks", ["network", "prune", "--force"], QUICK).await?;
        let host = self.subnet.host().to_string();
        let cidr = self.subnet.cidr();
        let bridge = format!("com.docker.network.bridge.name={}", self.place.name);
        let create = ["network", "create", "--subnet", &cidr, "--gateway", &host, "--opt", &bridge, NETWORK];
        self.docker("create the machines' network", create, QUICK).await?;
        Ok(())
    }

    /// Removes every container at once.
    pub(super) async fn remove_containers(&self) -> Result<(), MachineError> {
        let doing = "remove containers";
        let listed = self.docker(doing, ["ps", "--all", "--quiet"], QUICK).await?;
        let ids: Vec<&str> = listed.split_whitespace().collect();
        if !ids.is_empty() {
            let arguments = ["rm", "--force", "--volumes"].into_iter().chain(ids);
            self.docker(doing, arguments, Duration::from_mins(2)).await?;
        }
        Ok(())
    }

    /// A command of the Docker CLI on this engine, without anything of the user's configuration.
    pub(super) fn command(&self) -> tokio::process::Command {
        let mut command = tool::command("docker");
        command.env_clear().envs(environment()).env("DOCKER_CONFIG", &self.place.run);
        command.arg("--host").arg(format!("unix://{}", self.place.socket().display()));
        command
    }

    /// Runs a command of the Docker CLI on this engine.
    pub(super) async fn docker<'a>(
        &self,
        doing: &str,
        arguments: impl IntoIterator<Item = &'a str>,
        bound: Duration,
    ) -> Result<String, MachineError> {
        let mut command = self.command();
        command.args(arguments);
        tool::finish(doing, "docker", command, bound).await
    }

    /// Stops the engine and removes all that it made on the host. Whatever fails, the rest is still done.
    pub(super) async fn shutdown(mut self) -> Result<(), MachineError> {
        let removed = self.remove_containers().await;
        self.keeper.stop().await;
        leftovers::clear(&self.place).await.and(removed)
    }
}

/// All that the engine and its command line are given of the environment: a user's settings are for the user's engine.
fn environment() -> [(&'static str, String); 2] {
    [("PATH", tool::search_path()), ("LC_ALL", "C.UTF-8".to_owned())]
}

/// What to do when the engine's log tells that it cannot store images where it should.
fn advice(place: &Place, log: &str) -> String {
    if ["graphdriver", "storage-driver", "storage driver", "driver not supported"].iter().any(|sign| log.contains(sign))
    {
        format!(
            ": the file system of {} cannot hold images for overlay2, as on some network, encrypted and overlay file \
             systems; choose a cache directory on a local disk with ext4 or xfs (`--cache`, or the variable \
             HCLOUD_EMULATOR_CACHE for the project's chores)",
            place.cache.display()
        )
    } else {
        String::new()
    }
}

/// Waits until the engine answers; says why it does not.
async fn ready(place: &Place, keeper: &mut Keeper) -> Result<(), String> {
    let deadline = Instant::now() + READY_BOUND;
    loop {
        if place.socket().exists() && answers(&place.socket()).await {
            return Ok(());
        }
        if keeper.ended() {
            return Err("dockerd ended at once".to_owned());
        }
        if Instant::now() >= deadline {
            return Err(format!("dockerd did not answer within {} s", READY_BOUND.as_secs()));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether the engine answers a ping. Its socket exists before it serves.
async fn answers(socket: &std::path::Path) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let ping = async {
        let mut stream = tokio::net::UnixStream::connect(socket).await?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n").await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok::<_, std::io::Error>(head.ends_with(b" 200"))
    };
    matches!(tokio::time::timeout(Duration::from_secs(2), ping).await, Ok(Ok(true)))
}

/// Owns the engine's process.
///
/// A thread of its own starts the process and waits for it, because the kernel's promise to kill a child with its parent
/// is tied to the thread that started it, and threads of an asynchronous runtime come and go.
#[derive(Debug)]
struct Keeper {
    unshare: Pid,
    ended: watch::Receiver<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Keeper {
    fn spawn(place: &Place) -> Result<Self, MachineError> {
        let doing = "start the machines' Docker Engine";
        let log_path = place.engine_log();
        let log = File::create(&log_path).map_err(io_failed(doing, &log_path))?;
        let errors = log.try_clone().map_err(io_failed(doing, &log_path))?;
        let mut command = Command::new(tool::find("setpriv").unwrap_or_else(|| PathBuf::from("setpriv")));
        command
            .args(["--pdeathsig", "KILL", "unshare"])
            .args(host::NAMESPACES)
            .args(["sh", "-euc", START, "dockerd", "--data-root"])
            .arg(place.data())
            .arg("--exec-root")
            .arg(place.run.join("exec"))
            .arg("--host")
            .arg(format!("unix://{}", place.socket().display()))
            .arg("--pidfile")
            .arg(place.run.join("dockerd.pid"))
            .arg("--config-file")
            .arg(place.run.join("daemon.json"))
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false"])
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs"])
            // Where overlay2 does not work, an image would be copied for every machine, which takes minutes.
            .args(["--storage-driver", "overlay2"])
            .env_clear()
            .envs(environment())
            .env("LAYERS", place.run.join("layers"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C in a terminal must not reach the engine before its machines are removed.
            .process_group(0);
        let (started, start) = std::sync::mpsc::sync_channel(1);
        let (end, ended) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name("machine-engine".to_owned())
            .spawn(move || {
                let child = command.spawn();
                let mut child = match child {
                    Ok(child) => child,
                    Err(error) => {
                        let _ = started.send(Err(error));
                        return;
                    }
                };
                let _ = started.send(Ok(child.id()));
                let _ = child.wait();
                let _ = end.send(true);
            })
            .map_err(|error| failed(doing, error.to_string()))?;
        let spawned = start.recv().map_err(|error| failed(doing, error.to_string()))?;
        let id = spawned.map_err(|error| failed(doing, format!("cannot run `setpriv`: {error}")))?;
        let unshare = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or_else(|| failed(doing, "no process id"))?;
        Ok(Self { unshare, ended, thread: Some(thread) })
    }

    /// Whether the engine's process has ended, with nothing of it left.
    fn ended(&self) -> bool {
        *self.ended.borrow() || self.ended.has_changed().is_err()
    }

    /// Asks the engine to end, and kills it when it does not.
    async fn stop(&mut self) {
        for pid in children_of(self.unshare) {
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(STOP_BOUND, self.ended.wait_for(|ended| *ended)).await.is_err() {
            tracing::warn!("the machines' engine did not end in time and is killed");
        }
        self.kill();
    }

    /// Kills the engine and everything it started, and waits for the end, which the kernel brings about at once.
    fn kill(&mut self) {
        if !self.ended() {
            let _ = kill_process(self.unshare, Signal::KILL);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero();
    std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}
