//! Accepts clients and forwards their requests.
//!
//! ```text
//!  client ─▶ inbound buffer ─▶ (which bytes belong to this request?) ─▶ engine
//!  client ◀─ (which bytes belong to this answer?) ◀─ inbound buffer ◀─ engine
//! ```
//!
//! A connection goes through one exchange after the other, as the engine itself handles pipelined requests, until one of
//! them turns it into a plain pair of byte streams (an upgrade, or anything that is not understood) or ends it.

mod connection;
mod exchange;
mod hangup;
mod inbound;
mod relay;
mod reply;
mod sides;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connector::Connector;
use crate::observer::{ConnectionId, Observer};

/// How long to wait after the system refused to accept a connection, typically because no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How [`serve`] behaves.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// How long connections with work under way may go on after the shutdown was asked for.
    pub drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { drain: Duration::from_secs(10) }
    }
}

/// What [`serve`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeReport {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections whose work was still under way when the drain was over.
    pub cut: usize,
}

/// Serves clients until `shutdown` is cancelled.
///
/// Then it accepts no more, closes idle connections at once, gives the others `options.drain` to end, and cuts the rest.
/// Dropping the future cuts everything.
pub async fn serve(
    listener: UnixListener,
    connector: Arc<dyn Connector>,
    observer: Arc<dyn Observer>,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> ServeReport {
    let mut connections = JoinSet::new();
    let mut accepted = 0;
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            stream = accept(&listener) => stream,
        };
        accepted += 1;
        let connection = connection::Connection::new(ConnectionId(accepted), &connector, &observer, shutdown.clone());
        connections.spawn(connection.run(stream));
    }
    drop(listener);
    let drained = tokio::time::timeout(options.drain, async { while connections.join_next().await.is_some() {} });
    let cut = if drained.await.is_ok() { 0 } else { connections.len() };
    connections.shutdown().await;
    tracing::debug!(accepted, cut, "the proxy has ended");
    ServeReport { accepted, cut }
}

/// The next client. Errors of `accept` concern one client or pass: they never end the proxy.
async fn accept(listener: &UnixListener) -> UnixStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a client could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
