//! Volumes: disks that outlive servers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Error, LabelSelector, Labels, Location, ServerId, VolumeId,
    actions::ActionAnswer,
    decode::{null_as_default, whole_number},
    error::none_if_not_found,
    paging::{self, add, page},
    transport::{Query, Transport},
    words::words,
};

words! {
    /// Whether a volume can be used.
    pub enum VolumeStatus {
        /// It is being made.
        Creating = "creating",
        /// It can be attached and used.
        Available = "available",
    }
}

words! {
    /// A file system that the API can put on a new volume.
    pub enum VolumeFormat {
        /// The fourth extended file system.
        Ext4 = "ext4",
        /// XFS.
        Xfs = "xfs",
    }
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Volume {
    /// Identifies it.
    pub id: VolumeId,
    /// Its unique name.
    pub name: String,
    /// Whether it can be used.
    pub status: VolumeStatus,
    /// The server it is attached to.
    #[serde(default)]
    pub server: Option<ServerId>,
    /// Where it is. Only servers in the same location can have it.
    pub location: Location,
    /// Its size in GB.
    #[serde(rename = "size", deserialize_with = "whole_number")]
    pub size_gb: u32,
    /// Where it appears on its server, such as `/dev/disk/by-id/scsi-0HC_Volume_4711`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub linux_device: String,
    /// The file system it was made with.
    #[serde(default)]
    pub format: Option<VolumeFormat>,
    /// What it is protected from.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: VolumeProtection,
    /// Its labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// When it was made.
    #[serde(default)]
    pub created: Option<Timestamp>,
}

/// What a volume is protected from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct VolumeProtection {
    /// From being deleted.
    #[serde(default, deserialize_with = "null_as_default")]
    pub delete: bool,
}

/// Which volumes to list; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// With these labels.
    pub label_selector: Option<LabelSelector>,
}

/// What a new volume is to be. It belongs to a location and is not attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateVolume {
    /// Its unique name, of at most 64 characters.
    pub name: String,
    /// Its size in GB, from 10 to 10240.
    #[serde(rename = "size")]
    pub size_gb: u32,
    /// The name of its location.
    pub location: String,
    /// The file system to put on it; `None` leaves it blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<VolumeFormat>,
    /// Its labels.
    pub labels: Labels,
}

/// A volume that is being made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CreatedVolume {
    /// The volume as it is now.
    pub volume: Volume,
    /// What makes it.
    pub action: Action,
    /// What follows.
    #[serde(default, deserialize_with = "null_as_default")]
    pub next_actions: Vec<Action>,
}

/// Operations on volumes.
#[derive(Clone, Copy)]
pub struct Volumes<'a> {
    pub(crate) transport: &'a Transport,
}

page!(VolumePage, volumes: Volume);

#[derive(Deserialize)]
struct VolumeAnswer {
    volume: Volume,
}

#[derive(Serialize)]
struct Attach {
    server: ServerId,
    automount: bool,
}

#[derive(Serialize)]
struct ChangeProtection {
    delete: bool,
}

impl Volumes<'_> {
    /// All volumes that the filter lets through.
    pub async fn list(&self, filter: &VolumeFilter) -> Result<Vec<Volume>, Error> {
        let mut query = Query::new();
        add(&mut query, "name", filter.name.as_ref());
        add(&mut query, "label_selector", filter.label_selector.as_ref());
        paging::all::<VolumePage>(self.transport, "/volumes", query).await
    }

    /// The volume, or `None` if there is none of this number.
    pub async fn get(&self, id: VolumeId) -> Result<Option<Volume>, Error> {
        let answer = self.transport.get(&format!("/volumes/{id}"), &Query::new()).await;
        Ok(none_if_not_found(answer)?.map(|VolumeAnswer { volume }| volume))
    }

    /// Begins to make a volume.
    pub async fn create(&self, volume: &CreateVolume) -> Result<CreatedVolume, Error> {
        self.transport.post_json("/volumes", volume).await
    }

    /// Begins to attach a volume to a server in the same location; with `automount`, the server mounts it by itself.
    pub async fn attach(&self, id: VolumeId, server: ServerId, automount: bool) -> Result<Action, Error> {
        let path = format!("/volumes/{id}/actions/attach");
        let ActionAnswer { action } = self.transport.post_json(&path, &Attach { server, automount }).await?;
        Ok(action)
    }

    /// Begins to detach a volume from its server.
    pub async fn detach(&self, id: VolumeId) -> Result<Action, Error> {
        let ActionAnswer { action } = self.transport.post(&format!("/volumes/{id}/actions/detach")).await?;
        Ok(action)
    }

    /// Sets or lifts the protection from being deleted.
    pub async fn change_protection(&self, id: VolumeId, delete: bool) -> Result<Action, Error> {
        let path = format!("/volumes/{id}/actions/change_protection");
        let ActionAnswer { action } = self.transport.post_json(&path, &ChangeProtection { delete }).await?;
        Ok(action)
    }

    /// Deletes a volume with all that is on it; `false` if there was none. It must be detached and unprotected.
    pub async fn delete(&self, id: VolumeId) -> Result<bool, Error> {
        let answer = self.transport.delete_without_answer(&format!("/volumes/{id}")).await;
        Ok(none_if_not_found(answer)?.is_some())
    }
}
