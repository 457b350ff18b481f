//! What the tests of machines share: the cache directory, a login with pinned keys, and a look at what is left.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use hcloud_emulator::machines::containers::ContainerMachines;
use tokio::io::AsyncWriteExt;

/// How long the images may take to be built, where they are not there yet.
pub(crate) const BUILD_BOUND: Duration = Duration::from_secs(400);
/// How long a machine may take until its SSH server answers; it takes about two seconds.
const BOOT_BOUND: Duration = Duration::from_secs(90);
/// How long a command inside a machine may take.
const COMMAND_BOUND: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(50);

/// The emulator's own directory in the cache.
fn own() -> PathBuf {
    cache().canonicalize().unwrap().join("hcloud-machines")
}

/// The cache directory that the project's chores use too.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("HCLOUD_EMULATOR_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/machines"), PathBuf::from)
}

/// Starts machines, or fails with the reason why this host cannot.
pub(crate) async fn machines() -> ContainerMachines {
    match ContainerMachines::start(&cache()).await {
        Ok(machines) => machines,
        Err(error) => panic!("{error}"),
    }
}

/// Waits for a condition.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A user's key and a host's key.
pub(crate) struct Login {
    directory: tempfile::TempDir,
}

impl Login {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["user", "host"] {
            let status = std::process::Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(directory.path().join(name))
                .status()
                .unwrap();
            assert!(status.success());
        }
        Self { directory }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name)).unwrap().trim_end().to_owned()
    }

    pub(crate) fn public_key(&self) -> String {
        self.read("user.pub")
    }

    pub(crate) fn host_public_key(&self) -> String {
        self.read("host.pub")
    }

    pub(crate) fn host_private_key(&self) -> String {
        self.read("host")
    }
}

/// A machine that can be logged in to, with its host key pinned.
pub(crate) struct Host<'a> {
    login: &'a Login,
    address: Ipv4Addr,
}

impl<'a> Host<'a> {
    /// Waits until the machine lets the user in.
    pub(crate) async fn wait_for(login: &'a Login, address: Ipv4Addr) -> Self {
        let pinned = format!("{address} {}\n", login.host_public_key());
        std::fs::write(login.directory.path().join("known_hosts"), pinned).unwrap();
        let host = Self { login, address };
        let started = Instant::now();
        loop {
            match host.try_run("true", &[]).await {
                Ok(_) => break,
                Err(error) => assert!(started.elapsed() < BOOT_BOUND, "{error}"),
            }
            tokio::time::sleep(POLL).await;
        }
        println!("ssh let us in after {:?}", started.elapsed());
        host
    }

    /// Runs a command, which must succeed, and returns what it writes, trimmed.
    pub(crate) async fn run(&self, command: &str) -> String {
        self.send(&[], command).await
    }

    /// Runs a command with this standard input.
    pub(crate) async fn send(&self, input: &[u8], command: &str) -> String {
        match self.try_run(command, input).await {
            Ok(output) => output,
            Err(error) => panic!("`{command}`: {error}"),
        }
    }

    /// Waits until the same machine, started again, lets the user in.
    pub(crate) async fn again(self) -> Self {
        Self::wait_for(self.login, self.address).await
    }

    /// What runs a command on the machine.
    pub(crate) fn command(&self, command: &str) -> tokio::process::Command {
        let directory = self.login.directory.path();
        let mut ssh = tokio::process::Command::new("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", "-o", "StrictHostKeyChecking=yes"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", directory.join("known_hosts").display()))
            .arg("-i")
            .arg(directory.join("user"))
            .arg(format!("root@{}", self.address))
            .arg(command);
        ssh
    }

    /// Runs a command with this standard input; what it writes, trimmed, or what it says when it fails.
    pub(crate) async fn try_run(&self, command: &str, input: &[u8]) -> Result<String, String> {
        let mut child = self
            .command(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let work = async {
            let write = async {
                // A command that does not read its input is no error here; its status tells.
                let _ = stdin.write_all(input).await;
                drop(stdin);
            };
            tokio::join!(write, child.wait_with_output()).1
        };
        let output = tokio::time::timeout(COMMAND_BOUND, work).await.map_err(|_| "no end in time")?.unwrap();
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(format!(
                "{}\n{}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ))
        }
    }
}

/// Writes a line at once.
pub(crate) async fn write_line(to: &mut tokio::process::ChildStdin, line: &str) {
    to.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    to.flush().await.unwrap();
}

/// How many machines the engine's data hold, running or not.
pub(crate) fn machine_containers() -> usize {
    std::fs::read_dir(own().join("engine/containers")).unwrap().count()
}

/// Processes that belong to the cache directory's engine.
pub(crate) fn processes() -> Vec<String> {
    let engine = own().join("engine").display().to_string();
    let name = bridge_name();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |file: &str| std::fs::read(process.path().join(file)).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        let groups = String::from_utf8_lossy(&read("cgroup")).into_owned();
        if arguments.contains(&engine) || groups.contains(&format!("/{name}/")) {
            found.push(format!("process {}: {arguments}", process.file_name().display()));
        }
    }
    found
}

/// Everything on this host that a run must not leave behind.
pub(crate) fn traces() -> Vec<String> {
    let cache = own();
    let cache = cache.to_str().unwrap();
    let mut found = processes();
    let lines = |text: String, what: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains(cache)).map(|line| format!("{what}: {line}")).collect()
    };
    for device in std::fs::read_dir("/sys/block").unwrap().flatten() {
        let file = std::fs::read_to_string(device.path().join("loop/backing_file")).unwrap_or_default();
        found.extend(lines(file, "loop device"));
    }
    found.extend(lines(std::fs::read_to_string("/proc/self/mounts").unwrap().replace("\\040", " "), "mount"));
    let name = bridge_name();
    let mut gone = vec![Path::new("/sys/class/net").join(&name), Path::new("/run").join(&name)];
    groups_named(&name, Path::new("/sys/fs/cgroup"), &mut gone);
    gone.push(Path::new(cache).join("volumes"));
    found.extend(gone.into_iter().filter(|path| path.exists()).map(|path| path.display().to_string()));
    // No container is left in the engine's data either.
    let containers = std::fs::read_dir(Path::new(cache).join("engine/containers")).unwrap();
    found.extend(containers.flatten().map(|container| format!("container {}", container.file_name().display())));
    found
}

/// Control groups of that name, wherever in the tree they are.
fn groups_named(name: &str, below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if entry.file_name().to_str() == Some(name) {
                found.push(entry.path());
            }
            groups_named(name, &entry.path(), found);
        }
    }
}

/// The name of the bridge and of the control group of this cache directory.
fn bridge_name() -> String {
    name_of(&own())
}

/// The name that belongs to one of the emulator's own directories.
pub(crate) fn name_of(directory: &Path) -> String {
    use md5::{Digest, Md5};
    let digest = Md5::digest(directory.as_os_str().as_encoded_bytes());
    digest.iter().take(4).fold("hcm-".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
