//! Servers.

mod create;
mod public_net;

use jiff::Timestamp;
use serde::Deserialize;

pub use create::{CreateServer, CreatedServer, PublicNetOptions};
pub use public_net::{AppliedFirewall, AppliedFirewallStatus, PublicIpv4, PublicIpv6, PublicNet};

use crate::{
    Action, Architecture, Error, ImageId, LabelSelector, Labels, Location, ServerId, ServerTypeId, VolumeId,
    actions::ActionAnswer,
    decode::null_as_default,
    error::none_if_not_found,
    paging::{self, add, page},
    transport::{Query, Transport},
    words::words,
};

words! {
    /// What a server is doing.
    pub enum ServerStatus {
        /// It is on. Whether its operating system has booted is not known.
        Running = "running",
        /// It is being made.
        Initializing = "initializing",
        /// It is being turned on.
        Starting = "starting",
        /// It is being turned off.
        Stopping = "stopping",
        /// It is off, and still billed.
        Off = "off",
        /// It is being deleted.
        Deleting = "deleting",
        /// It moves to other hardware.
        Migrating = "migrating",
        /// Its disk is being filled anew.
        Rebuilding = "rebuilding",
        /// The API does not know.
        Unknown = "unknown",
    }
}

/// A server.
///
/// Only what identifies and reaches a server is decoded, and little of it is required: an answer that cannot be decoded
/// may belong to a server that is billed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Server {
    /// Identifies it.
    pub id: ServerId,
    /// Its unique name, which is its host name too.
    pub name: String,
    /// What it is doing.
    pub status: ServerStatus,
    /// When it was made, which is when its billing began.
    pub created: Timestamp,
    /// Its public addresses.
    #[serde(default, deserialize_with = "null_as_default")]
    pub public_net: PublicNet,
    /// Its type.
    pub server_type: ServerTypeSummary,
    /// Where it is.
    pub location: Location,
    /// The image it was made from.
    #[serde(default)]
    pub image: Option<ImageSummary>,
    /// Whether it is closed to its user.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locked: bool,
    /// What it is protected from.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: ServerProtection,
    /// Its labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// The volumes that are attached to it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub volumes: Vec<VolumeId>,
}

/// The type of a server. Prices and availability are in [`crate::ServerType`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerTypeSummary {
    /// Identifies it.
    pub id: ServerTypeId,
    /// Its unique name, such as `cx23`.
    pub name: String,
    /// The instruction set.
    #[serde(default)]
    pub architecture: Option<Architecture>,
}

/// The image of a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ImageSummary {
    /// Identifies it.
    pub id: ImageId,
    /// Its name; only Hetzner's images have one.
    #[serde(default)]
    pub name: Option<String>,
}

/// What a server is protected from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ServerProtection {
    /// From being deleted.
    #[serde(default, deserialize_with = "null_as_default")]
    pub delete: bool,
    /// From its disk being filled anew.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rebuild: bool,
}

/// Which servers to list; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// With these labels.
    pub label_selector: Option<LabelSelector>,
}

/// Operations on servers.
#[derive(Clone, Copy)]
pub struct Servers<'a> {
    pub(crate) transport: &'a Transport,
}

page!(ServerPage, servers: Server);

#[derive(Deserialize)]
struct ServerAnswer {
    server: Server,
}

impl Servers<'_> {
    /// All servers that the filter lets through.
    pub async fn list(&self, filter: &ServerFilter) -> Result<Vec<Server>, Error> {
        let mut query = Query::new();
        add(&mut query, "name", filter.name.as_ref());
        add(&mut query, "label_selector", filter.label_selector.as_ref());
        paging::all::<ServerPage>(self.transport, "/servers", query).await
    }

    /// The server, or `None` if there is none of this number.
    pub async fn get(&self, id: ServerId) -> Result<Option<Server>, Error> {
        let answer = self.transport.get(&format!("/servers/{id}"), &Query::new()).await;
        Ok(none_if_not_found(answer)?.map(|ServerAnswer { server }| server))
    }

    /// Begins to make a server. Billing begins with it.
    pub async fn create(&self, server: &CreateServer) -> Result<CreatedServer, Error> {
        self.transport.post_json("/servers", server).await
    }

    /// Deletes a server at once, whether it is on or off; `None` if there was none. Its volumes stay.
    pub async fn delete(&self, id: ServerId) -> Result<Option<Action>, Error> {
        let answer = self.transport.delete(&format!("/servers/{id}")).await;
        Ok(none_if_not_found(answer)?.map(|ActionAnswer { action }| action))
    }

    /// Asks the operating system to shut down. That the action succeeds does not mean that the server is off.
    pub async fn shutdown(&self, id: ServerId) -> Result<Action, Error> {
        let ActionAnswer { action } = self.transport.post(&format!("/servers/{id}/actions/shutdown")).await?;
        Ok(action)
    }

    /// Cuts the power.
    pub async fn power_off(&self, id: ServerId) -> Result<Action, Error> {
        let ActionAnswer { action } = self.transport.post(&format!("/servers/{id}/actions/poweroff")).await?;
        Ok(action)
    }
}
