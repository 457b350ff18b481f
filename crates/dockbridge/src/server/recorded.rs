//! The server on record as the API has it.

use hcloud_client::{Server, ServerFilter, ServerId, VolumeId};
use jiff::{SignedDuration, Timestamp};

use super::{HetznerServers, ServerError, labels};
use crate::{error::DockBridgeError, state::ServerRecord};

/// How long after its order a server may still appear whose order was never answered. The API answers within seconds; a
/// gateway gives up after a minute at most.
const ORDER_BOUND: SignedDuration = SignedDuration::from_secs(60);

impl HetznerServers {
    /// The server on record as the API has it: by its id, or by its name where the answer to the order was lost. `None` only
    /// when it is certain that it does not exist, since whoever hears that forgets it.
    pub(super) async fn recorded_server(&self, record: &ServerRecord) -> Result<Option<Server>, DockBridgeError> {
        let found = if let Some(id) = record.id {
            self.client.servers().get(ServerId(id)).await?
        } else {
            let filter = ServerFilter { name: Some(record.name.clone()), label_selector: None };
            self.client.servers().list(&filter).await?.pop()
        };
        if let Some(server) = found {
            // A server without our label is never touched, even where its name matches. One that we have adopted has the label
            // of the installation that ordered it.
            let ours = labels::belongs_to(&server.labels, &self.client_id)
                || record.shared && labels::is_managed(&server.labels);
            if !ours {
                tracing::warn!(server = server.name, "a server on record has lost its labels and is left alone");
            }
            return Ok(ours.then_some(server));
        }
        let age = Timestamp::now().duration_since(record.intended_at);
        if record.id.is_none() && age < ORDER_BOUND {
            return Err(ServerError::OrderUnknown { name: record.name.clone() }.into());
        }
        // Volumes outlive servers. Where not even the volume is known, this is the wrong project to ask.
        let volume = VolumeId(record.volume_id);
        if self.client.volumes().get(volume).await?.is_none() {
            return Err(ServerError::OtherProject { name: record.name.clone(), volume_id: record.volume_id }.into());
        }
        Ok(None)
    }
}
