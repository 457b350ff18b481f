//! A server goes when it is not used, and not before.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::world::{World, eventually};

/// How long it may take from the last use until an idle server is gone, in these tests.
const SOON: Duration = Duration::from_secs(40);

/// A cloud in which a server is destroyed a few seconds after its last use.
async fn impatient() -> World {
    let mut world = World::new().await;
    world.set("DOCKBRIDGE_ACTIVITY_IDLE_TIMEOUT", "5s");
    world.set("DOCKBRIDGE_ACTIVITY_GRACE_PERIOD", "2s");
    world.set("DOCKBRIDGE_ACTIVITY_KEEP_PAID_HOUR", "false");
    world.set("DOCKBRIDGE_KEEPALIVE_INTERVAL", "1s");
    world.start();
    world.import_busybox();
    world
}

async fn until_gone(world: &World) {
    let began = Instant::now();
    while !world.api("servers").await.is_empty() {
        assert!(began.elapsed() < SOON, "the server is still there:\n{}", world.status());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_server_is_destroyed_and_the_next_command_has_another_with_everything() {
    let mut world = impatient().await;
    let images = world.docker(&["images", "--no-trunc", "--quiet"]);
    world.wait_for_line("about to be destroyed", SOON);
    until_gone(&world).await;
    eventually("the lifecycle to have noticed", || world.status()["state"] == "absent");
    let status = world.status();
    assert_eq!(status["activity"]["shutdown_reason"], "the last server went because it was idle", "{status}");
    assert_eq!(world.docker(&["images", "--no-trunc", "--quiet"]), images);
    assert_eq!(world.orders(), 2);
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_container_keeps_its_server_while_it_is_busy_and_no_longer() {
    let mut world = impatient().await;
    world.docker(&[
        "run",
        "--detach",
        "--name",
        "worker",
        "busybox",
        "sh",
        "-c",
        "trap exit TERM; while :; do :; done",
    ]);
    // Each time after as long as an idle server lives.
    for _ in 0..3 {
        world.wait_for_line("running containers keep the server", SOON);
    }
    let status = world.status();
    assert!(["running", "grace"].contains(&status["state"].as_str().unwrap()), "{status}");
    assert_eq!(world.docker(&["ps", "--format", "{{.Names}}"]).trim(), "worker");
    assert_eq!(world.orders(), 1);
    world.docker(&["stop", "--time", "5", "worker"]);
    world.docker(&["run", "--detach", "--name", "sleeper", "busybox", "sh", "-c", "trap exit TERM; sleep 1000 & wait"]);
    until_gone(&world).await;
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_build_and_an_attached_client_keep_the_server() {
    let mut world = impatient().await;
    let context = world.path("context");
    std::fs::create_dir(&context).unwrap();
    std::fs::write(context.join("Dockerfile"), "FROM busybox\nRUN sleep 25 && echo built > /result\n").unwrap();
    world.docker(&["build", "--quiet", "-t", "slow", context.to_str().unwrap()]);
    assert_eq!(world.docker(&["run", "--rm", "slow", "cat", "/result"]).trim(), "built");
    assert_eq!(world.docker(&["run", "--rm", "busybox", "sh", "-c", "sleep 20; echo still here"]).trim(), "still here");
    assert_eq!(world.orders(), 1, "one server for all of it");
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_meet_the_end_of_a_server_get_the_next_one() {
    let mut world = impatient().await;
    for _ in 0..3 {
        world.wait_for_line("being destroyed because", SOON);
        // At once, while the engine is being stopped.
        assert_eq!(world.docker(&["run", "--rm", "busybox", "echo", "served"]).trim(), "served");
    }
    assert_eq!(world.orders(), 4);
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_kept_by_hand() {
    let mut world = impatient().await;
    let kept = crate::world::run(&mut world.dockbridge(&["keep", "1h"]), b"");
    assert!(kept.status.success());
    // Twice as long as it would live otherwise.
    world.wait_for_renewal(Timestamp::now(), Duration::from_secs(14));
    let status = world.status();
    assert!(status["activity"]["shutdown_reason"].as_str().unwrap().starts_with("kept by hand until"), "{status}");
    assert_eq!(world.api("servers").await.len(), 1);
    assert!(crate::world::run(&mut world.dockbridge(&["keep", "--off"]), b"").status.success());
    until_gone(&world).await;
    assert!(world.stop().status.success());
    world.finish().await;
}
