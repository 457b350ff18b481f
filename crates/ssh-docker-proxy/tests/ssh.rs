//! Everything that goes through SSH, against a real OpenSSH server.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(dead_code, reason = "the fixture serves several test programs")]

mod fixture;

use std::sync::Arc;
use std::time::Duration;

use fixture::engine::{BLOCK, FakeEngine, block, intact};
use fixture::sshd::{Sshd, alive, descendants, kill};
use ssh_docker_proxy::{HostKeys, RequestHead, SshConnection, SshConnector, SshError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

const BOUND: Duration = Duration::from_secs(20);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("in time")
}

async fn setup() -> (Sshd, FakeEngine, SshConnection) {
    let sshd = Sshd::start().await;
    let engine = FakeEngine::start(sshd.directory.path());
    let connection = soon(SshConnection::connect(&sshd.target(&engine.path), sshd.directory.path())).await.unwrap();
    (sshd, engine, connection)
}

/// One small request on a stream of its own.
async fn ping(connection: &SshConnection) -> String {
    let mut stream = connection.open().await.unwrap();
    stream.write_all(b"GET /close HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn gone(pid: u32) {
    soon(async {
        while alive(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn it_opens_streams_and_runs_commands() {
    let (sshd, _engine, connection) = setup().await;
    assert!(soon(ping(&connection)).await.ends_with("end"));
    let output = soon(connection.exec("cat; echo oops >&2; exit 3", b"secret", BOUND)).await.unwrap();
    assert_eq!(
        (output.status, output.stdout.as_slice(), output.stderr.as_slice()),
        (3, &b"secret"[..], &b"oops\n"[..])
    );
    let slow = connection.exec("sleep 30", b"", Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(slow.code(), "ssh_timed_out");
    assert!(soon(ping(&connection)).await.ends_with("end"), "a command that was given up ends nothing else");

    let processes = descendants(std::process::id());
    soon(connection.close()).await;
    assert!(connection.is_closed());
    assert_eq!(soon(connection.closed()).await.code(), "ssh_ended");
    assert_eq!(connection.open().await.err().unwrap().code(), "ssh_ended");
    assert_eq!(connection.exec("true", b"", BOUND).await.unwrap_err().code(), "ssh_ended");
    drop(connection);
    let ssh: Vec<_> = descendants(std::process::id()).into_iter().filter(|pid| !processes.contains(pid)).collect();
    assert_eq!(ssh, Vec::<u32>::new());
    let left = std::fs::read_dir(sshd.directory.path()).unwrap();
    assert!(left.flatten().all(|entry| !entry.path().is_dir()), "the private directory is removed");
}

#[tokio::test]
async fn only_the_known_host_key_is_accepted() {
    let sshd = Sshd::start().await;
    let mut target = sshd.target("/nowhere".as_ref());
    for (file, code) in [("known-wrong", "ssh_host_key_mismatch"), ("known-none", "ssh_host_key_unknown")] {
        target.host_keys = HostKeys::Pinned { known_hosts: sshd.path(file), alias: None };
        let error = soon(SshConnection::connect(&target, sshd.directory.path())).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.retryable() && error.to_string().contains(file), "{error}");
    }
    let key = std::fs::read_to_string(sshd.path("host.pub")).unwrap();
    std::fs::write(sshd.path("known-alias"), format!("engine-1 {key}")).unwrap();
    target.host_keys = HostKeys::Pinned { known_hosts: sshd.path("known-alias"), alias: Some("engine-1".to_owned()) };
    soon(SshConnection::connect(&target, sshd.directory.path())).await.unwrap();
    target.host_keys = HostKeys::UserDefault;
    let error = soon(SshConnection::connect(&target, sshd.directory.path())).await.unwrap_err();
    assert_eq!(error.code(), "ssh_host_key_unknown", "{error}");
}

#[tokio::test]
async fn wrong_keys_and_missing_servers_are_told_apart() {
    let mut sshd = Sshd::start().await;
    let mut target = sshd.target("/nowhere".as_ref());
    target.identity_file = Some(sshd.path("stranger"));
    let error = soon(SshConnection::connect(&target, sshd.directory.path())).await.unwrap_err();
    assert_eq!(error.code(), "ssh_authentication_failed", "{error}");
    sshd.kill().await;
    let error = soon(SshConnection::connect(&target, sshd.directory.path())).await.unwrap_err();
    assert_eq!(error.code(), "ssh_unreachable", "{error}");
    assert!(error.retryable());
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_the_connector_connects_again() {
    let mut sshd = Sshd::start().await;
    let engine = FakeEngine::start(sshd.directory.path());
    let connector = SshConnector::new(sshd.target(&engine.path), sshd.directory.path().to_owned());
    let first = soon(connector.connection()).await.unwrap();
    let mut open = first.open().await.unwrap();
    open.write_all(b"GET /forever HTTP/1.1\r\n\r\n").await.unwrap();
    sshd.kill().await;
    let cause = soon(first.closed()).await;
    assert!(matches!(cause, SshError::Ended { .. }), "{cause}");
    // An end or a reset, depending on what ssh had left to read.
    assert_eq!(soon(open.read_to_end(&mut Vec::new())).await.unwrap_or(0), 0);
    assert_eq!(soon(connector.connection()).await.unwrap_err().code(), "ssh_unreachable");
    sshd.restart().await;
    let second = soon(connector.connection()).await.unwrap();
    assert!(soon(ping(&second)).await.ends_with("end"));
    let request = RequestHead::opaque();
    assert!(soon(ssh_docker_proxy::Connector::open(&connector, &request)).await.is_ok());
    soon(connector.close()).await;
}

#[tokio::test]
async fn simultaneous_requests_share_one_login() {
    let sshd = Sshd::start().await;
    let engine = FakeEngine::start(sshd.directory.path());
    let connector = Arc::new(SshConnector::new(sshd.target(&engine.path), sshd.directory.path().to_owned()));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let connector = Arc::clone(&connector);
        waiting.spawn(async move { connector.connection().await.unwrap() });
    }
    let connections = soon(waiting.join_all()).await;
    assert!(connections.iter().all(|one| Arc::ptr_eq(one, &connections[0])));
}

#[tokio::test]
async fn a_reader_that_stops_holds_up_nobody_else() {
    let (_sshd, _engine, connection) = setup().await;
    let mut paused = connection.open().await.unwrap();
    paused.write_all(b"GET /download?209715200 HTTP/1.1\r\n\r\n").await.unwrap();
    paused.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
    for _ in 0..20 {
        assert!(soon(ping(&connection)).await.ends_with("end"));
    }
    paused.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_both_directions() {
    const LENGTH: usize = 64 << 20;
    let (_sshd, _engine, connection) = setup().await;
    let body = block(0, BLOCK);
    let (mut read, mut write) = tokio::io::split(connection.open().await.unwrap());
    let upload = async {
        write.write_all(format!("POST /upload HTTP/1.1\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes()).await.unwrap();
        for _ in 0..LENGTH / body.len() {
            write.write_all(&body).await.unwrap();
        }
        // Half-closed: the engine's end must still come back.
        write.shutdown().await.unwrap();
    };
    let mut answer = String::new();
    let ((), read) = soon(async { tokio::join!(upload, read.read_to_string(&mut answer)) }).await;
    read.unwrap();
    assert!(answer.ends_with("intact"), "{answer}");

    let mut stream = BufReader::new(connection.open().await.unwrap());
    stream.write_all(format!("GET /download?{LENGTH} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
    }
    let mut buffer = vec![0; BLOCK];
    let mut left = LENGTH;
    while left > 0 {
        let count = soon(stream.read(&mut buffer)).await.unwrap();
        assert!(count > 0, "{left} bytes are missing");
        assert!(intact(LENGTH - left, &buffer[..count]));
        left -= count;
    }
}

#[tokio::test]
async fn ssh_ends_with_its_owner() {
    let sshd = Sshd::start().await;
    let engine = FakeEngine::start(sshd.directory.path());
    let before = descendants(std::process::id());
    let connection = soon(SshConnection::connect(&sshd.target(&engine.path), sshd.directory.path())).await.unwrap();
    let server_side = descendants(std::process::id());
    let ours: Vec<_> = server_side.into_iter().filter(|pid| !before.contains(pid)).collect();
    assert!(!ours.is_empty());
    drop(connection);
    for pid in ours {
        gone(pid).await;
    }
}

/// The program is killed without a chance to clean up while a stream is open that neither side would end.
#[tokio::test]
async fn ssh_ends_even_if_the_program_is_killed() {
    let sshd = Sshd::start().await;
    let engine = FakeEngine::start(sshd.directory.path());
    let socket = sshd.path("p.sock");
    let target = sshd.target(&engine.path);
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_ssh-docker-proxy"));
    program.arg("--listen").arg(&socket).arg("--identity").arg(sshd.path("client"));
    program.arg("--known-hosts").arg(sshd.path("known")).arg("--remote-socket").arg(&engine.path);
    program.arg(format!("{}@{}:{}", target.user.unwrap(), target.host, target.port.unwrap()));
    program.env("XDG_RUNTIME_DIR", sshd.directory.path()).stderr(std::process::Stdio::piped()).kill_on_drop(true);
    let mut child = program.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = soon(lines.next_line()).await.unwrap().unwrap();
    assert!(first.starts_with("Listening on "), "{first}");
    let second = soon(lines.next_line()).await.unwrap().unwrap();
    assert_eq!(second, format!("export DOCKER_HOST=unix://{}", socket.display()));

    let mut client = tokio::net::UnixStream::connect(&socket).await.unwrap();
    client
        .write_all(b"POST /containers/c/attach HTTP/1.1\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    soon(client.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    let pid = child.id().unwrap();
    let ssh = descendants(pid);
    assert_eq!(ssh.len(), 1, "one ssh process");
    kill(pid);
    soon(child.wait()).await.unwrap();
    gone(ssh[0]).await;
}
