//! The end of the server on record and of all others that this installation ordered, but for those that others hold.

use hcloud_client::{Server, ServerFilter, ServerId, ServerStatus};
use tokio_util::sync::CancellationToken;

use super::{
    Ended, Engine, Failure, ForeignLease, HetznerServers, Phases, Search, ServerError, ServerManager, Unended, Wish,
    labels,
    rights::{Rights, left_to, orderer},
};
use crate::{
    config::SelfDestruct,
    error::DockBridgeError,
    state::{LeftServer, ServerRecord},
};

/// What clearing up has come to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// How many servers were destroyed.
    pub destroyed: usize,
    /// The server on record, if it runs on.
    pub recorded: Option<Left>,
    /// Other servers that we ordered and that run on.
    pub strays: Vec<Left>,
}

/// A server that runs on because others hold it, or may do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Who holds it, or ordered it where that is all that is known: see [`ForeignLease::is_known`].
    pub holders: Vec<ForeignLease>,
}

impl HetznerServers {
    /// Destroys the server on record and every other one that this installation created: what is left when an answer was
    /// lost or DockBridge was killed. Each is named to `show` before it is destroyed. Servers that others hold are left, and
    /// nothing of them stays on record.
    ///
    /// `others` held the server on record when that was last known.
    pub async fn destroy_all_of_ours(
        &self,
        others: &[ForeignLease],
        wish: Wish,
        mut show: impl FnMut(&str) + Send,
    ) -> Result<Cleared, DockBridgeError> {
        let mut cleared = Cleared::default();
        let filter = ServerFilter { label_selector: Some(labels::managed()), ..ServerFilter::default() };
        let mut left_id = None;
        if let Some(mut record) = self.state.server()? {
            if !others.is_empty() && !record.shared {
                record.shared = true;
                self.state.put_server(&record)?;
            }
            let seen = |server: Option<&Server>| {
                if others.is_empty() { vec![orderer(&record.name, server)] } else { others.to_vec() }
            };
            let server = match self.recorded_server(&record).await {
                Err(error) if record.shared && !record.ending && self.present_link().await.is_none() => {
                    tracing::warn!(
                        error = error.in_one_line(),
                        "a shared server cannot be asked about and is left alone"
                    );
                    cleared.recorded = Some(Left { name: record.name.clone(), holders: seen(None) });
                    left_id = record.id.map(ServerId);
                    None
                }
                server => server?,
            };
            if let Some(server) = server {
                // Nobody can have taken it up since.
                let rights = if record.ending { Rights::OursAlone } else { self.rights(&server).await };
                let alone = rights == Rights::OursAlone;
                if wish == Wish::Idle && rights == Rights::Unasked {
                    return Err(ServerError::LeaseUnknown { name: record.name }.into());
                }
                if let Some(holders) = left_to(record.shared, rights, seen(Some(&server))) {
                    tracing::debug!(server = server.name, ?holders, "the server is left to those who hold it");
                    left_id = Some(server.id);
                    cleared.recorded = Some(Left { name: server.name, holders });
                } else {
                    if alone && !record.ending {
                        self.state.put_server(&ServerRecord { ending: true, ..record.clone() })?;
                    }
                    show(&server.name);
                    self.end_recorded(&server).await?;
                    cleared.destroyed += 1;
                }
            }
            self.disconnect().await;
            if let Some(id) = left_id {
                self.state.put_left(&LeftServer { id: id.get(), name: record.name.clone() })?;
            }
            self.state.forget_server(&record.name)?;
        }
        let servers = match self.client.servers().list(&filter).await {
            Ok(servers) => servers,
            // What became of the server on record must not get lost. Strays are looked for at the next provisioning.
            Err(error) if cleared.recorded.is_some() => {
                tracing::warn!(%error, "other servers of ours could not be looked for");
                return Ok(cleared);
            }
            Err(error) => return Err(error.into()),
        };
        self.forget_gone(&servers)?;
        for server in servers {
            if labels::belongs_to(&server.labels, &self.client_id) && Some(server.id) != left_id {
                match self.clear_stray(&server, &mut show).await? {
                    Some(holders) => cleared.strays.push(Left { name: server.name, holders }),
                    None => cleared.destroyed += 1,
                }
            }
        }
        Ok(cleared)
    }

    /// Whether the end of the server on record can be begun at all: the API answers, and the server can be asked who else uses
    /// it. Changes nothing.
    async fn prepare_end(&self, wish: Wish) -> Result<(), DockBridgeError> {
        let Some(record) = self.state.server()?.filter(|record| !record.ending) else { return Ok(()) };
        if self.present_link().await.is_none() {
            self.connect_to_recorded().await;
        }
        // A shared server that the API does not tell of is left, not destroyed.
        let server = match self.recorded_server(&record).await {
            Ok(server) => server,
            Err(_) if record.shared => return Ok(()),
            Err(error) => return Err(error),
        };
        let asks = |server: &Server| {
            server.status != ServerStatus::Off && labels::self_destruct(&server.labels) != SelfDestruct::Off
        };
        if wish == Wish::Idle && server.as_ref().is_some_and(asks) && self.present_link().await.is_none() {
            return Err(ServerError::LeaseUnknown { name: record.name }.into());
        }
        Ok(())
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
        self.delete_after(stopped, server).await
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

    async fn destroy(&self, others: &[ForeignLease], wish: Wish) -> Result<Ended, Unended> {
        let untouched = |error| Unended { error, untouched: true };
        Box::pin(self.prepare_end(wish)).await.map_err(untouched)?;
        let cleared = Box::pin(self.destroy_all_of_ours(others, wish, |_| {}));
        let cleared = cleared.await.map_err(|error| {
            // If the monitor has begun the end all the same, the server is found to be of no use when it is connected to again.
            let untouched = matches!(error, DockBridgeError::Server(ServerError::LeaseUnknown { .. }));
            Unended { error, untouched }
        })?;
        // These are not what was to be destroyed.
        for Left { name, holders } in cleared.strays {
            let hosts: Vec<_> = holders.into_iter().map(|lease| lease.host).collect();
            tracing::warn!(server = name, hosts = hosts.join(", "), "a server that we once ordered is left to others");
        }
        Ok(cleared.recorded.map_or(Ended::Destroyed, |left| Ended::LeftTo(left.holders)))
    }

    fn note_shared(&self) {
        let noted = self.state.server().and_then(|record| match record.and_then(|record| record.id) {
            Some(id) => self.state.mark_shared(id),
            None => Ok(()),
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "that others use the server could not be written down");
        }
    }

    async fn forget(&self) -> Result<(), DockBridgeError> {
        self.disconnect().await;
        if let Some(record) = self.state.server()? {
            self.state.forget_server(&record.name)?;
        }
        Ok(())
    }
}
