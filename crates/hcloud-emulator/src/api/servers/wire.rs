//! A server as the API sends it.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    catalogue::{Image, Location, ServerType},
    labels::Labels,
    state::{PrimaryIp, Server, ServerStatus, State as Project},
};

#[derive(Serialize)]
pub(super) struct Wire<'a> {
    id: u64,
    name: &'a str,
    status: ServerStatus,
    created: Timestamp,
    public_net: PublicNet<'a>,
    private_net: [(); 0],
    server_type: &'a ServerType,
    location: &'a Location,
    image: &'a Image,
    iso: Option<()>,
    rescue_enabled: bool,
    locked: bool,
    backup_window: Option<()>,
    outgoing_traffic: u64,
    ingoing_traffic: u64,
    included_traffic: u64,
    protection: Protection,
    labels: &'a Labels,
    volumes: Vec<u64>,
    load_balancers: [u64; 0],
    primary_disk_size: u32,
    placement_group: Option<()>,
}

#[derive(Serialize)]
struct PublicNet<'a> {
    ipv4: Option<Ipv4<'a>>,
    ipv6: Option<Ipv6<'a>>,
    floating_ips: [u64; 0],
    firewalls: Vec<AppliedFirewall>,
}

#[derive(Serialize)]
struct Ipv4<'a> {
    id: u64,
    ip: &'a str,
    blocked: bool,
    dns_ptr: String,
}

#[derive(Serialize)]
struct Ipv6<'a> {
    id: u64,
    ip: &'a str,
    blocked: bool,
    dns_ptr: [(); 0],
}

#[derive(Serialize)]
struct AppliedFirewall {
    id: u64,
    status: &'static str,
}

#[derive(Serialize)]
struct Protection {
    delete: bool,
    rebuild: bool,
}

impl<'a> Wire<'a> {
    pub(super) fn of(project: &'a Project, server: &'a Server) -> Self {
        Self {
            id: server.id,
            name: &server.name,
            status: server.status,
            created: server.created,
            public_net: PublicNet::of(project, server),
            private_net: [],
            server_type: &server.kind,
            location: &server.location,
            image: &server.image,
            iso: None,
            rescue_enabled: false,
            // Only maintenance by Hetzner shows here; running actions answer 423 without it.
            locked: false,
            backup_window: None,
            outgoing_traffic: 0,
            ingoing_traffic: 0,
            included_traffic: server.kind.included_traffic(&server.location.name),
            protection: Protection { delete: server.protected, rebuild: server.protected },
            labels: &server.labels,
            volumes: project.volumes_of(server.id),
            load_balancers: [],
            primary_disk_size: server.kind.disk,
            placement_group: None,
        }
    }
}

impl<'a> PublicNet<'a> {
    fn of(project: &'a Project, server: &'a Server) -> Self {
        let address = |kind: &str| -> Option<&'a PrimaryIp> {
            project.primary_ips.values().find(|each| each.server == server.id && each.kind == kind)
        };
        Self {
            ipv4: address("ipv4").map(|each| Ipv4 {
                id: each.id,
                ip: &each.ip,
                blocked: false,
                dns_ptr: format!("static.{}.clients.your-server.de", reversed(&each.ip)),
            }),
            ipv6: address("ipv6").map(|each| Ipv6 { id: each.id, ip: &each.ip, blocked: false, dns_ptr: [] }),
            floating_ips: [],
            firewalls: project
                .firewalls_of(server)
                .map(|each| AppliedFirewall {
                    id: each.id,
                    status: if each.pending.contains(&server.id) { "pending" } else { "applied" },
                })
                .collect(),
        }
    }
}

/// The octets of an address from last to first, as in its reverse DNS name.
fn reversed(ip: &str) -> String {
    ip.rsplit('.').collect::<Vec<_>>().join(".")
}
