//! The socket that `start` listens on: whose it is, what it replaces and what it leaves alone.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixListener,
    },
};

use rustix::process::Signal;

use crate::support::{World, eventually};

#[tokio::test]
async fn start_listens_for_its_user_alone_and_creates_nothing() {
    let world = World::new().await;
    let daemon = world.start().await;
    let metadata = fs::metadata(world.socket()).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    eventually("the token is checked", || world.emulator.requests().len() >= 3).await;
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(world.changes(), Vec::<String>::new());
    assert!(ended.err.contains(&format!("export DOCKER_HOST=unix://{}", world.socket().display())));
    assert!(ended.err.contains("No server exists yet"), "{}", ended.err);
    assert!(!ended.err.contains("destroyed,"), "there was no server to destroy: {}", ended.err);
}

#[tokio::test]
async fn either_signal_ends_it_and_removes_the_sockets() {
    let world = World::new().await;
    for signal in [Signal::INT, Signal::TERM] {
        let daemon = world.start().await;
        assert!(world.socket().exists() && world.state("control.sock").exists());
        daemon.signal(signal);
        let ended = daemon.ended().await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(ended.err.ends_with("Stopped. Nothing is running; the volume is kept.\n"), "{}", ended.err);
        assert!(!world.socket().exists() && !world.state("control.sock").exists());
    }
}

#[tokio::test]
async fn stop_ends_it_from_another_process() {
    let world = World::new().await;
    let daemon = world.start().await;
    let stop = world.run(&["stop"]).await;
    assert_eq!((stop.code, stop.out.as_str()), (Some(0), ""), "{}", stop.err);
    assert_eq!(stop.err, "Stopped. Nothing is running; the volume is kept.\n");
    assert_eq!(daemon.ended().await.code, Some(0));
    assert!(!world.socket().exists());
}

#[tokio::test]
async fn a_stale_socket_of_ours_is_replaced() {
    let world = World::new().await;
    drop(UnixListener::bind(world.socket()).unwrap());
    assert!(world.socket().exists());
    let daemon = world.start().await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_killed_run_is_no_obstacle() {
    let world = World::new().await;
    world.start().await.kill().await;
    assert!(world.socket().exists() && world.state("control.sock").exists());
    let daemon = world.start().await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_live_socket_is_left_to_its_owner() {
    let world = World::new().await;
    let owner = UnixListener::bind(world.socket()).unwrap();
    let start = world.run(&["start"]).await;
    start.failed_with(&["proxy::socket_in_use", "d.sock is in use: a program listens on it", "docker.socket_path"]);
    owner.set_nonblocking(true).unwrap();
    assert!(world.socket().exists());
    // Whoever looked whether somebody listens has connected once.
    assert!(owner.accept().is_ok());
}

#[tokio::test]
async fn a_file_at_the_path_is_left_untouched() {
    let world = World::new().await;
    fs::write(world.socket(), "precious").unwrap();
    let start = world.run(&["start"]).await;
    start.failed_with(&["proxy::socket_path_taken", "exists and is not a socket", "left as it is"]);
    assert_eq!(fs::read_to_string(world.socket()).unwrap(), "precious");
}

#[tokio::test]
async fn a_second_start_names_the_first() {
    let mut world = World::new().await;
    let daemon = world.start().await;
    let other = world.path("other.sock");
    world.set("DOCKBRIDGE_DOCKER_SOCKET_PATH", other.to_str().unwrap());
    let second = world.run(&["start"]).await;
    let process = format!("running already (process {})", daemon.pid.as_raw_nonzero());
    second.failed_with(&["config::already_running", &process, "dockbridge stop"]);
    assert!(!other.exists());
    assert_eq!(daemon.interrupt().await.code, Some(0));
}
