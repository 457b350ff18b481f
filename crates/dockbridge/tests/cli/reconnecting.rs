//! The connection to a server that is in use ends: it is replaced, or the server is known to be gone, without long waits.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    client::ask,
    shared::{BY_DESK, DESK, OURS, nothing_was_changed, shared},
    support::eventually,
};

/// Less than the first of the three logins may take.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_connection_that_ended_is_replaced_with_a_new_lease() {
    let (world, sshd, _) = shared(&BY_DESK).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    sshd.monitor(&["release", OURS]).await;
    sshd.cut();
    daemon.wait_for("the connection to the server is lost").await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    assert!(sshd.holders().await.iter().any(|holder| holder == OURS));
    assert_eq!(daemon.interrupt().await.code, Some(0));
    nothing_was_changed(&world).await;
}

#[tokio::test]
async fn the_connection_is_replaced_without_the_api() {
    let (world, sshd, server) = shared(&BY_DESK).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    let path = format!("/servers/{}", server["id"]);
    // More refusals than there are repetitions.
    for _ in 0..20 {
        world.emulator.fail_next("GET", &path, 503, "unavailable");
    }
    sshd.cut();
    daemon.wait_for("the connection to the server is lost").await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    let answered = world.emulator.requests().iter().any(|request| request.path == path && request.status == 200);
    assert!(!answered, "the API has helped");
    daemon.kill().await;
}

#[tokio::test]
async fn a_server_that_was_deleted_is_known_to_be_gone_at_once() {
    let (world, sshd, server) = shared(&BY_DESK).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    assert!(world.emulator.kill_server(server["id"].as_u64().unwrap()).await);
    // The machine goes with its server, and nobody logs in any more.
    sshd.refuse_everybody();
    let lost = Instant::now();
    sshd.cut();
    daemon.wait_for("the server on record does not exist any more").await;
    eventually("it is forgotten", || !world.state("server.json").exists()).await;
    assert!(lost.elapsed() < AT_ONCE, "{:?}", lost.elapsed());
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert_eq!(world.list("servers").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_server_that_destroys_itself_is_not_trusted_again() {
    let (world, sshd, _) = shared(&BY_DESK).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    for client in [OURS, DESK] {
        sshd.monitor(&["release", client]).await;
    }
    sshd.begin_destruction();
    sshd.cut();
    daemon.wait_for("the connection to the server is lost").await;
    // Nobody can hold a lease any more, so the server is ended here as well: its volume is free the sooner.
    eventually("it is forgotten", || !world.state("server.json").exists()).await;
    world.only_the_volume_is_left().await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
}
