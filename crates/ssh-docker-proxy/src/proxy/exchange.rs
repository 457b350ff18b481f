//! One request and its answer.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::hangup::Hangup;
use super::inbound::Inbound;
use super::sides::{Client, Engine, Meter};
use crate::http::body::BodyScanner;
use crate::http::head::{Parsed, RequestHead, parse_response};
use crate::observer::Direction;

/// How many bytes of later requests are read while an answer is awaited. Reading on shows that the client has gone.
const PIPELINE_BYTES: usize = 64 * 1024;

/// What an exchange leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The next request may follow on both streams.
    NextRequest,
    /// From here on both sides send what they like, as they have agreed.
    TakenOver,
    /// What the sides send from here on is not understood.
    Opaque,
    /// The engine's stream ended before the engine had answered.
    EngineLost,
    /// The connection is over; `unread` if the client may still be sending.
    Over { unread: bool },
}

/// Forwards the request whose head, of `head_bytes` bytes, is at the front of the client's buffer, and its answer.
pub(super) async fn run(
    head: &RequestHead,
    head_bytes: usize,
    client: &mut Client,
    engine: &mut Engine,
    meter: &Meter,
) -> Verdict {
    let Client { inbound, read, write, hangup } = client;
    inbound.clear(head_bytes);
    let mut body = BodyScanner::new(head.framing());
    let received = {
        let mut sending = std::pin::pin!(send_and_watch(&mut body, inbound, read, &mut engine.write, hangup, meter));
        let mut receiving = std::pin::pin!(receive(head, &mut engine.inbound, &mut engine.read, write, meter));
        let mut sends = true;
        loop {
            tokio::select! {
                biased;
                received = &mut receiving => break received,
                watched = &mut sending, if sends => match watched {
                    Watched::EngineShut => sends = false,
                    Watched::ClientGone => break Received::Cut,
                },
            }
        }
    };
    let unread = !body.is_done() || inbound.has_cleared();
    match received {
        Received::TakenOver => Verdict::TakenOver,
        Received::Opaque => Verdict::Opaque,
        Received::Lost => Verdict::EngineLost,
        Received::Cut => Verdict::Over { unread: false },
        Received::Complete { closes: true } => Verdict::Over { unread },
        Received::Complete { closes: false } if body.is_opaque() => Verdict::Opaque,
        Received::Complete { closes: false } if unread => finish_sending(&mut body, client, engine, meter).await,
        Received::Complete { closes: false } => Verdict::NextRequest,
    }
}

/// Sends the rest of a request that was answered before it was complete, for as long as the engine takes it.
async fn finish_sending(body: &mut BodyScanner, client: &mut Client, engine: &mut Engine, meter: &Meter) -> Verdict {
    tokio::select! {
        sent = send(body, &mut client.inbound, &mut client.read, &mut engine.write, meter) => match sent {
            Sent::All => Verdict::NextRequest,
            Sent::ClientEnded => Verdict::Over { unread: false },
            Sent::EngineShut => Verdict::Over { unread: true },
        },
        count = engine.inbound.fill(&mut engine.read) => match count {
            0 => Verdict::Over { unread: true },
            // An answer to a request that is not complete: whatever this is, it is not for us to understand.
            _ => Verdict::Opaque,
        },
    }
}

/// How sending a request ended.
enum Sent {
    /// It is complete.
    All,
    /// The client sends no more, though the request is not complete. The engine has been told.
    ClientEnded,
    /// The engine takes no more. It may have answered nevertheless.
    EngineShut,
}

/// Sends a request to its end. Goes on where it was if it is dropped and called again.
async fn send<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    body: &mut BodyScanner,
    inbound: &mut Inbound,
    read: &mut R,
    write: &mut W,
    meter: &Meter,
) -> Sent {
    loop {
        inbound.scan(body);
        if inbound.has_cleared() {
            match inbound.forward(write).await {
                Ok(count) => meter.bytes(Direction::ToEngine, count),
                Err(error) => {
                    tracing::debug!(%error, "the engine takes no more of a request");
                    return Sent::EngineShut;
                }
            }
        } else if body.is_done() {
            return Sent::All;
        } else if inbound.fill(read).await == 0 {
            let _ = write.shutdown().await;
            return Sent::ClientEnded;
        }
    }
}

/// Why an answer need not be awaited with an eye on the client any longer.
enum Watched {
    /// The engine takes no more.
    EngineShut,
    /// The client has closed both directions, and the engine has been given all of the request.
    ClientGone,
}

/// Sends a request, then keeps an eye on the client until it has gone.
///
/// A client that half-closes is passed on to the engine, which cancels most requests then; but only once everything that
/// the client had sent before has been forwarded.
async fn send_and_watch<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    body: &mut BodyScanner,
    inbound: &mut Inbound,
    read: &mut R,
    write: &mut W,
    hangup: &Hangup,
    meter: &Meter,
) -> Watched {
    match send(body, inbound, read, write, meter).await {
        Sent::All => {
            while inbound.len() < PIPELINE_BYTES && inbound.fill(read).await > 0 {}
            if inbound.ended() && inbound.is_empty() {
                let _ = write.shutdown().await;
            }
        }
        Sent::ClientEnded => {}
        Sent::EngineShut => return Watched::EngineShut,
    }
    hangup.gone().await;
    Watched::ClientGone
}

/// How receiving an answer ended.
enum Received {
    /// The answer is complete.
    Complete { closes: bool },
    /// Both sides send what they like now.
    TakenOver,
    /// The answer is not understood.
    Opaque,
    /// The engine's stream ended before the whole head of the answer, of which nothing has been passed on.
    Lost,
    /// The engine's stream ended within the answer, or the client takes no more.
    Cut,
}

/// Receives the answer to a request.
async fn receive<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    request: &RequestHead,
    inbound: &mut Inbound,
    read: &mut R,
    write: &mut W,
    meter: &Meter,
) -> Received {
    let head = loop {
        match parse_response(inbound.unseen()) {
            Parsed::Complete(head, length) => {
                inbound.clear(length);
                if flush(inbound, write, meter).await.is_err() {
                    return Received::Cut;
                }
                if !head.is_interim() {
                    break head;
                }
            }
            Parsed::Opaque => return Received::Opaque,
            Parsed::Partial if inbound.fill(read).await == 0 => return Received::Lost,
            Parsed::Partial => {}
        }
    };
    meter.answered(head.status);
    if head.takes_over(request) {
        return Received::TakenOver;
    }
    let mut body = BodyScanner::new(head.framing(request));
    loop {
        inbound.scan(&mut body);
        if flush(inbound, write, meter).await.is_err() {
            return Received::Cut;
        }
        if body.is_opaque() {
            return Received::Opaque;
        }
        if body.is_done() {
            return Received::Complete { closes: head.closes() };
        }
        if inbound.fill(read).await == 0 {
            return if body.may_end() { Received::Complete { closes: true } } else { Received::Cut };
        }
    }
}

/// Passes everything that is cleared on to the client.
async fn flush<W: AsyncWrite + Unpin>(inbound: &mut Inbound, write: &mut W, meter: &Meter) -> std::io::Result<()> {
    while inbound.has_cleared() {
        let count = inbound.forward(write).await?;
        meter.bytes(Direction::ToClient, count);
    }
    Ok(())
}
