//! Requests, answers and everything that connections turn into.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ssh_docker_proxy::ServeReport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fixture::engine::{block, intact};
use super::setup::*;

#[tokio::test]
async fn requests_of_one_connection_share_one_stream() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    for _ in 0..3 {
        client.write_all(b"GET /a HTTP/1.1\r\n\r\n").await.unwrap();
        exact(&mut client, A).await;
    }
    client.write_all(b"GET /chunked HTTP/1.1\r\n\r\n").await.unwrap();
    let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n";
    exact(&mut client, body).await;
    client.write_all(b"HEAD /_ping HTTP/1.1\r\n\r\n").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").await;
    client.write_all(b"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /x hi").await;
    assert_eq!(setup.opened(), 1);
    drop(client);
    until("the end is seen", || setup.log.lines().last().unwrap() == "1 closed").await;
    assert_eq!(setup.log.lines()[..4], ["1 opened", "1 GET /a", "1 200", "1 finished"]);
    assert_eq!(setup.log.to_engine.load(Ordering::SeqCst), 19 * 3 + 25 + 24 + 41);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client
        .write_all(b"GET /a HTTP/1.1\r\n\r\nPOST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /a HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    exact(&mut client, A).await;
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /x hi").await;
    exact(&mut client, A).await;
    end(&mut client).await;
}

#[tokio::test]
async fn connections_are_taken_over_with_and_without_an_upgrade() {
    let setup = Setup::new(BOUND);
    for (headers, head) in [
        (
            "Connection: Upgrade\r\nUpgrade: tcp\r\n",
            "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        ),
        ("", "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"),
    ] {
        let mut client = setup.client().await;
        // The first bytes of the stream travel with the request.
        let request = format!("POST /v1.41/containers/c/attach HTTP/1.1\r\n{headers}\r\nearly ");
        client.write_all(request.replace("/v1.41", "").as_bytes()).await.unwrap();
        exact(&mut client, head).await;
        client.write_all(b"and late").await.unwrap();
        client.shutdown().await.unwrap();
        exact(&mut client, "early and late and bye").await;
        end(&mut client).await;
    }
}

#[tokio::test]
async fn the_engine_decides_when_a_connection_ends() {
    let setup = Setup::new(BOUND);
    assert!(setup.talk("GET /close HTTP/1.1\r\n\r\n").await.ends_with("end"));
    assert!(setup.talk("GET /until-close HTTP/1.1\r\n\r\n").await.ends_with("all there is"));
    assert!(setup.talk("GET /half HTTP/1.1\r\n\r\n").await.ends_with("half"), "cut, not answered twice");
    let mut client = setup.client().await;
    // The engine closes with its answer, so its end is there before the next request, which gets a new stream.
    let dropped = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    for _ in 0..2 {
        client.write_all(b"GET /drop-after HTTP/1.1\r\n\r\n").await.unwrap();
        exact(&mut client, dropped).await;
    }
}

#[tokio::test]
async fn interim_answers_and_early_answers_are_passed_on() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(b"POST /continue HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").await.unwrap();
    exact(&mut client, "HTTP/1.1 100 Continue\r\n\r\n").await;
    client.write_all(b"hi").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    client.write_all(b"POST /refused HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nsome").await.unwrap();
    exact(&mut client, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno").await;
    end(&mut client).await;
}

#[tokio::test]
async fn large_bodies_arrive_whole() {
    const LENGTH: usize = 8 << 20;
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client.write_all(format!("POST /upload HTTP/1.1\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes()).await.unwrap();
    let body = block(0, 1 << 16);
    for _ in 0..LENGTH / body.len() {
        client.write_all(&body).await.unwrap();
    }
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nintact").await;
    client.write_all(format!("GET /download?{LENGTH} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
    exact(&mut client, &format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n")).await;
    let mut bytes = vec![0; LENGTH];
    soon(client.read_exact(&mut bytes)).await.unwrap();
    assert!(bytes.chunks(1 << 16).all(|chunk| intact(0, chunk)));
}

#[tokio::test]
async fn an_answer_of_our_own_closes_the_connection_where_the_client_asks_for_it() {
    let setup = Setup::new(BOUND);
    for request in ["GET /refuse HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /refuse HTTP/1.0\r\n\r\n"] {
        let mut client = setup.client().await;
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(client.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.contains("Connection: close\r\n") && answer.contains("no engine today"), "{answer}");
    }
}

#[tokio::test]
async fn a_lost_engine_and_a_refusal_are_told_in_the_engines_words() {
    let setup = Setup::new(BOUND);
    let lost = setup.talk("GET /lost HTTP/1.1\r\n\r\n").await;
    assert!(
        lost.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
            && lost.contains("{\"message\":\"The connection to the")
    );
    let lost = setup.talk("POST /lost HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe").await;
    assert!(lost.contains("Connection: close\r\n"), "{lost}");
    assert_eq!(setup.log.lines().iter().filter(|line| line.ends_with(" lost")).count(), 2);

    let mut client = setup.client().await;
    let refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: \
                   30\r\n\r\n{\"message\":\"no engine today\"}\n";
    for _ in 0..2 {
        client.write_all(b"GET /refuse HTTP/1.1\r\n\r\n").await.unwrap();
        exact(&mut client, refusal).await;
    }
    client.write_all(b"POST /refuse HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n").await.unwrap();
    client.write_all(&vec![0; 500_000]).await.unwrap();
    exact(&mut client, &refusal.replace("Content-Length", "Connection: close\r\nContent-Length")).await;
    end(&mut client).await;
}

#[tokio::test]
async fn the_connector_may_answer_itself() {
    let setup = Setup::new(BOUND);
    let mut client = setup.client().await;
    client
        .write_all(b"HEAD /local HTTP/1.1\r\n\r\nGET /v1.47/local HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\n";
    exact(&mut client, head).await;
    exact(&mut client, head).await;
    exact(&mut client, "OK").await;
    exact(&mut client, A).await;
}

#[tokio::test]
async fn a_held_request_waits_as_long_as_its_client() {
    let setup = Setup::new(BOUND);
    let held = || setup.connector.held.load(Ordering::SeqCst);
    let mut patient = setup.client().await;
    patient.write_all(b"GET /hold HTTP/1.1\r\n\r\n").await.unwrap();
    // A client that only sends no more still waits; one that has gone does not.
    let mut impatient = setup.client().await;
    impatient.write_all(b"GET /hold HTTP/1.1\r\n\r\n").await.unwrap();
    impatient.shutdown().await.unwrap();
    until("both are held", || held() == 2).await;
    tokio::task::yield_now().await;
    assert_eq!(held(), 2);
    drop(impatient);
    until("the client that went is given up", || held() == 1).await;
    setup.connector.release.notify_waiters();
    exact(&mut patient, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nGET /hold ").await;
}

#[tokio::test]
async fn the_engine_learns_that_a_client_has_gone() {
    let setup = Setup::new(BOUND);
    let mut half = setup.client().await;
    half.write_all(b"GET /forever HTTP/1.1\r\n\r\n").await.unwrap();
    half.shutdown().await.unwrap();
    until("a half-close is passed on", || setup.engine.cancelled.load(Ordering::SeqCst) == 1).await;
    let mut whole = setup.client().await;
    whole.write_all(b"GET /forever HTTP/1.1\r\n\r\n").await.unwrap();
    until("the engine has it", || setup.engine.accepted.load(Ordering::SeqCst) == 2).await;
    drop(whole);
    until("a close is passed on", || setup.engine.cancelled.load(Ordering::SeqCst) == 2).await;
    until("its connection is over", || setup.log.lines().contains(&"2 closed".to_owned())).await;
}

#[tokio::test]
async fn what_is_not_understood_goes_through_as_it_is() {
    let setup = Setup::new(BOUND);
    // The engine reads by Content-Length; the proxy only knows that the two headers contradict each other.
    let smuggled = "POST /x HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi";
    let mut client = setup.client().await;
    client.write_all(smuggled.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /x hi").await;
    end(&mut client).await;
    let mut client = setup.client().await;
    client.write_all(b"GET /\x01 HTTP/9.9\r\n\r\n").await.unwrap();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /\u{1} ").await;
    // Who measures is told that nobody knows what it is.
    let told = |line: &str| setup.log.lines().iter().any(|told| told == line);
    assert!(told("1 POST /x") && told("1  ") && told("2  "), "{:?}", setup.log.lines());
}

#[tokio::test]
async fn a_silent_connection_asks_for_no_engine_and_ends_with_the_proxy() {
    let setup = Setup::new(BOUND);
    let mut silent = setup.client().await;
    let mut partial = setup.client().await;
    partial.write_all(b"GET /a HT").await.unwrap();
    until("both are accepted", || setup.log.lines().len() == 2).await;
    drop(partial);
    setup.shutdown.cancel();
    end(&mut silent).await;
    assert_eq!(soon(setup.proxy).await.unwrap(), ServeReport { accepted: 2, cut: 0 });
    assert_eq!(setup.connector.opened.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn work_under_way_is_drained_and_then_cut() {
    let setup = Setup::new(Duration::from_secs(5));
    let mut client = setup.client().await;
    client.write_all(b"GET /hold HTTP/1.1\r\n\r\n").await.unwrap();
    until("it is held", || setup.connector.held.load(Ordering::SeqCst) == 1).await;
    setup.shutdown.cancel();
    setup.connector.release.notify_waiters();
    exact(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nGET /hold ").await;
    end(&mut client).await;
    assert_eq!(soon(setup.proxy).await.unwrap().cut, 0);

    let setup = Setup::new(Duration::from_millis(50));
    let mut client = setup.client().await;
    client.write_all(b"GET /forever HTTP/1.1\r\n\r\n").await.unwrap();
    until("the engine has it", || setup.engine.accepted.load(Ordering::SeqCst) == 1).await;
    setup.shutdown.cancel();
    assert_eq!(soon(setup.proxy).await.unwrap(), ServeReport { accepted: 1, cut: 1 });
    end(&mut client).await;
    assert_eq!(setup.log.lines().last().unwrap(), "1 closed");
}
