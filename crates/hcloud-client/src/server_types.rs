//! Server types: what servers can be ordered, where, and for how much.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    Error, LocationId, Price, ServerTypeId,
    decode::{null_as_default, whole_number},
    paging::{self, page},
    transport::{Query, Transport},
    words::words,
};

words! {
    /// The instruction set of a processor.
    pub enum Architecture {
        /// Intel and AMD.
        X86 = "x86",
        /// ARM, 64 bits.
        Arm = "arm",
    }
}

words! {
    /// Whether a server has its processor cores for itself.
    pub enum CpuType {
        /// Cores are shared with other servers.
        Shared = "shared",
        /// Cores belong to the server alone.
        Dedicated = "dedicated",
    }
}

/// A kind of server that can be ordered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ServerType {
    /// Identifies it.
    pub id: ServerTypeId,
    /// Its unique name, such as `cx23`.
    pub name: String,
    /// Its name for humans.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// Its class, such as `cost_optimized`.
    #[serde(default)]
    pub category: Option<String>,
    /// Processor cores.
    #[serde(deserialize_with = "whole_number")]
    pub cores: u32,
    /// Memory in GB.
    #[serde(rename = "memory")]
    pub memory_gb: f64,
    /// The disk in GB.
    #[serde(rename = "disk", deserialize_with = "whole_number")]
    pub disk_gb: u32,
    /// Whether the cores are shared.
    pub cpu_type: CpuType,
    /// The instruction set.
    pub architecture: Architecture,
    /// What it costs in each location.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<ServerTypePrice>,
    /// Where it is supported, and whether it can be ordered there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locations: Vec<ServerTypeLocation>,
}

/// What a server type costs in a location.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerTypePrice {
    /// The name of the location.
    pub location: String,
    /// For each hour that was begun, up to the monthly price.
    pub price_hourly: Price,
    /// For a month.
    pub price_monthly: Price,
    /// Traffic that costs nothing, in bytes a month.
    #[serde(default, deserialize_with = "null_as_default")]
    pub included_traffic: u64,
    /// For each TB of traffic beyond.
    #[serde(default)]
    pub price_per_tb_traffic: Option<Price>,
}

/// A location where a server type is supported.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerTypeLocation {
    /// Identifies the location.
    pub id: LocationId,
    /// The name of the location.
    pub name: String,
    /// Whether it can be ordered there at the moment. This is an indication, not a promise.
    #[serde(default, deserialize_with = "null_as_default")]
    pub available: bool,
    /// Whether Hetzner recommends it there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub recommended: bool,
    /// Whether and when it will go away there.
    #[serde(default)]
    pub deprecation: Option<Deprecation>,
}

/// When something was announced to go, and when it goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Deprecation {
    /// When it was announced.
    pub announced: Timestamp,
    /// When it can no longer be ordered.
    pub unavailable_after: Timestamp,
}

impl ServerType {
    /// The entry of a location, if the type is supported there.
    #[must_use]
    pub fn in_location(&self, location: &str) -> Option<&ServerTypeLocation> {
        self.locations.iter().find(|entry| entry.name == location)
    }

    /// The price in a location, if there is one.
    #[must_use]
    pub fn price_in(&self, location: &str) -> Option<&ServerTypePrice> {
        self.prices.iter().find(|price| price.location == location)
    }
}

/// Operations on server types.
#[derive(Clone, Copy)]
pub struct ServerTypes<'a> {
    pub(crate) transport: &'a Transport,
}

page!(ServerTypePage, server_types: ServerType);

impl ServerTypes<'_> {
    /// All server types.
    pub async fn list(&self) -> Result<Vec<ServerType>, Error> {
        paging::all::<ServerTypePage>(self.transport, "/server_types", Query::new()).await
    }
}
