//! `dockbridge status`, for people and for programs.

use serde_json::{Value, json};

use crate::support::World;

/// The fields of the design's models.
const PROXY: [&str; 6] =
    ["bytes_transferred", "connected", "last_activity", "local_socket", "remote_server", "running"];
const SERVER: [&str; 7] = ["created_at", "id", "ip_address", "metadata", "name", "status", "volume_id"];
const VOLUME: [&str; 6] = ["created_at", "id", "mount_path", "name", "size", "status"];

fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

async fn status(world: &World) -> Value {
    let ended = world.run(&["status", "--json"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    serde_json::from_str(&ended.out).unwrap()
}

async fn shown(world: &World) -> String {
    let ended = world.run(&["status"]).await;
    println!("{}", ended.out);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    ended.out
}

#[tokio::test]
async fn without_anything() {
    let world = World::new().await;
    let report = status(&world).await;
    assert_eq!(fields(&report["proxy"]), PROXY);
    assert_eq!(report["proxy"]["running"], false);
    assert_eq!(report["proxy"]["local_socket"], world.socket().to_str().unwrap());
    assert_eq!(
        (&report["state"], &report["server"], &report["volume"]),
        (&json!("absent"), &Value::Null, &Value::Null)
    );
    let text = shown(&world).await;
    assert!(text.contains("not running") && text.contains("none; nothing is billed but the volume"), "{text}");
    assert_eq!(world.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_running_daemon_without_a_server_knows_the_volume() {
    let world = World::new().await;
    let volume = world.create_volume("fsn1").await;
    let daemon = world.start().await;
    let report = status(&world).await;
    assert_eq!(report["proxy"]["running"], true);
    assert_eq!(report["proxy"]["connected"], false);
    assert_eq!((&report["state"], &report["server"]), (&json!("absent"), &Value::Null));
    assert_eq!(fields(&report["volume"]), VOLUME);
    assert_eq!(report["volume"]["id"], volume["id"].to_string());
    assert_eq!((&report["volume"]["status"], &report["volume"]["size"]), (&json!("available"), &json!(10)));
    assert_eq!(report["volume"]["mount_path"], "/var/lib/docker");
    let text = shown(&world).await;
    assert!(text.contains(&format!("listens on {}", world.socket().display())), "{text}");
    assert!(text.contains("dockbridge-x86"), "{text}");
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_server_that_comes_up_is_shown_with_its_phases() {
    let world = World::new().await;
    let (daemon, _client) = world.start_provisioning().await;
    let report = status(&world).await;
    assert_eq!(report["state"], "provisioning");
    assert_eq!(fields(&report["server"]), SERVER);
    assert_eq!(report["server"]["status"], "provisioning");
    assert_eq!(report["server"]["ip_address"], "255.255.255.255");
    assert_eq!(
        report["server"]["metadata"],
        json!({ "location": "fsn1", "self_destruct": "delete", "server_type": "cx33" })
    );
    assert_eq!(report["server"]["volume_id"], report["volume"]["id"]);
    assert_eq!(report["volume"]["status"], "attached");
    assert_eq!(report["activity"]["requests"], 1);
    assert_eq!(report["activity"]["open_connections"], 1);
    let phases = report["phases"].as_array().unwrap();
    let took = |name: &str| phases.iter().find(|phase| phase["name"] == name).unwrap()["took_ms"].clone();
    assert!(took("server ordered").is_u64() && took("volume").is_u64(), "{phases:?}");
    assert!(took("boot until SSH answers").is_null(), "{phases:?}");
    let text = shown(&world).await;
    assert!(text.contains("provisioning") && text.contains("cx33 in fsn1"), "{text}");
    assert!(!text.contains("nothing is billed"), "{text}");
    assert!(!text.contains("✓ boot until SSH answers"), "it has not ended: {text}");

    daemon.kill().await;
    let report = status(&world).await;
    assert_eq!((&report["proxy"]["running"], &report["proxy"]["connected"]), (&json!(false), &json!(false)));
    assert_eq!(fields(&report["server"]), SERVER);
    let text = shown(&world).await;
    assert!(text.contains("not running") && text.contains("`dockbridge stop` destroys it"), "{text}");
}

#[tokio::test]
async fn the_last_failure_is_shown() {
    let world = World::new().await;
    let daemon = world.start().await;
    world.emulator.fail_next("POST", "/servers", 403, "resource_limit_exceeded");
    crate::client::ask(&world.socket()).await.refusal();
    let report = status(&world).await;
    assert_eq!(report["last_error"]["code"], "resource_limit_exceeded");
    assert_eq!(report["last_error"]["category"], "hetzner");
    assert!(report["last_error"]["timestamp"].as_str().unwrap().ends_with('Z'), "{}", report["last_error"]);
    let text = shown(&world).await;
    assert!(text.contains("Last error") && text.contains("[resource_limit_exceeded]"), "{text}");
    assert!(text.contains("✗ server ordered"), "{text}");
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_server_of_another_installation_is_not_taken_for_ours() {
    let world = World::new().await;
    let theirs = json!({ "managed-by": "dockbridge", "dockbridge/client": "0123456789ab" });
    let order = json!({ "name": "dockbridge-theirs", "server_type": "cx33", "image": "debian-12", "labels": theirs });
    world.create("servers", order).await;
    let text = shown(&world).await;
    assert!(text.contains("dockbridge-theirs") && text.contains("installation 0123456789ab"), "{text}");
    assert!(!text.contains("takes it up") && !text.contains("nothing is billed"), "{text}");
    let ended = world.run(&["status", "--json"]).await;
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&report["state"], &report["server"]), (&json!("absent"), &Value::Null));
    assert!(ended.err.contains("there is a server of another DockBridge"), "{}", ended.err);
}

#[tokio::test]
async fn the_volume_of_the_configured_location_is_shown_and_others_are_named() {
    let mut world = World::new().await;
    let elsewhere = world.create_volume("hel1").await;
    let text = shown(&world).await;
    assert!(text.contains("Volume     none") && text.contains("GB in hel1"), "{text}");
    world.set("DOCKBRIDGE_HETZNER_LOCATION", "hel1");
    assert_eq!(status(&world).await["volume"]["id"], elsewhere["id"].to_string());
    // It holds images for another architecture.
    world.set("DOCKBRIDGE_HETZNER_SERVER_TYPE", "cax11");
    let text = shown(&world).await;
    assert!(text.contains("Volume     none") && text.contains("not used with"), "{text}");
}
