//! What a Docker client is told, and what its request creates.

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Client, ask},
    support::{READ_ONLY, TOKEN, World, eventually},
};

#[tokio::test]
async fn a_token_that_may_only_read_is_named_and_leaves_nothing() {
    let mut world = World::new().await;
    world.set("HETZNER_API_TOKEN", READ_ONLY);
    let daemon = world.start().await;
    let message = ask(&world.socket()).await.refusal();
    assert!(message.contains("the token may only read") || message.contains("The token may only read"), "{message}");
    assert!(message.contains("read and write permission"), "{message}");
    for kind in ["servers", "volumes", "ssh_keys", "firewalls"] {
        assert!(world.list(kind).await.is_empty(), "{kind}");
    }
    assert_eq!(daemon.interrupt().await.code, Some(0));
}

#[tokio::test]
async fn a_volume_elsewhere_is_named_and_left_alone() {
    let world = World::new().await;
    let volume = world.create_volume("nbg1").await;
    let daemon = world.start().await;
    let message = ask(&world.socket()).await.refusal();
    assert!(message.ends_with("[volume_elsewhere]"), "{message}");
    assert!(message.contains(&format!("dockbridge-x86 (id {}) is in nbg1", volume["id"])), "{message}");
    assert!(message.contains("set hetzner.location to nbg1"), "{message}");
    assert_eq!(daemon.interrupt().await.code, Some(0));
    let volumes = world.list("volumes").await;
    assert_eq!(volumes.len(), 1);
    assert_eq!(volumes[0]["id"], volume["id"]);
    assert_eq!(world.changes(), ["POST /volumes 201"], "nothing but what the test itself did");
}

#[tokio::test]
async fn a_refused_order_is_told_and_the_connection_goes_on() {
    let world = World::new().await;
    let mut daemon = world.start().await;
    world.emulator.fail_next("POST", "/servers", 412, "resource_unavailable");
    world.emulator.fail_next("POST", "/servers", 403, "resource_limit_exceeded");
    let mut client = Client::connect(&world.socket()).await;
    let message = client.ask("GET", "/v1.41/containers/json").await.refusal();
    assert!(message.contains("sold out"), "{message}");
    // The second request of the same connection is a new attempt, with a failure of its own.
    let message = client.ask("GET", "/v1.41/images/json").await.refusal();
    assert!(message.contains("limit"), "{message}");
    daemon.wait_for("no server could be provisioned").await;
    assert_eq!(daemon.interrupt().await.code, Some(0));
    assert_eq!(world.orders(), 2);
    world.only_the_volume_is_left().await;
}

#[tokio::test]
async fn twenty_first_requests_share_one_of_everything() {
    let world = World::new().await;
    let mut daemon = world.start().await;
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let socket = world.socket();
        clients.spawn(async move { ask(&socket).await });
    }
    daemon.wait_for("✓ server ordered").await;
    eventually("the server boots", || !world.machines.user_data().is_empty()).await;

    let servers = world.list("servers").await;
    assert_eq!(servers.len(), 1);
    let volumes = world.list("volumes").await;
    assert_eq!(servers[0]["volumes"], json!([volumes[0]["id"]]));
    let client_id = std::fs::read_to_string(world.state("client_id")).unwrap();
    for kind in ["servers", "volumes", "ssh_keys", "firewalls"] {
        let found = world.list(kind).await;
        assert_eq!(found.len(), 1, "{kind}");
        assert_eq!(found[0]["labels"]["managed-by"], "dockbridge", "{kind}");
        if matches!(kind, "servers" | "ssh_keys") {
            assert_eq!(found[0]["labels"]["dockbridge/client"], client_id.trim(), "{kind}");
        }
    }
    let user_data = world.machines.user_data();
    assert_eq!(user_data.len(), 1);
    assert!(user_data[0].starts_with("#cloud-config"), "{}", user_data[0]);
    assert!(!user_data[0].contains(TOKEN));

    // Those who wait are told at once that there will be no server, not cut off after a while.
    let ended = daemon.interrupt().await;
    assert_eq!(ended.code, Some(0));
    assert!(!ended.err.contains("were cut"), "{}", ended.err);
    let mut answers = 0;
    while let Some(answer) = clients.join_next().await {
        let message = answer.unwrap().refusal();
        assert!(message.contains("is being stopped"), "{message}");
        answers += 1;
    }
    assert_eq!(answers, 20);
    let mut created = world.changes();
    created.retain(|change| change.starts_with("POST") && !change.contains("/actions/"));
    created.sort();
    assert_eq!(created, ["POST /firewalls 201", "POST /servers 201", "POST /ssh_keys 201", "POST /volumes 201"]);
}
