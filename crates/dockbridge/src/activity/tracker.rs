//! All connections together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ssh_docker_proxy::{ConnectionId, ConnectionObserver, Observer};
use tokio::sync::Notify;

use super::{
    Figures, Usage,
    connection::Connection,
    record::{Record, Sum},
};
use crate::clock::{Clock, Moment};

/// What the tracker and the guards of its connections share.
pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    registry: Mutex<Registry>,
    /// A request that counts has begun.
    pub(super) begun: Notify,
}

/// The connections there are, and what those came to that are over.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) open: HashMap<ConnectionId, Arc<Record>>,
    pub(super) closed: Sum,
}

impl Shared {
    /// The registry. Taken when a connection opens, closes or begins a request, and by whoever asks; not when bytes move.
    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time by the clock that decides.
    pub(super) fn uptime(&self) -> Duration {
        self.clock.now().uptime
    }
}

/// Follows all connections of a proxy, as its [`Observer`].
pub struct ActivityTracker {
    shared: Arc<Shared>,
}

impl ActivityTracker {
    /// A tracker that has seen nothing yet, and reads the time from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { clock, registry: Mutex::default(), begun: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Whether and when the engine is used.
    ///
    /// Whoever means to destroy a server retires its engine first (see [`ssh_docker_proxy::Opened::Stream`]) and asks here
    /// afterwards. No request can slip through in between: a request takes the registry's lock to be written down, and only
    /// then does the proxy, or the connector, look whether the engine is retired; this takes the same lock after the engine
    /// was retired. If the request took it first, it is seen here. If it took it second, then all that was done before
    /// this call is visible to it, the retiring included, and it goes to another engine.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let (mut work, mut open) = (false, None);
        let closed = {
            let registry = self.shared.registry();
            for record in registry.open.values() {
                // Work is asked for first: of a request that ends meanwhile, the time of its end is seen then.
                work |= record.works();
                open = open.max(record.last_use());
            }
            registry.closed.last_use
        };
        let moment = self.moments();
        Usage { work, last_use: closed.max(open).map(&moment), quiet_since: open.map(&moment) }
    }

    /// Waits until a request other than `_ping` has begun since this was last awaited to its end. One waiter at a time.
    ///
    /// A request that began while nobody waited completes the next wait at once, so this says that it is worth to look at
    /// [`Self::usage`], and no more. Nothing is lost if the future is dropped.
    pub async fn used(&self) {
        self.shared.begun.notified().await;
    }

    /// Counts and times as they are shown.
    #[must_use]
    pub fn status(&self) -> Figures {
        let (sum, open_connections) = {
            let registry = self.shared.registry();
            let mut sum = registry.closed;
            for record in registry.open.values() {
                sum.add(record);
            }
            (sum, registry.open.len())
        };
        let moment = self.moments();
        Figures {
            last_docker_command: sum.last_request.map(|uptime| moment(uptime).wall),
            last_connection: sum.last_moved.map(|uptime| moment(uptime).wall),
            open_connections,
            requests: sum.requests,
            bytes_transferred: sum.bytes,
        }
    }

    /// Turns times of the clock that decides into moments of both clocks, by what the wall clock says now: where it has been
    /// set meanwhile, the times that are shown follow.
    fn moments(&self) -> impl Fn(Duration) -> Moment + use<> {
        let now = self.shared.clock.now();
        move |uptime| {
            let wall = now.wall.checked_sub(now.uptime.saturating_sub(uptime)).unwrap_or(now.wall);
            Moment { uptime, wall }
        }
    }
}

impl Observer for ActivityTracker {
    fn opened(&self, connection: ConnectionId) -> Box<dyn ConnectionObserver> {
        Box::new(Connection::open(connection, Arc::clone(&self.shared)))
    }
}

#[cfg(test)]
mod tests;
