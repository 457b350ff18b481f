//! What fails between the client and the API.

use std::time::Duration;

use hcloud_client::{Client, CreateServer, Error, RetryPolicy, RetryPolicyError, ServerFilter};
use tokio::net::TcpListener;

use crate::scripted::{Answer, ScriptedApi, TOKEN};

const EMPTY: &str = r#"{"servers":[]}"#;

fn server() -> CreateServer {
    CreateServer::new("engine-1", "cx23", "debian-12")
}

#[tokio::test]
async fn a_list_survives_failures_that_pass() {
    let api = ScriptedApi::start([
        Answer::error(429, "rate_limit_exceeded"),
        Answer::new(502, "<html>bad gateway</html>"),
        Answer::error(503, "unavailable"),
        Answer::new(200, EMPTY).cut(),
        Answer::new(200, EMPTY),
    ])
    .await;
    assert_eq!(api.client().servers().list(&ServerFilter::default()).await.unwrap(), []);
    assert_eq!(api.lines().len(), 5);
}

#[tokio::test]
async fn a_list_gives_up_with_the_last_failure() {
    let api = ScriptedApi::start((0..9).map(|_| Answer::error(503, "unavailable"))).await;
    let error = api.client().servers().list(&ServerFilter::default()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert_eq!(api.lines().len(), 1 + RetryPolicy::default().max_retries);
}

#[tokio::test]
async fn a_create_is_sent_once_whatever_the_failure() {
    for (answer, uncertain) in [
        (Answer::error(412, "resource_unavailable"), false),
        (Answer::error(502, "bad_gateway"), true),
        (Answer::error(503, "unavailable"), true),
        (Answer::new(504, ""), true),
        (Answer::new(201, "{}").cut(), true),
    ] {
        let api = ScriptedApi::start([answer]).await;
        let error = api.client().servers().create(&server()).await.unwrap_err();
        assert_eq!(api.lines().len(), 1, "{error}");
        assert_eq!(error.may_have_taken_effect(), uncertain, "{error}");
        assert_eq!(error.operation().unwrap().to_string(), "POST /servers");
    }
}

#[tokio::test]
async fn a_create_whose_answer_makes_no_sense_may_have_taken_effect() {
    let answer = Answer::new(201, r#"{"server":{"id":"?"}}"#).header("X-Correlation-Id", "d5064a1f");
    let api = ScriptedApi::start([answer]).await;
    let error = api.client().servers().create(&server()).await.unwrap_err();
    assert!(matches!(error, Error::Decode { status: 201, .. }), "{error:?}");
    assert!(error.may_have_taken_effect() && !error.retryable());
    assert_eq!(error.correlation_id(), Some("d5064a1f"));
    assert_eq!(api.lines().len(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let late = || Answer::new(201, "{}").after(Duration::from_mins(1));
    let api = ScriptedApi::start([late(), late()]).await;
    let limit = Duration::from_millis(50);
    let client = api.builder().request_timeout(limit).retry(RetryPolicy::never()).build().unwrap();
    let error = client.servers().create(&server()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == limit), "{error:?}");
    assert!(error.may_have_taken_effect() && error.retryable());
    let error = client.servers().list(&ServerFilter::default()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && !error.may_have_taken_effect(), "{error:?}");
}

#[tokio::test]
async fn without_a_connection_nothing_can_have_happened() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let builder = Client::builder(TOKEN.parse().unwrap()).endpoint(&address).unwrap();
    let client = builder.retry(RetryPolicy::never()).build().unwrap();
    let error = client.servers().create(&server()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(!error.may_have_taken_effect() && error.retryable());
    assert_eq!(error.to_string(), "POST /servers: could not connect to the API");
}

#[tokio::test]
async fn encryption_that_does_not_come_about_is_no_connection() {
    let api = ScriptedApi::start([]).await;
    let address = api.address().replace("http://", "https://");
    let builder = Client::builder(TOKEN.parse().unwrap()).endpoint(&address).unwrap();
    let client = builder.retry(RetryPolicy::never()).build().unwrap();
    let error = client.servers().create(&server()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(api.lines(), [""; 0]);
}

/// Runs another test of this program, which talks to a server on this machine, where every proxy leads nowhere.
#[tokio::test]
async fn a_proxy_is_not_asked_for_what_is_on_this_machine() {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "catalogue::locations_are_decoded"]).kill_on_drop(true);
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = tokio::time::timeout(Duration::from_mins(1), command.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let api = ScriptedApi::start([Answer::new(302, "").header("Location", "/v1/elsewhere")]).await;
    let error = api.client().servers().list(&ServerFilter::default()).await.unwrap_err();
    assert_eq!(error.code(), "http_302");
    assert_eq!(api.lines().len(), 1);
}

#[test]
fn a_policy_that_makes_no_sense_builds_no_client() {
    let policy = RetryPolicy { total: Duration::ZERO, ..RetryPolicy::default() };
    let error = Client::builder(TOKEN.parse().unwrap()).retry(policy).build().unwrap_err();
    assert_eq!(error.to_string(), RetryPolicyError::NoTime.to_string());
}
