//! A home directory of its own, a DockBridge in it, and commands that are shown as if they were typed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::{Mutex, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::Failure;

/// How long DockBridge may take until it listens.
const LISTEN_BOUND: Duration = Duration::from_secs(10);
/// How long DockBridge may take to end once it was asked to.
const END_BOUND: Duration = Duration::from_mins(3);

/// See the module's description.
pub(super) struct Stage {
    home: TempDir,
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
    bridge: Mutex<Option<Bridge>>,
}

/// A running `dockbridge start`.
struct Bridge {
    child: Child,
    printer: JoinHandle<()>,
}

impl Stage {
    pub(super) fn new(program: &Path, endpoint: &str, token: &str) -> Result<Self, Failure> {
        let home = tempfile::Builder::new().prefix("dockbridge-demo-").tempdir()?;
        let path = |name: &str| home.path().join(name).display().to_string();
        let variables = vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", home.path().display().to_string()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("HETZNER_API_TOKEN", token.to_owned()),
            ("HCLOUD_ENDPOINT", endpoint.to_owned()),
            ("DOCKBRIDGE_DOCKER_SOCKET_PATH", path("docker.sock")),
            ("DOCKBRIDGE_LOGGING_LEVEL", "warn".to_owned()),
            ("DOCKER_HOST", format!("unix://{}", path("docker.sock"))),
        ];
        Ok(Self { home, program: program.to_owned(), variables, bridge: Mutex::new(None) })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.home.path().join("docker.sock")
    }

    #[expect(clippy::unused_self, reason = "what is said on a stage is said by the stage")]
    pub(super) fn say(&self, text: &str) {
        println!("\n── {text}");
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir(self.home.path())
            // Ctrl-C is for the demo, which ends things in order.
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// Starts DockBridge and waits until it listens. What it says is shown indented.
    pub(super) async fn start(&self) -> Result<(), Failure> {
        println!("$ dockbridge start");
        let mut child = self.command(&self.program).arg("start").stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let stderr = child.stderr.take().ok_or("the output of dockbridge cannot be read")?;
        let (listens, mut listening) = watch::channel(false);
        let printer = tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                println!("  │ {line}");
                listens.send_modify(|seen| *seen |= line.contains("DOCKER_HOST="));
            }
        });
        *self.bridge.lock().await = Some(Bridge { child, printer });
        match timeout(LISTEN_BOUND, listening.wait_for(|seen| *seen)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("DockBridge ended before it listened".into()),
            Err(_) => Err("DockBridge did not listen in time".into()),
        }
    }

    /// Waits for the end of DockBridge.
    pub(super) async fn ended(&self) -> Result<(), Failure> {
        let Some(mut bridge) = self.bridge.lock().await.take() else { return Ok(()) };
        let status = timeout(END_BOUND, bridge.child.wait()).await??;
        bridge.printer.await?;
        if status.success() { Ok(()) } else { Err(format!("dockbridge start ended with {status}").into()) }
    }

    /// Ends DockBridge, however far it has come.
    pub(super) async fn clear(&self) {
        let Some(mut bridge) = self.bridge.lock().await.take() else { return };
        let signal = bridge.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = signal {
            // It may have ended just now, which is what is wanted.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        if timeout(END_BOUND, bridge.child.wait()).await.is_err() {
            println!("DockBridge did not end in time and is killed.");
            let _ = bridge.child.kill().await;
        }
        let _ = bridge.printer.await;
    }

    pub(super) async fn docker(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.docker_with(arguments, Vec::new()).await
    }

    /// Runs a Docker command that must succeed, with something on its standard input.
    pub(super) async fn docker_with(&self, arguments: &[&str], stdin: Vec<u8>) -> Result<(), Failure> {
        self.typed("docker", Path::new("docker"), arguments, stdin).await
    }

    pub(super) async fn dockbridge(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.typed("dockbridge", &self.program, arguments, Vec::new()).await
    }

    async fn typed(&self, name: &str, program: &Path, arguments: &[&str], stdin: Vec<u8>) -> Result<(), Failure> {
        let quoted = arguments.iter().map(|a| if a.contains(' ') { format!("'{a}'") } else { (*a).to_owned() });
        let line = format!("{name} {}", quoted.collect::<Vec<_>>().join(" "));
        println!("$ {line}");
        let began = tokio::time::Instant::now();
        let mut child = self.command(program).args(arguments).stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().ok_or("the command has no standard input")?;
        let feed = async move {
            // A command that does not read its input to the end is none of our business.
            let _ = input.write_all(&stdin).await;
        };
        let ((), status) = tokio::join!(feed, child.wait());
        let status = status?;
        println!("  ({:.1} s)", began.elapsed().as_secs_f32());
        if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
    }
}
