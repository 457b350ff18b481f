//! Images.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    Architecture, Deprecation, Error, ImageId, LabelSelector, Labels,
    decode::null_as_default,
    paging::{self, add, page},
    transport::{Query, Transport},
    words::words,
};

words! {
    /// Where an image comes from.
    pub enum ImageKind {
        /// An operating system.
        System = "system",
        /// An operating system with an application, such as `docker-ce`.
        App = "app",
        /// A user's snapshot of a server.
        Snapshot = "snapshot",
        /// A backup of a server.
        Backup = "backup",
    }
}

words! {
    /// Whether an image can be used.
    pub enum ImageStatus {
        /// It can be used.
        Available = "available",
        /// It is being made.
        Creating = "creating",
        /// It cannot be used.
        Unavailable = "unavailable",
    }
}

/// What a server's disk can be filled with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Image {
    /// Identifies it.
    pub id: ImageId,
    /// Where it comes from.
    #[serde(rename = "type")]
    pub kind: ImageKind,
    /// Whether it can be used.
    pub status: ImageStatus,
    /// Its name, such as `debian-12`; only Hetzner's images have one. Each architecture has an image of the same name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its name for humans.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// The distribution, such as `ubuntu`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os_flavor: String,
    /// The distribution's version.
    #[serde(default)]
    pub os_version: Option<String>,
    /// The instruction set.
    pub architecture: Architecture,
    /// The smallest disk that it fits on, in GB.
    #[serde(default, rename = "disk_size", deserialize_with = "null_as_default")]
    pub disk_size_gb: f64,
    /// When it was made.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// Whether and when it will go away.
    #[serde(default)]
    pub deprecation: Option<Deprecation>,
    /// Its labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
}

/// Which images to list; the default is all that are not deprecated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// For this instruction set.
    pub architecture: Option<Architecture>,
    /// Of this kind.
    pub kind: Option<ImageKind>,
    /// With these labels.
    pub label_selector: Option<LabelSelector>,
    /// Deprecated ones too.
    pub include_deprecated: bool,
}

/// Operations on images.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    pub(crate) transport: &'a Transport,
}

page!(ImagePage, images: Image);

impl Images<'_> {
    /// All images that the filter lets through.
    pub async fn list(&self, filter: &ImageFilter) -> Result<Vec<Image>, Error> {
        let mut query = Query::new();
        add(&mut query, "name", filter.name.as_ref());
        add(&mut query, "architecture", filter.architecture.as_ref());
        add(&mut query, "type", filter.kind.as_ref());
        add(&mut query, "label_selector", filter.label_selector.as_ref());
        add(&mut query, "include_deprecated", filter.include_deprecated.then_some(&true));
        paging::all::<ImagePage>(self.transport, "/images", query).await
    }
}
