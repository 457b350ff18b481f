//! What goes wrong is said, and costs nothing.

use std::{fs, time::Duration};

use crate::{
    request,
    world::{World, run},
};

const BOUND: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_host_key_is_refused() {
    let mut world = World::started().await;
    world.docker(&["version"]);
    let name = world.status()["server"]["name"].as_str().unwrap().to_owned();
    world.kill_bridge();
    // Somebody in the way would show another key than the one that was pinned; so does the server if the pin is another.
    let other = tempfile::tempdir().unwrap();
    let key = other.path().join("key");
    let generated =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(generated.unwrap().success());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(world.state_dir().join(format!("known_hosts.{name}")), format!("{name} {public}")).unwrap();

    world.start();
    let answer = request::get(&world.socket(), "/v1.41/info", BOUND);
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.body.contains("host key") && answer.body.contains("dockbridge stop"), "{}", answer.body);
    assert!(answer.body.contains("ssh_host_key_mismatch"), "{}", answer.body);
    // What a person reads.
    let shown = run(&mut world.docker_command("docker", &["ps"]), b"");
    let said = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(!shown.status.success() && said.contains("host key") && said.contains("dockbridge stop"), "{said}");
    assert_eq!(world.api("servers").await.len(), 1, "nobody's work is destroyed because of it");
    assert!(world.stop().status.success());
    assert!(world.api("servers").await.is_empty());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_cannot_be_mounted_shows_the_log_and_keeps_the_volume() {
    let world = World::started().await;
    // A volume of ours that was never formatted.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let volume = serde_json::json!({
        "name": "dockbridge-x86", "size": 10, "location": "fsn1",
        "labels": {"managed-by": "dockbridge", "dockbridge/architecture": "x86"},
    });
    let url = format!("{}/volumes", world.emulator.endpoint());
    let created = client.post(url).bearer_auth(crate::world::TOKEN).json(&volume).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);

    let answer = request::get(&world.socket(), "/v1.41/info", BOUND);
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.body.contains("cloud_init_failed") && answer.body.contains("mount"), "{}", answer.body);
    // The half-made server is destroyed by itself.
    let deadline = std::time::Instant::now() + BOUND;
    while !world.api("servers").await.is_empty() {
        assert!(std::time::Instant::now() < deadline, "the half-made server is still there");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.api("volumes").await.len(), 1);
    world.finish().await;
}
