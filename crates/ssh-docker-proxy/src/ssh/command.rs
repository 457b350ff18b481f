//! The command lines that ssh is started with.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use super::destination;
use super::{HostKeys, SshError, SshTarget};
use crate::socket::PATH_MAX;

/// The program, looked up in `PATH`.
const PROGRAM: &str = "ssh";

/// What the remote command prints first: the login has succeeded, and the socket is forwarded.
pub(super) const READY: &str = "ssh-docker-proxy: ready";

/// How often ssh asks a silent server for a sign of life, and how many silences in a row end the connection: 15 s in all.
const ALIVE_INTERVAL: &str = "ServerAliveInterval=5";
const ALIVE_COUNT: &str = "ServerAliveCountMax=3";

/// The fastest cipher wherever there are AES instructions: twice the throughput of ssh's default (measured).
const CIPHERS: &str = "^aes128-gcm@openssh.com";

/// The first versions with a `^` before a list of ciphers, and with the options that say what a session is for.
const CARET_SINCE: Version = Version(8, 1);
const SESSION_TYPE_SINCE: Version = Version(8, 7);

/// What ssh appends to the control socket's path while it binds it: a dot and 16 random characters.
const CONTROL_SUFFIX: usize = 17;

/// The variables that ssh is given when it acts for the user: the agent, the home and what finds programs.
const USER_VARIABLES: [&str; 6] = ["PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];

/// The variables that ssh is given when everything is pinned.
const PINNED_VARIABLES: [&str; 2] = ["PATH", "HOME"];

/// Major and minor version of OpenSSH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

impl Version {
    /// Reads what `ssh -V` prints. Anything else counts as very old, for which nothing new is used.
    pub(super) fn read(text: &str) -> Self {
        let numbers = || {
            let (_, tail) = text.split_once("OpenSSH_")?;
            let (major, tail) = tail.split_once('.')?;
            let minor: String = tail.chars().take_while(char::is_ascii_digit).collect();
            Some(Self(major.parse().ok()?, minor.parse().ok()?))
        };
        numbers().unwrap_or(Self(0, 0))
    }
}

/// The private directory of one connection. Removed on drop.
#[derive(Debug)]
pub(super) struct Files {
    directory: TempDir,
}

impl Files {
    /// Makes a directory of mode 0700 in `run_dir`.
    pub(super) fn create(run_dir: &Path) -> Result<Self, SshError> {
        let run_dir = std::path::absolute(run_dir).map_err(|error| local("find the run directory", &error))?;
        let directory = tempfile::Builder::new()
            .prefix("s")
            .tempdir_in(&run_dir)
            .map_err(|error| local("make a private directory for ssh", &error))?;
        let files = Self { directory };
        let longest = (files.control().as_os_str().len() + CONTROL_SUFFIX).max(files.engine().as_os_str().len());
        if longest > PATH_MAX {
            let over = longest - PATH_MAX;
            let what =
                format!("the run directory {} is {over} bytes too long for the sockets in it", run_dir.display());
            return Err(SshError::InvalidTarget { what });
        }
        socket_path(files.directory.path())?;
        Ok(files)
    }

    /// The control socket.
    pub(super) fn control(&self) -> PathBuf {
        self.directory.path().join("ctl")
    }

    /// The socket that leads to the engine.
    pub(super) fn engine(&self) -> PathBuf {
        self.directory.path().join("engine.sock")
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("config")
    }

    /// Writes the configuration that puts the user's own before ours: the first value that ssh finds counts.
    pub(super) fn write_user_config(&self, version: Version) -> Result<(), SshError> {
        let ciphers = if version >= CARET_SINCE { format!("  Ciphers {CIPHERS}\n") } else { String::new() };
        let text = format!("Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nHost *\n  Compression no\n{ciphers}");
        std::fs::write(self.config(), text).map_err(|error| local("write ssh's configuration", &error))
    }
}

/// The arguments of the process that holds the connection.
pub(super) fn master(target: &SshTarget, version: Version, files: &Files) -> Result<Vec<OsString>, SshError> {
    destination::check(target).map_err(|what| SshError::InvalidTarget { what })?;
    let mut arguments = Arguments::default();
    arguments.flags(&["-T", "-M", "-a", "-x", "-S"]).path(&files.control()).flags(&["-L"]);
    let mut forward = files.engine().into_os_string();
    forward.push(":");
    forward.push(socket_path(&target.remote_socket)?);
    arguments.0.push(forward);
    let timeout = target.connect_timeout.max(Duration::from_secs(1)).as_millis().div_ceil(1000);
    arguments.options(&[
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ExitOnForwardFailure=yes",
        "StreamLocalBindMask=0177",
        "StreamLocalBindUnlink=yes",
        ALIVE_INTERVAL,
        ALIVE_COUNT,
        "ControlPersist=no",
        "IPQoS=none",
        "EscapeChar=none",
        "PermitLocalCommand=no",
        "RemoteCommand=none",
        "Tunnel=no",
        "LogLevel=INFO",
        &format!("ConnectTimeout={timeout}"),
    ]);
    if version >= SESSION_TYPE_SINCE {
        arguments.options(&["SessionType=default", "StdinNull=no", "ForkAfterAuthentication=no"]);
    }
    arguments.host_keys(target, version, files)?;
    if let Some(identity) = &target.identity_file {
        let identity = absolute(identity)?;
        arguments.options(&["IdentitiesOnly=yes"]).flags(&["-i"]).path(Path::new(&escaped(&identity)?));
    }
    if let Some(user) = &target.user {
        arguments.flags(&["-l", user]);
    }
    if let Some(port) = target.port {
        arguments.flags(&["-p", &port.to_string()]);
    }
    // The command ends with its standard input, a pipe of ours, so it ends with us however we end. Then it ends the server's
    // side of the connection, because ssh would otherwise wait for every channel that is still open.
    let command = format!("exec sh -c 'echo \"{READY}\"; cat >/dev/null; kill $PPID'");
    arguments.flags(&["--", &target.host, &command]);
    Ok(arguments.0)
}

/// The arguments of a process that runs one command over the connection of another.
pub(super) fn shared(files: &Files, command: &str) -> Vec<OsString> {
    let mut arguments = Arguments::default();
    arguments.flags(&["-F", "none", "-T", "-a", "-x", "-S"]).path(&files.control());
    // Without the other process ssh would connect by itself: to nothing, then.
    arguments.options(&[
        "ControlMaster=no",
        "ProxyCommand=false",
        "BatchMode=yes",
        "LogLevel=ERROR",
        "EscapeChar=none",
    ]);
    arguments.flags(&["--", "engine", command]);
    arguments.0
}

/// `ssh` with these arguments, a minimal environment and a process group of its own, so that Ctrl-C in our terminal reaches
/// us alone and what is under way can end in order.
pub(super) fn process(arguments: &[OsString], host_keys: &HostKeys) -> Command {
    let names: &[&str] = match host_keys {
        HostKeys::UserDefault => &USER_VARIABLES,
        HostKeys::Pinned { .. } => &PINNED_VARIABLES,
    };
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().kill_on_drop(true).process_group(0).env("LC_ALL", "C");
    command.envs(names.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// What failing to start ssh means.
pub(super) fn spawn_error(error: &std::io::Error) -> SshError {
    match error.kind() {
        std::io::ErrorKind::NotFound => SshError::SshMissing,
        _ => local("start ssh", error),
    }
}

pub(super) fn local(step: &'static str, error: &std::io::Error) -> SshError {
    SshError::Local { step, detail: error.to_string() }
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn flags(&mut self, flags: &[&str]) -> &mut Self {
        self.0.extend(flags.iter().map(OsString::from));
        self
    }

    fn path(&mut self, path: &Path) -> &mut Self {
        self.0.push(path.into());
        self
    }

    fn options(&mut self, options: &[&str]) -> &mut Self {
        for option in options {
            self.flags(&["-o", option]);
        }
        self
    }

    fn host_keys(&mut self, target: &SshTarget, version: Version, files: &Files) -> Result<(), SshError> {
        let HostKeys::Pinned { known_hosts, alias } = &target.host_keys else {
            self.flags(&["-F"]).path(&files.config());
            return Ok(());
        };
        let known_hosts = escaped(&absolute(known_hosts)?)?;
        self.flags(&["-F", "none"]).options(&[
            &format!("UserKnownHostsFile=\"{known_hosts}\""),
            "GlobalKnownHostsFile=/dev/null",
            "UpdateHostKeys=no",
            "VerifyHostKeyDNS=no",
            "CheckHostIP=no",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "PreferredAuthentications=publickey",
            "PasswordAuthentication=no",
            "KbdInteractiveAuthentication=no",
            "Compression=no",
        ]);
        if let Some(alias) = alias {
            if alias.is_empty() || !alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
            {
                return Err(SshError::InvalidTarget { what: format!("`{alias}` cannot be the name of a host key") });
            }
            self.options(&[&format!("HostKeyAlias={alias}")]);
        }
        if version >= CARET_SINCE {
            self.options(&[&format!("Ciphers={CIPHERS}")]);
        }
        Ok(())
    }
}

fn absolute(path: &Path) -> Result<PathBuf, SshError> {
    std::path::absolute(path).map_err(|error| local("find the working directory", &error))
}

/// A path that ssh takes literally where it expands `%` and splits at quotes.
fn escaped(path: &Path) -> Result<String, SshError> {
    let text = path.to_str().filter(|text| !text.contains(['"', '\'', '\\', '$', '\n', '\r']));
    let what = || format!("ssh cannot be given the path {}: it contains quotes, `$` or a backslash", path.display());
    text.map(|text| text.replace('%', "%%")).ok_or_else(|| SshError::InvalidTarget { what: what() })
}

/// A path that ssh takes literally as one end of a forwarding and as its control socket, in all its versions.
fn socket_path(path: &Path) -> Result<&OsStr, SshError> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@,=".contains(byte);
    if path.is_absolute() && path.as_os_str().as_bytes().iter().all(plain) {
        return Ok(path.as_os_str());
    }
    let what = format!(
        "{} cannot be forwarded by ssh: the path must be absolute and without special characters",
        path.display()
    );
    Err(SshError::InvalidTarget { what })
}

#[cfg(test)]
mod tests;
