//! Whose a server is when we want its end: ours alone, or also somebody else's.

use std::time::Duration;

use hcloud_client::{Server, ServerStatus};
use tokio::time::sleep;

use super::{EngineLink, ForeignLease, HetznerServers, labels};
use crate::{
    config::SelfDestruct,
    keepalive::{self, LeaseError},
};

/// How long the lease lasts under which a server is ended. It keeps the monitor from doing the same at the same time, and
/// lets it finish the work if this computer fails in the middle.
const END_SPAN: Duration = Duration::from_mins(4);
/// How often an end is asked for that somebody else has begun, or only tried to, and the pause between two questions: who only
/// tries to end a server takes no longer than a call of the monitor.
const ATTEMPTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// What the monitor of a server says about others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rights {
    /// Nobody else holds it.
    OursAlone,
    /// These hold it as well.
    Shared(Vec<ForeignLease>),
    /// There is no monitor, or no way to it.
    Unknown,
    /// The monitor does not answer.
    Unasked,
}

/// Whether the server on record may be destroyed; if not, who it is left to: `seen` where its monitor cannot be asked. A server
/// that we did not order, or that others were ever seen to hold, is destroyed only if it is certain that they do not need it
/// any more.
pub(super) fn left_to(shared: bool, rights: Rights, seen: Vec<ForeignLease>) -> Option<Vec<ForeignLease>> {
    match (rights, shared) {
        (Rights::Shared(others), _) => Some(others),
        (Rights::Unknown | Rights::Unasked, true) => Some(seen),
        (Rights::Unknown | Rights::Unasked, false) | (Rights::OursAlone, _) => None,
    }
}

/// Who ordered a server, as far as its labels or else its name say, in the form of a lease of which nothing is known.
pub(super) fn orderer(name: &str, server: Option<&Server>) -> ForeignLease {
    let label = server.and_then(|server| labels::installation(&server.labels));
    // Names are `dockbridge-`, the installation and a random number.
    let client_id = label.or_else(|| name.split('-').nth(1)).unwrap_or("unknown").to_owned();
    let host = server.and_then(|server| labels::host(&server.labels)).unwrap_or("unknown").to_owned();
    ForeignLease { client_id, host, remaining_seconds: 0 }
}

impl HetznerServers {
    /// Begins the end of the server on record, unless somebody else holds it: from then on its monitor refuses everybody. Our
    /// own lease is given back if somebody does.
    pub(super) async fn rights(&self, server: &Server) -> Rights {
        // Leases are in memory, so nobody has one on a machine that is off.
        if server.status == ServerStatus::Off {
            return Rights::OursAlone;
        }
        let Some(link) = self.present_link().await else { return Rights::Unknown };
        if labels::self_destruct(&server.labels) == SelfDestruct::Off {
            return Rights::Unknown;
        }
        self.end_first_lease().await;
        match self.begin_end(&*link).await {
            Ok(others) if others.is_empty() => Rights::OursAlone,
            Ok(others) => Rights::Shared(others),
            // A server whose boot has failed early.
            Err(LeaseError::NoMonitor) => Rights::Unknown,
            Err(error) => {
                tracing::warn!(%error, "the server's monitor does not say who else holds the server");
                if let Err(error) = keepalive::release(&*link, &self.owner).await {
                    tracing::debug!(%error, "our lease could not be given back, and runs out by itself");
                }
                Rights::Unasked
            }
        }
    }

    /// Has the monitor refuse every lease but ours, unless others have one: these are returned.
    pub(super) async fn begin_end(&self, link: &dyn EngineLink) -> Result<Vec<ForeignLease>, LeaseError> {
        for _ in 0..ATTEMPTS {
            match keepalive::end(link, &self.owner, END_SPAN).await {
                Err(LeaseError::Destroying) => sleep(PAUSE).await,
                ended => return ended,
            }
        }
        // Somebody else ends it under a lease of theirs, or its monitor does, since every lease had run out.
        keepalive::leases(link).await.map(|leases| self.of_others(leases))
    }

    /// The leases that are not ours.
    pub(super) fn of_others(&self, leases: Vec<ForeignLease>) -> Vec<ForeignLease> {
        leases.into_iter().filter(|lease| lease.client_id != self.client_id).collect()
    }
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
