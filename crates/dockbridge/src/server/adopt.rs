//! Takes up a running server that holds the volume we need, although it was ordered by somebody else, or is held by others:
//! two computers of one person share it, each with a lease of its own.

use std::time::Duration;

use hcloud_client::{Server, ServerStatus, Volume};
use jiff::Timestamp;
use ssh_docker_proxy::SshError;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, Failure, HetznerServers, LoginKey, Phases, ServerError, connected::Known, first_lease::Standing, labels,
    strays::Way,
};
use crate::{
    config::SelfDestruct,
    error::DockBridgeError,
    keepalive,
    state::{ServerRecord, StateError},
};

/// How long the login may take.
const LOGIN_BOUND: Duration = Duration::from_secs(20);

/// The volume that is needed, and the server that has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    pub(super) volume: Volume,
    /// `None` where it is none of DockBridge's.
    pub(super) server: Option<Server>,
}

/// A server that was not taken up. Nothing was changed, unless the failure says so.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Trying again would change nothing.
    Failed(Failure),
    /// It may be shared, or gone, in a moment. The error is for those who cannot wait that long.
    NotYet(ServerError),
}

impl Held {
    /// The error that says who holds the volume, and why the server cannot be shared.
    pub(super) fn in_use(&self, reason: &str) -> ServerError {
        let id = self.volume.server.map(|id| id.to_string()).unwrap_or_default();
        let holder = self.server.as_ref().map_or_else(
            || format!("the server with the id {id}, which DockBridge did not create"),
            |server| {
                let installation = labels::installation(&server.labels).unwrap_or("unknown");
                let host = labels::host(&server.labels).unwrap_or("an unknown computer");
                format!("the server {} (id {id}) of the DockBridge {installation} on {host}", server.name)
            },
        );
        ServerError::VolumeInUse {
            name: self.volume.name.clone(),
            id: self.volume.id.get(),
            holder,
            reason: reason.to_owned(),
        }
    }

    /// The server, if it is DockBridge's and nobody can hold it: leases are in memory, so there are none on a machine that is
    /// off.
    pub(super) fn abandoned(&self) -> Option<&Server> {
        let server = self.server.as_ref()?;
        (labels::is_managed(&server.labels) && server.status == ServerStatus::Off).then_some(server)
    }

    /// Whether the server is being turned on or off, or deleted: what becomes of it is known in a moment.
    fn is_on_its_way(&self) -> bool {
        let status = self.server.as_ref().map(|server| &server.status);
        matches!(
            status,
            Some(ServerStatus::Initializing | ServerStatus::Starting | ServerStatus::Stopping | ServerStatus::Deleting)
        )
    }

    /// The server, and how it is reached, if it may be shared by clients with this setting at all.
    fn sharable(&self, own: SelfDestruct) -> Result<(&Server, Way), &'static str> {
        let Some(server) = &self.server else { return Err("it is not shared") };
        if own == SelfDestruct::Off {
            return Err("servers are shared by leases, and there are none with keepalive.self_destruct: off");
        }
        if labels::self_destruct(&server.labels) == SelfDestruct::Off {
            return Err("it has no monitor that keeps leases, so it cannot be shared");
        }
        Way::of(server).map(|way| (server, way)).ok_or("it is not running, so it cannot be shared")
    }
}

impl HetznerServers {
    /// Logs in to the server and takes a lease on it beside those of others. Where that fails nothing is changed and nothing
    /// stays on record.
    pub(super) async fn adopt(
        &self,
        held: &Held,
        key: &LoginKey,
        phases: &Phases,
        cancel: &CancellationToken,
    ) -> Result<Engine, Refusal> {
        let before = |error: DockBridgeError| Refusal::Failed(Failure { error, leftover: false });
        let after = |error: DockBridgeError| Refusal::Failed(Failure { error, leftover: true });
        let state = |error: StateError| before(error.into());

        let (server, way) = held.sharable(self.settings.keepalive.self_destruct).map_err(|reason| {
            let error = held.in_use(reason);
            if held.is_on_its_way() { Refusal::NotYet(error) } else { before(error.into()) }
        })?;
        tracing::info!(
            server = server.name,
            host = labels::host(&server.labels),
            "the volume is on a server that somebody else ordered or holds, so it is tried to share that"
        );
        self.state.pin_host_key(&server.name, &way.host_key).map_err(state)?;
        let target = self.target(&server.name, &way.address, key);
        let link = tokio::select! {
            link = phases.run("login to the shared server", self.log_in_within(target, LOGIN_BOUND)) => link,
            () = cancel.cancelled() => Err(ServerError::Stopping.into()),
        };
        let link = match link {
            Ok(link) => link,
            Err(error) => {
                self.state.unpin_host_key(&server.name).map_err(state)?;
                if matches!(error, DockBridgeError::Server(ServerError::Stopping)) {
                    return Err(before(error));
                }
                tracing::debug!(error = error.in_one_line(), "the server cannot be shared");
                let (reason, lasting) = refusal(&error);
                let error = held.in_use(reason);
                return Err(if lasting { before(error.into()) } else { Refusal::NotYet(error) });
            }
        };

        let record = ServerRecord {
            name: server.name.clone(),
            intended_at: server.created,
            id: Some(server.id.get()),
            ip_address: Some(way.address),
            volume_id: held.volume.id.get(),
            shared: true,
            ending: false,
        };
        self.state.put_server(&record).map_err(state)?;
        let self_destruct = labels::self_destruct(&server.labels);
        let mut lease = self.keep(link.clone(), server.id.get(), self_destruct).await;
        // Without a lease of our own the server could be destroyed under our work at any time.
        let standing = tokio::select! {
            standing = lease.taken() => standing,
            () = cancel.cancelled() => return Err(after(ServerError::Stopping.into())),
        };
        let reason = match standing {
            Standing::Held => None,
            Standing::Destroying => Some("it is being destroyed, and has not gone yet"),
            Standing::Untried | Standing::Failed => Some("its monitor gives us no lease"),
        };
        if let Some(reason) = reason {
            self.end_first_lease().await;
            // A renewal whose answer was lost has left a lease all the same.
            if let Err(error) = keepalive::release(&*link, &self.owner).await {
                tracing::debug!(%error, "our lease could not be given back, and runs out by itself");
            }
            self.disconnect().await;
            self.state.forget_server(&server.name).map_err(state)?;
            return Err(Refusal::NotYet(held.in_use(reason)));
        }
        tokio::select! {
            up = phases.run("engine", self.await_engine(&link, &server.name, lease)) => up.map_err(after)?,
            () = cancel.cancelled() => return Err(after(ServerError::Stopping.into())),
        }
        let age = Timestamp::now().duration_since(server.created).try_into().unwrap_or_default();
        let known = Known::new(server.into(), (&held.volume).into(), self_destruct, age);
        Ok(self.engine(known, link).await)
    }
}

/// Why nobody logs in to a server that was ordered elsewhere, and whether that will stay so.
const fn refusal(error: &DockBridgeError) -> (&'static str, bool) {
    match error {
        DockBridgeError::Ssh(SshError::AuthenticationFailed { .. }) => ("it does not accept our SSH key", true),
        DockBridgeError::Ssh(SshError::HostKeyMismatch { .. } | SshError::HostKeyUnknown { .. }) => {
            ("it has another host key than its label says", true)
        }
        _ => ("it cannot be reached over SSH", false),
    }
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
