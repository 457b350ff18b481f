//! A volume as the emulator keeps it.

use jiff::Timestamp;
use serde::Serialize;

use crate::{catalogue::Location, labels::Labels};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VolumeStatus {
    Creating,
    Available,
}

impl VolumeStatus {
    /// The word the API uses.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) status: VolumeStatus,
    pub(crate) size_gb: u64,
    pub(crate) format: Option<String>,
    pub(crate) location: Location,
    pub(crate) server: Option<u64>,
    pub(crate) protected: bool,
    pub(crate) labels: Labels,
}
