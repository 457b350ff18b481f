//! What of ours there is in the project, as the API has it: for `status` without a running DockBridge.

use hcloud_client::{Architecture, ImageFilter, Server, ServerFilter, ServerId, Volume, VolumeFilter};

use super::{HetznerServers, ServerInfo, Settings, VolumeInfo, choice, labels};
use crate::{config::ServerTypeChoice, error::DockBridgeError};

/// Servers and volumes that DockBridge created in the project.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// The server of this installation.
    pub own: Option<ServerInfo>,
    /// The volume that this installation uses, or would use.
    pub volume: Option<VolumeInfo>,
    /// Further servers, each with the name of the installation it belongs to. They are billed as well.
    pub other_servers: Vec<(ServerInfo, String)>,
    /// Further volumes, each with its location. They are billed as well.
    pub other_volumes: Vec<(VolumeInfo, String)>,
}

impl HetznerServers {
    /// Reads what there is. Changes nothing.
    pub async fn overview(&self) -> Result<Overview, DockBridgeError> {
        let servers = ServerFilter { label_selector: Some(labels::managed()), ..ServerFilter::default() };
        let volumes = VolumeFilter { label_selector: Some(labels::managed()), ..VolumeFilter::default() };
        let (server_api, volume_api, type_api) =
            (self.client.servers(), self.client.volumes(), self.client.server_types());
        let (mut servers, mut volumes, types) =
            tokio::try_join!(server_api.list(&servers), volume_api.list(&volumes), type_api.list())?;
        // The one in use comes first: it may have been ordered by somebody else.
        let recorded = self.state.server()?.and_then(|record| record.id);
        let own = servers.iter().position(|server| Some(server.id.get()) == recorded);
        let ordered = || servers.iter().position(|server| labels::belongs_to(&server.labels, &self.client_id));
        let own = own.or_else(ordered);
        let own = own.map(|position| servers.remove(position));
        let architecture = match &self.settings.server_type {
            ServerTypeChoice::Auto => Some(&Architecture::X86),
            ServerTypeChoice::Named(name) => types.iter().find(|t| t.name == *name).map(|t| &t.architecture),
        };
        let position =
            used_volume(&volumes, own.as_ref().map(|server| server.id), architecture, &self.settings.location);
        let volume = position.map(|position| volumes.remove(position));
        let whose = |server: &Server| labels::installation(&server.labels).unwrap_or("unknown").to_owned();
        Ok(Overview {
            own: own.as_ref().map(Into::into),
            volume: volume.as_ref().map(Into::into),
            other_servers: servers.iter().map(|server| (server.into(), whose(server))).collect(),
            other_volumes: volumes.iter().map(|volume| (volume.into(), volume.location.name.clone())).collect(),
        })
    }

    /// Checks what can be checked before anything is ordered: the token and the names of the catalogue.
    pub async fn check(&self) -> Result<(), DockBridgeError> {
        let (location_api, type_api, image_api) =
            (self.client.locations(), self.client.server_types(), self.client.images());
        let filter = ImageFilter::default();
        let (locations, types, images) =
            tokio::try_join!(location_api.list(), type_api.list(), image_api.list(&filter))?;
        let Settings { server_type, location, image, .. } = &self.settings;
        choice::location(location, &locations)?;
        let server_type = choice::server_type(server_type, location, &types, jiff::Timestamp::now())?;
        choice::image(image, &server_type.architecture, &images)?;
        Ok(())
    }
}

/// The volume on our server; without one, the oldest that a new server would get.
fn used_volume(
    volumes: &[Volume],
    own: Option<ServerId>,
    architecture: Option<&Architecture>,
    location: &str,
) -> Option<usize> {
    let fits = |volume: &Volume| {
        volume.location.name == location && architecture.is_some_and(|a| labels::is_volume_for(&volume.labels, a))
    };
    let attached = volumes.iter().position(|volume| own.is_some() && volume.server == own);
    let next = || volumes.iter().enumerate().filter(|(_, volume)| fits(volume)).min_by_key(|(_, volume)| volume.id);
    attached.or_else(|| next().map(|(position, _)| position))
}
