//! The answering side.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Sources,
    messages::{Progress, Request},
};
use crate::{lifecycle::Handle, state::StateDir};

/// How long a client may take to say what it wants, and to read a line of the answer.
const BOUND: Duration = Duration::from_secs(5);
/// A request is a few words; whatever is longer is none.
const LONGEST_REQUEST: u64 = 1024;
/// The pause after a connection could not be accepted, typically because no file descriptor is left.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers `dockbridge status`, `keep` and `stop`.
pub struct ControlServer {
    /// What the state of the whole is read from.
    pub sources: Arc<Sources>,
    /// Where it is written down until when the user holds the server.
    pub state: StateDir,
    /// Watched while the end is followed.
    pub lifecycle: Handle,
    /// Cancelled when somebody asks for the end.
    pub stop: CancellationToken,
}

impl ControlServer {
    /// Answers until `end` is cancelled, then lets those who follow the end read its last line.
    pub async fn serve(self, listener: UnixListener, end: CancellationToken) {
        let server = Arc::new(self);
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                () = end.cancelled() => break,
                Some(_) = clients.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let server = server.clone();
                        clients.spawn(async move { server.answer(stream).await });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a control connection could not be accepted");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
        let _ = timeout(BOUND, clients.join_all()).await;
    }

    async fn answer(&self, stream: UnixStream) {
        let (reader, mut writer) = stream.into_split();
        let mut line = String::new();
        let mut reader = BufReader::new(reader.take(LONGEST_REQUEST));
        if !matches!(timeout(BOUND, reader.read_line(&mut line)).await, Ok(Ok(_))) {
            return;
        }
        match serde_json::from_str(&line) {
            Ok(Request::Status) => {
                send(&mut writer, &self.sources.report()).await;
            }
            Ok(Request::Keep { until }) => {
                if let Err(error) = self.state.put_keep(until) {
                    // It holds for this run all the same.
                    tracing::warn!(%error, "until when the server is kept could not be written down");
                }
                self.lifecycle.keep(until).await;
                send(&mut writer, &self.sources.report()).await;
            }
            Ok(Request::Stop) => {
                self.stop.cancel();
                let mut changes = self.lifecycle.subscribe();
                loop {
                    let progress = Progress::from(&*changes.borrow_and_update());
                    if !send(&mut writer, &progress).await || progress.done || changes.changed().await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "a control request was not understood"),
        }
    }
}

/// Sends a line; `false` when nobody reads it.
async fn send(writer: &mut (impl AsyncWriteExt + Unpin), message: &impl Serialize) -> bool {
    let Ok(mut line) = serde_json::to_vec(message) else { return false };
    line.push(b'\n');
    matches!(timeout(BOUND, writer.write_all(&line)).await, Ok(Ok(())))
}
