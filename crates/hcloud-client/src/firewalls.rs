//! Firewalls in front of servers.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Action, Error, FirewallId, LabelSelector, Labels, ServerId,
    actions::ActionsAnswer,
    decode::null_as_default,
    error::none_if_not_found,
    paging::{self, add, page},
    transport::{Query, Transport},
    words::words,
};

words! {
    /// The direction of traffic, as the server sees it.
    pub enum RuleDirection {
        /// To the server.
        In = "in",
        /// From the server.
        Out = "out",
    }
}

words! {
    /// The protocol of traffic.
    pub enum RuleProtocol {
        /// TCP, with a port.
        Tcp = "tcp",
        /// UDP, with a port.
        Udp = "udp",
        /// ICMP.
        Icmp = "icmp",
        /// The encrypted payload of IP security.
        Esp = "esp",
        /// Generic routing encapsulation.
        Gre = "gre",
    }
}

/// Traffic that is let through. Without a rule for `in`, nothing comes in; without one for `out`, all may go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    /// The direction.
    pub direction: RuleDirection,
    /// The protocol.
    pub protocol: RuleProtocol,
    /// A port such as `22` or a range such as `80-85`; for TCP and UDP alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Where traffic to the server may come from, as networks in CIDR notation.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub source_ips: Vec<String>,
    /// Where traffic from the server may go to, as networks in CIDR notation.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub destination_ips: Vec<String>,
    /// What the rule is for, of at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a firewall is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirewallTarget {
    /// A server.
    Server(ServerId),
    /// All servers whose labels this selector matches.
    LabelSelector(String),
    /// Something that this version of the client does not know, by its kind.
    Other(String),
}

/// A set of rules.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Firewall {
    /// Identifies it.
    pub id: FirewallId,
    /// Its unique name.
    pub name: String,
    /// Its labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// Its rules.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rules: Vec<FirewallRule>,
    /// What it is applied to.
    #[serde(default, deserialize_with = "null_as_default")]
    pub applied_to: Vec<FirewallTarget>,
    /// When it was made.
    #[serde(default)]
    pub created: Option<Timestamp>,
}

/// Which firewalls to list; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirewallFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// With these labels.
    pub label_selector: Option<LabelSelector>,
}

/// What a new firewall is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateFirewall {
    /// Its unique name, of at most 128 characters.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its rules, at most 50.
    pub rules: Vec<FirewallRule>,
    /// What it is to be applied to from the start; may be empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apply_to: Vec<FirewallTarget>,
}

/// A firewall that is being made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CreatedFirewall {
    /// The firewall as it is now.
    pub firewall: Firewall,
    /// What sets its rules and applies it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub actions: Vec<Action>,
}

/// A target as the API writes it: a kind, and beside it the content of that kind.
#[derive(Serialize, Deserialize)]
struct WireTarget {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<WireServer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_selector: Option<WireSelector>,
}

#[derive(Serialize, Deserialize)]
struct WireServer {
    id: ServerId,
}

#[derive(Serialize, Deserialize)]
struct WireSelector {
    selector: String,
}

impl<'de> Deserialize<'de> for FirewallTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireTarget::deserialize(deserializer)?;
        Ok(match (wire.server, wire.label_selector) {
            (Some(server), _) => Self::Server(server.id),
            (None, Some(selector)) => Self::LabelSelector(selector.selector),
            (None, None) => Self::Other(wire.kind),
        })
    }
}

impl Serialize for FirewallTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, server, selector) = match self {
            Self::Server(id) => ("server", Some(WireServer { id: *id }), None),
            Self::LabelSelector(selector) => ("label_selector", None, Some(selector.clone())),
            Self::Other(kind) => (kind.as_str(), None, None),
        };
        let label_selector = selector.map(|selector| WireSelector { selector });
        WireTarget { kind: kind.to_owned(), server, label_selector }.serialize(serializer)
    }
}

/// Operations on firewalls.
#[derive(Clone, Copy)]
pub struct Firewalls<'a> {
    pub(crate) transport: &'a Transport,
}

page!(FirewallPage, firewalls: Firewall);

#[derive(Serialize)]
struct SetRules<'a> {
    rules: &'a [FirewallRule],
}

impl Firewalls<'_> {
    /// All firewalls that the filter lets through.
    pub async fn list(&self, filter: &FirewallFilter) -> Result<Vec<Firewall>, Error> {
        let mut query = Query::new();
        add(&mut query, "name", filter.name.as_ref());
        add(&mut query, "label_selector", filter.label_selector.as_ref());
        paging::all::<FirewallPage>(self.transport, "/firewalls", query).await
    }

    /// Makes a firewall.
    pub async fn create(&self, firewall: &CreateFirewall) -> Result<CreatedFirewall, Error> {
        self.transport.post_json("/firewalls", firewall).await
    }

    /// Replaces all the rules of a firewall.
    pub async fn set_rules(&self, id: FirewallId, rules: &[FirewallRule]) -> Result<Vec<Action>, Error> {
        let path = format!("/firewalls/{id}/actions/set_rules");
        let ActionsAnswer { actions } = self.transport.post_json(&path, &SetRules { rules }).await?;
        Ok(actions)
    }

    /// Deletes a firewall; `false` if there was none. It must not be applied to anything.
    pub async fn delete(&self, id: FirewallId) -> Result<bool, Error> {
        let answer = self.transport.delete_without_answer(&format!("/firewalls/{id}")).await;
        Ok(none_if_not_found(answer)?.is_some())
    }
}
