//! The token appears nowhere, however much is logged.

use std::fs;

use crate::{
    client::ask,
    support::{TOKEN, World, eventually},
};

/// Whether the bytes hold the token.
fn leaks(bytes: &[u8]) -> bool {
    bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())
}

#[tokio::test]
async fn the_token_is_in_no_output_no_file_and_no_argument() {
    let mut world = World::new().await;
    world.set("RUST_LOG", "trace");
    let mut daemon = world.start().await;
    world.emulator.fail_next("POST", "/servers", 422, "invalid_input");
    let refused = ask(&world.socket()).await;
    assert!(!leaks(refused.body.as_bytes()));
    let waiting = tokio::spawn({
        let socket = world.socket();
        async move { ask(&socket).await }
    });
    daemon.wait_for("✓ server ordered").await;
    eventually("the server boots", || !world.machines.user_data().is_empty()).await;

    // While it runs: arguments of its process and of all below it, and every file it has written so far.
    let mut looked_at = 0;
    for process in fs::read_dir("/proc").unwrap().flatten() {
        if let Ok(arguments) = fs::read(process.path().join("cmdline")) {
            assert!(!leaks(&arguments), "{}", process.path().display());
            looked_at += usize::from(!arguments.is_empty());
        }
    }
    assert!(looked_at > 1);
    let files = || world.files().into_iter().filter(|path| fs::read(path).is_ok_and(|bytes| leaks(&bytes)));
    assert_eq!(files().collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
    assert!(world.state("server.json").exists(), "there are files to look at");

    for arguments in [&["status"][..], &["status", "--json"], &["stop"], &["status"], &["stop"]] {
        let ended = world.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(!leaks(ended.out.as_bytes()) && !leaks(ended.err.as_bytes()), "{arguments:?}");
        assert!(!ended.err.is_empty(), "everything is logged");
    }
    assert!(!leaks(waiting.await.unwrap().body.as_bytes()));
    let ended = daemon.ended().await;
    assert!(ended.err.contains("TRACE"), "everything is logged");
    assert!(!leaks(ended.out.as_bytes()) && !leaks(ended.err.as_bytes()));
    assert!(world.machines.user_data().iter().all(|text| !leaks(text.as_bytes())));
    assert_eq!(files().count(), 0);
}

#[tokio::test]
async fn a_wrong_token_is_not_repeated() {
    let mut world = World::new().await;
    let wrong = "wrongtokenthatmustnotleak000000000000000000000000000000000000000";
    world.set("HETZNER_API_TOKEN", wrong);
    world.set("RUST_LOG", "trace");
    let ended = world.run(&["start"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(!ended.err.contains(wrong), "{}", ended.err);
}
