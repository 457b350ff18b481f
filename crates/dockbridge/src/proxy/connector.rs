//! Provides an engine for each request: the running one, or one that is provisioned while the request is held.

use bytes::Bytes;
use ssh_docker_proxy::{Connector, LocalAnswer, OpenFuture, Opened, Refusal, RequestHead};

use crate::{error::DockBridgeError, lifecycle::Handle, state::StateDir};

/// How often a request is given to another engine when the one it was given has just vanished.
const ATTEMPTS: u32 = 3;

/// The [`Connector`] of DockBridge.
pub struct EngineConnector {
    lifecycle: Handle,
    state: StateDir,
    image: String,
}

impl EngineConnector {
    /// A connector that asks `lifecycle` for engines, which come with `image`.
    #[must_use]
    pub const fn new(lifecycle: Handle, state: StateDir, image: String) -> Self {
        Self { lifecycle, state, image }
    }

    async fn connect(&self, request: &RequestHead) -> Result<Opened, Refusal> {
        if let Some(answer) = self.known_ping(request) {
            return Ok(Opened::Answer(answer));
        }
        let mut cause = String::new();
        for attempt in 0..ATTEMPTS {
            // A running engine is taken as it is: asking the driver costs every new connection two changes of task. After a
            // failure the driver has to be asked, since what runs may not have been found to be lost yet.
            let (generation, engine) = match self.lifecycle.running().filter(|_| attempt == 0) {
                Some(running) => running,
                None => self.lifecycle.engine().await.map_err(|error| Refusal::new(error.in_one_line()))?,
            };
            match engine.link.open().await {
                // Retired while the stream was opened: whoever did so may not have seen this request.
                Ok(_) if engine.retired.is_cancelled() => "its server was about to go".clone_into(&mut cause),
                Ok(stream) => return Ok(Opened::Stream { stream, retired: engine.retired.clone() }),
                Err(error) if engine.link.is_closed() => {
                    self.lifecycle.report_lost(generation, &error).await;
                    cause = error.to_string();
                }
                // The connection lives, with everybody's work on it: what failed is this one stream, for a local reason such
                // as too many open files.
                Err(error) => return Err(Refusal::new(DockBridgeError::from(error).in_one_line())),
            }
        }
        Err(Refusal::new(format!("DockBridge: the engine cannot be reached: {cause}. Try again")))
    }

    /// Clients ask `_ping` first, and Docker's CLI 28 waits 2 s for the answer before it does without the engine's features
    /// (`BuildKit` among them). So while no engine runs, it is answered with what the last one said. It creates no server
    /// either: a program that only asks whether an engine is there does not need one.
    fn known_ping(&self, request: &RequestHead) -> Option<LocalAnswer> {
        let ping = request.path_without_version() == "/_ping" && matches!(request.method.as_str(), "GET" | "HEAD");
        if !ping || self.lifecycle.running().is_some() {
            return None;
        }
        let facts = self.state.engine_facts().unwrap_or_else(|error| {
            tracing::warn!(%error, "what is known of the engine cannot be read");
            None
        })?;
        if facts.image != self.image {
            return None;
        }
        Some(LocalAnswer {
            status: 200,
            reason: "OK".to_owned(),
            headers: facts.ping_headers,
            body: Bytes::from_static(b"OK"),
        })
    }
}

impl Connector for EngineConnector {
    fn open<'a>(&'a self, request: &'a RequestHead) -> OpenFuture<'a> {
        Box::pin(self.connect(request))
    }
}
