//! Bytes that have arrived from one side and are on their way to the other.

use std::io;

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::http::body::BodyScanner;

/// How much is read at once at first, in bytes; an idle connection keeps no more than this.
const SMALL_READ: usize = 16 * 1024;

/// How much is read at once when bytes keep coming, in bytes. Measured: 256 KiB halve the processor time of a bulk copy.
const LARGE_READ: usize = 256 * 1024;

/// A buffer whose front has been cleared for forwarding: `[ cleared | not looked at yet ]`.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: BytesMut,
    cleared: usize,
    read_size: usize,
    ended: bool,
}

impl Inbound {
    pub(super) fn new() -> Self {
        Self { buffer: BytesMut::new(), cleared: 0, read_size: SMALL_READ, ended: false }
    }

    /// The bytes that have not been cleared.
    pub(super) fn unseen(&self) -> &[u8] {
        self.buffer.get(self.cleared..).unwrap_or_default()
    }

    /// All bytes that are kept.
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether there are bytes to forward.
    pub(super) fn has_cleared(&self) -> bool {
        self.cleared > 0
    }

    /// Whether the other side has said that it sends no more (or has gone).
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Clears this many more bytes.
    pub(super) fn clear(&mut self, count: usize) {
        self.cleared = (self.cleared + count).min(self.buffer.len());
    }

    /// Clears what belongs to the body that `scanner` follows.
    pub(super) fn scan(&mut self, scanner: &mut BodyScanner) {
        let count = scanner.scan(self.unseen());
        self.clear(count);
    }

    /// Drops this many bytes unforwarded.
    pub(super) fn discard(&mut self, count: usize) {
        self.buffer.advance(count.min(self.buffer.len()));
        self.cleared = self.cleared.saturating_sub(count);
    }

    /// Gives memory back while nothing is under way.
    pub(super) fn rest(&mut self) {
        self.read_size = SMALL_READ;
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Reads what has arrived; 0 at the end of the stream, which an error is as well: both mean that nothing more comes.
    /// Nothing is lost if the future is dropped.
    pub(super) async fn fill<R: AsyncRead + Unpin>(&mut self, reader: &mut R) -> usize {
        if self.ended {
            return 0;
        }
        self.buffer.reserve(self.read_size);
        let count = match reader.read_buf(&mut (&mut self.buffer).limit(self.read_size)).await {
            Ok(count) => count,
            Err(error) => {
                tracing::debug!(%error, "reading has failed");
                0
            }
        };
        self.ended = count == 0;
        if count == self.read_size {
            self.read_size = (self.read_size * 2).min(LARGE_READ);
        }
        count
    }

    /// Writes some of the cleared bytes and returns how many. Nothing is lost or doubled if the future is dropped.
    pub(super) async fn forward<W: AsyncWrite + Unpin>(&mut self, writer: &mut W) -> io::Result<usize> {
        let front = self.buffer.get(..self.cleared).unwrap_or_default();
        let count = writer.write(front).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.discard(count);
        if self.cleared == 0 {
            writer.flush().await?;
        }
        Ok(count)
    }
}
