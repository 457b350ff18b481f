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

/// Sees clients connect.
pub trait Observer: Send + Sync + 'static {
    /// A client has connected. It may never send anything.
    ///
    /// The connection holds the returned value for as long as it is open, and drops it when it is over for whatever reason:
    /// the end of the value is the end of the connection.
    fn opened(&self, connection: ConnectionId) -> Box<dyn ConnectionObserver>;
}

/// Sees the request heads, answers and bytes of one connection, one request after the other.
///
/// Called on the path of the bytes, and for both directions: an implementation must return quickly and must not block.
pub trait ConnectionObserver: Send + Sync {
    /// A request is under way from now on: its head has arrived, and no engine has been chosen for it yet.
    ///
    /// An opaque head ([`RequestHead::is_opaque`]) stands for whatever follows on a connection that cannot be understood, or
    /// not any longer: it may come in the middle of another request, and more requests may hide in it.
    fn request(&self, head: &RequestHead) {
        let _ = head;
    }

    /// The final status of the request has been passed on, whoever answered it; its body may still be under way.
    fn answered(&self, status: u16) {
        let _ = status;
    }

    /// The answer to the request is complete: the connection waits for the next one.
    fn finished(&self) {}

    /// This many bytes have been handed to the other side.
    fn bytes(&self, direction: Direction, count: u64) {
        let _ = (direction, count);
    }

    /// The stream to the engine ended before the engine had answered the request.
    fn engine_lost(&self) {}
}

/// An [`Observer`] that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn opened(&self, _: ConnectionId) -> Box<dyn ConnectionObserver> {
        Box::new(Self)
    }
}

impl ConnectionObserver for NoObserver {}
