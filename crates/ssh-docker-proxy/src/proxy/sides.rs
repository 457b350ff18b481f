//! The two sides of a connection, and what is told about it.

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;

use super::hangup::Hangup;
use super::inbound::Inbound;
use crate::http::head::RequestHead;
use crate::observer::{ConnectionId, ConnectionObserver, Direction, Observer};
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
    retired: CancellationToken,
}

impl Engine {
    pub(super) fn new(stream: BoxedStream, retired: CancellationToken) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { inbound: Inbound::new(), read, write, retired }
    }

    /// Whether it takes another request.
    pub(super) fn serves(&self) -> bool {
        !self.retired.is_cancelled()
    }

    /// Reads what the engine says unasked. 0 when it is of no more use: it has ended, or it is retired.
    pub(super) async fn unasked(&mut self) -> usize {
        tokio::select! {
            biased;
            () = self.retired.cancelled() => 0,
            count = self.inbound.fill(&mut self.read) => count,
        }
    }
}

/// Tells the observer about one connection, and about its end by being dropped.
pub(super) struct Meter {
    pub(super) id: ConnectionId,
    observer: Box<dyn ConnectionObserver>,
}

impl Meter {
    pub(super) fn new(id: ConnectionId, observer: &dyn Observer) -> Self {
        Self { id, observer: observer.opened(id) }
    }

    pub(super) fn bytes(&self, direction: Direction, count: usize) {
        self.observer.bytes(direction, count as u64);
    }

    pub(super) fn request(&self, head: &RequestHead) {
        self.observer.request(head);
    }

    pub(super) fn answered(&self, status: u16) {
        self.observer.answered(status);
    }

    pub(super) fn finished(&self) {
        self.observer.finished();
    }

    pub(super) fn engine_lost(&self) {
        self.observer.engine_lost();
    }
}
