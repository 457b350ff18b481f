//! One emulated cloud, one home directory, and commands that see nothing else.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use hcloud_emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use crate::{daemon::Daemon, machines::DeadMachines};

/// A token that may do everything, and is found wherever it leaks.
pub(crate) const TOKEN: &str = "tokenthatmustnotleak0123456789abcdefghijklmnopqrstuvwxyz01234567";
/// A token that may only read.
pub(crate) const READ_ONLY: &str = "readonly0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij";
/// How long anything may take before the test gives up. Everything takes a fraction of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks at something that cannot be waited for.
const POLL: Duration = Duration::from_millis(20);

/// What a command came to.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Standard error without line breaks and frames, since long lines are wrapped at any space.
    pub(crate) fn said(&self) -> String {
        unwrapped(&self.err)
    }

    /// It has failed, and has said all of `parts`.
    pub(crate) fn failed_with(&self, parts: &[&str]) {
        // Shown when the test fails or asks for it: these texts are worth reading as a whole.
        println!("{}", self.err);
        assert_eq!(self.code, Some(1), "{}", self.err);
        assert_eq!(self.out, "");
        for part in parts {
            assert!(self.said().contains(part), "{part:?} is not in: {}", self.err);
        }
    }
}

/// Text as it was before it was wrapped to the width of a terminal.
pub(crate) fn unwrapped(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// See the module's description.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) machines: Arc<DeadMachines>,
    folder: TempDir,
    settings: BTreeMap<String, String>,
    http: reqwest::Client,
}

impl World {
    /// A cloud in which nothing exists, and a user who has set no more than token, endpoint and socket.
    pub(crate) async fn new() -> Self {
        let machines = Arc::new(DeadMachines::default());
        let builder = Emulator::builder().token(TOKEN).read_only_token(READ_ONLY).machines(machines.clone());
        let emulator = builder.action_delay(Duration::from_millis(20)).start().await.unwrap();
        let folder = tempfile::Builder::new().prefix("db-").tempdir().unwrap();
        let mut settings = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
        for (variable, name) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "run"), ("TMPDIR", "tmp")] {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            settings.insert(variable.to_owned(), path.to_str().unwrap().to_owned());
        }
        fs::create_dir(folder.path().join("work")).unwrap();
        settings.insert("HCLOUD_ENDPOINT".to_owned(), emulator.endpoint());
        settings.insert("HETZNER_API_TOKEN".to_owned(), TOKEN.to_owned());
        let socket = folder.path().join("d.sock").to_str().unwrap().to_owned();
        settings.insert("DOCKBRIDGE_DOCKER_SOCKET_PATH".to_owned(), socket);
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { emulator, machines, folder, settings, http }
    }

    /// Sets an environment variable of all commands from now on, and returns what it was.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Option<String> {
        self.settings.insert(name.to_owned(), value.to_owned())
    }

    /// Takes one away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.settings.remove(name);
    }

    /// A path in this world's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The socket for Docker clients.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("d.sock")
    }

    /// A file of the state directory.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.path("home/.local/state/dockbridge").join(name)
    }

    /// Writes a configuration file and returns its path.
    pub(crate) fn config(&self, text: &str) -> String {
        let path = self.path("work/given.yaml");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program, with this world's environment alone.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockbridge"));
        command
            .args(arguments)
            .env_clear()
            .envs(&self.settings)
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let output = timeout(PATIENCE, self.command(arguments).output()).await.unwrap().unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `dockbridge start`, once it listens.
    pub(crate) async fn start(&self) -> Daemon {
        let mut daemon = Daemon::spawn(self.command(&["start"]));
        daemon.wait_for("export DOCKER_HOST=").await;
        daemon
    }

    /// `dockbridge start` with a request that waits for a server, which has been ordered and never answers.
    pub(crate) async fn start_provisioning(&self) -> (Daemon, crate::client::Client) {
        let mut daemon = self.start().await;
        let mut client = crate::client::Client::connect(&self.socket()).await;
        client.send("GET", "/v1.41/containers/json").await;
        daemon.wait_for("✓ server ordered").await;
        (daemon, client)
    }

    /// What the cloud has of a kind, such as `servers`.
    pub(crate) async fn list(&self, kind: &str) -> Vec<Value> {
        let url = format!("{}/{kind}", self.emulator.endpoint());
        let answer = self.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()[kind].as_array().unwrap().clone()
    }

    /// Creates something, as the user would by hand.
    pub(crate) async fn create(&self, kind: &str, body: Value) -> Value {
        let url = format!("{}/{kind}", self.emulator.endpoint());
        let answer = self.http.post(url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// A volume of ours that an earlier run has left in that location.
    pub(crate) async fn create_volume(&self, location: &str) -> Value {
        let labels = json!({ "managed-by": "dockbridge", "dockbridge/architecture": "x86" });
        let body =
            json!({ "name": "dockbridge-x86", "size": 10, "location": location, "format": "ext4", "labels": labels });
        self.create("volumes", body).await["volume"].clone()
    }

    /// Every request that was meant to change something, as `METHOD path status`.
    pub(crate) fn changes(&self) -> Vec<String> {
        let requests = self.emulator.requests().into_iter().filter(|request| request.method != "GET");
        requests.map(|request| format!("{} {} {}", request.method, request.path, request.status)).collect()
    }

    /// How many servers were ordered, successfully or not.
    pub(crate) fn orders(&self) -> usize {
        self.changes().iter().filter(|change| change.starts_with("POST /servers ")).count()
    }

    /// No server is left, and the volume is.
    pub(crate) async fn only_the_volume_is_left(&self) {
        assert_eq!(self.list("servers").await, Vec::<Value>::new());
        let volumes = self.list("volumes").await;
        assert_eq!(volumes.len(), 1);
        assert_eq!(volumes[0]["server"], Value::Null);
    }

    /// Every file below this world's folder.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    below(&path, found);
                } else {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        below(self.folder.path(), &mut found);
        found
    }
}

/// Waits for a condition that announces itself in no other way.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(POLL).await;
    }
}
