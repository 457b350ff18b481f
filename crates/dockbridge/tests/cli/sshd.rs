//! A server that can be logged in to: a real OpenSSH server and the real monitor on the loopback interface, and an engine that
//! says no more than that it is there.
//!
//! Its sessions run what the monitor is asked and nothing else: a command that would stop this computer's own engine is only
//! written down.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use data_encoding::{BASE32_NOPAD, BASE64};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    process::{Child, Command},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::support::{PATIENCE, World};

const SSHD: &str = "/usr/sbin/sshd";
const MONITOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/cloud_init/monitor.sh");

/// See the module's description.
pub(crate) struct Sshd {
    folder: TempDir,
    /// Killed when dropped.
    server: Child,
    engine: JoinHandle<()>,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.engine.abort();
    }
}

impl Sshd {
    /// Starts it, with the key `client` allowed to log in, and lets all commands of the world find it at its port.
    pub(crate) async fn start(world: &mut World) -> Self {
        assert!(Path::new(SSHD).exists(), "{SSHD} is missing: install the package openssh-server");
        // The server's privilege separation wants this directory; packages make it when their service starts.
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = tempfile::Builder::new().prefix("db-sshd-").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["host", "client", "stranger"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(path(name));
            assert!(keygen.status().await.unwrap().success());
        }
        fs::copy(path("client.pub"), path("authorized")).unwrap();
        let shown = |name: &str| path(name).display().to_string();
        program(
            &path("session"),
            &format!(
                "case $SSH_ORIGINAL_COMMAND in\n\
                 /usr/local/sbin/dockbridge-monitor*)\n\
                   [ ! -e '{broken}' ] || exit 1\n\
                   eval \"set -- $SSH_ORIGINAL_COMMAND\"; shift\n\
                   DOCKBRIDGE_RUN='{}' exec sh '{MONITOR}' \"$@\" ;;\n\
                 *result.json*) cat '{verdict}' ;;\n\
                 'exec sh -c '*) exec sh -c \"$SSH_ORIGINAL_COMMAND\" ;;\n\
                 *) printf '%s\\n' \"$SSH_ORIGINAL_COMMAND\" >> '{}' ;;\n\
                 esac\n",
                shown("run"),
                shown("commands"),
                broken = shown("broken"),
                verdict = shown("verdict"),
            ),
        );
        let port = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nForceCommand {}\nStrictModes no\n\
             UsePAM no\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n",
            shown("host"),
            shown("authorized"),
            shown("session"),
        );
        fs::write(path("config"), config).unwrap();
        // The server ends with the thread that started it, so a killed test leaves none behind.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", SSHD, "-D", "-e", "-f"]).arg(path("config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let server = command.spawn().unwrap();
        let listening = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, listening).await.unwrap();

        // Servers have port 22, the user root and the engine's usual socket; this one does not. Of two options of a kind ssh
        // takes the first.
        let user = Command::new("id").arg("-un").output().await.unwrap().stdout;
        let former = std::env::var("PATH").unwrap();
        fs::create_dir(path("bin")).unwrap();
        program(
            &path("bin/ssh"),
            &format!(
                "for argument do\n  shift\n  case $argument in\n  \
                 *:/var/run/docker.sock) argument=${{argument%:*}}:{} ;;\n  esac\n  set -- \"$@\" \"$argument\"\ndone\n\
                 PATH='{former}' exec ssh -p {port} -l {} \"$@\"\n",
                shown("engine.sock"),
                String::from_utf8(user).unwrap().trim(),
            ),
        );
        world.set("PATH", &format!("{}:{former}", shown("bin")));
        world.set("DOCKBRIDGE_SSH_KEY_PATH", &shown("client"));
        world.machines.move_to_loopback();
        let engine = tokio::spawn(engine(UnixListener::bind(path("engine.sock")).unwrap()));
        Self { folder, server, engine }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of a key that may not log in.
    pub(crate) fn stranger(&self) -> String {
        self.path("stranger").display().to_string()
    }

    /// The value of the label that names this key, `host` or `stranger`.
    pub(crate) fn label(&self, name: &str) -> String {
        let line = fs::read_to_string(self.path(name).with_extension("pub")).unwrap();
        let blob = BASE64.decode(line.split_whitespace().nth(1).unwrap().as_bytes()).unwrap();
        BASE32_NOPAD.encode(&blob[blob.len() - 32..]).to_lowercase()
    }

    /// Calls the monitor as another client of the server would.
    pub(crate) async fn monitor(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("sh");
        command.arg(MONITOR).args(arguments).env("DOCKBRIDGE_RUN", self.path("run"));
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The clients that hold a lease.
    pub(crate) async fn holders(&self) -> Vec<String> {
        let leases = self.monitor(&["leases"]).await;
        leases.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    }

    /// What was handed over for the server's own deletion.
    pub(crate) fn credentials(&self) -> Option<String> {
        fs::read_to_string(self.path("run/deletion")).ok()
    }

    /// Has the monitor behave as if it had begun to destroy the server.
    pub(crate) fn begin_destruction(&self) {
        fs::create_dir_all(self.path("run/destroying")).unwrap();
    }

    /// Has every call of the monitor fail.
    pub(crate) fn break_monitor(&self) {
        fs::write(self.path("broken"), "").unwrap();
    }

    /// Takes that back.
    pub(crate) fn mend_monitor(&self) {
        fs::remove_file(self.path("broken")).unwrap();
    }

    /// Has the engine answer nobody any more, and the server say that this is for good.
    pub(crate) fn end_engine(&self) {
        self.engine.abort();
        fs::remove_file(self.path("engine.sock")).unwrap();
        fs::write(self.path("verdict"), "...\nengine\nno space left on device\n").unwrap();
    }

    /// The public host key, as it stands in a file of known hosts.
    pub(crate) fn host_key(&self) -> String {
        fs::read_to_string(self.path("host.pub")).unwrap()
    }

    /// Cuts every connection. New ones are accepted.
    pub(crate) fn cut(&self) {
        let id = self.server.id().unwrap();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        assert!(!children.is_empty(), "there is a connection to cut");
        for child in children.split_whitespace() {
            // One that has just ended by itself is no failure.
            let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), Signal::KILL);
        }
    }

    /// Lets nobody log in any more. Who is in stays.
    pub(crate) fn refuse_everybody(&self) {
        fs::write(self.path("authorized"), "").unwrap();
    }

    /// Whether somebody wanted the engine stopped.
    pub(crate) fn engine_was_stopped(&self) -> bool {
        fs::read_to_string(self.path("commands")).is_ok_and(|commands| commands.contains("systemctl stop docker"))
    }
}

/// Writes a shell script that can be run.
fn program(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Answers every request with an empty list.
async fn engine(listener: UnixListener) {
    while let Ok((stream, _)) = listener.accept().await {
        // One after the other is enough for these tests, and a client that leaves is none of its business.
        let _ = timeout(PATIENCE, answer(stream)).await;
    }
}

async fn answer(mut stream: UnixStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let body = if head.starts_with(b"HEAD") { "" } else { "[]" };
    let answer = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
    stream.write_all(format!("{answer}{body}").as_bytes()).await
}
