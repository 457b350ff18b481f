//! Servers of this installation that are on no record: a crash between two steps left them, or others hold them.

use std::{sync::Arc, time::Duration};

use hcloud_client::{Server, ServerStatus};

use super::{EngineLink, ForeignLease, HetznerServers, labels, link::SshLink, rights::orderer};
use crate::{config::SelfDestruct, error::DockBridgeError, keepalive::LeaseError, state::LeftServer};

/// How long looking at one of them may take.
const VISIT_BOUND: Duration = Duration::from_secs(10);

impl HetznerServers {
    /// Destroys a server of ours that is on no record, unless somebody else holds a lease on it, or may do so: its label says
    /// who ordered it, not who has adopted it since. Returns who does, if it was left; `show` is told its name before it is
    /// destroyed.
    pub(super) async fn clear_stray(
        &self,
        stray: &Server,
        mut show: impl FnMut(&str),
    ) -> Result<Option<Vec<ForeignLease>>, DockBridgeError> {
        let link = self.visit(stray).await;
        if let Some(holders) = self.holders(stray, link.as_deref()).await? {
            if let Some(link) = link {
                link.close().await;
            }
            tracing::debug!(
                server = stray.name,
                ?holders,
                "a server of ours on no record is left to those who hold it"
            );
            return Ok(Some(holders));
        }
        tracing::warn!(server = stray.name, id = %stray.id, "destroying a server of ours that is on no record");
        show(&stray.name);
        let stopped = match link {
            Some(link) => Self::stop_engine(&link).await,
            None => false,
        };
        self.delete_after(stopped, stray).await?;
        self.state.forget_left(&LeftServer { id: stray.id.get(), name: stray.name.clone() })?;
        Ok(None)
    }

    /// Who holds a server on no record, or is thought to. `None` where it may be destroyed, and nobody can take it up any more.
    async fn holders(
        &self,
        stray: &Server,
        link: Option<&SshLink>,
    ) -> Result<Option<Vec<ForeignLease>>, DockBridgeError> {
        // Leases are in memory, so nobody has one on a machine that is off.
        if stray.status == ServerStatus::Off {
            return Ok(None);
        }
        let Some(link) = link else {
            let was_left = self.state.left()?.iter().any(|left| left.id == stray.id.get());
            return Ok(was_left.then(|| vec![orderer(&stray.name, Some(stray))]));
        };
        match self.begin_end(link).await {
            Ok(others) if others.is_empty() => Ok(None),
            Ok(others) => Ok(Some(others)),
            // A server whose boot has failed early: nobody ever held it.
            Err(LeaseError::NoMonitor) => Ok(None),
            Err(error) => {
                tracing::warn!(
                    server = stray.name,
                    %error,
                    "the monitor of a server on no record does not say who holds it"
                );
                Ok(Some(vec![orderer(&stray.name, Some(stray))]))
            }
        }
    }

    /// Forgets servers that were left to others and are not among those that exist.
    pub(super) fn forget_gone(&self, servers: &[Server]) -> Result<(), DockBridgeError> {
        for left in self.state.left()? {
            if !servers.iter().any(|server| server.id.get() == left.id) {
                self.state.forget_left(&left)?;
            }
        }
        Ok(())
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
