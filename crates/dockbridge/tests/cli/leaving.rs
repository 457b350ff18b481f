//! What is left to others, and what is ended although it was shared: what is not known is not taken for nobody.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Client, ask},
    shared::{BY_DESK, DESK, OURS, Ordered, nothing_was_changed, shared},
    sshd::Sshd,
    support::{PATIENCE, World, eventually},
};

const BY_US: Ordered<'_> = Ordered { by: OURS, ..BY_DESK };

/// Writes a server down as one that this installation has ordered and uses.
fn put_on_record(world: &World, sshd: &Sshd, server: &Value) {
    let name = server["name"].as_str().unwrap();
    let record = json!({
        "name": name, "intended_at": "2026-11-23T10:00:00Z", "id": server["id"], "ip_address": "127.0.0.1",
        "volume_id": server["volumes"][0],
    });
    fs::write(world.state(&format!("known_hosts.{name}")), format!("{name} {}", sshd.host_key())).unwrap();
    fs::write(world.state("server.json"), record.to_string()).unwrap();
}

fn record(world: &World) -> Value {
    serde_json::from_str(&fs::read_to_string(world.state("server.json")).unwrap()).unwrap()
}

/// Turns a server off, once it is on, and waits until it is.
async fn turn_off(world: &World, server: &Value) {
    until(world, server, "running").await;
    world.create(&format!("servers/{}/actions/poweroff", server["id"]), json!({})).await;
    until(world, server, "off").await;
}

async fn until(world: &World, server: &Value, status: &str) {
    let arrived = async {
        while !world.list("servers").await.iter().any(|one| one["id"] == server["id"] && one["status"] == status) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, arrived).await.unwrap();
}

#[tokio::test]
async fn a_server_of_ours_on_which_others_were_seen_is_left_while_it_cannot_be_asked() {
    let (mut world, sshd, server) = shared(&BY_US).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    // As if it had been alone until now.
    let mut alone = record(&world);
    alone["shared"] = json!(false);
    fs::write(world.state("server.json"), alone.to_string()).unwrap();
    sshd.cut();
    daemon.wait_for("the connection to the server is lost").await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    assert_eq!(record(&world)["shared"], true, "it is written down as soon as it is known");
    daemon.kill().await;
    let key = sshd.stranger();
    let own = world.set("DOCKBRIDGE_SSH_KEY_PATH", &key).unwrap();
    let name = server["name"].as_str().unwrap();
    let left = format!(
        "The server {name} is left running: ordered by desk (DockBridge {OURS}); it could not be asked who uses it.\n"
    );
    // On record the first time, and remembered the second.
    for _ in 0..2 {
        let stop = world.run(&["stop"]).await;
        assert_eq!((stop.code, stop.err.as_str()), (Some(0), left.as_str()));
        nothing_was_changed(&world).await;
        assert!(world.state(&format!("left.{name}.json")).exists());
    }
    world.set("DOCKBRIDGE_SSH_KEY_PATH", &own);
    sshd.monitor(&["release", DESK]).await;
    let stop = world.run(&["stop"]).await;
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    world.only_the_volume_is_left().await;
    assert!(!world.state(&format!("left.{name}.json")).exists());
}

#[tokio::test]
async fn a_server_on_no_record_whose_monitor_does_not_answer_is_left() {
    let (world, sshd, _) = shared(&BY_US).await;
    sshd.break_monitor();
    let stop = world.run(&["stop"]).await;
    assert!(stop.err.ends_with("it could not be asked who uses it.\n"), "{}", stop.err);
    nothing_was_changed(&world).await;
}

#[tokio::test]
async fn a_server_whose_engine_is_dead_for_good_is_ended() {
    let (world, sshd, _) = shared(&BY_US).await;
    let mut daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    sshd.monitor(&["release", DESK]).await;
    sshd.end_engine();
    sshd.cut();
    daemon.wait_for("the server will not serve again").await;
    daemon.wait_for("the server is destroyed; the volume is kept").await;
    world.only_the_volume_is_left().await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_server_that_is_off_keeps_the_volume_from_nobody() {
    let (world, _sshd, server) = shared(&BY_DESK).await;
    turn_off(&world, &server).await;
    let mut daemon = world.start().await;
    let mut client = Client::connect(&world.socket()).await;
    client.send("GET", "/v1.41/containers/json").await;
    daemon.wait_for("the volume is on a server that is off").await;
    daemon.wait_for("✓ server ordered").await;
    let servers = world.list("servers").await;
    assert_eq!((servers.len(), &servers[0]["volumes"]), (1, &server["volumes"]));
    assert_eq!(daemon.interrupt().await.code, Some(0));
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_shared_server_that_is_off_is_deleted_and_not_asked_to_shut_down() {
    for ordered in [BY_DESK, BY_US] {
        let (world, _sshd, server) = shared(&ordered).await;
        if ordered.by == DESK {
            let daemon = world.start().await;
            assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
            daemon.kill().await;
        }
        turn_off(&world, &server).await;
        let stop = world.run(&["stop"]).await;
        assert!(stop.err.contains("is destroyed; the volume is kept"), "{}", stop.err);
        world.only_the_volume_is_left().await;
        assert!(!world.changes().iter().any(|change| change.contains("shutdown")), "{:?}", world.changes());
    }
}

#[tokio::test]
async fn an_end_that_has_begun_is_gone_through_with() {
    let (world, sshd, _) = shared(&BY_DESK).await;
    let daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    sshd.monitor(&["release", DESK]).await;
    world.emulator.fail_next("DELETE", "/servers", 409, "conflict");
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn an_end_that_has_begun_is_gone_through_with_by_the_next_run() {
    let (world, sshd, _) = shared(&BY_US).await;
    put_on_record(&world, &sshd, &world.list("servers").await[0]);
    let mut ending = record(&world);
    (ending["shared"], ending["ending"]) = (json!(true), json!(true));
    fs::write(world.state("server.json"), ending.to_string()).unwrap();
    sshd.monitor(&["release", DESK]).await;
    sshd.refuse_everybody();
    let mut daemon = world.start().await;
    daemon.wait_for("the server is destroyed; the volume is kept").await;
    world.only_the_volume_is_left().await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_server_that_is_left_is_not_taken_for_the_one_that_is_destroyed() {
    let (world, sshd, held) = shared(&BY_US).await;
    let order = json!({
        "name": "dockbridge-0123456789ab-1", "server_type": "cx33", "image": "docker-ce", "location": "fsn1",
        "labels": { "managed-by": "dockbridge", "dockbridge/client": OURS },
    });
    let own = world.create("servers", order).await["server"].clone();
    turn_off(&world, &own).await;
    let mut of_record = own.clone();
    of_record["volumes"] = held["volumes"].clone();
    put_on_record(&world, &sshd, &of_record);
    let mut daemon = world.start().await;
    daemon.wait_for("the server is destroyed; the volume is kept").await;
    eventually("it is forgotten", || !world.state("server.json").exists()).await;
    let servers = world.list("servers").await;
    assert_eq!((servers.len(), &servers[0]["id"]), (1, &held["id"]));
    assert_eq!(sshd.holders().await, [DESK]);
    assert_eq!(daemon.interrupt().await.code, Some(0));
}
