//! What a killed DockBridge leaves is found and removed; what is not ours is not touched.

use std::fs;

use serde_json::{Value, json};

use crate::{
    client::Client,
    support::{World, eventually},
};

#[tokio::test]
async fn stop_removes_the_server_of_a_killed_run() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let name = world.list("servers").await[0]["name"].as_str().unwrap().to_owned();
    let stop = world.run(&["stop"]).await;
    println!("{}", stop.err);
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    assert!(stop.err.contains(&format!("Destroying the server {name}, which was left behind")), "{}", stop.err);
    assert!(stop.err.contains("the volume is kept"), "{}", stop.err);
    world.only_the_volume_is_left().await;
    let again = world.run(&["stop"]).await;
    assert_eq!(again.err, "DockBridge is not running, and there is no server of it.\n");
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_by_its_name() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let path = world.state("server.json");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    record["id"] = Value::Null;
    record["ip_address"] = Value::Null;
    fs::write(&path, record.to_string()).unwrap();
    assert_eq!(world.run(&["stop"]).await.code, Some(0));
    world.only_the_volume_is_left().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_server_of_ours_on_no_record_is_found_by_its_labels() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    fs::remove_file(world.state("server.json")).unwrap();
    let foreign = world.create("servers", json!({ "name": "web", "server_type": "cx33", "image": "debian-12" })).await;
    let theirs = json!({ "managed-by": "dockbridge", "dockbridge/client": "0123456789ab" });
    let order =
        json!({ "name": "dockbridge-0123456789ab-1", "server_type": "cx33", "image": "debian-12", "labels": theirs });
    let other = world.create("servers", order).await;
    assert_eq!(world.run(&["stop"]).await.code, Some(0));
    let left: Vec<_> = world.list("servers").await.iter().map(|server| server["id"].clone()).collect();
    assert_eq!(left, [foreign["server"]["id"].clone(), other["server"]["id"].clone()]);
}

#[tokio::test]
async fn the_next_start_takes_the_server_up_instead_of_ordering_another() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let mut daemon = world.start().await;
    daemon.wait_for("A former run has left a server on record").await;
    daemon.wait_for("looking for it").await;
    let mut client = Client::connect(&world.socket()).await;
    client.send("GET", "/v1.41/containers/json").await;
    let status = world.run(&["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["state"], "unreachable");
    assert_eq!(status["server"]["id"], world.list("servers").await[0]["id"].to_string());
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(client.answer().await.refusal().contains("is being stopped"));
    assert_eq!(world.orders(), 1);
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_server_that_is_gone_meanwhile_is_replaced_with_the_same_volume() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    eventually("the first server boots", || world.machines.user_data().len() == 1).await;
    let (old, volume) = (world.list("servers").await[0].clone(), world.list("volumes").await[0].clone());
    assert!(world.emulator.kill_server(old["id"].as_u64().unwrap()).await);
    let (daemon, _client) = world.start_provisioning().await;
    eventually("the second server boots", || world.machines.user_data().len() == 2).await;
    let server = world.list("servers").await[0].clone();
    assert_ne!(server["id"], old["id"]);
    assert_eq!(server["volumes"], json!([volume["id"]]));
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert_eq!(world.orders(), 2);
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_server_that_has_turned_itself_off_is_destroyed_by_the_next_start() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let id = world.list("servers").await[0]["id"].clone();
    eventually("the server runs", || world.machines.user_data().len() == 1).await;
    world.create(&format!("servers/{id}/actions/poweroff"), json!({})).await;
    let mut daemon = world.start().await;
    daemon.wait_for("the server is destroyed; the volume is kept").await;
    world.only_the_volume_is_left().await;
    assert!(!world.state("server.json").exists());
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert_eq!(world.orders(), 1);
}

#[tokio::test]
async fn a_slip_in_the_configuration_destroys_nothing() {
    let mut world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    world.set("DOCKBRIDGE_HETZNER_SERVER_TYPE", "cx3");
    let start = world.run(&["start"]).await;
    start.failed_with(&["unknown_server_type", "left as it is, and deletes itself 5m after"]);
    assert_eq!(world.list("servers").await.len(), 1);
    assert!(world.state("server.json").exists());
}

#[tokio::test]
async fn a_lost_order_is_not_forgotten_before_it_is_certain() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    // The answer never came, and the server has not appeared yet.
    let path = world.state("server.json");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let id = record["id"].as_u64().unwrap();
    assert!(world.emulator.kill_server(id).await);
    record["id"] = Value::Null;
    fs::write(&path, record.to_string()).unwrap();
    world.run(&["stop"]).await.failed_with(&["order_unknown"]);
    assert!(path.exists());
    // Long after the order it is certain.
    record["intended_at"] = json!("2026-01-01T00:00:00Z");
    fs::write(&path, record.to_string()).unwrap();
    assert_eq!(world.run(&["stop"]).await.code, Some(0));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_server_of_another_project_is_not_taken_for_deleted() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    daemon.kill().await;
    let mut elsewhere = World::new().await;
    let state = world.path("home/.local/state").display().to_string();
    elsewhere.set("XDG_STATE_HOME", &state);
    elsewhere.run(&["stop"]).await.failed_with(&["other_project"]);
    assert!(world.state("server.json").exists());
    assert_eq!(world.run(&["stop"]).await.code, Some(0));
    world.only_the_volume_is_left().await;
}
