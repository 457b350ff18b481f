//! Servers: created with their volume, booted, looked for, destroyed.
//!
//! [`ServerManager`] is the seam that the lifecycle's driver works through; [`HetznerServers`] stands behind it.

mod adopt;
mod boot;
mod choice;
mod cloud_init;
mod connected;
mod destroy;
mod error;
mod first_lease;
mod host_key_label;
mod info;
mod keys;
mod labels;
mod link;
mod login;
mod manager;
mod overview;
mod phases;
mod provision;
mod reconnect;
mod recorded;
mod resources;
mod rights;
mod search;
mod shutdown;
mod strays;
mod survey;

use std::path::PathBuf;

use hcloud_client::{ApiToken, Client};
use tokio::sync::{Mutex, watch};

pub use cloud_init::render as render_user_data;
pub use destroy::{Cleared, Left};
pub use error::ServerError;
pub use first_lease::MissingCredentials;
pub use info::{MOUNT_PATH, ServerInfo, ServerStatus, VolumeInfo, VolumeStatus};
pub use keys::{HostKey, KeyError, LoginKey};
pub use manager::{Ended, Engine, EngineLink, Failure, ForeignLease, LinkFuture, Search, ServerManager, Unended, Wish};
pub use overview::Overview;
pub use phases::{Phase, Phases};

use self::connected::{Connected, Known};
use crate::{
    config::{Config, ConfigError, KeepAlive, KeyType, ServerTypeChoice},
    error::DockBridgeError,
    keepalive::Owner,
    state::StateDir,
};

/// What is ordered.
#[derive(Debug, Clone)]
struct Settings {
    server_type: ServerTypeChoice,
    location: String,
    image: String,
    volume_size: u32,
    key_type: KeyType,
    key_path: Option<PathBuf>,
    keepalive: KeepAlive,
}

/// Servers on Hetzner Cloud, reached over SSH.
pub struct HetznerServers {
    client: Client,
    /// For servers that delete themselves.
    token: ApiToken,
    state: StateDir,
    client_id: String,
    /// Who we are on the servers that we hold a lease on.
    owner: Owner,
    settings: Settings,
    /// Where the sockets of SSH connections go: the path of a [`crate::state::RunDir`].
    run_dir: PathBuf,
    /// The way to the present server. Calls come one at a time; the lock only lets `&self` change it.
    connected: Mutex<Option<Connected>>,
    /// Why the present server cannot delete itself.
    missing: watch::Sender<MissingCredentials>,
    /// What was learnt of the server when its engine last answered.
    known: Mutex<Option<Known>>,
}

impl HetznerServers {
    /// Servers as the configuration wants them. Reads and writes local files, and asks nobody.
    pub fn new(config: &Config, state: StateDir, run_dir: PathBuf) -> Result<Self, DockBridgeError> {
        let hetzner = &config.hetzner;
        let setting = |reason| ConfigError::Setting { key: "hetzner.endpoint", reason };
        let client = Client::builder(config.token()?.clone())
            .endpoint(&hetzner.endpoint)
            .map_err(|error| setting(error.to_string()))?
            .user_agent(concat!("dockbridge/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| setting(error.to_string()))?;
        let client_id = state.client_id()?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self {
            client,
            token: config.token()?.clone(),
            owner: Owner::new(client_id.clone(), &host),
            client_id,
            state,
            settings: Settings {
                server_type: hetzner.server_type.clone(),
                location: hetzner.location.clone(),
                image: hetzner.image.clone(),
                volume_size: hetzner.volume_size,
                key_type: config.ssh.key_type,
                key_path: config.ssh.key_path.clone(),
                keepalive: config.keepalive,
            },
            run_dir,
            connected: Mutex::new(None),
            missing: watch::Sender::new(None),
            known: Mutex::new(None),
        })
    }

    /// Why the present server, which is to delete itself, could not do so yet.
    #[must_use]
    pub fn missing_credentials(&self) -> watch::Receiver<MissingCredentials> {
        self.missing.subscribe()
    }

    /// Who this installation is on the servers that it holds a lease on.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Whether a former run has left a server on record.
    pub fn on_record(&self) -> Result<bool, DockBridgeError> {
        Ok(self.state.server()?.is_some())
    }

    /// The pair we log in with: the user's own, or ours, generated on first use.
    async fn login_key(&self) -> Result<LoginKey, KeyError> {
        let name = match self.settings.key_type {
            KeyType::Ed25519 => "id_ed25519",
            KeyType::Rsa4096 => "id_rsa",
        };
        match &self.settings.key_path {
            Some(path) => keys::own_login_key(path).await,
            None => keys::ensure_login_key(self.settings.key_type, &self.state.key_path(name)).await,
        }
    }
}
