//! What the API sends about locations, server types, images and prices.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::price::Price;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) country: String,
    pub(crate) city: String,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) network_zone: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServerType {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) cores: u32,
    pub(crate) memory: u32,
    pub(crate) disk: u32,
    pub(crate) deprecation: Option<Deprecation>,
    pub(crate) prices: Vec<LocationPrice>,
    pub(crate) storage_type: &'static str,
    pub(crate) cpu_type: String,
    pub(crate) architecture: String,
    pub(crate) locations: Vec<OfferedIn>,
}

impl ServerType {
    /// Whether the type is listed in a location, and there orderable now.
    pub(crate) fn offered_in(&self, location: &str) -> Option<&OfferedIn> {
        self.locations.iter().find(|each| each.name == location)
    }

    /// Bytes of outgoing traffic per month that are part of the price in `location`.
    pub(crate) fn included_traffic(&self, location: &str) -> u64 {
        self.prices.iter().find(|each| each.location == location).map_or(0, |each| each.included_traffic)
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct OfferedIn {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) deprecation: Option<Deprecation>,
    pub(crate) available: bool,
    pub(crate) recommended: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deprecation {
    pub(crate) announced: Timestamp,
    pub(crate) unavailable_after: Timestamp,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct LocationPrice {
    pub(crate) location: String,
    pub(crate) price_hourly: Price,
    pub(crate) price_monthly: Price,
    pub(crate) included_traffic: u64,
    pub(crate) price_per_tb_traffic: Price,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Image {
    pub(crate) id: u64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: &'static str,
    pub(crate) name: String,
    pub(crate) description: String,
    #[serde(rename = "image_size")]
    pub(crate) stored_size: Option<f64>,
    pub(crate) disk_size: u32,
    pub(crate) created: Timestamp,
    pub(crate) created_from: Option<()>,
    pub(crate) bound_to: Option<u64>,
    pub(crate) os_flavor: String,
    pub(crate) os_version: Option<String>,
    pub(crate) rapid_deploy: bool,
    pub(crate) protection: Protection,
    pub(crate) deprecation: Option<Deprecation>,
    pub(crate) deleted: Option<Timestamp>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) architecture: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Protection {
    pub(crate) delete: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Pricing {
    pub(crate) currency: String,
    pub(crate) vat_rate: String,
    pub(crate) primary_ips: Vec<PrimaryIpPrices>,
    pub(crate) floating_ips: Vec<FloatingIpPrices>,
    pub(crate) image: ImagePrice,
    pub(crate) volume: ImagePrice,
    pub(crate) server_backup: ServerBackup,
    pub(crate) server_types: Vec<ServerTypePrices>,
    pub(crate) load_balancer_types: Vec<ServerTypePrices>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PrimaryIpPrices {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) prices: Vec<PrimaryIpPrice>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PrimaryIpPrice {
    pub(crate) location: String,
    pub(crate) price_hourly: Price,
    pub(crate) price_monthly: Price,
}

#[derive(Debug, Serialize)]
pub(crate) struct FloatingIpPrices {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) prices: Vec<Monthly>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Monthly {
    pub(crate) location: String,
    pub(crate) price_monthly: Price,
}

#[derive(Debug, Serialize)]
pub(crate) struct ImagePrice {
    pub(crate) price_per_gb_month: Price,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServerBackup {
    pub(crate) percentage: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServerTypePrices {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) prices: Vec<LocationPrice>,
}
