//! The tracker behind a real proxy.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ssh_docker_proxy::{BoxedStream, Connector, OpenFuture, Opened, Refusal, RequestHead, ServeOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::{UnixListener, UnixStream},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::SystemClock;

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), work).await.unwrap()
}

/// Has one stream to give, once it is told to.
struct OneEngine {
    release: Notify,
    stream: Mutex<Option<DuplexStream>>,
}

impl Connector for OneEngine {
    fn open<'a>(&'a self, _: &'a RequestHead) -> OpenFuture<'a> {
        Box::pin(async {
            self.release.notified().await;
            let stream = self.stream.lock().unwrap().take().ok_or_else(|| Refusal::new("there was one only"))?;
            Ok(Opened::Stream { stream: Box::new(stream) as BoxedStream, retired: CancellationToken::new() })
        })
    }
}

async fn exact(stream: &mut (impl AsyncReadExt + Unpin), expected: &str) {
    let mut bytes = vec![0; expected.len()];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

#[tokio::test]
async fn use_is_followed_from_a_held_request_to_a_connection_that_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let (near, mut engine) = tokio::io::duplex(4096);
    let connector = Arc::new(OneEngine { release: Notify::new(), stream: Mutex::new(Some(near)) });
    let tracker = Arc::new(ActivityTracker::new(Arc::new(SystemClock)));
    let shutdown = CancellationToken::new();
    let proxy = tokio::spawn(ssh_docker_proxy::serve(
        UnixListener::bind(&path).unwrap(),
        connector.clone(),
        tracker.clone(),
        ServeOptions { drain: Duration::ZERO },
        shutdown.clone(),
    ));
    let mut client = UnixStream::connect(&path).await.unwrap();
    let build = "POST /build HTTP/1.1\r\nContent-Length: 3\r\n\r\ntar";
    client.write_all(build.as_bytes()).await.unwrap();
    soon(tracker.used()).await;
    assert!(tracker.usage().work, "a request that waits for an engine is under way");

    connector.release.notify_one();
    exact(&mut engine, build).await;
    assert!(tracker.usage().work);
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    engine.write_all(answer.as_bytes()).await.unwrap();
    exact(&mut client, answer).await;

    // The same connection goes on to watch.
    client.write_all(b"GET /events HTTP/1.1\r\n\r\n").await.unwrap();
    soon(tracker.used()).await;
    let watching = tracker.usage();
    assert!(!watching.work && watching.quiet_since.is_some(), "{watching:?}");
    exact(&mut engine, "GET /events HTTP/1.1\r\n\r\n").await;

    shutdown.cancel();
    assert_eq!(soon(proxy).await.unwrap().cut, 1);
    let after = tracker.usage();
    assert!(
        after.quiet_since.is_none()
            && after.last_use.map(|moment| moment.uptime) >= watching.last_use.map(|moment| moment.uptime),
        "{after:?}"
    );
    let figures = tracker.status();
    assert_eq!((figures.open_connections, figures.requests), (0, 2));
    assert_eq!(figures.bytes_transferred, 46 + 40 + 24);
}
