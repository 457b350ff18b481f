//! The form of `catalogue.json`, and how it becomes what the API sends.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    CatalogueError,
    price::{Money, Price},
    wire::{
        Deprecation, FloatingIpPrices, Image, ImagePrice, Location, LocationPrice, Monthly, OfferedIn, Pricing,
        PrimaryIpPrice, PrimaryIpPrices, Protection, ServerBackup, ServerType, ServerTypePrices,
    },
};

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) currency: String,
    pub(super) vat_rate: String,
    pub(super) net: NetPrices,
    pub(super) server_backup_percentage: String,
    pub(super) locations: Vec<Location>,
    pub(super) server_types: Vec<ServerTypeEntry>,
    pub(super) images: Vec<ImageEntry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NetPrices {
    primary_ipv4_monthly: String,
    primary_ipv4_hourly: String,
    floating_ipv4_monthly: String,
    floating_ipv6_monthly: String,
    image_per_gb_month: String,
    volume_per_gb_month: String,
    traffic_per_tb: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ServerTypeEntry {
    id: u64,
    name: String,
    description: String,
    cores: u32,
    memory: u32,
    disk: u32,
    category: String,
    cpu_type: String,
    architecture: String,
    offers: Vec<Offer>,
}

#[derive(Debug, Deserialize)]
struct Offer {
    locations: Vec<String>,
    net_monthly: String,
    net_hourly: String,
    included_traffic: u64,
    available: bool,
    recommended: bool,
    deprecation: Option<Deprecation>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ImageEntry {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    description: String,
    disk_size: u32,
    os_flavor: String,
    os_version: Option<String>,
    architecture: String,
    created: Timestamp,
    rapid_deploy: bool,
}

impl ServerTypeEntry {
    pub(super) fn to_wire(&self, file: &File, vat: Money) -> Result<ServerType, CatalogueError> {
        let mut prices = Vec::new();
        let mut locations = Vec::new();
        for offer in &self.offers {
            for name in &offer.locations {
                let location = file
                    .locations
                    .iter()
                    .find(|each| &each.name == name)
                    .ok_or_else(|| CatalogueError::Location(name.clone()))?;
                prices.push(LocationPrice {
                    location: name.clone(),
                    price_hourly: Money::parse(&offer.net_hourly)?.with_vat(vat),
                    price_monthly: Money::parse(&offer.net_monthly)?.with_vat(vat),
                    included_traffic: offer.included_traffic,
                    price_per_tb_traffic: Money::parse(&file.net.traffic_per_tb)?.with_vat(vat),
                });
                locations.push(OfferedIn {
                    id: location.id,
                    name: name.clone(),
                    deprecation: offer.deprecation.clone(),
                    available: offer.available,
                    recommended: offer.recommended,
                });
            }
        }
        // The field outside `locations` is set only where a type is deprecated everywhere.
        let everywhere = locations.iter().all(|each| each.deprecation.is_some());
        let deprecation = locations.first().filter(|_| everywhere).and_then(|each| each.deprecation.clone());
        Ok(ServerType {
            id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            cores: self.cores,
            memory: self.memory,
            disk: self.disk,
            deprecation,
            prices,
            storage_type: "local",
            cpu_type: self.cpu_type.clone(),
            architecture: self.architecture.clone(),
            locations,
        })
    }
}

impl ImageEntry {
    pub(super) fn to_wire(&self) -> Image {
        Image {
            id: self.id,
            kind: self.kind.clone(),
            status: "available",
            name: self.name.clone(),
            description: self.description.clone(),
            stored_size: None,
            disk_size: self.disk_size,
            created: self.created,
            created_from: None,
            bound_to: None,
            os_flavor: self.os_flavor.clone(),
            os_version: self.os_version.clone(),
            rapid_deploy: self.rapid_deploy,
            protection: Protection { delete: false },
            deprecation: None,
            deleted: None,
            labels: BTreeMap::new(),
            architecture: self.architecture.clone(),
        }
    }
}

impl File {
    pub(super) fn pricing(&self, vat: Money, types: &[ServerType]) -> Result<Pricing, CatalogueError> {
        let price = |text: &str| Ok::<Price, CatalogueError>(Money::parse(text)?.with_vat(vat));
        let per_location = |hourly: &str, monthly: &str| {
            self.locations
                .iter()
                .map(|each| {
                    Ok(PrimaryIpPrice {
                        location: each.name.clone(),
                        price_hourly: price(hourly)?,
                        price_monthly: price(monthly)?,
                    })
                })
                .collect::<Result<Vec<_>, CatalogueError>>()
        };
        let monthly = |amount: &str| {
            self.locations
                .iter()
                .map(|each| Ok(Monthly { location: each.name.clone(), price_monthly: price(amount)? }))
                .collect::<Result<Vec<_>, CatalogueError>>()
        };
        let net = &self.net;
        Ok(Pricing {
            currency: self.currency.clone(),
            vat_rate: self.vat_rate.clone(),
            primary_ips: vec![
                PrimaryIpPrices {
                    kind: "ipv4",
                    prices: per_location(&net.primary_ipv4_hourly, &net.primary_ipv4_monthly)?,
                },
                PrimaryIpPrices { kind: "ipv6", prices: per_location("0", "0")? },
            ],
            floating_ips: vec![
                FloatingIpPrices { kind: "ipv4", prices: monthly(&net.floating_ipv4_monthly)? },
                FloatingIpPrices { kind: "ipv6", prices: monthly(&net.floating_ipv6_monthly)? },
            ],
            image: ImagePrice { price_per_gb_month: price(&net.image_per_gb_month)? },
            volume: ImagePrice { price_per_gb_month: price(&net.volume_per_gb_month)? },
            server_backup: ServerBackup { percentage: self.server_backup_percentage.clone() },
            server_types: types
                .iter()
                .map(|each| ServerTypePrices { id: each.id, name: each.name.clone(), prices: each.prices.clone() })
                .collect(),
            load_balancer_types: Vec::new(),
        })
    }
}
