//! A server as the emulator keeps it.

use std::{net::Ipv4Addr, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    catalogue::{Image, Location, ServerType},
    labels::Labels,
    machines::{Forward, MachineSpec},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServerStatus {
    Initializing,
    Starting,
    Running,
    Stopping,
    Off,
}

impl ServerStatus {
    /// The word the API uses.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Off => "off",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: ServerStatus,
    pub(crate) created: Timestamp,
    pub(crate) address: Ipv4Addr,
    pub(crate) kind: ServerType,
    pub(crate) location: Location,
    pub(crate) image: Image,
    pub(crate) labels: Labels,
    pub(crate) protected: bool,
    pub(crate) user_data: Option<String>,
    /// Public key lines for root.
    pub(crate) ssh_keys: Vec<String>,
    /// Whether there is a machine yet: a server that was created without being started has none.
    pub(crate) booted: bool,
    /// Counts power commands, so that a slow shutdown does not overwrite what came after it.
    pub(crate) power_commands: u64,
    /// Held while the machine shuts down, which goes on after the action has ended.
    pub(crate) shutting_down: Arc<tokio::sync::Mutex<()>>,
}

impl Server {
    /// What its machine is booted with.
    pub(crate) fn machine(&self, volumes: Vec<u64>, api: Option<Forward>) -> MachineSpec {
        MachineSpec {
            server_id: self.id,
            name: self.name.clone(),
            image: self.image.name.clone(),
            user_data: self.user_data.clone(),
            ssh_keys: self.ssh_keys.clone(),
            address: self.address,
            volumes,
            api,
        }
    }
}
