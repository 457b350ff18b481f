//! The way to the present server with our lease on it, and what is known of it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, HetznerServers, ServerInfo, VolumeInfo,
    first_lease::{Deletion, FirstLease, LeaseWatch, Terms},
    link::SshLink,
};
use crate::{
    clock::{Clock, Moment, SystemClock},
    config::SelfDestruct,
};

/// A connection, and the task that takes the lease over it.
pub(super) struct Connected {
    pub(super) link: Arc<SshLink>,
    lease: FirstLease,
}

impl Connected {
    /// Ends both, and waits for their end.
    pub(super) async fn close(self) {
        self.lease.end().await;
        self.link.connection.close().await;
    }
}

/// A server whose engine has answered, without the way to it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) server: ServerInfo,
    pub(super) volume: VolumeInfo,
    /// What it does once nobody holds a lease on it.
    pub(super) self_destruct: SelfDestruct,
    /// How old it was at that moment.
    pub(super) age: Duration,
    pub(super) at: Moment,
}

impl Known {
    pub(super) fn new(server: ServerInfo, volume: VolumeInfo, self_destruct: SelfDestruct, age: Duration) -> Self {
        Self { server, volume, self_destruct, age, at: SystemClock.now() }
    }
}

/// How long a lease lasts that is taken now: as long as the user holds the server, and the timeout at least.
fn lease_span(timeout: Duration, kept_until: Option<Timestamp>, now: Timestamp) -> Duration {
    let kept = kept_until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
    kept.unwrap_or_default().max(timeout)
}

impl HetznerServers {
    /// Keeps the connection as the way to the present server, and begins to take the lease on it, where it has a monitor.
    pub(super) async fn keep(&self, link: Arc<SshLink>, id: u64, self_destruct: SelfDestruct) -> LeaseWatch {
        let lease = if self_destruct == SelfDestruct::Off {
            FirstLease::none()
        } else {
            FirstLease::take(link.clone(), self.terms(id, self_destruct))
        };
        let watch = lease.watch();
        let former = self.connected.lock().await.replace(Connected { link, lease });
        if let Some(former) = former {
            former.close().await;
        }
        watch
    }

    fn terms(&self, id: u64, self_destruct: SelfDestruct) -> Terms {
        let settings = &self.settings.keepalive;
        // The token leaves this computer only where both sides are meant to have it.
        let deletes = [self_destruct, settings.self_destruct].iter().all(|word| *word == SelfDestruct::Delete);
        let state = self.state.clone();
        let url = format!("{}/servers/{id}", self.client.endpoint().as_str());
        self.missing.send_replace(None);
        Terms {
            missing: self.missing.clone(),
            owner: self.owner.clone(),
            span: {
                let (state, timeout) = (self.state.clone(), settings.timeout.0);
                Arc::new(move || lease_span(timeout, state.keep().ok().flatten(), Timestamp::now()))
            },
            interval: settings.interval.0,
            deletion: deletes.then(|| Deletion { url, token: self.token.clone() }),
            shared: Arc::new(move || {
                if let Err(error) = state.mark_shared(id) {
                    tracing::warn!(%error, "that others use the server could not be written down");
                }
            }),
        }
    }

    /// Ends our first lease, if it is still being taken or renewed, so that nothing renews it once the end has begun.
    pub(super) async fn end_first_lease(&self) {
        if let Some(connected) = self.connected.lock().await.as_mut() {
            std::mem::replace(&mut connected.lease, FirstLease::none()).end().await;
        }
    }

    /// The way to the present server, while it works.
    pub(super) async fn present_link(&self) -> Option<Arc<SshLink>> {
        use super::EngineLink;
        let link = self.connected.lock().await.as_ref().map(|connected| connected.link.clone());
        link.filter(|link| !link.is_closed())
    }

    /// Gives the way to the present server up.
    pub(super) async fn disconnect(&self) {
        let connected = self.connected.lock().await.take();
        if let Some(connected) = connected {
            connected.close().await;
        }
    }

    /// Makes an engine of what is known now, and remembers it for a connection that replaces this one.
    pub(super) async fn engine(&self, known: Known, link: Arc<SshLink>) -> Engine {
        let age = known.age + SystemClock.now().since(known.at);
        *self.known.lock().await = Some(known.clone());
        Engine { server: known.server, volume: known.volume, link, age, retired: CancellationToken::new() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_lease_lasts_as_long_as_a_hold() {
        let (timeout, now) = (Duration::from_mins(5), Timestamp::UNIX_EPOCH);
        assert_eq!(lease_span(timeout, None, now), timeout);
        let hours = |n| Some(now + SignedDuration::from_hours(n));
        assert_eq!(lease_span(timeout, hours(8), now), Duration::from_hours(8));
        assert_eq!(lease_span(timeout, hours(-1), now), timeout);
    }
}
