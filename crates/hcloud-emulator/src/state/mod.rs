//! Everything the emulated project holds. Pure data: nothing here waits, and nothing here knows HTTP.

mod action;
mod firewall;
mod ids;
mod server;
mod volume;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(crate) use self::{
    action::{Action, ActionStatus, Actions, Command, Failure, Kind, NewAction, Resource},
    firewall::{Direction, Firewall, Rule, Target},
    ids::Ids,
    server::{Server, ServerStatus},
    volume::{Volume, VolumeStatus},
};
use crate::{catalogue::Location, labels::Labels};

/// The project's resources, by id.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) ids: Ids,
    pub(crate) actions: Actions,
    pub(crate) servers: BTreeMap<u64, Server>,
    pub(crate) volumes: BTreeMap<u64, Volume>,
    pub(crate) firewalls: BTreeMap<u64, Firewall>,
    pub(crate) ssh_keys: BTreeMap<u64, SshKey>,
    pub(crate) primary_ips: BTreeMap<u64, PrimaryIp>,
}

/// A registered public key.
#[derive(Debug)]
pub(crate) struct SshKey {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) fingerprint: String,
    pub(crate) public_key: String,
    pub(crate) labels: Labels,
    pub(crate) created: Timestamp,
}

/// A public address of a server, which goes with it.
#[derive(Debug)]
pub(crate) struct PrimaryIp {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `ipv4` or `ipv6`.
    pub(crate) kind: &'static str,
    pub(crate) ip: String,
    pub(crate) server: u64,
    pub(crate) location: Location,
    pub(crate) labels: Labels,
    pub(crate) created: Timestamp,
}

/// The present, in whole seconds, as the API shows it.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

impl State {
    /// Ids of the volumes attached to a server, in ascending order.
    pub(crate) fn volumes_of(&self, server: u64) -> Vec<u64> {
        self.volumes.values().filter(|each| each.server == Some(server)).map(|each| each.id).collect()
    }

    /// The firewalls that apply to a server, directly or through a label selector.
    pub(crate) fn firewalls_of<'a>(&'a self, server: &'a Server) -> impl Iterator<Item = &'a Firewall> {
        self.firewalls.values().filter(|each| each.covers(server))
    }

    /// Takes a server out of the project, with its addresses, and frees its volumes and firewalls.
    pub(crate) fn remove_server(&mut self, id: u64) -> Option<Server> {
        let server = self.servers.remove(&id)?;
        self.primary_ips.retain(|_, each| each.server != id);
        for volume in self.volumes.values_mut().filter(|each| each.server == Some(id)) {
            volume.server = None;
        }
        for firewall in self.firewalls.values_mut() {
            firewall.forget_server(id);
        }
        Some(server)
    }
}
