//! Whose a server is when we want its end: ours alone, or also somebody else's.

use std::time::Duration;

use hcloud_client::Server;

use super::{ForeignLease, HetznerServers, labels};
use crate::{
    config::SelfDestruct,
    keepalive::{self, LeaseError},
    state::ServerRecord,
};

/// How long the lease lasts under which a server is ended. It keeps the monitor from doing the same at the same time, and
/// lets it finish the work if this computer fails in the middle.
const END_SPAN: Duration = Duration::from_mins(4);

/// What the monitor of a server says about others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rights {
    /// Nobody else holds it.
    OursAlone,
    /// These hold it as well.
    Shared(Vec<ForeignLease>),
    /// The monitor could not be asked, or there is none.
    Unknown,
}

/// Whether the server on record may be destroyed; if not, who it is left to. A server that we did not order, or that others
/// held when we came, is destroyed only if it is certain that they do not need it any more.
pub(super) fn left_to(adopted: bool, rights: Rights, orderer: ForeignLease) -> Option<Vec<ForeignLease>> {
    match (rights, adopted) {
        (Rights::Shared(others), _) => Some(others),
        (Rights::Unknown, true) => Some(vec![orderer]),
        (Rights::Unknown, false) | (Rights::OursAlone, _) => None,
    }
}

/// Who ordered a server, as far as its labels or else its name say, in the form of a lease of which nothing is known.
pub(super) fn orderer(record: &ServerRecord, server: Option<&Server>) -> ForeignLease {
    let label = server.and_then(|server| labels::installation(&server.labels));
    // Names are `dockbridge-`, the installation and a random number.
    let client_id = label.or_else(|| record.name.split('-').nth(1)).unwrap_or("unknown").to_owned();
    let host = server.and_then(|server| labels::host(&server.labels)).unwrap_or("unknown").to_owned();
    ForeignLease { client_id, host, remaining_seconds: 0 }
}

impl HetznerServers {
    /// Asks the server's monitor who else holds the server. Our own lease is given back if somebody does, and cut to the time
    /// that ending the server takes if nobody does.
    pub(super) async fn rights(&self, server: &Server) -> Rights {
        let Some(link) = self.present_link().await else { return Rights::Unknown };
        if labels::self_destruct(&server.labels) == SelfDestruct::Off {
            return Rights::Unknown;
        }
        let others = match keepalive::renew(&*link, &self.owner, END_SPAN).await {
            // Every lease had run out, unless somebody was faster and the monitor has not taken it back yet.
            Err(LeaseError::Destroying) => keepalive::leases(&*link).await.map(|leases| self.of_others(leases)),
            others => others,
        };
        let others = match others {
            Ok(others) if others.is_empty() => return Rights::OursAlone,
            Ok(others) => others,
            // A server whose boot has failed early.
            Err(LeaseError::NoMonitor) => return Rights::Unknown,
            Err(error) => {
                tracing::warn!(%error, "the server's monitor does not say who else holds the server");
                return Rights::Unknown;
            }
        };
        if let Err(error) = keepalive::release(&*link, &self.owner).await {
            tracing::debug!(%error, "our lease could not be given back, and runs out by itself");
        }
        Rights::Shared(others)
    }

    /// The leases that are not ours.
    pub(super) fn of_others(&self, leases: Vec<ForeignLease>) -> Vec<ForeignLease> {
        leases.into_iter().filter(|lease| lease.client_id != self.client_id).collect()
    }
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
