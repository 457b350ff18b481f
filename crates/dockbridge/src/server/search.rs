//! Finds the server on record again: after the connection was lost, or after DockBridge itself had ended.

use std::time::Duration;

use hcloud_client::{ServerStatus, VolumeId};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{HetznerServers, Phases, Search, ServerError, connected::Known, first_lease::Standing, labels};
use crate::{error::DockBridgeError, keepalive::LeaseError};

/// How long a server that is on record may take to answer on SSH. Requests are held meanwhile, and a client should not
/// wait much longer for an answer, even if it is a no.
const SEARCH_BOUND: Duration = Duration::from_secs(20);
/// How long the whole search may take, the API's answers and the engine's included.
const WHOLE_BOUND: Duration = Duration::from_secs(25);

impl HetznerServers {
    /// Asks the API what became of the server, and connects to it if it is there.
    pub(super) async fn search_server(&self) -> Result<Search, DockBridgeError> {
        let found = match timeout(WHOLE_BOUND, Box::pin(self.search_unbounded())).await {
            Ok(found) => found,
            Err(_) => Err(ServerError::Unreachable { after: WHOLE_BOUND }.into()),
        };
        if found.is_err() {
            // Nobody knows of this connection, and its lease must not go on holding a server that nobody uses.
            self.disconnect().await;
        }
        found
    }

    async fn search_unbounded(&self) -> Result<Search, DockBridgeError> {
        // The old connection is over, or it would not be searched for.
        self.disconnect().await;
        let Some(mut record) = self.state.server()? else { return Ok(Search::Gone) };
        let Some(server) = self.recorded_server(&record).await? else {
            tracing::warn!(server = record.name, "the server on record does not exist any more");
            self.state.forget_server(&record.name)?;
            return Ok(Search::Gone);
        };
        match &server.status {
            // Off is still billed and holds the volume; whoever turned it off wanted an end.
            ServerStatus::Off | ServerStatus::Deleting => return Ok(Search::Useless),
            // Its monitor gives no lease any more.
            _ if record.ending => return Ok(Search::Useless),
            ServerStatus::Initializing | ServerStatus::Starting => {
                return Err(ServerError::StillBooting { name: server.name }.into());
            }
            _ => {}
        }
        let volume = self.client.volumes().get(VolumeId(record.volume_id)).await?;
        let Some(volume) = volume.filter(|volume| volume.server == Some(server.id)) else {
            tracing::warn!(server = server.name, "the server has lost its volume");
            return Ok(Search::Useless);
        };
        if record.id.is_none() {
            record.id = Some(server.id.get());
            record.ip_address = server.public_net.ipv4.as_ref().map(|ip| ip.ip.to_string());
            self.state.put_server(&record)?;
        }
        let key = self.login_key().await?;
        let phases = Phases::default();
        let (link, mut lease) = self.reach(&record, &server, &key, &phases, SEARCH_BOUND).await?;
        // A server that was left alone may have begun to destroy itself. Whatever its engine still does then, it will not be
        // there much longer, so the lease is asked for before the engine is trusted.
        let up = match lease.tried().await {
            Standing::Destroying => Err(LeaseError::Destroying.into()),
            Standing::Untried | Standing::Failed | Standing::Held => {
                self.await_engine(&link, &server.name, lease).await
            }
        };
        match up {
            Err(error) if is_final(&error) => {
                tracing::warn!(error = error.in_one_line(), "the server on record will not serve again");
                return Ok(Search::Useless);
            }
            up => up?,
        }
        let age = Timestamp::now().duration_since(server.created).try_into().unwrap_or_default();
        let known = Known::new((&server).into(), (&volume).into(), labels::self_destruct(&server.labels), age);
        Ok(Search::Found(Box::new(self.engine(known, link).await)))
    }
}

/// Whether a server that is up has said that it will never serve again: it destroys itself, or it was watched until it was
/// certain that its engine does not come up.
pub(super) const fn is_final(error: &DockBridgeError) -> bool {
    matches!(
        error,
        DockBridgeError::Lease(LeaseError::Destroying)
            | DockBridgeError::Server(ServerError::EngineDown { .. } | ServerError::CloudInit { .. })
    )
}
