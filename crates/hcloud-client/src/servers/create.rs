//! What a new server is to be.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

use super::Server;
use crate::{Action, FirewallId, Labels, SshKeyId, UserData, VolumeId, decode::null_as_default};

/// What a new server is to be. Begin with [`CreateServer::new`] and set the rest.
#[derive(Clone, Debug, Serialize)]
pub struct CreateServer {
    /// Its unique name, valid as a host name.
    pub name: String,
    /// The name or number of its type.
    pub server_type: String,
    /// The name or number of its image. A name means the image for the type's architecture.
    pub image: String,
    /// The name of its location; `None` leaves the choice to the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The SSH keys that root accepts. Without any, the API makes a password.
    pub ssh_keys: Vec<SshKeyId>,
    /// Volumes in the same location, to be attached.
    pub volumes: Vec<VolumeId>,
    /// Whether the server mounts the volumes by itself. Only sent when there are volumes.
    #[serde(skip_serializing_if = "is_false")]
    pub automount: bool,
    /// Firewalls that are in force from the start.
    #[serde(serialize_with = "firewall_objects")]
    pub firewalls: Vec<FirewallId>,
    /// What cloud-init gets to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_data: Option<UserData>,
    /// Its labels.
    pub labels: Labels,
    /// Whether it is turned on once it is made.
    pub start_after_create: bool,
    /// Its public addresses.
    pub public_net: PublicNetOptions,
}

/// Which public addresses a new server gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublicNetOptions {
    /// An address of IP version 4, which is billed on its own.
    pub enable_ipv4: bool,
    /// A network of IP version 6.
    pub enable_ipv6: bool,
}

impl Default for PublicNetOptions {
    /// Both, which is the API's own default.
    fn default() -> Self {
        Self { enable_ipv4: true, enable_ipv6: true }
    }
}

impl CreateServer {
    /// A server with the API's own defaults for everything else: turned on, with both kinds of public address.
    #[must_use]
    pub fn new(name: impl Into<String>, server_type: impl Into<String>, image: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            server_type: server_type.into(),
            image: image.into(),
            location: None,
            ssh_keys: Vec::new(),
            volumes: Vec::new(),
            automount: false,
            firewalls: Vec::new(),
            user_data: None,
            labels: Labels::new(),
            start_after_create: true,
            public_net: PublicNetOptions::default(),
        }
    }
}

/// A server that is being made. The root password, if the API made one, is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CreatedServer {
    /// The server as it is now.
    pub server: Server,
    /// What makes it.
    pub action: Action,
    /// What follows, such as turning it on and attaching volumes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub next_actions: Vec<Action>,
}

#[derive(Serialize)]
struct FirewallObject {
    firewall: FirewallId,
}

/// Writes firewalls as the API wants them: `[{"firewall": 38}]`.
fn firewall_objects<S: Serializer>(ids: &[FirewallId], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(ids.len()))?;
    for id in ids {
        list.serialize_element(&FirewallObject { firewall: *id })?;
    }
    list.end()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references to such functions")]
fn is_false(value: &bool) -> bool {
    !*value
}
