//! The two sides of a connection, and what is told about it.

use std::sync::Arc;

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::hangup::Hangup;
use super::inbound::Inbound;
use crate::http::head::RequestHead;
use crate::observer::{ConnectionId, Direction, Observer};
use crate::stream::BoxedStream;

/// The client's side.
pub(super) struct Client {
    pub(super) inbound: Inbound,
    pub(super) read: OwnedReadHalf,
    pub(super) write: OwnedWriteHalf,
    pub(super) hangup: Hangup,
}

impl Client {
    pub(super) fn new(stream: UnixStream) -> Self {
        let hangup = Hangup::of(&stream);
        let (read, write) = stream.into_split();
        Self { inbound: Inbound::new(), read, write, hangup }
    }
}

/// The engine's side.
pub(super) struct Engine {
    pub(super) inbound: Inbound,
    pub(super) read: ReadHalf<BoxedStream>,
    pub(super) write: WriteHalf<BoxedStream>,
}

impl Engine {
    pub(super) fn new(stream: BoxedStream) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { inbound: Inbound::new(), read, write }
    }
}

/// Tells the observer about one connection, and about its end when dropped.
pub(super) struct Meter {
    pub(super) id: ConnectionId,
    observer: Arc<dyn Observer>,
}

impl Meter {
    pub(super) fn new(id: ConnectionId, observer: Arc<dyn Observer>) -> Self {
        observer.opened(id);
        Self { id, observer }
    }

    pub(super) fn bytes(&self, direction: Direction, count: usize) {
        self.observer.bytes(self.id, direction, count as u64);
    }

    pub(super) fn request(&self, head: &RequestHead) {
        self.observer.request(self.id, head);
    }

    pub(super) fn answered(&self, status: u16) {
        self.observer.answered(self.id, status);
    }

    pub(super) fn finished(&self) {
        self.observer.finished(self.id);
    }

    pub(super) fn engine_lost(&self) {
        self.observer.engine_lost(self.id);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.observer.closed(self.id);
    }
}
