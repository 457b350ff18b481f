//! A proxy with everything around it, and clients of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ssh_docker_proxy::{
    ConnectionId, ConnectionObserver, Connector, Direction, LocalAnswer, Observer, OpenFuture, Opened, Refusal,
    RequestHead, ServeOptions, ServeReport, serve,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::fixture::engine::FakeEngine;

/// How long anything in these tests may take.
pub(crate) const BOUND: Duration = Duration::from_secs(10);

pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("in time")
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(BOUND, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Connects to the fake engine; some targets are treated differently.
pub(crate) struct Local {
    engine: PathBuf,
    pub(crate) opened: AtomicUsize,
    pub(crate) release: Notify,
    /// Requests that are held at this moment.
    pub(crate) held: AtomicUsize,
    /// What new streams are retired by.
    pub(crate) retired: Mutex<CancellationToken>,
}

struct Held<'a>(&'a AtomicUsize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connector for Local {
    fn open<'a>(&'a self, request: &'a RequestHead) -> OpenFuture<'a> {
        Box::pin(async move {
            self.opened.fetch_add(1, Ordering::SeqCst);
            let retired = self.retired.lock().unwrap().clone();
            match request.path_without_version() {
                "/refuse" => return Err(Refusal::new("no engine today")),
                "/local" => {
                    return Ok(Opened::Answer(LocalAnswer {
                        status: 200,
                        reason: "OK".to_owned(),
                        headers: vec![("Api-Version".to_owned(), "1.47".to_owned())],
                        body: "OK".into(),
                    }));
                }
                "/hold" => {
                    self.held.fetch_add(1, Ordering::SeqCst);
                    let _held = Held(&self.held);
                    self.release.notified().await;
                }
                _ => {}
            }
            let stream = UnixStream::connect(&self.engine).await.map_err(|error| Refusal::new(error.to_string()))?;
            Ok(Opened::Stream { stream: Box::new(stream), retired })
        })
    }
}

/// What the proxy has told.
#[derive(Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    pub(crate) to_engine: AtomicUsize,
    pub(crate) to_client: AtomicUsize,
    /// Cancelled as soon as a request with this target is told.
    pub(crate) tripwire: Mutex<Option<(String, CancellationToken)>>,
}

impl Log {
    fn add(&self, text: String) {
        self.lines.lock().unwrap().push(text);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Writes what happens on one connection to the log, and its end when dropped.
struct Line(Arc<Log>, ConnectionId);

/// A log that several connections share.
pub(crate) struct Shared(pub(crate) Arc<Log>);

impl Observer for Shared {
    fn opened(&self, connection: ConnectionId) -> Box<dyn ConnectionObserver> {
        self.0.add(format!("{connection} opened"));
        Box::new(Line(Arc::clone(&self.0), connection))
    }
}

impl ConnectionObserver for Line {
    fn request(&self, head: &RequestHead) {
        let Self(log, connection) = self;
        log.add(format!("{connection} {} {}", head.method, head.target));
        let tripped = log.tripwire.lock().unwrap().take_if(|(target, _)| *target == head.target);
        if let Some((_, retired)) = tripped {
            retired.cancel();
        }
    }
    fn answered(&self, status: u16) {
        self.0.add(format!("{} {status}", self.1));
    }
    fn finished(&self) {
        self.0.add(format!("{} finished", self.1));
    }
    fn bytes(&self, direction: Direction, count: u64) {
        let total = match direction {
            Direction::ToEngine => &self.0.to_engine,
            Direction::ToClient => &self.0.to_client,
        };
        total.fetch_add(usize::try_from(count).unwrap(), Ordering::SeqCst);
    }
    fn engine_lost(&self) {
        self.0.add(format!("{} lost", self.1));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.add(format!("{} closed", self.1));
    }
}

pub(crate) struct Setup {
    pub(crate) directory: TempDir,
    pub(crate) engine: FakeEngine,
    pub(crate) connector: Arc<Local>,
    pub(crate) log: Arc<Log>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) proxy: JoinHandle<ServeReport>,
}

impl Setup {
    pub(crate) fn new(drain: Duration) -> Self {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let engine = FakeEngine::start(directory.path());
        let connector = Arc::new(Local {
            engine: engine.path.clone(),
            opened: AtomicUsize::new(0),
            release: Notify::new(),
            held: AtomicUsize::new(0),
            retired: Mutex::default(),
        });
        let log = Arc::new(Log::default());
        let listener = UnixListener::bind(directory.path().join("p.sock")).unwrap();
        let shutdown = CancellationToken::new();
        let proxy = tokio::spawn(serve(
            listener,
            Arc::clone(&connector) as Arc<dyn Connector>,
            Arc::new(Shared(Arc::clone(&log))),
            ServeOptions { drain },
            shutdown.clone(),
        ));
        Self { directory, engine, connector, log, shutdown, proxy }
    }

    pub(crate) async fn client(&self) -> UnixStream {
        UnixStream::connect(self.directory.path().join("p.sock")).await.unwrap()
    }

    /// Sends everything, half-closes, and returns everything.
    pub(crate) async fn talk(&self, text: &str) -> String {
        let mut client = self.client().await;
        client.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(client.read_to_string(&mut answer)).await.unwrap();
        answer
    }

    /// Retires all streams there are; new ones are not retired.
    pub(crate) fn retire(&self) {
        std::mem::take(&mut *self.connector.retired.lock().unwrap()).cancel();
    }

    /// Requests that the connector was asked for.
    pub(crate) fn opened(&self) -> usize {
        self.connector.opened.load(Ordering::SeqCst)
    }
}

pub(crate) async fn exact(client: &mut UnixStream, expected: &str) {
    let mut bytes = vec![0; expected.len()];
    soon(client.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

pub(crate) async fn end(client: &mut UnixStream) {
    let mut rest = String::new();
    soon(client.read_to_string(&mut rest)).await.unwrap();
    assert_eq!(rest, "");
}

/// The answer to `GET /a`.
pub(crate) const A: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /a ";
