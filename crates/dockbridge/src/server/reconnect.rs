//! Replaces a connection that has ended: first at the address on record, without waiting for the API.

use std::{future::pending, sync::Arc, time::Duration};

use hcloud_client::ServerStatus;
use ssh_docker_proxy::SshTarget;
use tokio::time::{sleep, timeout};

use super::{
    HetznerServers, Search, ServerError, connected::Known, first_lease::Standing, link::SshLink, login::LOGIN_BOUNDS,
    search::is_final,
};
use crate::{config::SelfDestruct, error::DockBridgeError, state::ServerRecord};

/// The pause between two logins: a server that refuses at once may be about to come back.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a login may take before a server that nobody serves any more is ended.
const END_BOUND: Duration = Duration::from_secs(10);
/// How long the engine may take to answer over the new connection. It was up when the old one ended.
const ENGINE_BOUND: Duration = Duration::from_secs(10);

impl HetznerServers {
    /// Up to three logins with growing bounds; beside them the API is asked once, so that a server that does not exist any
    /// more, or is off, is known at once.
    pub(super) async fn reconnect_server(&self) -> Result<Search, DockBridgeError> {
        self.disconnect().await;
        let Some(record) = self.state.server()? else { return Ok(Search::Gone) };
        let known = self.known.lock().await.clone();
        let (Some(known), Some(address)) = (known.filter(|known| is_of(known, &record)), record.ip_address.as_deref())
        else {
            // Too little is known for anything but the long way.
            return self.search_server().await;
        };
        let key = self.login_key().await?;
        let target = self.target(&record.name, address, &key);
        let found = tokio::select! {
            verdict = self.verdict_of_the_api(&record) => verdict,
            found = self.log_in_again(&target, &record, known) => found,
        };
        if !matches!(found, Ok(Search::Found(_) | Search::Useless)) {
            // Its lease must not go on holding a server that nobody uses. One that is useless is ended over it.
            self.disconnect().await;
        }
        found
    }

    /// Connects to the server on record for its end, if that is possible within 10 s: so that its engine is stopped cleanly,
    /// and its monitor says who else holds it.
    pub async fn connect_to_recorded(&self) {
        let Ok(Some(record)) = self.state.server() else { return };
        let (Some(address), Ok(key)) = (record.ip_address.as_deref(), self.login_key().await) else { return };
        match self.log_in_within(self.target(&record.name, address, &key), END_BOUND).await {
            // Without a lease: what is about to end needs none.
            Ok(link) => drop(self.keep(link, 0, SelfDestruct::Off).await),
            Err(error) => tracing::debug!(error = error.in_one_line(), "the server on record cannot be logged in to"),
        }
    }

    /// Completes only if the API is certain that the server will not serve again.
    async fn verdict_of_the_api(&self, record: &ServerRecord) -> Result<Search, DockBridgeError> {
        match self.recorded_server(record).await {
            Ok(None) => {
                tracing::warn!(server = record.name, "the server on record does not exist any more");
                self.state.forget_server(&record.name)?;
                Ok(Search::Gone)
            }
            Ok(Some(server)) if matches!(server.status, ServerStatus::Off | ServerStatus::Deleting) => {
                Ok(Search::Useless)
            }
            Ok(Some(_)) => pending().await,
            Err(error) => {
                tracing::debug!(error = error.in_one_line(), "the API does not say what became of the server");
                pending().await
            }
        }
    }

    async fn log_in_again(
        &self,
        target: &SshTarget,
        record: &ServerRecord,
        known: Known,
    ) -> Result<Search, DockBridgeError> {
        let mut last = None;
        for bound in LOGIN_BOUNDS {
            if last.is_some() {
                sleep(PAUSE).await;
            }
            match self.log_in_within(target.clone(), bound).await {
                Ok(link) => return self.take_up_again(link, record, known).await,
                // Another host key, or a refused login: asking again would change nothing.
                Err(error) if !error.retryable() => return Err(error),
                Err(error) => {
                    tracing::debug!(error = error.in_one_line(), "the login is tried again");
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| ServerError::Unreachable { after: LOGIN_BOUNDS.iter().sum() }.into()))
    }

    /// Takes the lease and sees that the engine answers.
    async fn take_up_again(
        &self,
        link: Arc<SshLink>,
        record: &ServerRecord,
        known: Known,
    ) -> Result<Search, DockBridgeError> {
        let id = record.id.unwrap_or_default();
        let mut lease = self.keep(link.clone(), id, known.self_destruct).await;
        if lease.tried().await == Standing::Destroying {
            return Ok(Search::Useless);
        }
        match timeout(ENGINE_BOUND, self.await_engine(&link, &record.name, lease)).await {
            Ok(Ok(())) => Ok(Search::Found(Box::new(self.engine(known, link).await))),
            Ok(Err(error)) if is_final(&error) => {
                tracing::warn!(error = error.in_one_line(), "the server will not serve again");
                Ok(Search::Useless)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ServerError::Unreachable { after: ENGINE_BOUND }.into()),
        }
    }
}

/// Whether what is known is of the server on record.
fn is_of(known: &Known, record: &ServerRecord) -> bool {
    known.server.name == record.name && record.id.is_some_and(|id| known.server.id == id.to_string())
}
