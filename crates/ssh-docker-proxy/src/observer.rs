//! The seam through which use is measured.

use std::fmt;

use crate::http::head::RequestHead;

/// Names one connection of a client for the lifetime of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which way bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the engine.
    ToEngine,
    /// From the engine to the client.
    ToClient,
}

/// Sees connections open and close, request heads, answers and bytes.
///
/// Called on the path of the bytes: an implementation must return quickly and must not block.
pub trait Observer: Send + Sync + 'static {
    /// A client has connected. It may never send anything.
    fn opened(&self, connection: ConnectionId) {
        let _ = connection;
    }

    /// The head of a request has arrived, before an engine is asked for.
    fn request(&self, connection: ConnectionId, head: &RequestHead) {
        let _ = (connection, head);
    }

    /// The final status of a request has been passed on, whoever answered it; its body may still be under way.
    fn answered(&self, connection: ConnectionId, status: u16) {
        let _ = (connection, status);
    }

    /// The answer to the request is complete: the connection waits for the next one.
    fn finished(&self, connection: ConnectionId) {
        let _ = connection;
    }

    /// This many bytes have been handed to the other side.
    fn bytes(&self, connection: ConnectionId, direction: Direction, count: u64) {
        let _ = (connection, direction, count);
    }

    /// The stream to the engine ended before the engine had answered the request.
    fn engine_lost(&self, connection: ConnectionId) {
        let _ = connection;
    }

    /// The connection is over, for whatever reason. Called exactly once for each `opened`.
    fn closed(&self, connection: ConnectionId) {
        let _ = connection;
    }
}

/// An [`Observer`] that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}
