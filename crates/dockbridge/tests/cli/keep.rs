//! `dockbridge keep`.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::World;

async fn kept_until(world: &World) -> Value {
    let ended = world.run(&["status", "--json"]).await;
    serde_json::from_str::<Value>(&ended.out).unwrap()["activity"]["kept_until"].clone()
}

#[tokio::test]
async fn it_holds_for_the_next_server_outlives_a_crash_and_is_taken_back() {
    let world = World::new().await;
    let daemon = world.start().await;
    assert_eq!(kept_until(&world).await, Value::Null);
    let kept = world.run(&["keep", "3h"]).await;
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    assert!(kept.err.contains("the next one is kept, and billed, until"), "{}", kept.err);
    let until = kept_until(&world).await;
    assert!(until.is_string());
    daemon.signal(Signal::KILL);
    daemon.ended().await;

    let mut daemon = world.start().await;
    daemon.wait_for("It is kept by hand until").await;
    assert_eq!(kept_until(&world).await, until);
    let off = world.run(&["keep", "--off"]).await;
    assert_eq!(off.code, Some(0), "{}", off.err);
    assert_eq!(kept_until(&world).await, Value::Null);
    assert!(!world.state("keep.json").exists());

    // A stop ends what was held.
    assert_eq!(world.run(&["keep", "3h"]).await.code, Some(0));
    daemon.signal(Signal::INT);
    assert_eq!(daemon.ended().await.code, Some(0));
    assert!(!world.state("keep.json").exists());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_does() {
    let world = World::new().await;
    for (arguments, part) in [
        (&["keep"][..], "--until"),
        (&["keep", "3"], "did you mean 3s or 3m"),
        (&["keep", "0s"], "for no time at all"),
        (&["keep", "--until", "soon"], "write 18:00"),
        (&["keep", "--until", "2020-01-01T10:00"], "has passed"),
        (&["keep", "3h", "--off"], "cannot be used with"),
        (&["keep", "3h"], "not running"),
    ] {
        let ended = world.run(arguments).await;
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
}
