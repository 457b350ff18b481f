//! A connector that keeps one SSH connection.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{SshConnection, SshError, SshTarget};
use crate::connector::{Connector, OpenFuture, Opened, Refusal};
use crate::http::head::RequestHead;
use crate::stream::BoxedStream;

/// Serves requests through one [`SshConnection`]: made when the first request needs it, shared by all, and replaced when it
/// has ended.
#[derive(Debug)]
pub struct SshConnector {
    target: SshTarget,
    run_dir: PathBuf,
    slot: Mutex<Slot>,
}

/// The connection, and how the last attempt to make one failed.
#[derive(Debug, Default)]
struct Slot {
    connection: Option<Arc<SshConnection>>,
    failure: Option<(Instant, SshError)>,
}

impl SshConnector {
    /// For the engine behind `target`, with sockets in `run_dir` (private and short).
    #[must_use]
    pub fn new(target: SshTarget, run_dir: PathBuf) -> Self {
        Self { target, run_dir, slot: Mutex::new(Slot::default()) }
    }

    /// The connection, made if there is none that lives. Whoever arrives during an attempt shares its outcome.
    pub async fn connection(&self) -> Result<Arc<SshConnection>, SshError> {
        let arrived = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some(connection) = &slot.connection {
            if !connection.is_closed() {
                return Ok(Arc::clone(connection));
            }
            let reason = connection.closed().await;
            tracing::info!(%reason, "connecting again");
            slot.connection = None;
        }
        if let Some((ended, error)) = &slot.failure
            && *ended > arrived
        {
            return Err(error.clone());
        }
        match SshConnection::connect(&self.target, &self.run_dir).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *slot = Slot { connection: Some(Arc::clone(&connection)), failure: None };
                Ok(connection)
            }
            Err(error) => {
                slot.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Ends the connection, if there is one.
    pub async fn close(&self) {
        let connection = self.slot.lock().await.connection.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    /// Opens a stream, and once more on a new connection if the old one turns out to have ended.
    async fn stream(&self) -> Result<BoxedStream, SshError> {
        let connection = self.connection().await?;
        match connection.open().await {
            Err(SshError::Ended { .. }) => self.connection().await?.open().await,
            result => result,
        }
    }
}

impl Connector for SshConnector {
    fn open<'a>(&'a self, _request: &'a RequestHead) -> OpenFuture<'a> {
        Box::pin(async {
            match self.stream().await {
                // A server that is not ours to end is never retired.
                Ok(stream) => Ok(Opened::Stream { stream, retired: CancellationToken::new() }),
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "no connection to the engine");
                    Err(Refusal::new(format!("The Docker Engine cannot be reached: {error}")))
                }
            }
        })
    }
}
