//! The program: one line, then the API until it is told to stop.
#![expect(clippy::unwrap_used, reason = "a test that meets an unexpected value should stop there")]

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long the program may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hcloud-emulator"));
    command
        .args(arguments)
        .env_remove("HCLOUD_TOKEN")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn endpoint(child: &mut Child) -> (String, BufReader<ChildStdout>) {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    timeout(PATIENCE, output.read_line(&mut line)).await.unwrap().unwrap();
    (line.trim_end().strip_prefix("listening on ").unwrap().to_owned(), output)
}

#[tokio::test]
async fn it_prints_its_address_serves_and_ends_on_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut child = program(&["--listen", "127.0.0.1:0"]).env("HCLOUD_TOKEN", "secret").spawn().unwrap();
        let (endpoint, mut output) = endpoint(&mut child).await;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let answer = http.get(format!("{endpoint}/locations")).bearer_auth("secret").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
        let mut rest = String::new();
        output.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn it_refuses_what_it_cannot_do() {
    for (arguments, expected) in [
        (&["--token", "t", "--listen", "0.0.0.0:0"][..], "reached from other machines"),
        (&["--token", ""][..], "at least one token"),
        (&[][..], "--token"),
        (&["--token", "t", "--machines", "clouds"][..], "possible values: none, containers"),
    ] {
        let output = timeout(PATIENCE, program(arguments).output()).await.unwrap().unwrap();
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(expected), "{message}");
    }
}
