//! Follows a body to its end without changing or keeping a byte.

use super::framing::Framing;

/// The longest line of the chunked coding (a size with its extensions, or a trailer) that is understood, in bytes. Go's
/// `net/http`, which the engine is built on, stops at the same length for sizes.
const MAX_LINE: usize = 4096;

/// The most bytes of trailers that are understood.
const MAX_TRAILERS: usize = 64 * 1024;

/// Where in a body the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The message is complete.
    Done,
    /// This many bytes are left (never 0).
    Length(u64),
    /// All bytes belong to the body.
    UntilClose,
    /// Not understood: all bytes are let through.
    Opaque,
    /// In the digits of a chunk's size.
    Size { value: u64, digits: usize },
    /// In the rest of a size's line.
    Extension { size: u64, length: usize },
    /// In a chunk's data (never 0 left).
    Data(u64),
    /// Before the carriage return that ends a chunk.
    DataEnd,
    /// Between that carriage return and its line feed.
    DataEndLf,
    /// In a line after the last chunk; `empty` as long as it holds nothing but a carriage return.
    Trailer { empty: bool, line: usize, total: usize },
}

/// Tells, as bytes arrive, how many of them belong to the message.
#[derive(Debug, Clone)]
pub(crate) struct BodyScanner {
    state: State,
}

impl BodyScanner {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(left) => State::Length(left),
            Framing::Chunked => State::Size { value: 0, digits: 0 },
            Framing::UntilClose => State::UntilClose,
            Framing::Opaque => State::Opaque,
        };
        Self { state }
    }

    /// Whether the message is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the body turned out not to be understood.
    pub(crate) fn is_opaque(&self) -> bool {
        self.state == State::Opaque
    }

    /// Whether the end of the stream is a proper end of the message here.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self.state, State::Done | State::UntilClose | State::Opaque)
    }

    /// Follows the bytes that arrived next, and returns how many of them belong to the message.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Some(&byte) = bytes.get(taken) {
            let rest = bytes.len() - taken;
            match self.state {
                State::Done => return taken,
                State::UntilClose | State::Opaque => return bytes.len(),
                State::Length(left) => taken += self.skip(left, rest, State::Length, State::Done),
                State::Data(left) => taken += self.skip(left, rest, State::Data, State::DataEnd),
                State::Size { .. }
                | State::Extension { .. }
                | State::DataEnd
                | State::DataEndLf
                | State::Trailer { .. } => {
                    self.state = self.step(byte);
                    taken += 1;
                }
            }
        }
        taken
    }

    /// Passes over as much of `left` as there is.
    fn skip(&mut self, left: u64, rest: usize, more: fn(u64) -> State, end: State) -> usize {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest);
        let left = left - here as u64;
        self.state = if left == 0 { end } else { more(left) };
        here
    }

    /// The state after one byte of the coding itself.
    fn step(&self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                match value.checked_mul(16).and_then(|value| value.checked_add(u64::from(digit))) {
                    Some(value) if digits < MAX_LINE => State::Size { value, digits: digits + 1 },
                    Some(_) | None => State::Opaque,
                }
            }
            (State::Size { value, digits }, b';' | b' ' | b'\t' | b'\r' | b'\n') if digits > 0 => {
                Self::after_size(value, digits, byte)
            }
            (State::Extension { size, length }, _) => Self::after_size(size, length, byte),
            (State::DataEnd, b'\r') => State::DataEndLf,
            (State::DataEndLf, b'\n') => State::Size { value: 0, digits: 0 },
            (State::Trailer { empty: true, .. }, b'\n') => State::Done,
            (State::Trailer { empty: false, total, .. }, b'\n') => State::Trailer { empty: true, line: 0, total },
            (State::Trailer { line, total, .. }, _) if line < MAX_LINE && total < MAX_TRAILERS => {
                State::Trailer { empty: line == 0 && byte == b'\r', line: line + 1, total: total + 1 }
            }
            (state, _) => {
                debug_assert_ne!(state, State::Done, "the caller stops there");
                State::Opaque
            }
        }
    }

    fn after_size(size: u64, length: usize, byte: u8) -> State {
        match byte {
            b'\n' if size == 0 => State::Trailer { empty: true, line: 0, total: 0 },
            b'\n' => State::Data(size),
            _ if length < MAX_LINE => State::Extension { size, length: length + 1 },
            _ => State::Opaque,
        }
    }
}

#[cfg(test)]
mod tests;
