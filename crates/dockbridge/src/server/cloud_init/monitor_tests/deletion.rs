//! The deletion through the API, and where the token does not go.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::fake_machine::{FakeMachine, Outcome, START};

const TOKEN: &str = "s3cr3t-0123456789-abcdefghijklmnopqrstuvwxyz";

/// Answers requests with those statuses, one each, 0 being none at all; after the last the machine is gone. Returns its
/// port, and the heads of the requests at its end.
async fn api(statuses: Vec<u16>, gone: PathBuf) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut heads = Vec::new();
        let count = statuses.len();
        for (number, status) in statuses.into_iter().enumerate() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            heads.push(String::from_utf8(head).unwrap());
            if number + 1 == count {
                fs::write(&gone, "").unwrap();
            }
            if status > 0 {
                // It says the token again, as no API should, so that the test sees whether bodies are printed.
                let answer = format!(
                    "HTTP/1.1 {status} Any\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{TOKEN}",
                    TOKEN.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        heads
    });
    (port, task)
}

/// A machine with the credentials and a lease that is about to run out.
async fn machine_with_token(port: u16, machine: FakeMachine) -> FakeMachine {
    let outcome = machine.call(&["token"], &format!("http://127.0.0.1:{port}/v1/servers/42\n{TOKEN}\n")).await;
    assert_eq!((outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(0), "", ""));
    machine.ok(&["renew", "c0ffee", "laptop", "5"]).await;
    machine
}

/// The token is in no argument of any tool and in no output.
fn assert_secret(machine: &FakeMachine, outcome: &Outcome) {
    let calls = fs::read_to_string(machine.path("calls")).unwrap();
    for text in [&calls, &outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[tokio::test]
async fn it_is_tried_until_the_api_accepts_it() {
    let machine = FakeMachine::new("delete");
    let statuses = vec![503, 0, 423, 401, 500, 429, 404, 502, 302, 200];
    let count = statuses.len();
    let (port, api) = api(statuses, machine.path("gone")).await;
    let machine = machine_with_token(port, machine).await;
    let outcome = machine.watch_until(START + 3600).await;
    let heads = api.await.unwrap();
    assert_eq!(heads.len(), count);
    for head in heads {
        assert!(head.starts_with("DELETE /v1/servers/42 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("Authorization: Bearer {TOKEN}\r\n")), "{head}");
    }
    assert_eq!(machine.pauses_since("python3"), [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    assert!(machine.calls().iter().all(|(_, call)| !call.contains("poweroff")));
    assert!(machine.calls().iter().any(|(_, call)| call == "umount /var/lib/docker"));
    for part in ["the API answered 503", "the request failed: RemoteDisconnected", "has accepted the deletion"] {
        assert!(outcome.stderr.contains(part), "{part} is missing in: {}", outcome.stderr);
    }
    assert_secret(&machine, &outcome);
}

#[tokio::test]
async fn it_is_tried_again_while_the_machine_is_still_there() {
    let machine = FakeMachine::new("delete");
    let (port, api) = api(vec![200, 423, 404], machine.path("gone")).await;
    let machine = machine_with_token(port, machine).await;
    machine.watch_until(START + 3600).await;
    assert_eq!(api.await.unwrap().len(), 3);
    assert_eq!(machine.pauses_since("python3"), [1, 2, 4]);
}

#[tokio::test]
async fn an_api_that_is_away_is_asked_again() {
    let machine = FakeMachine::new("delete");
    // A port that was free a moment ago; whatever answers there now does not speak HTTP for us.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let machine = machine_with_token(port, machine).await;
    let outcome = machine.watch_until(START + 20).await;
    assert_eq!(machine.pauses_since("python3")[..3], [1, 2, 4]);
    assert!(outcome.stderr.contains("the API cannot be reached"), "{}", outcome.stderr);
    assert_secret(&machine, &outcome);
}

#[tokio::test]
async fn without_the_token_or_the_wish_it_powers_off() {
    let machine = FakeMachine::new("delete");
    machine.ok(&["renew", "c0ffee", "laptop", "5"]).await;
    machine.watch_until(START + 20).await;
    assert!(machine.calls().iter().any(|(_, call)| call == "systemctl poweroff"));

    let machine = machine_with_token(9, FakeMachine::new("poweroff")).await;
    machine.watch_until(START + 20).await;
    assert!(machine.calls().iter().any(|(_, call)| call == "systemctl poweroff"));
    assert!(!fs::read_to_string(machine.path("calls")).unwrap().contains("python3"));
}

#[tokio::test]
async fn the_credentials_are_for_root_alone_and_can_be_replaced() {
    let machine = FakeMachine::new("delete");
    for url in ["http://127.0.0.1:1/v1/servers/42", "https://api.hetzner.cloud/v1/servers/42"] {
        let outcome = machine.call(&["token"], &format!("{url}\n{TOKEN}\n")).await;
        assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
        let path = machine.run_dir().join("deletion");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{url}\n{TOKEN}\n"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(machine.run_dir()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(machine.run_dir()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_not_repeated() {
    let machine = FakeMachine::new("delete");
    for input in [
        String::new(),
        format!("{TOKEN}\n"),
        format!("{TOKEN}\nhttps://api.hetzner.cloud/v1/servers/42\n"),
        format!("file:///etc/passwd\n{TOKEN}\n"),
        format!("https://api.hetzner.cloud/v1/servers/42\n{TOKEN} {TOKEN}\n"),
        format!("https://api.hetzner.cloud/v1/servers/42\n{TOKEN}\u{1}\n"),
        "https://api.hetzner.cloud/v1/servers/42\n\n".to_owned(),
    ] {
        let outcome = machine.call(&["token"], &input).await;
        assert_eq!(outcome.status, Some(2), "{input:?}");
        assert!(outcome.stderr.contains("line") && !outcome.stderr.contains(TOKEN), "{}", outcome.stderr);
    }
    assert!(!machine.run_dir().exists());
}
