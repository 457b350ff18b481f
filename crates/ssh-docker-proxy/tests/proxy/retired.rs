//! Engines that take no further request.

use std::sync::atomic::Ordering;

use tokio::io::AsyncWriteExt;

use super::setup::*;

const ASK_A: &[u8] = b"GET /a HTTP/1.1\r\n\r\n";

/// A request that the engine answers only after its body, and what it says before.
const SLOW: &[u8] = b"POST /continue HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const SLOW_ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// Until that many streams to the engine are closed.
async fn closed(setup: &Setup, count: usize) {
    until("retired streams are closed", || setup.engine.ended.load(Ordering::SeqCst) == count).await;
}

#[tokio::test]
async fn between_requests_the_stream_is_closed_at_once_and_the_client_keeps_its_connection() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(ASK_A).await.unwrap();
    exact(&mut client, A).await;
    setup.retire();
    closed(&setup, 1).await;
    // The beginning of a request is no request yet.
    client.write_all(b"GET /a HTTP/1.1\r\n\r\nGET /").await.unwrap();
    exact(&mut client, A).await;
    setup.retire();
    closed(&setup, 2).await;
    client.write_all(b"a HTTP/1.1\r\n\r\n").await.unwrap();
    exact(&mut client, A).await;
    assert_eq!(setup.opened(), 3);
    drop(client);
    until("the end is seen", || setup.log.lines().last().unwrap() == "1 closed").await;
}

#[tokio::test]
async fn what_is_under_way_goes_on_and_the_next_request_gets_another_engine() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(SLOW).await.unwrap();
    exact(&mut client, GO_ON).await;
    setup.retire();
    client.write_all(b"hi").await.unwrap();
    exact(&mut client, SLOW_ANSWER).await;
    closed(&setup, 1).await;
    assert_eq!(setup.opened(), 1);
    client.write_all(ASK_A).await.unwrap();
    exact(&mut client, A).await;
    assert_eq!(setup.opened(), 2);
}

#[tokio::test]
async fn pipelined_requests_are_divided_between_the_engines() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(SLOW).await.unwrap();
    exact(&mut client, GO_ON).await;
    setup.retire();
    client.write_all(&[b"hi", ASK_A, ASK_A].concat()).await.unwrap();
    exact(&mut client, SLOW_ANSWER).await;
    exact(&mut client, A).await;
    exact(&mut client, A).await;
    assert_eq!((setup.opened(), setup.engine.accepted.load(Ordering::SeqCst)), (2, 2));
}

#[tokio::test]
async fn a_connection_that_has_been_taken_over_goes_on() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(b"POST /containers/c/attach HTTP/1.1\r\n\r\n").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n").await;
    setup.retire();
    client.write_all(b"input").await.unwrap();
    client.shutdown().await.unwrap();
    exact(&mut client, "input and bye").await;
    end(&mut client).await;
}

#[tokio::test]
async fn nothing_happens_where_no_stream_is_kept() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(b"GET /local HTTP/1.1\r\n\r\n").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\nOK").await;
    setup.retire();
    client.write_all(ASK_A).await.unwrap();
    exact(&mut client, A).await;
    assert_eq!((setup.opened(), setup.engine.accepted.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn a_stream_that_is_retired_from_the_start_serves_the_request_that_it_was_opened_for() {
    let setup = Setup::new(BOUND);
    setup.connector.retired.lock().unwrap().cancel();
    let mut client = setup.client().await;
    for round in 1..=2 {
        client.write_all(ASK_A).await.unwrap();
        exact(&mut client, A).await;
        closed(&setup, round).await;
        assert_eq!(setup.opened(), round);
    }
}

#[tokio::test]
async fn the_observer_is_told_of_a_request_before_the_proxy_looks_whether_the_engine_is_retired() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(ASK_A).await.unwrap();
    exact(&mut client, A).await;
    // Whoever retires the engine at the moment that a request is told must find the request on another one.
    let retired = std::mem::take(&mut *setup.connector.retired.lock().unwrap());
    *setup.log.tripwire.lock().unwrap() = Some(("/b".to_owned(), retired));
    client.write_all(b"GET /b HTTP/1.1\r\n\r\n").await.unwrap();
    exact(&mut client, &A.replace("/a", "/b")).await;
    assert_eq!((setup.opened(), setup.engine.accepted.load(Ordering::SeqCst)), (2, 2));
    closed(&setup, 1).await;
}
