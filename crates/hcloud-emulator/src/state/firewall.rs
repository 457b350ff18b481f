//! A firewall as the emulator keeps it. Its rules are kept and shown, not enforced.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::Server;
use crate::labels::{Labels, Selector};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    In,
    Out,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rule {
    pub(crate) description: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) source_ips: Vec<String>,
    pub(crate) destination_ips: Vec<String>,
    pub(crate) protocol: String,
    pub(crate) port: Option<String>,
}

/// What a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Server(u64),
    Labels { text: String, selector: Selector },
}

#[derive(Debug)]
pub(crate) struct Firewall {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) created: Timestamp,
    pub(crate) rules: Vec<Rule>,
    pub(crate) targets: Vec<Target>,
    /// Servers for which the rules are still being put in place.
    pub(crate) pending: BTreeSet<u64>,
}

impl Firewall {
    /// Whether the firewall applies to a server.
    pub(crate) fn covers(&self, server: &Server) -> bool {
        self.targets.iter().any(|target| match target {
            Target::Server(id) => *id == server.id,
            Target::Labels { selector, .. } => selector.matches(&server.labels),
        })
    }

    /// Forgets a server that is gone.
    pub(crate) fn forget_server(&mut self, id: u64) {
        self.targets.retain(|target| *target != Target::Server(id));
        self.pending.remove(&id);
    }
}
