//! What there is in the project and in the catalogue, read in one go before anything is created.

use hcloud_client::{
    Client, Firewall, FirewallFilter, Image, ImageFilter, Location, Server, ServerFilter, ServerType, SshKey,
    SshKeyFilter, Volume, VolumeFilter,
};

use super::labels;

/// The answers of all lists that a provisioning needs.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) server_types: Vec<ServerType>,
    pub(super) locations: Vec<Location>,
    pub(super) images: Vec<Image>,
    pub(super) servers: Vec<Server>,
    pub(super) volumes: Vec<Volume>,
    pub(super) ssh_keys: Vec<SshKey>,
    pub(super) firewalls: Vec<Firewall>,
}

impl Survey {
    /// Reads everything at once: the lists do not depend on each other, and each costs a round trip.
    pub(super) async fn take(client: &Client) -> Result<Self, hcloud_client::Error> {
        let managed = || Some(labels::managed());
        let (servers, volumes, firewalls, images) = (
            ServerFilter { label_selector: managed(), ..ServerFilter::default() },
            VolumeFilter { label_selector: managed(), ..VolumeFilter::default() },
            FirewallFilter { label_selector: managed(), ..FirewallFilter::default() },
            ImageFilter::default(),
        );
        // Keys are unique by fingerprint whoever registered them, so the user's own are looked at too.
        let ssh_keys = SshKeyFilter::default();
        let api = (
            client.server_types(),
            client.locations(),
            client.images(),
            client.servers(),
            client.volumes(),
            client.ssh_keys(),
            client.firewalls(),
        );
        let (server_types, locations, images, servers, volumes, ssh_keys, firewalls) = tokio::try_join!(
            api.0.list(),
            api.1.list(),
            api.2.list(&images),
            api.3.list(&servers),
            api.4.list(&volumes),
            api.5.list(&ssh_keys),
            api.6.list(&firewalls),
        )?;
        Ok(Self { server_types, locations, images, servers, volumes, ssh_keys, firewalls })
    }
}
