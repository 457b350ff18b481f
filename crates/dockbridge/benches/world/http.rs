//! The smallest HTTP client there is, so that as little as possible of what is measured is the client's own.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// How long an answer may take. Generous, since a machine may boot meanwhile.
const BOUND: Duration = Duration::from_mins(3);

/// A connection that is kept open from request to request.
pub(crate) struct Client {
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, path: &str) {
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n").as_bytes()).unwrap();
        self.buffer.clear();
    }

    /// Waits for the first bytes of the answer.
    pub(crate) fn read_some(&mut self) {
        let mut part = [0; 16 * 1024];
        let count = self.stream.read(&mut part).unwrap();
        assert!(count > 0, "the answer ends early: {}", String::from_utf8_lossy(&self.buffer));
        self.buffer.extend_from_slice(&part[..count]);
    }

    /// Reads the answer to its end and checks that it is a good one.
    pub(crate) fn read_rest(&mut self) {
        while !self.complete() {
            self.read_some();
        }
        assert!(self.buffer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&self.buffer));
    }

    /// One request and its answer.
    pub(crate) fn get(&mut self, path: &str) {
        self.send(path);
        self.read_rest();
    }

    fn complete(&self) -> bool {
        let text = String::from_utf8_lossy(&self.buffer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        // Without a length it comes in chunks.
        length.map_or_else(|| body.ends_with("\r\n0\r\n\r\n"), |length| body.len() >= length)
    }
}
