use std::{collections::VecDeque, sync::Mutex};

use ssh_docker_proxy::{BoxedStream, ExecOutput, SshError};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    task::JoinSet,
};

use super::*;
use crate::{error::ErrorCategory, server::LinkFuture};

const WINDOW: Duration = Duration::from_mins(1);

/// How an engine behaves on one connection.
#[derive(Clone)]
enum Script {
    /// Containers, each with the nanoseconds it has used; `None` if it is gone when asked.
    Runs(Vec<(&'static str, Option<u64>)>),
    /// Says this to every request, then closes.
    Says(&'static str),
    /// Takes this long for each answer.
    Slow(Duration),
    /// The way is lost.
    Unreachable,
}

/// An engine that follows one script for each connection.
struct Engine {
    scripts: Mutex<VecDeque<Script>>,
    asked: std::sync::Arc<Mutex<Vec<String>>>,
    tasks: Mutex<JoinSet<()>>,
}

impl Engine {
    fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self {
            scripts: Mutex::new(scripts.into_iter().collect()),
            asked: std::sync::Arc::default(),
            tasks: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl EngineLink for Engine {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(async {
            let script = self.scripts.lock().unwrap().pop_front().unwrap();
            if matches!(script, Script::Unreachable) {
                return Err(SshError::Ended { cause: "the test says so".to_owned() });
            }
            let (near, far) = tokio::io::duplex(4096);
            self.tasks.lock().unwrap().spawn(serve(far, script, self.asked.clone()));
            Ok(Box::new(near) as BoxedStream)
        })
    }

    fn run<'a>(&'a self, _: &'a str, _: &'a [u8], _: Duration) -> LinkFuture<'a, Result<ExecOutput, SshError>> {
        Box::pin(async { panic!("containers are examined through the engine") })
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(std::future::pending())
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

async fn serve(stream: DuplexStream, script: Script, asked: std::sync::Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap() == 0 {
                return;
            }
        }
        let target = head.split(' ').nth(1).unwrap().to_owned();
        asked.lock().unwrap().push(target.clone());
        let (status, body) = match &script {
            Script::Says(text) => return stream.write_all(text.as_bytes()).await.unwrap(),
            Script::Unreachable => unreachable!("nothing is served then"),
            Script::Slow(span) => {
                tokio::time::sleep(*span).await;
                (200, "[]".to_owned())
            }
            Script::Runs(containers) => answer(&target, containers),
        };
        let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        // Whoever asked may have had enough.
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

fn answer(target: &str, containers: &[(&'static str, Option<u64>)]) -> (u16, String) {
    if target == "/containers/json" {
        let list: Vec<_> =
            containers.iter().map(|(id, _)| serde_json::json!({ "Id": id, "State": "running" })).collect();
        return (200, serde_json::Value::from(list).to_string());
    }
    let id = target.strip_prefix("/containers/").unwrap().strip_suffix("/stats?stream=false&one-shot=true").unwrap();
    match containers.iter().find(|(known, _)| *known == id).and_then(|(_, used)| *used) {
        Some(0) => (200, r#"{"read":"0001-01-01T00:00:00Z"}"#.to_owned()),
        Some(used) => (200, format!(r#"{{"cpu_stats":{{"cpu_usage":{{"total_usage":{used}}},"online_cpus":2}}}}"#)),
        None if id == "ends" => (409, r#"{"message":"container ends is not running"}"#.to_owned()),
        None => (404, r#"{"message":"No such container"}"#.to_owned()),
    }
}

/// Nanoseconds.
const fn seconds(count: u64) -> u64 {
    count * 1_000_000_000
}

#[tokio::test(start_paused = true)]
async fn the_busiest_container_is_measured_over_the_window() {
    let engine = Engine::new([
        Script::Runs(vec![("idle", Some(seconds(500))), ("busy", Some(seconds(1000)))]),
        Script::Runs(vec![("idle", Some(seconds(503))), ("busy", Some(seconds(1090)))]),
    ]);
    let began = Instant::now();
    let containers = busiest(&engine, WINDOW).await.unwrap();
    assert_eq!(containers, Containers { running: 2, busiest_percent_of_a_core: Some(150.0) });
    assert_eq!(began.elapsed().as_secs(), 60);
    let round = ["/containers/json", "/containers/idle/stats", "/containers/busy/stats"];
    let asked: Vec<_> = engine.asked().iter().map(|target| target.split('?').next().unwrap().to_owned()).collect();
    assert_eq!(asked, [round, round].concat());
}

#[tokio::test(start_paused = true)]
async fn without_containers_it_returns_at_once() {
    let engine = Engine::new([Script::Runs(Vec::new())]);
    let began = Instant::now();
    let containers = busiest(&engine, WINDOW).await.unwrap();
    assert_eq!(containers, Containers { running: 0, busiest_percent_of_a_core: None });
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn containers_come_go_and_start_again() {
    let rounds = [
        // Came: counts from nothing. Went before or after the list: is left out.
        (
            vec![("goes", Some(seconds(9)))],
            vec![("comes", Some(seconds(6))), ("goes", None), ("ends", None)],
            1,
            Some(10.0),
        ),
        (vec![("goes", Some(seconds(9)))], vec![], 0, None),
        // Started again: counts from nothing, too.
        (vec![("again", Some(seconds(900)))], vec![("again", Some(seconds(3)))], 1, Some(5.0)),
        // Paused, or waiting to be restarted.
        (vec![("paused", Some(seconds(900)))], vec![("paused", Some(seconds(900)))], 1, Some(0.0)),
        (vec![("restarting", Some(seconds(900)))], vec![("restarting", Some(0))], 1, Some(0.0)),
    ];
    for (before, after, running, busiest_percent_of_a_core) in rounds {
        let engine = Engine::new([Script::Runs(before), Script::Runs(after)]);
        let containers = busiest(&engine, WINDOW).await.unwrap();
        assert_eq!(containers, Containers { running, busiest_percent_of_a_core });
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_with_the_end_of_the_connection_is_read() {
    let engine = Engine::new([Script::Says("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[]")]);
    assert_eq!(busiest(&engine, WINDOW).await.unwrap(), Containers::default());
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_in_time() {
    let failures = [
        (Script::Unreachable, ErrorCategory::Ssh, "the engine cannot be asked", true),
        (Script::Slow(Duration::from_secs(11)), ErrorCategory::Proxy, "within 10 s", true),
        (Script::Says(""), ErrorCategory::Proxy, "is of no use", true),
        (Script::Says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["), ErrorCategory::Proxy, "is of no use", true),
        (Script::Says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), ErrorCategory::Proxy, "is of no use", true),
        (
            Script::Says("HTTP/1.1 500 Oh\r\nContent-Length: 18\r\n\r\n{\"message\":\"why\"}\n"),
            ErrorCategory::Proxy,
            "status 500, why",
            true,
        ),
        (
            Script::Says("HTTP/1.1 403 Oh\r\nContent-Length: 0\r\n\r\n"),
            ErrorCategory::Proxy,
            "status 403, Forbidden",
            false,
        ),
    ];
    for (script, category, words, retryable) in failures {
        let began = Instant::now();
        let error = busiest(&Engine::new([script]), WINDOW).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!((error.category(), error.code(), error.retryable()), (category, "containers_unknown", retryable));
        assert!(began.elapsed() <= Duration::from_secs(10));
    }
    let lost_later = Engine::new([Script::Runs(vec![("c", Some(seconds(1)))]), Script::Unreachable]);
    assert!(matches!(busiest(&lost_later, WINDOW).await, Err(ExamineError::Link(_))));
}
