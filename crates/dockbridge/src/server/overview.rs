//! What of ours there is in the project, as the API has it: for `status` without a running DockBridge.

use hcloud_client::{ImageFilter, ServerFilter, VolumeFilter};

use super::{HetznerServers, ServerInfo, Settings, VolumeInfo, choice, labels};
use crate::error::DockBridgeError;

/// Servers and volumes that DockBridge created in the project.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The server of this installation.
    pub own: Option<ServerInfo>,
    /// Further servers, of any installation; each is billed.
    pub others: Vec<ServerInfo>,
    /// Volumes.
    pub volumes: Vec<VolumeInfo>,
}

impl HetznerServers {
    /// Reads what there is. Changes nothing.
    pub async fn overview(&self) -> Result<Overview, DockBridgeError> {
        let servers = ServerFilter { label_selector: Some(labels::managed()), ..ServerFilter::default() };
        let volumes = VolumeFilter { label_selector: Some(labels::managed()), ..VolumeFilter::default() };
        let (server_api, volume_api) = (self.client.servers(), self.client.volumes());
        let (mut servers, volumes) = tokio::try_join!(server_api.list(&servers), volume_api.list(&volumes))?;
        let own = servers.iter().position(|server| labels::belongs_to(&server.labels, &self.client_id));
        let own = own.map(|position| servers.remove(position));
        Ok(Overview {
            own: own.as_ref().map(Into::into),
            others: servers.iter().map(Into::into).collect(),
            volumes: volumes.iter().map(Into::into).collect(),
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
