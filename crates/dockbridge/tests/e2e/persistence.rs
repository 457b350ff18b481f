//! What survives: images, containers and volumes, through the end of the server and the death of DockBridge.

use std::{thread, time::Duration};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_has_everything_that_the_old_one_had() {
    let mut world = World::started().await;
    world.import_busybox();
    world.docker(&["run", "--name", "kept", "-v", "data:/data", "busybox", "sh", "-c", "echo precious > /data/file"]);
    let images = world.docker(&["images", "--no-trunc", "--quiet"]);
    let first_server = world.status()["server"]["id"].clone();

    let stopped = world.stop();
    assert!(stopped.status.success());
    assert!(world.api("servers").await.is_empty());
    let volumes = world.api("volumes").await;
    assert_eq!((volumes.len(), &volumes[0]["server"]), (1, &serde_json::Value::Null));

    world.start();
    assert_eq!(world.docker(&["images", "--no-trunc", "--quiet"]), images);
    assert_eq!(world.docker(&["ps", "--all", "--format", "{{.Names}} {{.State}}"]).trim(), "kept exited");
    assert_eq!(world.docker(&["run", "--rm", "-v", "data:/data", "busybox", "cat", "/data/file"]).trim(), "precious");
    assert_ne!(world.status()["server"]["id"], first_server);
    assert_eq!(world.orders(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_dockbridge_finds_its_server_again() {
    let mut world = World::started().await;
    world.import_busybox();
    let server = world.status()["server"]["id"].clone();
    let container = world.docker(&["run", "--detach", "busybox", "sleep", "1000"]);

    world.kill_bridge();
    world.start();
    assert_eq!(world.docker(&["ps", "--no-trunc", "--quiet"]), container, "the container has gone on running");
    assert_eq!(world.status()["server"]["id"], server);

    // Without DockBridge, `stop` still destroys what it has left behind.
    world.kill_bridge();
    assert_eq!(world.api("servers").await.len(), 1);
    assert!(world.stop().status.success());
    assert!(world.api("servers").await.is_empty());
    assert_eq!(world.api("volumes").await.len(), 1);
    assert_eq!(world.orders(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_server_is_reported_and_replaced() {
    let world = World::started().await;
    world.import_busybox();
    let id = world.api("servers").await[0]["id"].as_u64().unwrap();
    let mut wait = world.docker_command("docker", &["run", "--rm", "busybox", "sleep", "1000"]);
    thread::scope(|scope| {
        let under_way = scope.spawn(|| crate::world::run(&mut wait, b""));
        // The container runs once the engine shows it.
        while world.docker(&["ps", "--quiet"]).trim().is_empty() {}
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| assert!(runtime.block_on(world.emulator.kill_server(id))));
        let began = std::time::Instant::now();
        let pending = crate::request::get(&world.socket(), "/v1.41/info", Duration::from_mins(1));
        assert_eq!(pending.status, 503, "{}", pending.text);
        let message: serde_json::Value = serde_json::from_str(&pending.body).unwrap();
        assert!(message["message"].as_str().unwrap().contains("connection"), "{message}");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert!(!under_way.join().unwrap().status.success(), "a command cut off does not look like a success");
    });
    assert!(world.docker(&["images", "--quiet", "busybox"]).trim().len() > 4, "the new server has the image");
    assert_eq!(world.orders(), 2);
    assert_eq!(world.api("servers").await.len(), 1);
    world.finish().await;
}
