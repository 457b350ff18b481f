//! Routes, tokens, errors and headers: what holds for every request.

use reqwest::Method;
use serde_json::json;

use crate::client::{Api, READ_ONLY, TOKEN, answer};

#[tokio::test]
async fn routes_come_before_tokens_and_tokens_before_methods() {
    let api = Api::start().await;
    let bare = |method, path: &'static str| api.request(method, path).send();
    let unknown = answer(bare(Method::GET, "/nothing").await.unwrap()).await;
    unknown.expect_error(404, "not_found");
    assert_eq!(unknown.body["error"]["message"], "api route not found");
    let missing = answer(bare(Method::GET, "/servers").await.unwrap()).await;
    missing.expect_error(401, "unauthorized");
    assert_eq!(missing.body["error"]["message"], "token is required");
    assert!(missing.body["error"]["details"].is_null());
    answer(bare(Method::PATCH, "/servers").await.unwrap()).await.expect_error(401, "unauthorized");
    let wrong = answer(api.request(Method::GET, "/servers").bearer_auth("wrong").send().await.unwrap()).await;
    wrong.expect_error(401, "unauthorized");
    assert_eq!(wrong.body["error"]["message"], "the token you have provided is invalid");
    let method = answer(api.request(Method::PATCH, "/servers").bearer_auth(TOKEN).send().await.unwrap()).await;
    method.expect_error(405, "method_not_allowed");
    api.close().await;
}

#[tokio::test]
async fn a_read_only_token_reads_only() {
    let api = Api::start().await;
    let read = api.request(Method::GET, "/servers").bearer_auth(READ_ONLY).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let write = api.request(Method::POST, "/servers").bearer_auth(READ_ONLY).json(&json!({})).send().await.unwrap();
    answer(write).await.expect_error(401, "token_readonly");
    api.close().await;
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let api = Api::start().await;
    let (first, second) = (api.get("/servers").await, api.get("/nothing").await);
    for each in [&first, &second] {
        assert_eq!(each.header("ratelimit-limit"), "3600");
        assert!(each.header("ratelimit-reset").parse::<i64>().unwrap() > 1_700_000_000);
        assert_eq!(each.header("content-type"), "application/json");
    }
    assert_ne!(first.header("x-correlation-id"), second.header("x-correlation-id"));
    api.close().await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_json_error() {
    let api = Api::start().await;
    for body in ["{", "[]", "nonsense", "\"text\""] {
        let sent = api.request(Method::POST, "/ssh_keys").bearer_auth(TOKEN).body(body).send().await.unwrap();
        answer(sent).await.expect_error(400, "json_error");
    }
    api.close().await;
}

#[tokio::test]
async fn an_id_that_is_not_known_is_not_found() {
    let api = Api::start().await;
    for kind in ["servers", "volumes", "firewalls", "ssh_keys", "primary_ips", "actions", "images", "server_types"] {
        api.get(&format!("/{kind}/4711")).await.expect_error(404, "not_found");
        api.get(&format!("/{kind}/abc")).await.expect_error(404, "not_found");
    }
    api.close().await;
}
