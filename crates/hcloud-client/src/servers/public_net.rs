//! The public addresses of a server.

use std::net::Ipv4Addr;

use serde::Deserialize;

use crate::{FirewallId, PrimaryIpId, decode::null_as_default, words::words};

words! {
    /// Whether a firewall is in force on a server.
    pub enum AppliedFirewallStatus {
        /// It is in force.
        Applied = "applied",
        /// It is about to be.
        Pending = "pending",
    }
}

/// The public addresses of a server, and what stands in front of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PublicNet {
    /// The address of IP version 4, if it has one.
    #[serde(default)]
    pub ipv4: Option<PublicIpv4>,
    /// The network of IP version 6, if it has one.
    #[serde(default)]
    pub ipv6: Option<PublicIpv6>,
    /// The firewalls.
    #[serde(default, deserialize_with = "null_as_default")]
    pub firewalls: Vec<AppliedFirewall>,
}

/// A public address of IP version 4.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublicIpv4 {
    /// Identifies it.
    #[serde(default)]
    pub id: Option<PrimaryIpId>,
    /// The address.
    pub ip: Ipv4Addr,
    /// Whether Hetzner has blocked it because of abuse.
    #[serde(default, deserialize_with = "null_as_default")]
    pub blocked: bool,
}

/// A public network of IP version 6.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublicIpv6 {
    /// Identifies it.
    #[serde(default)]
    pub id: Option<PrimaryIpId>,
    /// The network in CIDR notation, such as `2001:db8::/64`.
    #[serde(rename = "ip")]
    pub network: String,
    /// Whether Hetzner has blocked it because of abuse.
    #[serde(default, deserialize_with = "null_as_default")]
    pub blocked: bool,
}

/// A firewall in front of a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppliedFirewall {
    /// Identifies it.
    pub id: FirewallId,
    /// Whether it is in force.
    pub status: AppliedFirewallStatus,
}
