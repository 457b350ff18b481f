use proptest::prelude::*;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use super::*;

fn pair(capacity: usize) -> (DuplexStream, DuplexStream) {
    duplex(capacity)
}

/// Relays between the returned ends until both directions are over.
async fn relay(client: DuplexStream, engine: DuplexStream) -> (usize, usize) {
    let (mut client_read, mut client_write) = tokio::io::split(client);
    let (mut engine_read, mut engine_write) = tokio::io::split(engine);
    let (up, down) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicUsize::new(0));
    let order = std::sync::atomic::Ordering::Relaxed;
    let (mut from_client, mut from_engine) = (Inbound::new(), Inbound::new());
    both(
        copy(&mut from_client, &mut client_read, &mut engine_write, |count| {
            up.fetch_add(count, order);
        }),
        copy(&mut from_engine, &mut engine_read, &mut client_write, |count| {
            down.fetch_add(count, order);
        }),
        std::future::pending(),
    )
    .await;
    (up.into_inner(), down.into_inner())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn both_directions_arrive_whole_through_tiny_buffers(
        up in prop::collection::vec(any::<u8>(), 0..3000),
        down in prop::collection::vec(any::<u8>(), 0..3000),
        capacity in 1usize..64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (client, client_far) = pair(capacity);
            let (engine, engine_far) = pair(capacity);
            let (mut client_read, mut client_write) = tokio::io::split(client);
            let (mut engine_read, mut engine_write) = tokio::io::split(engine);
            let (mut got_up, mut got_down) = (Vec::new(), Vec::new());
            let (counts, (), (), ()) = tokio::join!(
                relay(client_far, engine_far),
                async {
                    client_write.write_all(&up).await.unwrap();
                    client_write.shutdown().await.unwrap();
                },
                async {
                    // The engine answers only after the end of what it was sent: the half-close must have come through.
                    engine_read.read_to_end(&mut got_up).await.unwrap();
                    engine_write.write_all(&down).await.unwrap();
                    engine_write.shutdown().await.unwrap();
                },
                async { client_read.read_to_end(&mut got_down).await.map(drop).unwrap() },
            );
            assert_eq!(counts, (up.len(), down.len()));
            assert_eq!(got_up, up);
            assert_eq!(got_down, down);
        });
    }
}

#[tokio::test]
async fn an_engine_that_ends_first_leaves_the_client_sending() {
    let (mut client, client_far) = pair(8);
    let (mut engine, engine_far) = pair(8);
    let relaying = tokio::spawn(relay(client_far, engine_far));
    engine.write_all(b"bye").await.unwrap();
    engine.shutdown().await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "bye");
    client.write_all(b"still here").await.unwrap();
    client.shutdown().await.unwrap();
    text.clear();
    engine.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "still here");
    assert_eq!(relaying.await.unwrap(), (10, 3));
}

#[tokio::test]
async fn a_side_that_takes_no_more_does_not_hold_up_the_other() {
    let (mut client, client_far) = pair(8);
    let (engine, engine_far) = pair(8);
    let relaying = tokio::spawn(relay(client_far, engine_far));
    drop(engine);
    client.write_all(&[0; 10_000]).await.unwrap();
    client.shutdown().await.unwrap();
    assert!(relaying.await.unwrap().0 <= 10_000);
}

#[tokio::test]
async fn a_client_that_has_gone_ends_an_idle_engine() {
    let (_engine, engine_far) = pair(8);
    let (mut read, _write) = tokio::io::split(engine_far);
    let mut sink = tokio::io::sink();
    let mut inbound = Inbound::new();
    both(std::future::ready(()), copy(&mut inbound, &mut read, &mut sink, |_| ()), std::future::ready(())).await;
}
