//! A Docker client, reduced to HTTP over the socket.

use std::path::Path;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

use crate::support::PATIENCE;

/// One connection.
pub(crate) struct Client(UnixStream);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The message of a refusal in the engine's own form: 503, JSON, `{"message": …}` and nothing else.
    pub(crate) fn refusal(&self) -> String {
        assert!(self.head.starts_with("HTTP/1.1 503 "), "{self:?}");
        assert!(self.head.contains("\r\nContent-Type: application/json\r\n"), "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1, "{self:?}");
        let message = body["message"].as_str().unwrap().to_owned();
        println!("{message}");
        message
    }
}

impl Client {
    pub(crate) async fn connect(socket: &Path) -> Self {
        Self(UnixStream::connect(socket).await.unwrap())
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str) {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: docker\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// The next answer, whole by its `Content-Length`.
    pub(crate) async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.read()).await.unwrap()
    }

    async fn read(&mut self) -> Answer {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(bytes).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        Answer { head, body: String::from_utf8(body).unwrap() }
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str) -> Answer {
        self.send(method, path).await;
        self.answer().await
    }
}

/// One question on a connection of its own.
pub(crate) async fn ask(socket: &Path) -> Answer {
    Client::connect(socket).await.ask("GET", "/v1.41/containers/json").await
}
