//! What the proxy and SSH add to one small request on an open connection, and how fast large bodies go through.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]
#![expect(dead_code, reason = "the fixture serves the tests as well")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixture::engine::FakeEngine;
use fixture::sshd::Sshd;
use ssh_docker_proxy::{NoObserver, ServeOptions, SshConnector, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const BULK: usize = 128 << 20;

/// Sends a request and reads an answer of a known length.
async fn ask(client: &mut UnixStream, request: &[u8], answer: usize, buffer: &mut [u8]) {
    client.write_all(request).await.unwrap();
    let mut left = answer;
    while left > 0 {
        let room = left.min(buffer.len());
        let count = client.read(&mut buffer[..room]).await.unwrap();
        assert!(count > 0, "{left} bytes are missing");
        left -= count;
    }
}

async fn small(client: &Mutex<UnixStream>) {
    let mut client = client.lock().await;
    ask(&mut client, b"GET /a HTTP/1.1\r\nHost: docker\r\n\r\n", 45, &mut [0; 64]).await;
}

async fn download(client: &Mutex<UnixStream>) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BULK}\r\n\r\n").len();
    let request = format!("GET /download?{BULK} HTTP/1.1\r\n\r\n");
    let mut client = client.lock().await;
    ask(&mut client, request.as_bytes(), head + BULK, &mut vec![0; 256 << 10]).await;
}

async fn upload(client: &Mutex<UnixStream>) {
    let mut client = client.lock().await;
    client.write_all(format!("POST /sink HTTP/1.1\r\nContent-Length: {BULK}\r\n\r\n").as_bytes()).await.unwrap();
    let block = vec![7; 256 << 10];
    for _ in 0..BULK / block.len() {
        client.write_all(&block).await.unwrap();
    }
    ask(&mut client, b"", 40, &mut [0; 64]).await;
}

async fn client(path: &Path) -> Mutex<UnixStream> {
    Mutex::new(UnixStream::connect(path).await.unwrap())
}

fn benchmarks(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shutdown = CancellationToken::new();
    let (sshd, engine, connector, proxy) = runtime.block_on(async {
        let sshd = Sshd::start().await;
        let engine = FakeEngine::start(sshd.directory.path());
        let connector = Arc::new(SshConnector::new(sshd.target(&engine.path), sshd.directory.path().to_owned()));
        let listener = UnixListener::bind(sshd.path("p.sock")).unwrap();
        let options = ServeOptions::default();
        let serving =
            serve(listener, Arc::<SshConnector>::clone(&connector), Arc::new(NoObserver), options, shutdown.clone());
        let proxy = tokio::spawn(serving);
        (sshd, engine, connector, proxy)
    });
    let direct = runtime.block_on(client(&engine.path));
    let proxied = runtime.block_on(client(&sshd.path("p.sock")));
    runtime.block_on(small(&proxied));

    let mut group = criterion.benchmark_group("small request");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    group.bench_function("direct", |bencher| bencher.to_async(&runtime).iter(|| small(&direct)));
    group.bench_function("proxy and ssh", |bencher| bencher.to_async(&runtime).iter(|| small(&proxied)));
    group.finish();

    let mut group = criterion.benchmark_group("bulk");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_millis(500)).sample_size(10);
    group.throughput(Throughput::Bytes(BULK as u64));
    group.bench_function("download", |bencher| bencher.to_async(&runtime).iter(|| download(&proxied)));
    group.bench_function("upload", |bencher| bencher.to_async(&runtime).iter(|| upload(&proxied)));
    group.finish();

    drop((direct, proxied));
    shutdown.cancel();
    runtime.block_on(async {
        proxy.await.unwrap();
        connector.close().await;
    });
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
