//! What must never be shown. A program of its own, because what is logged by other tests at the same time decides which
//! log lines exist at all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "the other test program uses all of it")]
#[path = "api/scripted.rs"]
mod scripted;

use std::{
    error::Error as _,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use hcloud_client::{Client, CreateServer, Error, UserData};
use tracing::{Event, Metadata, Subscriber, field::Visit, span, subscriber};

use scripted::{Answer, ScriptedApi, TOKEN};

const SECRET: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// Keeps everything that is logged, at any level, by the client and by what it is built on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn server() -> CreateServer {
    let mut server = CreateServer::new("engine-1", "cx23", "debian-12");
    server.user_data = Some(UserData::from(format!("#cloud-config\n# {SECRET}\n")));
    server
}

/// Everything that can be shown of an error: itself and what is behind it, in both ways.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        write!(text, " {error} {error:?}").unwrap();
        source = error.source();
    }
    text
}

#[test]
fn neither_token_nor_user_data_is_shown_by_debug() {
    let builder = Client::builder(TOKEN.parse().unwrap());
    let client = Client::builder(TOKEN.parse().unwrap()).build().unwrap();
    let text = format!("{builder:?} {client:?} {:?}", server());
    assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{text}");
    assert!(text.contains("redacted"), "{text}");
}

#[tokio::test(flavor = "current_thread")]
async fn neither_token_nor_user_data_is_in_errors_or_logs() {
    let log = Log::default();
    let guard = subscriber::set_default(log.clone());
    let echo = format!(r#"{{"server":{{"id":"Bearer"}},"user_data":"{SECRET}"}}"#);
    let api = ScriptedApi::start([
        Answer::error(401, "unauthorized").header("X-Correlation-Id", "d5064a1f"),
        Answer::new(201, echo),
        Answer::new(201, "{").cut(),
    ])
    .await;
    let client = api.client();
    let mut errors = String::new();
    for _ in 0..3 {
        errors.push_str(&shown(&client.servers().create(&server()).await.unwrap_err()));
    }
    drop(api);
    errors.push_str(&shown(&client.servers().create(&server()).await.unwrap_err()));
    drop(guard);
    let log = log.0.lock().unwrap();
    for text in [errors.as_str(), log.as_str()] {
        assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{text}");
    }
    for part in ["method=\"POST\"", "path=\"/servers\"", "status=401", "duration_ms=", "d5064a1f"] {
        assert!(log.contains(part), "{part} is not in:\n{log}");
    }
}
