//! The end of the server on record and of all others that this installation ordered, but for those that others hold.

use hcloud_client::{Server, ServerFilter, ServerId, ServerStatus};
use tokio_util::sync::CancellationToken;

use super::{
    Ended, Engine, Failure, ForeignLease, HetznerServers, Phases, Search, ServerError, ServerManager, labels,
    rights::{left_to, orderer},
};
use crate::error::DockBridgeError;

/// What clearing up has come to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// How many servers were destroyed.
    pub destroyed: usize,
    /// The servers that run on.
    pub left: Vec<Left>,
}

/// A server that runs on because others hold it, or may do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Who holds it, or ordered it where that is all that is known.
    pub holders: Vec<ForeignLease>,
}

impl HetznerServers {
    /// Destroys the server on record and every other one that this installation created: what is left when an answer was
    /// lost or DockBridge was killed. Each is named to `show` before it is destroyed. Servers that others hold are left, and
    /// nothing of them stays on record.
    pub async fn destroy_all_of_ours(&self, mut show: impl FnMut(&str) + Send) -> Result<Cleared, DockBridgeError> {
        let mut cleared = Cleared::default();
        let mut left_id = None;
        if let Some(record) = self.state.server()? {
            let server = match self.recorded_server(&record).await {
                Err(error) if record.adopted && self.present_link().await.is_none() => {
                    tracing::warn!(
                        error = error.in_one_line(),
                        "a shared server cannot be asked about and is left alone"
                    );
                    cleared.left.push(Left { name: record.name.clone(), holders: vec![orderer(&record, None)] });
                    left_id = record.id.map(ServerId);
                    None
                }
                server => server?,
            };
            if let Some(server) = server {
                let rights = self.rights(&server).await;
                if let Some(holders) = left_to(record.adopted, rights, orderer(&record, Some(&server))) {
                    tracing::debug!(server = server.name, ?holders, "the server is left to those who hold it");
                    left_id = Some(server.id);
                    cleared.left.push(Left { name: server.name, holders });
                } else {
                    show(&server.name);
                    self.end_recorded(&server).await?;
                    cleared.destroyed += 1;
                }
            }
            self.disconnect().await;
            self.state.forget_server(&record.name)?;
        }
        let filter = ServerFilter { label_selector: Some(labels::managed()), ..ServerFilter::default() };
        for server in self.client.servers().list(&filter).await? {
            if labels::belongs_to(&server.labels, &self.client_id) && Some(server.id) != left_id {
                match self.clear_stray(&server, &mut show).await? {
                    Some(holders) => cleared.left.push(Left { name: server.name, holders }),
                    None => cleared.destroyed += 1,
                }
            }
        }
        Ok(cleared)
    }

    /// Ends the server on record: over SSH where there is a way, else by the API.
    async fn end_recorded(&self, server: &Server) -> Result<(), DockBridgeError> {
        let connected = self.connected.lock().await.take();
        let stopped = match connected {
            Some(connected) => {
                let stopped = Self::stop_engine(&connected.link).await;
                connected.close().await;
                stopped
            }
            None => false,
        };
        if !stopped && server.status == ServerStatus::Running {
            self.shut_down_by_api(server.id).await;
        }
        self.delete_server(server.id, &server.name).await
    }
}

impl ServerManager for HetznerServers {
    async fn provision(&self, phases: &Phases, cancel: &CancellationToken) -> Result<Engine, Failure> {
        // The future holds the state of every step, so it is kept on the heap.
        Box::pin(self.provision_server(phases, cancel)).await
    }

    async fn search(&self, cancel: &CancellationToken) -> Result<Search, DockBridgeError> {
        // It only looks, so it may end anywhere.
        tokio::select! {
            found = Box::pin(self.search_server()) => found,
            () = cancel.cancelled() => Err(ServerError::Stopping.into()),
        }
    }

    async fn reconnect(&self, cancel: &CancellationToken) -> Result<Search, DockBridgeError> {
        tokio::select! {
            found = Box::pin(self.reconnect_server()) => found,
            () = cancel.cancelled() => Err(ServerError::Stopping.into()),
        }
    }

    async fn destroy(&self) -> Result<Ended, DockBridgeError> {
        let cleared = Box::pin(self.destroy_all_of_ours(|_| {})).await?;
        if cleared.left.is_empty() {
            return Ok(Ended::Destroyed);
        }
        Ok(Ended::LeftTo(cleared.left.into_iter().flat_map(|left| left.holders).collect()))
    }

    async fn forget(&self) -> Result<(), DockBridgeError> {
        self.disconnect().await;
        if let Some(record) = self.state.server()? {
            self.state.forget_server(&record.name)?;
        }
        Ok(())
    }
}
