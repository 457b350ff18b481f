//! The API cannot be reached: nothing is lost, everybody is told, nobody waits for ever.

use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use crate::{client::ask, support::World};

/// Four repetitions with growing waits, which take six seconds or so.
const BOUND: Duration = Duration::from_secs(20);

/// Puts the world's API on a port that refuses connections: taken, so that nobody else can get it, but not listened on.
fn cut_off(world: &mut World) -> TcpSocket {
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    world.set("HCLOUD_ENDPOINT", &format!("http://{}/v1", taken.local_addr().unwrap()));
    taken
}

#[tokio::test]
async fn start_goes_on_and_a_request_is_answered_in_time() {
    let mut world = World::new().await;
    let _taken = cut_off(&mut world);
    let mut daemon = world.start().await;
    let asked = Instant::now();
    let message = ask(&world.socket()).await.refusal();
    assert!(asked.elapsed() < BOUND, "{:?}", asked.elapsed());
    assert!(message.contains("could not connect to the API") && message.contains("hetzner.endpoint"), "{message}");
    daemon.wait_for("the API could not be asked yet").await;
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[tokio::test]
async fn ctrl_c_does_not_wait_for_repetitions() {
    let mut world = World::new().await;
    let _taken = cut_off(&mut world);
    let mut daemon = world.start().await;
    let mut client = crate::client::Client::connect(&world.socket()).await;
    client.send("GET", "/v1.41/containers/json").await;
    daemon.wait_for("A server is being created").await;
    let asked = Instant::now();
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(client.answer().await.refusal().contains("is being stopped"));
}

#[tokio::test]
async fn a_server_that_cannot_be_looked_for_stays_on_record() {
    let mut world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let _taken = cut_off(&mut world);
    let stop = world.run(&["stop"]).await;
    stop.failed_with(&["network::connect", "could not connect to the API", "check the network connection"]);
    assert!(world.state("server.json").exists());
    assert_eq!(world.list("servers").await.len(), 1);
}

#[tokio::test]
async fn a_token_that_is_no_longer_valid_does_not_hold_up_the_end() {
    let mut world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    world.set("HETZNER_API_TOKEN", "revoked000000000000000000000000000000000000000000000000000000000");
    let start = world.run(&["start"]).await;
    start.failed_with(&["hetzner::unauthorized", "left as it is, and deletes itself 5m after"]);
    assert!(world.state("server.json").exists());
}
