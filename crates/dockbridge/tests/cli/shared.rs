//! Two installations of one project and one volume: a server is shared where the key allows it, and never taken away.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Client, ask},
    sshd::Sshd,
    support::{PATIENCE, TOKEN, World, eventually},
};

/// The other installation.
pub(crate) const DESK: &str = "ba9876543210";
/// This one.
pub(crate) const OURS: &str = "0123456789ab";

/// What may differ between servers.
pub(crate) struct Ordered<'a> {
    /// Whose server it is.
    pub(crate) by: &'a str,
    /// Whose key its label names.
    pub(crate) host_key: &'a str,
    /// What it does once nobody holds it.
    pub(crate) self_destruct: &'a str,
}

pub(crate) const BY_DESK: Ordered<'_> = Ordered { by: DESK, host_key: "host", self_destruct: "delete" };

/// Waits until the only resource of a kind has that status.
async fn until(world: &World, kind: &str, status: &str) {
    let arrived = async {
        while world.list(kind).await[0]["status"] != status {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, arrived).await.unwrap();
}

/// A server with the volume.
async fn server(world: &World, sshd: &Sshd, ordered: &Ordered<'_>) -> Value {
    let volume = world.create_volume("fsn1").await;
    until(world, "volumes", "available").await;
    let labels = json!({
        "managed-by": "dockbridge", "dockbridge/client": ordered.by, "dockbridge/host": "desk",
        "dockbridge/host-key": sshd.label(ordered.host_key), "dockbridge/self-destruct": ordered.self_destruct,
    });
    let name = format!("dockbridge-{}-c0ffee", ordered.by);
    let order = json!({
        "name": name, "server_type": "cx33", "image": "docker-ce", "location": "fsn1", "volumes": [volume["id"]],
        "labels": labels,
    });
    let server = world.create("servers", order).await["server"].clone();
    until(world, "servers", "running").await;
    server
}

/// A world with a server that can be logged in to, on which the other installation has a lease.
pub(crate) async fn shared(ordered: &Ordered<'_>) -> (World, Sshd, Value) {
    let mut world = World::new().await;
    let sshd = Sshd::start(&mut world).await;
    fs::create_dir_all(world.state("")).unwrap();
    fs::write(world.state("client_id"), format!("{OURS}\n")).unwrap();
    let server = server(&world, &sshd, ordered).await;
    sshd.monitor(&["renew", DESK, "desk", "300"]).await;
    (world, sshd, server)
}

/// Nothing of ours is on record, and nothing was changed in the cloud but what `shared` did itself.
pub(crate) async fn nothing_was_changed(world: &World) {
    assert!(!world.state("server.json").exists());
    let state = fs::read_dir(world.state("")).unwrap();
    let names: Vec<_> = state.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with("known_hosts")), "{names:?}");
    assert_eq!(world.changes(), ["POST /volumes 201", "POST /servers 201"]);
    assert_eq!(world.list("servers").await.len(), 1);
}

/// A request is refused because of who holds the volume, for that reason.
async fn refused(world: &World, reason: &str) {
    let daemon = world.start().await;
    let message = ask(&world.socket()).await.refusal();
    for part in ["dockbridge-x86", DESK, "on desk", reason, "Nothing was changed", "[volume_in_use]"] {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    assert_eq!(daemon.interrupt().await.code, Some(0));
    nothing_was_changed(world).await;
}

#[tokio::test]
async fn a_server_that_accepts_our_key_is_shared_and_left_to_who_else_holds_it() {
    let (world, sshd, server) = shared(&BY_DESK).await;
    let daemon = world.start().await;
    let answer = ask(&world.socket()).await;
    assert!(answer.head.starts_with("HTTP/1.1 200 "), "{answer:?}");
    let record: Value = serde_json::from_str(&fs::read_to_string(world.state("server.json")).unwrap()).unwrap();
    assert_eq!((&record["shared"], &record["id"]), (&json!(true), &server["id"]));
    let mut holders = sshd.holders().await;
    holders.sort_unstable();
    assert_eq!(holders, [OURS, DESK]);
    eventually("the credentials arrive", || sshd.credentials().is_some()).await;
    let url = format!("{}/servers/{}", world.emulator.endpoint(), server["id"]);
    assert_eq!(sshd.credentials().unwrap(), format!("{url}\n{TOKEN}\n"));

    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(sshd.holders().await, [DESK]);
    assert!(!sshd.engine_was_stopped());
    nothing_was_changed(&world).await;
}

#[tokio::test]
async fn a_shared_server_that_nobody_else_holds_any_more_is_destroyed() {
    let (world, sshd, _) = shared(&BY_DESK).await;
    let daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    sshd.monitor(&["release", DESK]).await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert!(sshd.engine_was_stopped());
    world.only_the_volume_is_left().await;
    assert!(!world.state("server.json").exists());
}

#[tokio::test]
async fn a_server_that_refuses_our_key_is_left_alone() {
    let (mut world, sshd, _) = shared(&BY_DESK).await;
    world.set("DOCKBRIDGE_SSH_KEY_PATH", &sshd.stranger());
    refused(&world, "it does not accept our SSH key").await;
    assert_eq!(sshd.holders().await, [DESK]);
}

#[tokio::test]
async fn a_server_with_another_host_key_than_its_label_says_is_left_alone() {
    let (world, sshd, _) = shared(&Ordered { host_key: "stranger", ..BY_DESK }).await;
    refused(&world, "it has another host key than its label says").await;
    assert_eq!((sshd.holders().await, sshd.credentials()), (vec![DESK.to_owned()], None));
}

#[tokio::test]
async fn nothing_is_shared_without_leases() {
    let (mut world, _sshd, _) = shared(&BY_DESK).await;
    world.set("DOCKBRIDGE_KEEPALIVE_SELF_DESTRUCT", "off");
    refused(&world, "keepalive.self_destruct: off").await;
    let (world, _sshd, _) = shared(&Ordered { self_destruct: "off", ..BY_DESK }).await;
    refused(&world, "it has no monitor").await;
}

#[tokio::test]
async fn a_server_that_destroys_itself_is_waited_for_and_replaced() {
    let (world, sshd, server) = shared(&BY_DESK).await;
    sshd.monitor(&["release", DESK]).await;
    sshd.begin_destruction();
    let mut daemon = world.start().await;
    let mut client = Client::connect(&world.socket()).await;
    client.send("GET", "/v1.41/containers/json").await;
    daemon.wait_for("it is being destroyed, and has not gone yet").await;
    nothing_was_changed(&world).await;
    assert!(sshd.holders().await.is_empty());
    assert!(world.emulator.kill_server(server["id"].as_u64().unwrap()).await);
    daemon.wait_for("✓ server ordered").await;
    assert_eq!(sshd.credentials(), None);
    assert_eq!(world.list("servers").await[0]["volumes"], server["volumes"]);
    daemon.kill().await;
}

#[tokio::test]
async fn a_monitor_that_is_not_there_yet_is_waited_for() {
    let (world, sshd, _) = shared(&BY_DESK).await;
    sshd.break_monitor();
    let daemon = world.start().await;
    let mut client = Client::connect(&world.socket()).await;
    client.send("GET", "/v1.41/containers/json").await;
    eventually("the server is on record", || world.state("server.json").exists()).await;
    sshd.mend_monitor();
    assert!(client.answer().await.head.starts_with("HTTP/1.1 200 "));
    assert_eq!(daemon.interrupt().await.code, Some(0));
    nothing_was_changed(&world).await;
}

#[tokio::test]
async fn a_server_that_we_ordered_and_others_hold_by_now_is_shared_again() {
    let (world, sshd, server) = shared(&Ordered { by: OURS, ..BY_DESK }).await;
    let daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    assert_eq!(world.list("servers").await[0]["id"], server["id"]);
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert_eq!(sshd.holders().await, [DESK]);
    nothing_was_changed(&world).await;
}

#[tokio::test]
async fn stop_after_a_crash_leaves_what_others_hold_and_then_destroys_what_nobody_does() {
    let (world, sshd, server) = shared(&Ordered { by: OURS, ..BY_DESK }).await;
    let daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    daemon.kill().await;
    let stop = world.run(&["stop"]).await;
    let left =
        format!("The server {} is left running: held by desk (DockBridge {DESK}).\n", server["name"].as_str().unwrap());
    assert_eq!((stop.code, stop.err.as_str()), (Some(0), left.as_str()));
    assert_eq!(sshd.holders().await, [DESK]);
    nothing_was_changed(&world).await;
    // It is on no record any more, and is found and looked at by its labels.
    let again = world.run(&["stop"]).await;
    assert_eq!((again.code, again.err.as_str()), (Some(0), left.as_str()));
    nothing_was_changed(&world).await;
    sshd.monitor(&["release", DESK]).await;
    let last = world.run(&["stop"]).await;
    assert_eq!(last.code, Some(0), "{}", last.err);
    assert!(last.err.contains("The server it had left behind is destroyed"), "{}", last.err);
    assert!(sshd.engine_was_stopped());
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn a_shared_server_that_cannot_be_reached_is_given_up_and_not_deleted() {
    let (mut world, sshd, _) = shared(&BY_DESK).await;
    let daemon = world.start().await;
    assert!(ask(&world.socket()).await.head.starts_with("HTTP/1.1 200 "));
    daemon.kill().await;
    world.set("DOCKBRIDGE_SSH_KEY_PATH", &sshd.stranger());
    let stop = world.run(&["stop"]).await;
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    let said = format!("is left running: ordered by desk (DockBridge {DESK}); it could not be asked who uses it.");
    assert!(stop.err.contains(&said), "{}", stop.err);
    nothing_was_changed(&world).await;
}
