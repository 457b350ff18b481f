//! Locations.

use serde::Deserialize;

use crate::{
    Error, LocationId,
    decode::null_as_default,
    paging::{self, page},
    transport::{Query, Transport},
};

/// A place where servers and volumes can be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Location {
    /// Identifies it.
    pub id: LocationId,
    /// Its unique name, such as `fsn1`.
    pub name: String,
    /// Its name for humans, such as `Falkenstein DC Park 1`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// The country, as two letters of ISO 3166-1.
    #[serde(default, deserialize_with = "null_as_default")]
    pub country: String,
    /// The city.
    #[serde(default, deserialize_with = "null_as_default")]
    pub city: String,
    /// The network zone, such as `eu-central`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub network_zone: String,
}

/// Operations on locations.
#[derive(Clone, Copy)]
pub struct Locations<'a> {
    pub(crate) transport: &'a Transport,
}

page!(LocationPage, locations: Location);

impl Locations<'_> {
    /// All locations.
    pub async fn list(&self) -> Result<Vec<Location>, Error> {
        paging::all::<LocationPage>(self.transport, "/locations", Query::new()).await
    }
}
