//! A server without a client ends by itself, through the API, and nothing is lost with it.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::world::{World, run};

/// How long a lease lasts in these tests.
const TIMEOUT: Duration = Duration::from_secs(12);
/// What the server may take beyond that: its monitor looks every 10 s, then the engine stops.
const SLACK: Duration = Duration::from_secs(30);

async fn leased() -> World {
    let mut world = World::new().await;
    world.set("DOCKBRIDGE_KEEPALIVE_INTERVAL", "1s");
    world.set("DOCKBRIDGE_KEEPALIVE_TIMEOUT", "12s");
    world
}

/// A container with something on a volume, which ends at once when it is asked to.
fn leave_something_behind(world: &World) {
    world.import_busybox();
    world.docker(&["run", "--name", "writer", "-v", "data:/data", "busybox", "sh", "-c", "echo precious > /data/file"]);
    world.docker(&["run", "--detach", "--name", "worker", "busybox", "sh", "-c", "trap exit TERM; sleep 1000 & wait"]);
}

fn everything_is_still_there(world: &World) {
    let listed = world.docker(&["ps", "--all", "--format", "{{.Names}} {{.State}}"]);
    let mut names: Vec<_> = listed.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["worker exited", "writer exited"]);
    let data = world.docker(&["run", "--rm", "-v", "data:/data", "busybox", "cat", "/data/file"]);
    assert_eq!(data.trim(), "precious");
}

/// Waits until the API knows of no server, and returns how long that took.
async fn until_deleted(world: &World, bound: Duration) -> Duration {
    let began = Instant::now();
    while !world.api("servers").await.is_empty() {
        assert!(began.elapsed() < bound, "the server is still there after {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    began.elapsed()
}

/// Every deletion of a server that the API was asked for, by whomever.
fn deletions(world: &World) -> usize {
    let requests = world.emulator.requests();
    requests.iter().filter(|request| request.method == "DELETE" && request.path.starts_with("/servers/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_client_was_killed_deletes_itself_and_the_next_one_has_everything() {
    let mut world = leased().await;
    world.start();
    leave_something_behind(&world);
    world.kill_bridge();
    until_deleted(&world, TIMEOUT + SLACK).await;
    assert!(deletions(&world) >= 1, "nobody but the server itself can have asked for that");
    let volumes = world.api("volumes").await;
    assert_eq!((volumes.len(), &volumes[0]["server"]), (1, &Value::Null));

    world.start();
    everything_is_still_there(&world);
    assert_eq!(world.orders(), 2);
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_network_is_cut_deletes_itself_and_the_client_learns_of_it() {
    let mut world = leased().await;
    world.start();
    leave_something_behind(&world);
    let server = world.api("servers").await[0]["id"].as_u64().unwrap();
    world.emulator.cut_network(server).await.unwrap();
    until_deleted(&world, TIMEOUT + SLACK).await;
    // The same client goes on, with a new server, as if nothing had happened.
    everything_is_still_there(&world);
    assert_eq!(world.orders(), 2);
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_frozen_for_longer_than_its_lease_lets_nobody_hang() {
    let mut world = leased().await;
    world.start();
    leave_something_behind(&world);
    let mut follower = world.docker_command("docker", &["logs", "--follow", "worker"]);
    let mut follower = follower.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    world.freeze(true);
    until_deleted(&world, TIMEOUT + SLACK).await;
    world.freeze(false);
    let woken = Instant::now();
    while follower.try_wait().unwrap().is_none() {
        assert!(woken.elapsed() < SLACK, "a client of the old server hangs");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    everything_is_still_there(&world);
    assert_eq!(world.orders(), 2);
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_keeps_the_server_for_longer_than_a_lease() {
    let mut world = leased().await;
    world.start();
    world.docker(&["version"]);
    world.wait_for_renewal(Timestamp::now(), TIMEOUT * 2);
    let status = world.status();
    assert_eq!(
        (&status["state"], &status["lease"]["self_destruct"]),
        (&"running".into(), &"delete".into()),
        "{status}"
    );
    assert!(status["lease"]["until"].is_string() && status["lease"]["failures"] == 0, "{status}");
    let degraded = status["degraded"].as_array().unwrap();
    assert!(degraded.iter().all(|entry| entry["part"] == "lock_detection"), "{status}");
    assert!(world.stop().status.success());
    assert_eq!(world.orders(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_a_forgotten_server_powers_off_and_the_next_start_deletes_it() {
    let mut world = leased().await;
    world.set("DOCKBRIDGE_KEEPALIVE_SELF_DESTRUCT", "poweroff");
    world.start();
    leave_something_behind(&world);
    assert_eq!(world.on_server("cat /run/dockbridge/deletion || echo none").trim(), "none", "the token stays at home");
    world.kill_bridge();
    let began = Instant::now();
    while world.api("servers").await[0]["status"] != "off" {
        assert!(began.elapsed() < TIMEOUT + SLACK, "the server is still on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.start();
    everything_is_still_there(&world);
    assert_eq!((world.api("servers").await.len(), world.orders()), (1, 2));
    assert!(world.stop().status.success());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_container_can_read_the_token_the_lease_or_the_metadata_service() {
    let world = World::started().await;
    world.import_busybox();
    // The test would prove nothing if they were not there.
    let there =
        world.on_server("ls -A /run/dockbridge /run/dockbridge/leases && stat -c '%a %U' /run/dockbridge/deletion");
    assert!(there.contains("deletion") && there.contains("600 root"), "{there}");
    assert_eq!(world.on_server("stat -f -c %T /run/dockbridge/deletion").trim(), "tmpfs");
    let token = crate::world::TOKEN;
    // A pattern that does not match itself, since it is an argument in a list of processes.
    let pattern = format!("[{}]{}", &token[..1], &token[1..]);
    let userdata = "http://169.254.169.254/hetzner/v1/userdata";
    for network in ["bridge", "host"] {
        let probe = format!(
            "ls /run/dockbridge; cat /run/dockbridge/*; grep -rs '{pattern}' /proc/[0-9]*/environ /proc/[0-9]*/cmdline /run /tmp; \
             timeout 20 wget -O - {userdata} 2>&1"
        );
        let run = run(
            &mut world.docker_command("docker", &["run", "--rm", "--network", network, "busybox", "sh", "-c", &probe]),
            b"",
        );
        let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success(), "{network}: {said}");
        assert!(said.contains("/run/dockbridge: No such file") && !said.contains(token), "{network}: {said}");
        assert!(!said.contains("cloud-config") && said.contains("can't connect"), "{network}: {said}");
    }
    // That the service is there, and would answer, is shown by taking the block away.
    world.on_server("ip route del prohibit 169.254.169.254/32");
    let fetch = format!("timeout 20 wget -q -O - {userdata}");
    let answer = world.docker(&["run", "--rm", "busybox", "sh", "-c", &fetch]);
    assert!(answer.starts_with("#cloud-config"), "{answer}");
    // Nor is the token an argument of anything, or in the user-data.
    assert!(!answer.contains(token));
    assert!(!world.on_server("ps axww -o args; journalctl --no-pager | tail -n 2000").contains(token));
    world.finish().await;
}
