//! What the program says of itself.

use crate::support::World;

#[tokio::test]
async fn help_names_every_command() {
    let world = World::new().await;
    let help = world.run(&["--help"]).await;
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for word in ["start", "stop", "status", "--config <FILE>", "--version"] {
        assert!(help.out.contains(word), "{word} is not in: {}", help.out);
    }
    let version = world.run(&["--version"]).await;
    assert_eq!(version.out, concat!("dockbridge ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[tokio::test]
async fn start_says_that_it_costs_money_only_when_used() {
    let help = World::new().await.run(&["start", "--help"]).await;
    assert_eq!(help.code, Some(0));
    let text = crate::support::unwrapped(&help.out);
    assert!(text.contains("the first request that needs an engine creates a server"), "{text}");
    assert!(text.contains("the server is destroyed and the volume is kept"), "{text}");
}

#[tokio::test]
async fn without_a_command_it_explains_itself() {
    let plain = World::new().await.run(&[]).await;
    assert_eq!((plain.code, plain.out.as_str()), (Some(2), ""));
    assert!(plain.err.contains("Usage: dockbridge"), "{}", plain.err);
}
