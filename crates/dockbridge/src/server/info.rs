//! Servers and volumes as they are shown, with the field names and words of the design's models.

use std::collections::BTreeMap;

use hcloud_client as hcloud;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::labels;
use crate::config::SelfDestruct;

/// Where the volume is mounted on every server.
pub const MOUNT_PATH: &str = "/var/lib/docker";

/// What a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerStatus {
    /// It is being created or booted.
    Provisioning,
    /// It is on.
    Running,
    /// It is being turned off or deleted.
    ShuttingDown,
    /// It is off. It is billed until it is deleted.
    Terminated,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Its id in the API.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub status: ServerStatus,
    /// Its public IPv4 address, empty while unknown.
    pub ip_address: String,
    /// The volume mounted on it, empty without one.
    pub volume_id: String,
    /// When it was created; billing counts from here.
    pub created_at: Timestamp,
    /// What else is known: `server_type`, `location`, and `self_destruct` where the server has a monitor.
    pub metadata: BTreeMap<String, String>,
}

/// What a volume is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeStatus {
    /// It is being created.
    Creating,
    /// It can be attached.
    Available,
    /// It is attached to a server.
    Attached,
    /// It is being deleted.
    Deleting,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeInfo {
    /// Its id in the API.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size in GB.
    pub size: u32,
    /// What it is doing.
    pub status: VolumeStatus,
    /// Where it is mounted on a server.
    pub mount_path: String,
    /// When it was created, where the API says so.
    pub created_at: Option<Timestamp>,
}

impl From<&hcloud::Server> for ServerInfo {
    fn from(server: &hcloud::Server) -> Self {
        let mut metadata = BTreeMap::from([
            ("server_type".to_owned(), server.server_type.name.clone()),
            ("location".to_owned(), server.location.name.clone()),
        ]);
        let self_destruct = labels::self_destruct(&server.labels);
        if self_destruct != SelfDestruct::Off {
            metadata.insert("self_destruct".to_owned(), self_destruct.word().to_owned());
        }
        Self {
            id: server.id.to_string(),
            name: server.name.clone(),
            status: (&server.status).into(),
            ip_address: server.public_net.ipv4.as_ref().map(|ip| ip.ip.to_string()).unwrap_or_default(),
            volume_id: server.volumes.first().map(ToString::to_string).unwrap_or_default(),
            created_at: server.created,
            metadata,
        }
    }
}

impl From<&hcloud::ServerStatus> for ServerStatus {
    fn from(status: &hcloud::ServerStatus) -> Self {
        match status {
            hcloud::ServerStatus::Initializing | hcloud::ServerStatus::Starting => Self::Provisioning,
            hcloud::ServerStatus::Stopping | hcloud::ServerStatus::Deleting => Self::ShuttingDown,
            hcloud::ServerStatus::Off => Self::Terminated,
            // Whatever else it may be called, the server exists and is billed.
            _ => Self::Running,
        }
    }
}

impl From<&hcloud::Volume> for VolumeInfo {
    fn from(volume: &hcloud::Volume) -> Self {
        let status = match (&volume.status, volume.server) {
            (_, Some(_)) => VolumeStatus::Attached,
            (hcloud::VolumeStatus::Creating, None) => VolumeStatus::Creating,
            (_, None) => VolumeStatus::Available,
        };
        Self {
            id: volume.id.to_string(),
            name: volume.name.clone(),
            size: volume.size_gb,
            status,
            mount_path: MOUNT_PATH.to_owned(),
            created_at: volume.created,
        }
    }
}
