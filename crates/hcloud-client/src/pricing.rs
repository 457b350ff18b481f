//! Prices of everything that is billed beside or through a server.

use serde::Deserialize;

use crate::{
    Error, Price, ServerTypeId, ServerTypePrice,
    decode::null_as_default,
    transport::{Query, Transport},
    words::words,
};

words! {
    /// The kind of a primary IP.
    pub enum PrimaryIpKind {
        /// An address of IP version 4.
        Ipv4 = "ipv4",
        /// A network of IP version 6.
        Ipv6 = "ipv6",
    }
}

/// The prices of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The currency of all of them, as three letters of ISO 4217.
    pub currency: String,
    /// The rate of the value added tax in percent, as a decimal number.
    pub vat_rate: String,
    /// A volume, for each GB and month.
    pub volume_per_gb_month: Price,
    /// A snapshot, for each GB and month.
    pub image_per_gb_month: Price,
    /// Public addresses.
    pub primary_ips: Vec<PrimaryIpPrice>,
    /// Servers.
    pub server_types: Vec<ServerTypePrices>,
}

/// What a kind of public address costs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PrimaryIpPrice {
    /// The kind.
    #[serde(rename = "type")]
    pub kind: PrimaryIpKind,
    /// The price in each location.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<PrimaryIpPriceInLocation>,
}

/// What a public address costs in a location.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PrimaryIpPriceInLocation {
    /// The name of the location.
    pub location: String,
    /// For an hour.
    pub price_hourly: Price,
    /// For a month.
    pub price_monthly: Price,
}

/// What a server type costs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerTypePrices {
    /// Identifies the server type.
    pub id: ServerTypeId,
    /// The name of the server type.
    pub name: String,
    /// The price in each location.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<ServerTypePrice>,
}

impl Prices {
    /// The price of a server type in a location, both by name.
    #[must_use]
    pub fn server_type(&self, name: &str, location: &str) -> Option<&ServerTypePrice> {
        let prices = &self.server_types.iter().find(|entry| entry.name == name)?.prices;
        prices.iter().find(|price| price.location == location)
    }

    /// The price of a public address in a location.
    #[must_use]
    pub fn primary_ip(&self, kind: &PrimaryIpKind, location: &str) -> Option<&PrimaryIpPriceInLocation> {
        let prices = &self.primary_ips.iter().find(|entry| entry.kind == *kind)?.prices;
        prices.iter().find(|price| price.location == location)
    }
}

/// Operations on prices.
#[derive(Clone, Copy)]
pub struct Pricing<'a> {
    pub(crate) transport: &'a Transport,
}

#[derive(Deserialize)]
struct Answer {
    pricing: Wire,
}

#[derive(Deserialize)]
struct Wire {
    currency: String,
    #[serde(default, deserialize_with = "null_as_default")]
    vat_rate: String,
    volume: PerGbMonth,
    image: PerGbMonth,
    #[serde(default, deserialize_with = "null_as_default")]
    primary_ips: Vec<PrimaryIpPrice>,
    #[serde(default, deserialize_with = "null_as_default")]
    server_types: Vec<ServerTypePrices>,
}

#[derive(Deserialize)]
struct PerGbMonth {
    price_per_gb_month: Price,
}

impl Pricing<'_> {
    /// All prices.
    pub async fn get(&self) -> Result<Prices, Error> {
        let Answer { pricing } = self.transport.get("/pricing", &Query::new()).await?;
        Ok(Prices {
            currency: pricing.currency,
            vat_rate: pricing.vat_rate,
            volume_per_gb_month: pricing.volume.price_per_gb_month,
            image_per_gb_month: pricing.image.price_per_gb_month,
            primary_ips: pricing.primary_ips,
            server_types: pricing.server_types,
        })
    }
}
