//! Why there is no server, or none that serves.

use std::time::Duration;

/// What can be ordered in place of a type that does not exist.
fn nearest_in(location: &str, nearest: &[String]) -> String {
    if nearest.is_empty() {
        format!("none at all can be ordered in {location} at the moment")
    } else {
        format!("the nearest that can be ordered in {location} are {}", nearest.join(", "))
    }
}

/// What can be ordered in place of a type that cannot be had.
fn of_its_size(nearest: &[String]) -> String {
    if nearest.is_empty() {
        "none of its size or larger can be ordered there at the moment".to_owned()
    } else {
        format!("of its size there are {}", nearest.join(", "))
    }
}

/// A server that cannot be had, or that does not come up.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The location does not exist.
    #[error("there is no location `{name}`; there are {}", .known.join(", "))]
    UnknownLocation {
        /// What was asked for.
        name: String,
        /// Every location there is.
        known: Vec<String>,
    },
    /// The server type does not exist.
    #[error("there is no server type `{name}`; {}", nearest_in(.location, .nearest))]
    UnknownServerType {
        /// What was asked for.
        name: String,
        /// Where.
        location: String,
        /// Types with the nearest names.
        nearest: Vec<String>,
    },
    /// The server type exists, but not here and now.
    #[error("the server type `{name}` {reason} in {location}; {}", of_its_size(.nearest))]
    NotOrderable {
        /// What was asked for.
        name: String,
        /// `is sold out`, `is not offered` or `can no longer be ordered`.
        reason: &'static str,
        /// Where.
        location: String,
        /// Types of about the same size.
        nearest: Vec<String>,
    },
    /// No type is large enough and on offer.
    #[error("no x86 server type with at least 3 vCPU and 4 GB can be ordered in {location} at the moment")]
    NothingOrderable {
        /// Where.
        location: String,
    },
    /// The image does not exist for this architecture.
    #[error("there is no image `{name}` for {architecture}; there are {}", .known.join(", "))]
    UnknownImage {
        /// What was asked for.
        name: String,
        /// The architecture of the server type.
        architecture: String,
        /// Images that do exist.
        known: Vec<String>,
    },
    /// The volume is in another location, and volumes cannot move.
    #[error("the volume {name} (id {id}) is in {actual}, but hetzner.location is {wanted}")]
    VolumeElsewhere {
        /// The volume's name.
        name: String,
        /// The volume's id.
        id: u64,
        /// Where it is.
        actual: String,
        /// Where it was wanted.
        wanted: String,
    },
    /// The volume is attached to a server that is not ours to destroy and cannot be shared.
    #[error("the volume {name} (id {id}) is in use on {holder}: {reason}. Nothing was changed")]
    VolumeInUse {
        /// The volume's name.
        name: String,
        /// The volume's id.
        id: u64,
        /// The server, and who ordered it on which computer.
        holder: String,
        /// Why it cannot be shared.
        reason: String,
    },
    /// No SSH server answered in time.
    #[error("the server {name} ({address}) did not answer on SSH within {} s: {last}", .after.as_secs())]
    NoSsh {
        /// The server's name.
        name: String,
        /// Its address.
        address: String,
        /// How long it was tried.
        after: Duration,
        /// The last attempt's failure.
        last: String,
    },
    /// cloud-init reported errors.
    #[error("cloud-init failed on the server {name}. The end of its log:\n{log}")]
    CloudInit {
        /// The server's name.
        name: String,
        /// The end of `/var/log/cloud-init-output.log`.
        log: String,
    },
    /// The engine does not start.
    #[error("Docker Engine did not start on the server {name}. The end of its log:\n{log}")]
    EngineDown {
        /// The server's name.
        name: String,
        /// The end of its journal.
        log: String,
    },
    /// The server has no public IPv4 address.
    #[error("the server {name} has no public IPv4 address")]
    NoAddress {
        /// The server's name.
        name: String,
    },
    /// The server is still there although it was deleted.
    #[error("the server {name} still exists {} s after it was deleted", .after.as_secs())]
    NotGone {
        /// The server's name.
        name: String,
        /// How long it was watched.
        after: Duration,
    },
    /// The user stopped DockBridge while the server was coming up.
    #[error("DockBridge is being stopped")]
    Stopping,
    /// DockBridge itself has ended, so nobody can provide a server.
    #[error("DockBridge has ended")]
    DriverGone,
    /// The answer to the order was lost, and the server may still appear.
    #[error("the answer to the order of the server {name} was lost, and it is not certain yet that it does not exist")]
    OrderUnknown {
        /// The server's name.
        name: String,
    },
    /// The API knows neither the server on record nor its volume: it speaks of another project.
    #[error("the server {name} on record is unknown to this project, and so is its volume (id {volume_id})")]
    OtherProject {
        /// The server's name.
        name: String,
        /// The volume's id.
        volume_id: u64,
    },
    /// A server that is to go because it is idle cannot be asked whether somebody else uses it.
    #[error("it cannot be asked whether somebody else uses the server {name}, so it is left for the moment")]
    LeaseUnknown {
        /// The server.
        name: String,
    },
    /// The server on record is still being created or turned on.
    #[error("the server {name} on record is still being turned on")]
    StillBooting {
        /// The server's name.
        name: String,
    },
    /// The server on record could not be reached in time.
    #[error("the server on record could not be reached within {} s", .after.as_secs())]
    Unreachable {
        /// How long it was tried.
        after: Duration,
    },
    /// An operation ended without an outcome; a fault of DockBridge.
    #[error("an operation on the server ended abnormally")]
    Abnormal,
    /// The user-data could not be rendered; a fault of DockBridge.
    #[error("the server's user-data could not be rendered: {0}")]
    UserData(String),
}

impl ServerError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownLocation { .. } => "unknown_location",
            Self::UnknownServerType { .. } => "unknown_server_type",
            Self::NotOrderable { .. } => "server_type_unavailable",
            Self::NothingOrderable { .. } => "no_server_type_available",
            Self::UnknownImage { .. } => "unknown_image",
            Self::VolumeElsewhere { .. } => "volume_elsewhere",
            Self::VolumeInUse { .. } => "volume_in_use",
            Self::NoSsh { .. } => "no_ssh",
            Self::CloudInit { .. } => "cloud_init_failed",
            Self::EngineDown { .. } => "engine_down",
            Self::NoAddress { .. } => "no_address",
            Self::NotGone { .. } => "server_not_gone",
            Self::Stopping => "stopping",
            Self::DriverGone => "ended",
            Self::OrderUnknown { .. } => "order_unknown",
            Self::OtherProject { .. } => "other_project",
            Self::StillBooting { .. } => "still_booting",
            Self::LeaseUnknown { .. } => "lease_unknown",
            Self::Unreachable { .. } => "server_unreachable",
            Self::Abnormal => "abnormal_end",
            Self::UserData(_) => "user_data",
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            // What is sold out today may be there tomorrow; what has been withdrawn does not come back.
            Self::NotOrderable { reason, .. } => matches!(reason.as_bytes(), b"is sold out"),
            Self::NothingOrderable { .. }
            | Self::NoSsh { .. }
            | Self::EngineDown { .. }
            | Self::NotGone { .. }
            | Self::OrderUnknown { .. }
            | Self::StillBooting { .. }
            | Self::LeaseUnknown { .. }
            | Self::Unreachable { .. } => true,
            Self::UnknownLocation { .. }
            | Self::UnknownServerType { .. }
            | Self::UnknownImage { .. }
            | Self::VolumeElsewhere { .. }
            | Self::VolumeInUse { .. }
            | Self::CloudInit { .. }
            | Self::NoAddress { .. }
            | Self::Stopping
            | Self::DriverGone
            | Self::OtherProject { .. }
            | Self::Abnormal
            | Self::UserData(_) => false,
        }
    }

    /// What to do about it, where the message does not say so itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownLocation { .. } => "set hetzner.location to one of them".to_owned(),
            Self::UnknownServerType { nearest, .. } | Self::NotOrderable { nearest, .. } if nearest.is_empty() => {
                "try again later, or set hetzner.location to another location or hetzner.server_type to another type"
                    .to_owned()
            }
            Self::UnknownServerType { .. } | Self::NotOrderable { .. } => {
                "set hetzner.server_type to one of them, or to auto".to_owned()
            }
            Self::NothingOrderable { .. } => {
                "try again later, or name a smaller or an arm64 type in hetzner.server_type".to_owned()
            }
            Self::UnknownImage { .. } => "set hetzner.image to one of them".to_owned(),
            Self::VolumeElsewhere { actual, .. } => {
                format!(
                    "volumes cannot move: set hetzner.location to {actual}, or delete the volume if its data may go"
                )
            }
            Self::VolumeInUse { .. } => {
                "stop the DockBridge that uses it, or delete that server in the Hetzner Console if nobody does; the volume \
                 stays. To share servers between computers, give all of them the same ssh.key_path"
                    .to_owned()
            }
            Self::NoSsh { .. } => {
                "check that your network lets port 22 out; if the server is broken, `dockbridge stop` destroys it and keeps \
                 the volume"
                    .to_owned()
            }
            Self::CloudInit { .. } | Self::EngineDown { .. } => {
                "the volume is kept; a server on which nobody else works is destroyed. Try another hetzner.image if it \
                 happens again"
                    .to_owned()
            }
            Self::NotGone { .. } => "DockBridge goes on trying; look at the Hetzner Console as well".to_owned(),
            Self::Stopping | Self::DriverGone => "run the command again after `dockbridge start`".to_owned(),
            Self::LeaseUnknown { .. } => {
                "it is tried again; without a lease the server ends by itself. `dockbridge stop` does not ask".to_owned()
            }
            Self::OrderUnknown { .. } | Self::StillBooting { .. } => "try again in a minute".to_owned(),
            Self::OtherProject { .. } => "use the token and the endpoint of the project that it was created in; if server \
                 and volume were deleted there on purpose, remove server.json from the state directory"
                .to_owned(),
            Self::Unreachable { .. } => "try again; if the server is broken, `dockbridge stop` destroys it and keeps the \
                 volume"
                .to_owned(),
            Self::Abnormal => "look at the log for what happened; the server is destroyed and the volume is kept".to_owned(),
            Self::NoAddress { .. } | Self::UserData(_) => return None,
        };
        Some(hint)
    }
}
