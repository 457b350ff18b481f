//! An HTTP server that gives the answers of a script, one after the other, and remembers what it was asked.

use std::{
    collections::VecDeque,
    io::{self, Cursor},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response},
};
use hcloud_client::{Client, ClientBuilder, RetryPolicy};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_util::io::ReaderStream;

pub(crate) const TOKEN: &str = "Zr7kXw2mQv9tBn4cLs8dJf3hGp6yAe1uRi5oVx0zWq7kNm2bTc9sDl4fHj8gPy3a";

/// One answer of the script.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    /// The connection is cut instead of the body being completed.
    cut: bool,
    delay: Duration,
}

/// One request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
}

/// The server. It ends when dropped.
pub(crate) struct ScriptedApi {
    script: Arc<Script>,
    address: String,
    task: JoinHandle<()>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), cut: false, delay: Duration::ZERO }
    }

    /// An error in the API's own form.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::new(status, format!(r#"{{"error":{{"code":"{code}","message":"a message","details":null}}}}"#))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl ScriptedApi {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { script, address, task }
    }

    /// The base address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A builder for a client of this server that repeats requests without waiting long.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let quickly = RetryPolicy {
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1),
            rate_limit_wait: Duration::from_millis(1),
            ..RetryPolicy::default()
        };
        Client::builder(TOKEN.parse().unwrap()).endpoint(&self.address).unwrap().retry(quickly)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().user_agent("tests/1.0").build().unwrap()
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    /// The request lines of what was asked.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

impl Drop for ScriptedApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response<Body> {
    let line = format!("{} {}", request.method(), request.uri());
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    script.asked.lock().unwrap().push(Asked { line, headers, body });
    let answer = script.answers.lock().unwrap().pop_front();
    let answer = answer.unwrap_or_else(|| Answer::error(500, "script_is_over"));
    tokio::time::sleep(answer.delay).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let body = if answer.cut {
        Body::from_stream(ReaderStream::new(Cursor::new(answer.body).chain(Broken)))
    } else {
        Body::from(answer.body)
    };
    response.body(body).unwrap()
}

/// A source that fails when read, which makes the server cut the connection.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
}
