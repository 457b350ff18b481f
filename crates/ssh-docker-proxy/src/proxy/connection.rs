//! One client, from its first byte to its last.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

use super::exchange::{self, Verdict};
use super::sides::{Client, Engine, Meter};
use super::{relay, reply};
use crate::connector::{Connector, LocalAnswer, Opened, Refusal};
use crate::http::framing::Framing;
use crate::http::head::{Parsed, RequestHead, parse_request};
use crate::observer::{ConnectionId, Direction, Observer};

/// What comes next on a connection that is between two requests.
enum Next {
    Request(RequestHead, usize),
    /// The engine speaks without having been asked.
    EngineSpoke,
    End,
}

/// Where a request goes.
enum Route {
    Engine(Engine),
    /// It has been answered, and the next may follow.
    Answered,
    End,
}

/// A client's connection and what it needs.
pub(super) struct Connection {
    connector: Arc<dyn Connector>,
    shutdown: CancellationToken,
    meter: Meter,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        connector: &Arc<dyn Connector>,
        observer: &Arc<dyn Observer>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { connector: Arc::clone(connector), shutdown, meter: Meter::new(id, observer.as_ref()) }
    }

    /// Serves one request after the other until the client ends or something else does.
    pub(super) async fn run(self, stream: UnixStream) {
        let mut client = Client::new(stream);
        let mut kept: Option<Engine> = None;
        loop {
            let (head, head_bytes, asked) = match self.next(&mut client, &mut kept).await {
                Next::Request(head, head_bytes) => (head, head_bytes, true),
                Next::EngineSpoke => (RequestHead::opaque(), 0, false),
                Next::End => return,
            };
            // The query is left out of logs: it holds what was passed as build arguments, passwords among them.
            tracing::debug!(connection = %self.meter.id, method = head.method, path = head.path(), "request");
            self.meter.request(&head);
            // Not before the observer has been told: whoever retires engines relies on that order.
            let route = match kept.take().filter(Engine::serves) {
                Some(engine) => Route::Engine(engine),
                None if asked => self.route(&head, head_bytes, &mut client).await,
                // The engine spoke and is retired, and its client has asked for nothing.
                None => Route::Answered,
            };
            match route {
                Route::Engine(mut engine) => {
                    if !self.exchange(&head, head_bytes, &mut client, &mut engine).await {
                        return;
                    }
                    kept = Some(engine);
                }
                Route::Answered => {}
                Route::End => return,
            }
            self.meter.finished();
        }
    }

    /// Waits for the head of the next request.
    async fn next(&self, client: &mut Client, kept: &mut Option<Engine>) -> Next {
        client.inbound.rest();
        if let Some(engine) = kept {
            engine.inbound.rest();
        }
        loop {
            let parsed = parse_request(client.inbound.unseen());
            let waits = parsed == Parsed::Partial;
            if waits && client.inbound.ended() {
                return Next::End;
            }
            let idle = client.inbound.is_empty();
            // With a request at hand this only looks whether the engine's end has arrived meanwhile. A retired engine is
            // let go of at once: its server waits for nothing but such streams.
            tokio::select! {
                biased;
                count = unasked(kept) => match count {
                    0 => *kept = None,
                    _ => return Next::EngineSpoke,
                },
                () = std::future::ready(()), if !waits => {}
                () = self.shutdown.cancelled(), if idle => return Next::End,
                _ = client.inbound.fill(&mut client.read) => {}
            }
            match parsed {
                Parsed::Complete(head, length) => return Next::Request(head, length),
                Parsed::Opaque => return Next::Request(RequestHead::opaque(), 0),
                Parsed::Partial => {}
            }
        }
    }

    /// Asks the connector for an engine, for as long as the client is there to wait.
    async fn route(&self, head: &RequestHead, head_bytes: usize, client: &mut Client) -> Route {
        let opened = tokio::select! {
            biased;
            opened = self.connector.open(head) => opened,
            () = client.hangup.gone() => {
                tracing::debug!(connection = %self.meter.id, "the client has gone while its request was held");
                return Route::End;
            }
        };
        let answer = match opened {
            Ok(Opened::Stream { stream, retired }) => return Route::Engine(Engine::new(stream, retired)),
            Ok(Opened::Answer(answer)) => answer,
            Err(refusal) => reply::refusal(&refusal),
        };
        let closes = head.closes() || head.framing() != Framing::Length(0);
        client.inbound.discard(head_bytes);
        self.answer(&answer, head, closes, client).await
    }

    /// Answers in the engine's place.
    async fn answer(&self, answer: &LocalAnswer, head: &RequestHead, closes: bool, client: &mut Client) -> Route {
        let bytes = reply::answer(answer, head.method == "HEAD", closes);
        if client.write.write_all(&bytes).await.is_err() {
            return Route::End;
        }
        self.meter.answered(answer.status);
        if closes {
            reply::close_politely(&mut client.inbound, &mut client.read, &mut client.write).await;
            return Route::End;
        }
        Route::Answered
    }

    /// Has the engine answer one request. Returns whether another may follow.
    async fn exchange(&self, head: &RequestHead, head_bytes: usize, client: &mut Client, engine: &mut Engine) -> bool {
        if head.framing() == Framing::Opaque {
            self.relay_opaque(head, client, engine).await;
            return false;
        }
        match exchange::run(head, head_bytes, client, engine, &self.meter).await {
            Verdict::NextRequest => return true,
            Verdict::TakenOver => self.relay(client, engine).await,
            Verdict::Opaque => self.relay_opaque(head, client, engine).await,
            Verdict::EngineLost => {
                tracing::warn!(connection = %self.meter.id, path = head.path(), "the engine was lost before it answered");
                self.meter.engine_lost();
                let refusal = reply::refusal(&Refusal::new(reply::ENGINE_LOST));
                self.answer(&refusal, head, true, client).await;
            }
            Verdict::Over { unread: true } => {
                reply::close_politely(&mut client.inbound, &mut client.read, &mut client.write).await;
            }
            Verdict::Over { unread: false } => {}
        }
        false
    }

    /// Relays what is not understood, which may be more requests: the observer must not take it for the one it knows of.
    async fn relay_opaque(&self, head: &RequestHead, client: &mut Client, engine: &mut Engine) {
        if !head.is_opaque() {
            self.meter.request(&RequestHead::opaque());
        }
        self.relay(client, engine).await;
    }

    /// Copies both directions to their ends, or until the client has closed both and all it sent has been passed on.
    async fn relay(&self, client: &mut Client, engine: &mut Engine) {
        let to_engine = relay::copy(&mut client.inbound, &mut client.read, &mut engine.write, |count| {
            self.meter.bytes(Direction::ToEngine, count);
        });
        let to_client = relay::copy(&mut engine.inbound, &mut engine.read, &mut client.write, |count| {
            self.meter.bytes(Direction::ToClient, count);
        });
        relay::both(to_engine, to_client, client.hangup.gone()).await;
    }
}

/// Reads from the engine that is kept, if there is one. 0 if it is of no more use.
async fn unasked(kept: &mut Option<Engine>) -> usize {
    match kept {
        Some(engine) => engine.unasked().await,
        None => std::future::pending().await,
    }
}
