//! What the emulated account can order: locations, server types, images and prices.
//!
//! The data is `catalogue.json`, in a form a person can edit; this module turns it into what the API sends.

mod file;
mod price;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use self::wire::{Image, Location, Pricing, ServerType};
use self::{file::File, price::Money};

/// The catalogue in the shape in which the API sends it.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) locations: Vec<Location>,
    pub(crate) server_types: Vec<ServerType>,
    pub(crate) images: Vec<Image>,
    pub(crate) pricing: Pricing,
}

/// Why the catalogue's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("the catalogue is not in its expected form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("the catalogue's amount {0:?} is not a decimal number with at most ten places")]
    Amount(String),
    #[error("the catalogue names an unknown location {0:?}")]
    Location(String),
}

impl Catalogue {
    /// The catalogue that is part of the program.
    pub(crate) fn built_in() -> Result<Self, CatalogueError> {
        Self::parse(include_str!("catalogue.json"))
    }

    fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File = serde_json::from_str(text)?;
        let vat = Money::parse(&file.vat_rate)?;
        let locations = file.locations.clone();
        let server_types =
            file.server_types.iter().map(|each| each.to_wire(&file, vat)).collect::<Result<Vec<_>, _>>()?;
        let pricing = file.pricing(vat, &server_types)?;
        let images = file.images.iter().map(file::ImageEntry::to_wire).collect();
        Ok(Self { locations, server_types, images, pricing })
    }

    /// The location with this name or id.
    pub(crate) fn location(&self, reference: &str) -> Option<&Location> {
        self.locations.iter().find(|each| each.name == reference || each.id.to_string() == reference)
    }

    /// The server type with this name or id.
    pub(crate) fn server_type(&self, reference: &str) -> Option<&ServerType> {
        self.server_types.iter().find(|each| each.name == reference || each.id.to_string() == reference)
    }

    /// The image with this id, or with this name for `architecture`: a name is not unique across architectures.
    pub(crate) fn image(&self, reference: &str, architecture: &str) -> Option<&Image> {
        self.images.iter().find(|each| {
            each.id.to_string() == reference || (each.name == reference && each.architecture == architecture)
        })
    }
}
