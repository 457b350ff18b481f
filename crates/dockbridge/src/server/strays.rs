//! Servers of this installation that are on no record: a crash between two steps left them, or others hold them.

use std::{sync::Arc, time::Duration};

use hcloud_client::{Server, ServerStatus};

use super::{EngineLink, ForeignLease, HetznerServers, labels, link::SshLink};
use crate::{config::SelfDestruct, error::DockBridgeError, keepalive};

/// How long looking at one of them may take.
const VISIT_BOUND: Duration = Duration::from_secs(10);

impl HetznerServers {
    /// Destroys a server of ours that is on no record, unless somebody else holds a lease on it: its label says who ordered
    /// it, not who has adopted it since. Returns who does, if it was left; `show` is told its name before it is destroyed.
    pub(super) async fn clear_stray(
        &self,
        stray: &Server,
        mut show: impl FnMut(&str),
    ) -> Result<Option<Vec<ForeignLease>>, DockBridgeError> {
        let link = self.visit(stray).await;
        if let Some(link) = &link {
            let others = self.foreign_leases(link).await;
            if !others.is_empty() {
                link.close().await;
                tracing::debug!(server = stray.name, "a server of ours on no record is left to those who hold it");
                return Ok(Some(others));
            }
        }
        tracing::warn!(server = stray.name, id = %stray.id, "destroying a server of ours that is on no record");
        show(&stray.name);
        let stopped = match link {
            Some(link) => Self::stop_engine(&link).await,
            None => false,
        };
        if !stopped {
            self.shut_down_by_api(stray.id).await;
        }
        self.delete_server(stray.id, &stray.name).await?;
        Ok(None)
    }

    /// Logs in to a server on no record, by what its labels say. `None` where that is not possible at once.
    async fn visit(&self, server: &Server) -> Option<Arc<SshLink>> {
        let way = Way::of(server)?;
        let key = self.login_key().await.ok()?;
        if let Err(error) = self.state.pin_host_key(&server.name, &way.host_key) {
            tracing::warn!(%error, "a server on no record cannot be looked at");
            return None;
        }
        let link = self.log_in_within(self.target(&server.name, &way.address, &key), VISIT_BOUND).await;
        // A connection that is up needs the file no more.
        if let Err(error) = self.state.unpin_host_key(&server.name) {
            tracing::warn!(%error, "a host key that is needed no more stays pinned");
        }
        link.inspect_err(|error| {
            tracing::debug!(
                server = server.name,
                error = error.in_one_line(),
                "a server on no record cannot be looked at"
            );
        })
        .ok()
    }

    /// Who else holds a lease; nobody, where the monitor does not say.
    async fn foreign_leases(&self, link: &SshLink) -> Vec<ForeignLease> {
        match keepalive::leases(link).await {
            Ok(leases) => self.of_others(leases),
            Err(error) => {
                tracing::debug!(%error, "the monitor of a server on no record does not say who holds it");
                Vec::new()
            }
        }
    }
}

/// How a server is reached of which there is no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// Its host key, as a public key's line.
    pub(super) host_key: String,
    /// Its public IPv4 address.
    pub(super) address: String,
}

impl Way {
    /// What the API and the server's labels say; `None` unless the server is on and its labels name key and monitor, since
    /// there are no leases on any other.
    pub(super) fn of(server: &Server) -> Option<Self> {
        let leased =
            server.status == ServerStatus::Running && labels::self_destruct(&server.labels) != SelfDestruct::Off;
        let address = server.public_net.ipv4.as_ref()?.ip.to_string();
        labels::host_key(&server.labels).filter(|_| leased).map(|host_key| Self { host_key, address })
    }
}
