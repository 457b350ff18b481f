//! The guard of one connection: it lives and ends with the stream.

use std::sync::Arc;

use ssh_docker_proxy::{ConnectionId, ConnectionObserver, Direction, RequestHead};

use super::{kind::Kind, record::Record, tracker::Shared};

/// Held by the proxy for as long as the connection is open. Dropping it is the end of the connection, also where the proxy
/// is cut off in the middle.
pub(super) struct Connection {
    id: ConnectionId,
    record: Arc<Record>,
    shared: Arc<Shared>,
}

impl Connection {
    /// Takes the connection into the registry.
    pub(super) fn open(id: ConnectionId, shared: Arc<Shared>) -> Self {
        let record = Arc::new(Record::opened(shared.uptime()));
        shared.registry().open.insert(id, Arc::clone(&record));
        Self { id, record, shared }
    }
}

impl ConnectionObserver for Connection {
    fn request(&self, head: &RequestHead) {
        let kind = Kind::of(head);
        let now = self.shared.uptime();
        {
            // Under the lock, though the record needs none: see the tracker's `usage`.
            let _registry = self.shared.registry();
            self.record.begin(kind, now);
        }
        if kind.counts() {
            self.shared.begun.notify_one();
        }
        // The target can hold what a user passed as a build argument, so only its path is logged.
        tracing::debug!(connection = %self.id, method = head.method, path = head.path(), ?kind, "request");
    }

    fn finished(&self) {
        self.record.finish(self.shared.uptime());
    }

    fn bytes(&self, _: Direction, count: u64) {
        self.record.bytes(count, self.shared.uptime());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let now = self.shared.uptime();
        let mut registry = self.shared.registry();
        registry.open.remove(&self.id);
        registry.closed.close(&self.record, now);
    }
}
