//! Copies both directions of a connection, each to its own end.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::inbound::Inbound;

/// Copies what `inbound` holds and whatever follows, then passes the end on. `count` is told about bytes handed over.
///
/// When the writer takes no more, the reader is read to its end all the same and its bytes are dropped: whoever sends them
/// would wait forever otherwise, and its end would go unnoticed.
pub(super) async fn copy<R, W>(inbound: &mut Inbound, reader: &mut R, writer: &mut W, count: impl Fn(usize))
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut open = true;
    loop {
        inbound.clear(inbound.len());
        if !open {
            inbound.discard(inbound.len());
        }
        if inbound.has_cleared() {
            match inbound.forward(writer).await {
                Ok(forwarded) => count(forwarded),
                Err(error) => {
                    tracing::debug!(%error, "one direction takes no more");
                    open = false;
                }
            }
        } else if inbound.fill(reader).await == 0 {
            break;
        }
    }
    // The other side may be gone already, which is the end it would have been told about.
    let _ = writer.shutdown().await;
}

/// Runs both directions to their ends. Once the client sends no more, its leaving (`gone`) ends the other one as well: an
/// engine with nothing to say would not notice.
pub(super) async fn both(
    to_engine: impl Future<Output = ()>,
    to_client: impl Future<Output = ()>,
    gone: impl Future<Output = ()>,
) {
    let mut to_engine = std::pin::pin!(to_engine);
    let mut to_client = std::pin::pin!(to_client);
    tokio::select! {
        () = &mut to_engine => tokio::select! {
            () = to_client => {}
            () = gone => {}
        },
        () = &mut to_client => to_engine.await,
    }
}

#[cfg(test)]
mod tests;
