//! Accepts clients and forwards their requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use crate::connector::Connector;
use crate::observer::Observer;

/// How [`serve`] behaves.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// How long connections with work under way may go on after the shutdown was asked for.
    pub drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(10),
        }
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
pub async fn serve(
    listener: UnixListener,
    connector: Arc<dyn Connector>,
    observer: Arc<dyn Observer>,
    options: ServeOptions,
    shutdown: CancellationToken,
) -> ServeReport {
    let _ = (listener, connector, observer, options);
    shutdown.cancelled().await;
    ServeReport {
        accepted: 0,
        cut: 0,
    }
}
