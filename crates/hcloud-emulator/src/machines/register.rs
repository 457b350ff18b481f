//! Which machines and volumes there are, and which volume is in which machine. Pure bookkeeping, without any effect.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
};

use super::{
    disks::{LOOP_MAJOR, LoopDevice},
    place::Subnet,
};

/// What is known of machines and volumes.
#[derive(Debug)]
pub(super) struct Register {
    subnet: Subnet,
    /// The index that the next address is looked for at, so that a freed address is not used again at once.
    next_address: u32,
    addresses: BTreeMap<u64, Ipv4Addr>,
    attached: BTreeMap<u64, Attached>,
    /// Where machines reach the API.
    apis: BTreeMap<u64, SocketAddr>,
    /// Machines that were told to end.
    ending: BTreeSet<u64>,
}

/// A volume that is in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attached {
    /// The machine.
    pub(super) server: u64,
    /// The name of the device inside the machine, such as `sdb`.
    pub(super) name: String,
    /// The device on the host.
    pub(super) device: LoopDevice,
}

impl Register {
    pub(super) fn new(subnet: Subnet) -> Self {
        Self {
            subnet,
            next_address: 0,
            addresses: BTreeMap::new(),
            attached: BTreeMap::new(),
            apis: BTreeMap::new(),
            ending: BTreeSet::new(),
        }
    }

    /// This host's address as machines see it.
    pub(super) fn host(&self) -> Ipv4Addr {
        self.subnet.host()
    }

    /// Reserves an address for a server, or returns the one it has. `None` when all are taken.
    pub(super) fn allocate(&mut self, server: u64) -> Option<Ipv4Addr> {
        if let Some(address) = self.addresses.get(&server) {
            return Some(*address);
        }
        for step in 0..Subnet::MACHINES {
            let index = self.next_address.wrapping_add(step) % Subnet::MACHINES;
            let address = self.subnet.machine(index);
            if !self.addresses.values().any(|taken| *taken == address) {
                self.next_address = index + 1;
                self.addresses.insert(server, address);
                return Some(address);
            }
        }
        None
    }

    /// Forgets a machine that is gone. That it was to end is remembered: its end may be told late.
    pub(super) fn free(&mut self, server: u64) {
        self.addresses.remove(&server);
        self.apis.remove(&server);
    }

    /// Records where a machine reaches the API.
    pub(super) fn set_api(&mut self, server: u64, api: Option<SocketAddr>) {
        match api {
            Some(api) => self.apis.insert(server, api),
            None => self.apis.remove(&server),
        };
    }

    /// Where a machine reaches the API.
    pub(super) fn api(&self, server: u64) -> Option<SocketAddr> {
        self.apis.get(&server).copied()
    }

    /// Records whether a machine was told to end.
    pub(super) fn expect_end(&mut self, server: u64, expected: bool) {
        if expected {
            self.ending.insert(server);
        } else {
            self.ending.remove(&server);
        }
    }

    /// Whether a machine was told to end, and has not been started since.
    pub(super) fn expects_end(&self, server: u64) -> bool {
        self.ending.contains(&server)
    }

    /// Records a volume in a machine and gives it the first free name. `None` when the machine has no room.
    pub(super) fn attach(&mut self, volume: u64, server: u64, device: LoopDevice) -> Option<Attached> {
        // sda is the disk of a real server; Hetzner allows 16 volumes on a server.
        let name = ('b'..='q')
            .map(|letter| format!("sd{letter}"))
            .find(|name| !self.attached.values().any(|other| other.server == server && other.name == *name))?;
        let attached = Attached { server, name, device };
        self.attached.insert(volume, attached.clone());
        Some(attached)
    }

    pub(super) fn detach(&mut self, volume: u64) -> Option<Attached> {
        self.attached.remove(&volume)
    }

    pub(super) fn attachment(&self, volume: u64) -> Option<&Attached> {
        self.attached.get(&volume)
    }

    /// The volumes in a machine.
    pub(super) fn volumes_of(&self, server: u64) -> Vec<u64> {
        self.attached.iter().filter(|(_, attached)| attached.server == server).map(|(volume, _)| *volume).collect()
    }

    /// What the machine's first process reads to make its devices: name, major, minor and link, a line each.
    pub(super) fn device_table(&self, server: u64) -> String {
        self.attached.iter().filter(|(_, attached)| attached.server == server).fold(
            String::new(),
            |table, (volume, Attached { name, device, .. })| {
                format!("{table}{name} {LOOP_MAJOR} {} {}\n", device.minor, link_name(*volume))
            },
        )
    }
}

/// The name under `/dev/disk/by-id` by which Hetzner's servers know a volume.
pub(super) fn link_name(volume: u64) -> String {
    format!("scsi-0HC_Volume_{volume}")
}

#[cfg(test)]
mod tests;
