//! The kind of stream that joins a client to an engine.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream in both directions whose write side can be shut down on its own.
///
/// Shutting down the writer must reach the other end as an end of file while its own bytes still come through, because
/// Docker clients half-close their connection to end a container's standard input.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Duplex for T {}

/// A [`Duplex`] of any type.
pub type BoxedStream = Box<dyn Duplex>;
