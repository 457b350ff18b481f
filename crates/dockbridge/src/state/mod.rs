//! What DockBridge must not forget when it ends or is killed: who it is, its keys, which server it has, and what it was
//! about to create.

mod files;
mod record;
mod run_dir;

use std::{
    fs::{self, File, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
pub use record::{EngineFacts, Intent, LeftServer, ServerRecord};
pub use run_dir::RunDir;
use serde::de::DeserializeOwned;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another DockBridge uses the same state.
    #[error("DockBridge is running already{}", .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// Its process id, where it could be read.
        pid: Option<String>,
    },
    /// Reading or writing failed.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was attempted: `read`, `write`, `create`, `remove`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file does not hold what we once wrote.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The parser's message.
        reason: String,
    },
}

impl StateError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "already_running",
            Self::Io { .. } => "state_io",
            Self::Damaged { .. } => "state_damaged",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::InUse { .. } => "use the running one, or end it with `dockbridge stop`".to_owned(),
            Self::Io { path, .. } => format!("check the permissions of {} and the space on its disk", path.display()),
            Self::Damaged { path, .. } => format!(
                "look at the project's servers in the Hetzner Console, delete those named dockbridge-…, then remove {}",
                path.display()
            ),
        }
    }
}

/// The state directory, readable by its owner alone.
#[derive(Debug, Clone)]
pub struct StateDir {
    root: PathBuf,
}

/// Proof that no other DockBridge uses the state directory; given back when dropped.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateDir {
    /// Opens the directory, creating it with mode 0700 where it is missing.
    pub fn open(root: &Path) -> Result<Self, StateError> {
        let io = |source| StateError::Io { doing: "create", path: root.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(io)?;
        fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(io)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Takes the directory for this process alone.
    pub fn lock(&self) -> Result<StateLock, StateError> {
        let path = self.root.join("lock");
        let io = |source| StateError::Io { doing: "write", path: path.clone(), source };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid).is_ok();
                return Err(StateError::InUse { pid: read.then(|| pid.trim().to_owned()).filter(|p| !p.is_empty()) });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(StateLock { _file: file })
    }

    /// Where the pair of keys for logging in lies, without ending.
    #[must_use]
    pub fn key_path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The private `known_hosts` file that pins one server's host key.
    #[must_use]
    pub fn known_hosts_path(&self, server_name: &str) -> PathBuf {
        self.root.join(format!("known_hosts.{server_name}"))
    }

    /// The socket on which the running DockBridge takes commands.
    #[must_use]
    pub fn control_path(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    /// The random name of this installation, which labels what it creates; drawn on first use.
    pub fn client_id(&self) -> Result<String, StateError> {
        let path = self.root.join("client_id");
        let mut text = files::read(&path)?;
        if text.is_none() {
            // Another command may draw one at the same time; the first that is written down is everybody's.
            files::write_once(&path, format!("{}\n", files::random_hex(6)?).as_bytes())?;
            text = files::read(&path)?;
        }
        let id = text.as_deref().unwrap_or_default().trim();
        if id.len() == 12 && id.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(id.to_owned());
        }
        Err(StateError::Damaged { path, reason: "it does not hold 12 hexadecimal digits".to_owned() })
    }

    /// A name for a new server: readable, unique in the project, and found again by its beginning.
    pub fn new_server_name(&self) -> Result<String, StateError> {
        Ok(format!("dockbridge-{}-{}", self.client_id()?, files::random_hex(3)?))
    }

    /// The server on record, if there is one. It is written before the server is created, so a server without a record
    /// is not one of this installation's doing.
    pub fn server(&self) -> Result<Option<ServerRecord>, StateError> {
        files::read_json(&self.root.join("server.json"))
    }

    /// Writes the server down, durably.
    pub fn put_server(&self, record: &ServerRecord) -> Result<(), StateError> {
        files::write_json(&self.root.join("server.json"), record)
    }

    /// Writes down that others use the server with this id, if it is the one on record.
    pub fn mark_shared(&self, id: u64) -> Result<(), StateError> {
        match self.server()? {
            Some(record) if record.id == Some(id) && !record.shared => {
                self.put_server(&ServerRecord { shared: true, ..record })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Remembers a server that is left to others.
    pub fn put_left(&self, left: &LeftServer) -> Result<(), StateError> {
        files::write_json(&self.left_path(left), left)
    }

    /// The servers that were left to others.
    pub fn left(&self) -> Result<Vec<LeftServer>, StateError> {
        self.all("left.")
    }

    /// Forgets a server that was left to others and does not exist any more.
    pub fn forget_left(&self, left: &LeftServer) -> Result<(), StateError> {
        files::remove(&self.left_path(left))
    }

    /// Pins the server's host key in its private `known_hosts` file, under its name instead of an address, since Hetzner
    /// hands addresses out again.
    pub fn pin_host_key(&self, server_name: &str, public_key: &str) -> Result<(), StateError> {
        let line = format!("{server_name} {}\n", public_key.trim());
        files::write_durably(&self.known_hosts_path(server_name), line.as_bytes())
    }

    /// Forgets the host key of a server that is on no record.
    pub fn unpin_host_key(&self, server_name: &str) -> Result<(), StateError> {
        files::remove(&self.known_hosts_path(server_name))
    }

    /// Forgets the server, after it is gone.
    pub fn forget_server(&self, server_name: &str) -> Result<(), StateError> {
        self.unpin_host_key(server_name)?;
        files::remove(&self.root.join("server.json"))
    }

    /// Writes down what is about to be created, durably, before it is.
    pub fn put_intent(&self, intent: &Intent) -> Result<(), StateError> {
        files::write_json(&self.intent_path(intent), intent)
    }

    /// Forgets an intent, once the resource is known to exist or not to.
    pub fn clear_intent(&self, intent: &Intent) -> Result<(), StateError> {
        files::remove(&self.intent_path(intent))
    }

    /// What was about to be created when a former run was cut off, or its answer was lost.
    pub fn intents(&self) -> Result<Vec<Intent>, StateError> {
        self.all("intent.")
    }

    /// What was learnt of the engine when it last ran.
    pub fn engine_facts(&self) -> Result<Option<EngineFacts>, StateError> {
        files::read_json(&self.root.join("engine.json"))
    }

    /// Keeps what was learnt of the engine.
    pub fn put_engine_facts(&self, facts: &EngineFacts) -> Result<(), StateError> {
        files::write_json(&self.root.join("engine.json"), facts)
    }

    /// Until when the user holds the server, if that was ever said and not taken back.
    pub fn keep(&self) -> Result<Option<Timestamp>, StateError> {
        files::read_json(&self.root.join("keep.json"))
    }

    /// Writes down until when the user holds the server, so that it outlives this process; `None` takes it back.
    pub fn put_keep(&self, until: Option<Timestamp>) -> Result<(), StateError> {
        let path = self.root.join("keep.json");
        match until {
            Some(until) => files::write_json(&path, &until),
            None => files::remove(&path),
        }
    }

    /// What is in all files whose names begin like that.
    fn all<T: DeserializeOwned>(&self, beginning: &str) -> Result<Vec<T>, StateError> {
        let mut values = Vec::new();
        for path in files::list(&self.root)? {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning)) {
                values.extend(files::read_json(&path)?);
            }
        }
        Ok(values)
    }

    fn left_path(&self, left: &LeftServer) -> PathBuf {
        self.root.join(format!("left.{}.json", left.name))
    }

    fn intent_path(&self, intent: &Intent) -> PathBuf {
        self.root.join(format!("intent.{}.{}.json", intent.kind, intent.name))
    }
}

#[cfg(test)]
mod tests;
