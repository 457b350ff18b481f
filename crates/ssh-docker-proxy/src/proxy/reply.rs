//! Answers that the proxy gives itself.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::inbound::Inbound;
use crate::connector::{LocalAnswer, Refusal};

/// What a client is told whose engine vanished before it had answered.
pub(super) const ENGINE_LOST: &str = "The connection to the Docker Engine was lost before it answered this request; it is not \
    known whether the request was carried out. Run the command again. If it keeps happening, check on the server that \
    the Docker Engine runs and that the SSH user may use its socket.";

/// How long a client whose request was refused may go on sending the rest of it before it is cut off.
const UNREAD_BOUND: Duration = Duration::from_secs(5);

/// The bytes of an answer. `closes` says that the connection ends after it.
pub(super) fn answer(answer: &LocalAnswer, is_head: bool, closes: bool) -> Vec<u8> {
    let clean = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control());
    let reason = if clean(&answer.reason) { answer.reason.as_str() } else { "" };
    let mut bytes = format!("HTTP/1.1 {:03} {reason}\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let framing = ["content-length", "transfer-encoding"].iter().any(|taken| name.eq_ignore_ascii_case(taken));
        if token && clean(value) && !framing {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
    }
    if closes {
        bytes.extend(b"Connection: close\r\n");
    }
    bytes.extend(format!("Content-Length: {}\r\n\r\n", answer.body.len()).bytes());
    if !is_head {
        bytes.extend_from_slice(&answer.body);
    }
    bytes
}

/// A refusal in the words of the engine: 503 and a JSON object with a message.
pub(super) fn refusal(refusal: &Refusal) -> LocalAnswer {
    let body = format!("{}\n", serde_json::json!({ "message": refusal.message }));
    LocalAnswer {
        status: 503,
        reason: "Service Unavailable".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: body.into(),
    }
}

/// Ends a connection whose client may still be sending: closing at once would destroy the answer on its way.
pub(super) async fn close_politely<R, W>(inbound: &mut Inbound, reader: &mut R, writer: &mut W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let _ = writer.shutdown().await;
    let unread = async {
        loop {
            inbound.discard(inbound.len());
            if inbound.fill(reader).await == 0 {
                break;
            }
        }
    };
    if tokio::time::timeout(UNREAD_BOUND, unread).await.is_err() {
        tracing::debug!("a refused client went on sending and is cut off");
    }
}

#[cfg(test)]
mod tests;
