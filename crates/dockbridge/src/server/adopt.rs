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
    keepalive::LeaseError,
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
    ) -> Result<Engine, Failure> {
        let before = |error: DockBridgeError| Failure { error, leftover: false };
        let after = |error: DockBridgeError| Failure { error, leftover: true };
        let state = |error: StateError| before(error.into());
        let in_use = |reason: &str| before(held.in_use(reason).into());

        let (server, way) = held.sharable(self.settings.keepalive.self_destruct).map_err(in_use)?;
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
                return Err(in_use(refusal(&error)));
            }
        };

        let record = ServerRecord {
            name: server.name.clone(),
            intended_at: Timestamp::now(),
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
            standing = lease.tried() => standing,
            () = cancel.cancelled() => return Err(after(ServerError::Stopping.into())),
        };
        let refusal = match standing {
            Standing::Held => None,
            Standing::Destroying => Some(LeaseError::Destroying.into()),
            Standing::Untried | Standing::Failed => Some(held.in_use("its monitor gives us no lease").into()),
        };
        if let Some(error) = refusal {
            self.disconnect().await;
            self.state.forget_server(&server.name).map_err(state)?;
            return Err(before(error));
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

/// Why nobody logs in to a server that was ordered elsewhere.
const fn refusal(error: &DockBridgeError) -> &'static str {
    match error {
        DockBridgeError::Ssh(SshError::AuthenticationFailed { .. }) => "it does not accept our SSH key",
        DockBridgeError::Ssh(SshError::HostKeyMismatch { .. } | SshError::HostKeyUnknown { .. }) => {
            "it has another host key than its label says"
        }
        _ => "it cannot be reached over SSH",
    }
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
