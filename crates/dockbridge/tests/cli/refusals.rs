//! What `start` refuses at once, and in which words. Nothing is created, and nothing listens afterwards.

use crate::support::World;

/// `start` fails with these words and without a trace.
async fn refused(world: &World, arguments: &[&str], parts: &[&str]) {
    let ended = world.run(arguments).await;
    ended.failed_with(parts);
    assert_eq!(world.changes(), Vec::<String>::new());
    assert!(!world.socket().exists());
}

async fn refused_setting(name: &str, value: &str, parts: &[&str]) {
    let mut world = World::new().await;
    world.set(name, value);
    refused(&world, &["start"], parts).await;
}

async fn refused_file(text: &str, parts: &[&str]) {
    let world = World::new().await;
    let path = world.config(text);
    let parts: Vec<_> = parts.iter().copied().chain([path.as_str(), "config::config_invalid"]).collect();
    refused(&world, &["--config", &path, "start"], &parts).await;
}

#[tokio::test]
async fn no_token() {
    let mut world = World::new().await;
    world.unset("HETZNER_API_TOKEN");
    refused(&world, &["start"], &["config::no_token", "no Hetzner Cloud API token", "export HETZNER_API_TOKEN="]).await;
    for command in ["status", "stop"] {
        world.run(&[command]).await.failed_with(&["config::no_token"]);
    }
}

#[tokio::test]
async fn a_wrong_token() {
    let value = "wrong00000000000000000000000000000000000000000000000000000000000";
    let parts = ["hetzner::unauthorized", "HTTP 401", "create one with read and write permission", "HETZNER_API_TOKEN"];
    refused_setting("HETZNER_API_TOKEN", value, &parts).await;
    let mut world = World::new().await;
    world.set("HETZNER_API_TOKEN", value);
    for command in ["status", "stop"] {
        world.run(&[command]).await.failed_with(&parts);
    }
}

#[tokio::test]
async fn an_unknown_location() {
    let parts = ["hetzner::unknown_location", "no location `fsn2`; there are fsn1, nbg1, hel1", "hetzner.location"];
    refused_setting("DOCKBRIDGE_HETZNER_LOCATION", "fsn2", &parts).await;
}

#[tokio::test]
async fn an_unknown_server_type() {
    let parts = ["hetzner::unknown_server_type", "no server type `cpx23`", "in fsn1 are cx23, cpx22, ", "or to auto"];
    refused_setting("DOCKBRIDGE_HETZNER_SERVER_TYPE", "cpx23", &parts).await;
}

#[tokio::test]
async fn a_server_type_that_has_been_withdrawn() {
    let parts = [
        "hetzner::server_type_unavailable",
        "`cpx21` can no longer be ordered in fsn1; of its size there are cx33, ",
        "or to auto",
    ];
    refused_setting("DOCKBRIDGE_HETZNER_SERVER_TYPE", "cpx21", &parts).await;
}

#[tokio::test]
async fn an_unknown_image() {
    let parts = ["hetzner::unknown_image", "no image `docker-cee` for x86; there are docker-ce, ", "hetzner.image"];
    refused_setting("DOCKBRIDGE_HETZNER_IMAGE", "docker-cee", &parts).await;
}

#[tokio::test]
async fn a_plaintext_endpoint_elsewhere() {
    let parts = ["hetzner.endpoint", "http://192.0.2.1/v1", "unencrypted", "https://"];
    refused_setting("HCLOUD_ENDPOINT", "http://192.0.2.1/v1", &parts).await;
}

#[tokio::test]
async fn an_unknown_variable() {
    let parts = ["DOCKBRIDGE_X ", "no such setting", "DOCKBRIDGE_HETZNER_LOCATION", "unset DOCKBRIDGE_X"];
    refused_setting("DOCKBRIDGE_X", "1", &parts).await;
}

#[tokio::test]
async fn a_duration_without_unit_or_with_a_fraction() {
    refused_setting("DOCKBRIDGE_ACTIVITY_IDLE_TIMEOUT", "5", &["IDLE_TIMEOUT", "did you mean 5s or 5m?"]).await;
    refused_file("activity:\n  idle_timeout: 5\n", &["did you mean 5s or 5m?", "line 2"]).await;
    refused_file("activity:\n  grace_period: 1.2h\n", &["write 72m for 1.2h", "line 2"]).await;
}

#[tokio::test]
async fn a_misspelt_key() {
    refused_file(
        "# mine\nhetzner:\n  locaton: fsn1\n",
        &["unknown field `locaton`", "line 3, column 3", "server_type, location, image, volume_size"],
    )
    .await;
    refused_file("hetzer:\n  location: fsn1\n", &["unknown field `hetzer`", "line 1", "hetzner, docker"]).await;
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let world = World::new().await;
    let ended = world.run(&["--config", "nowhere.yaml", "start"]).await;
    ended.failed_with(&["config::config_unreadable", "work/nowhere.yaml", "No such file"]);
    assert_eq!(ended.err.matches("No such file").count(), 1, "the cause is said twice: {}", ended.err);
}

#[tokio::test]
async fn a_token_in_a_file_that_others_can_read() {
    let world = World::new().await;
    let path = world.config("hetzner:\n  api_token: readableforeverybody\n");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let ended = world.run(&["--config", &path, "start"]).await;
    ended.failed_with(&["config::token_exposed", "mode 0644", "chmod 600"]);
    assert!(!ended.err.contains("readableforeverybody"));
}
