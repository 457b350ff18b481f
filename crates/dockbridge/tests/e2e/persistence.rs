//! What survives: images, containers and volumes, through the end of the server and the death of DockBridge.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::{
    request,
    world::{TOKEN, World, eventually, run},
};

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
async fn a_server_that_vanishes_without_a_word_is_reported_and_replaced() {
    let world = World::started().await;
    world.import_busybox();
    let server = world.api("servers").await[0].clone();
    let under_way = {
        let mut command = world.docker_command("docker", &["run", "--rm", "busybox", "sleep", "1000"]);
        thread::spawn(move || run(&mut command, b""))
    };
    // The container runs once the engine shows it.
    eventually("the container runs", || !world.docker(&["ps", "--quiet"]).trim().is_empty());

    // Its network goes first, so that no connection is closed when the machine dies.
    world.on_server("ip link set eth0 down > /dev/null 2>&1 < /dev/null &");
    let address: std::net::SocketAddr =
        format!("{}:22", server["public_net"]["ipv4"]["ip"].as_str().unwrap()).parse().unwrap();
    let silent = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_err();
    eventually("the server is silent", silent);
    assert!(world.emulator.kill_server(server["id"].as_u64().unwrap()).await);

    let began = Instant::now();
    let answer = request::get(&world.socket(), "/v1.41/info", Duration::from_mins(1));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(answer.status, 503, "{}", answer.text);
    let message: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert!(message["message"].as_str().unwrap().contains("connection"), "{message}");
    assert!(!under_way.join().unwrap().status.success(), "a command that was cut off does not look like a success");

    assert!(!world.docker(&["images", "--quiet", "busybox"]).trim().is_empty(), "the new server has the image");
    assert_eq!((world.orders(), world.api("servers").await.len()), (2, 1));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_turned_off_is_replaced() {
    let world = World::started().await;
    world.docker(&["version"]);
    let id = world.api("servers").await[0]["id"].as_u64().unwrap();
    let url = format!("{}/servers/{id}/actions/poweroff", world.emulator.endpoint());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.post(url).bearer_auth(TOKEN).send().await.unwrap().status().as_u16(), 201);
    let deadline = Instant::now() + Duration::from_mins(1);
    while world.api("servers").await[0]["status"] != "off" {
        assert!(Instant::now() < deadline, "the server is not off in time");
        tokio::task::yield_now().await;
    }

    // Whether a request that is sent into the dying connection is still lost is a matter of luck; the next one is not.
    let first = request::get(&world.socket(), "/v1.41/info", Duration::from_mins(1));
    assert!(matches!(first.status, 200 | 503), "{}", first.text);
    world.docker(&["version"]);
    let servers = world.api("servers").await;
    assert_eq!((world.orders(), servers.len()), (2, 1), "a server that is off is billed all the same");
    assert_ne!(servers[0]["id"].as_u64(), Some(id));
    world.finish().await;
}
