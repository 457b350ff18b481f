//! Servers: created with their volume, booted, looked for, destroyed.
//!
//! [`ServerManager`] is the seam that the lifecycle's driver works through; [`HetznerServers`] stands behind it.

mod boot;
mod choice;
mod cloud_init;
mod destroy;
mod error;
mod info;
mod keys;
mod labels;
mod link;
mod manager;
mod overview;
mod phases;
mod provision;
mod resources;
mod search;
mod survey;

use std::path::PathBuf;

use hcloud_client::Client;
use tokio::sync::Mutex;

pub use cloud_init::render as render_user_data;
pub use error::ServerError;
pub use info::{MOUNT_PATH, ServerInfo, ServerStatus, VolumeInfo, VolumeStatus};
pub use keys::{HostKey, KeyError, LoginKey};
pub use manager::{Ended, Engine, EngineLink, Failure, ForeignLease, LinkFuture, Search, ServerManager};
pub use overview::Overview;
pub use phases::{Phase, Phases};

use self::link::SshLink;
use crate::{
    config::{Config, ConfigError, KeepAlive, KeyType, ServerTypeChoice},
    error::DockBridgeError,
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
    state: StateDir,
    client_id: String,
    settings: Settings,
    /// Where the sockets of SSH connections go: the path of a [`crate::state::RunDir`].
    run_dir: PathBuf,
    /// The way to the present server. Calls come one at a time; the lock only lets `&self` change it.
    link: Mutex<Option<std::sync::Arc<SshLink>>>,
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
        Ok(Self {
            client,
            client_id: state.client_id()?,
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
            link: Mutex::new(None),
        })
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
