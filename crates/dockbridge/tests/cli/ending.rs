//! The end while a server is being provisioned: quick, without a server, with the volume.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{World, unwrapped};

/// The server is deleted and seen to be gone; nothing else is waited for.
const PROMPT: Duration = Duration::from_secs(8);

#[tokio::test]
async fn ctrl_c_destroys_the_server_and_tells_those_who_wait() {
    let world = World::new().await;
    let (daemon, mut client) = world.start_provisioning().await;
    let asked = Instant::now();
    let ended = daemon.interrupt().await;
    assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("Stopping. The server is destroyed, the volume is kept."), "{}", ended.err);
    assert!(ended.err.ends_with("Stopped. Nothing is running; the volume is kept.\n"), "{}", ended.err);
    for phase in ["catalogue and project", "login key", "host key", "volume", "ssh key registered", "firewall"] {
        assert_eq!(ended.err.matches(&format!("✓ {phase} ")).count(), 1, "{phase}: {}", ended.err);
    }
    assert!(client.answer().await.refusal().contains("is being stopped"));
    world.only_the_volume_is_left().await;
    assert!(!world.state("server.json").exists());
    assert_eq!(world.orders(), 1);
}

#[tokio::test]
async fn stop_says_what_it_waits_for() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    let stop = world.run(&["stop"]).await;
    println!("{}", stop.err);
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    assert!(stop.err.contains("destroying the server"), "{}", stop.err);
    assert!(!stop.err.contains("could not be destroyed"), "{}", stop.err);
    assert_eq!(daemon.ended().await.code, Some(0));
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_deleted_yet_is_named_and_tried_again() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    world.emulator.fail_next("DELETE", "/servers", 409, "conflict");
    let stop = world.run(&["stop"]).await;
    println!("{}", stop.err);
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    assert!(stop.err.contains("could not be destroyed yet"), "{}", stop.err);
    assert!(stop.err.ends_with("Stopped. Nothing is running; the volume is kept.\n"), "{}", stop.err);
    assert_eq!(daemon.ended().await.code, Some(0));
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_second_ctrl_c_leaves_at_once_and_says_what_may_be_left() {
    let world = World::new().await;
    let (mut daemon, _client) = world.start_provisioning().await;
    // More refusals than there is time for: without the second Ctrl-C this would go on for minutes.
    for _ in 0..20 {
        world.emulator.fail_next("DELETE", "/servers", 409, "conflict");
    }
    daemon.signal(Signal::INT);
    daemon.wait_for("could not be destroyed yet").await;
    // Nobody serves any more, so nobody is kept waiting.
    let refused = tokio::net::UnixStream::connect(world.socket()).await;
    assert!(refused.is_err(), "a client that comes too late must be refused");
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(unwrapped(&ended.err).contains("a server may be left and billed: run `dockbridge stop`"), "{}", ended.err);
    assert_eq!(world.list("servers").await.len(), 1);
}
