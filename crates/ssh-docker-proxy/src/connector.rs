//! The seam between the proxy and whatever provides engines.

use std::pin::Pin;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::http::head::RequestHead;
use crate::stream::BoxedStream;

/// What [`Connector::open`] returns.
pub type OpenFuture<'a> = Pin<Box<dyn Future<Output = Result<Opened, Refusal>> + Send + 'a>>;

/// Provides a stream to an engine for each request that needs one.
pub trait Connector: Send + Sync + 'static {
    /// Opens a stream for one request, or answers it at once.
    ///
    /// It may wait for as long as it takes to provide an engine: the request is held meanwhile. It is dropped when the
    /// client that waits has gone. The stream serves later requests of the same client as well, for as long as the engine
    /// keeps it open and it is not retired; the connector is not asked for those.
    fn open<'a>(&'a self, request: &'a RequestHead) -> OpenFuture<'a>;
}

/// How a request is served.
pub enum Opened {
    /// By an engine.
    Stream {
        /// The way to it.
        stream: BoxedStream,
        /// Once this is cancelled, the stream takes no further request: the next one of the same client asks the connector
        /// again. What is under way goes on to its end, a connection that has been taken over included. A stream on which
        /// nothing is under way is closed at once.
        ///
        /// The observer has been told of a request before its proxy looks here. So whoever cancels first and then asks
        /// the observer what is under way misses nothing. The request that the stream was opened for is sent either way.
        retired: CancellationToken,
    },
    /// By the connector itself.
    Answer(LocalAnswer),
}

/// An answer that needs no engine, for instance to `_ping` while there is none.
///
/// Meant for requests without a body. The length of the body is added to the headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAnswer {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// Names and values of headers, without `Content-Length`. One that would break the head apart is left out.
    pub headers: Vec<(String, String)>,
    /// The body; left out in answers to `HEAD`.
    pub body: Bytes,
}

/// Why a request cannot be served: told to the client with status 503 as `{"message": …}`, as the engine words its errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What failed and what to do about it, for the person at the client.
    pub message: String,
}

impl Refusal {
    /// A refusal with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
