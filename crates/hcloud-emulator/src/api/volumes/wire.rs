//! A volume as the API sends it.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    catalogue::Location,
    labels::Labels,
    state::{Volume, VolumeStatus},
};

#[derive(Serialize)]
pub(super) struct Wire<'a> {
    id: u64,
    created: Timestamp,
    name: &'a str,
    server: Option<u64>,
    location: &'a Location,
    size: u64,
    linux_device: String,
    protection: Protection,
    labels: &'a Labels,
    status: VolumeStatus,
    format: Option<&'a str>,
}

#[derive(Serialize)]
struct Protection {
    delete: bool,
}

impl<'a> From<&'a Volume> for Wire<'a> {
    fn from(volume: &'a Volume) -> Self {
        Self {
            id: volume.id,
            created: volume.created,
            name: &volume.name,
            server: volume.server,
            location: &volume.location,
            size: volume.size_gb,
            linux_device: format!("/dev/disk/by-id/scsi-0HC_Volume_{}", volume.id),
            protection: Protection { delete: volume.protected },
            labels: &volume.labels,
            status: volume.status,
            format: volume.format.as_deref(),
        }
    }
}
