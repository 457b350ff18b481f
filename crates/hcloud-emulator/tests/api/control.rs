//! What tests can see and do besides the API.

use std::net::SocketAddr;

use hcloud_emulator::{Emulator, EmulatorError};
use serde_json::json;

use crate::client::Api;

#[tokio::test]
async fn requests_are_logged() {
    let api = Api::start().await;
    api.get("/servers?name=x").await.expect(200);
    api.post("/ssh_keys", json!({})).await.expect_error(422, "invalid_input");
    let log: Vec<_> = api.emulator.requests().into_iter().map(|each| (each.method, each.path, each.status)).collect();
    let entry = |method: &str, path: &str, status| (method.to_owned(), path.to_owned(), status);
    assert_eq!(log, [entry("GET", "/servers", 200), entry("POST", "/ssh_keys", 422)]);
    api.close().await;
}

#[tokio::test]
async fn an_ordered_error_happens_once() {
    let api = Api::start().await;
    api.emulator.fail_next("GET", "/servers", 503, "unavailable");
    api.get("/volumes").await.expect(200);
    api.get("/servers/5").await.expect_error(503, "unavailable");
    api.get("/servers").await.expect(200);
    api.close().await;
}

#[tokio::test]
async fn a_server_can_vanish() {
    let api = Api::start().await;
    let volume = api.volume("data", "fsn1").await;
    let server = api.server("one", json!({"volumes": [volume["id"]]})).await;
    let id = server["id"].as_u64().unwrap();
    assert!(api.emulator.kill_server(id).await);
    assert!(!api.emulator.kill_server(id).await);
    api.get(&format!("/servers/{id}")).await.expect_error(404, "not_found");
    assert!(api.get(&format!("/volumes/{}", volume["id"])).await.expect(200)["volume"]["server"].is_null());
    api.close().await;
}

#[tokio::test]
async fn an_emulator_is_not_reachable_from_elsewhere_by_accident() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = Emulator::builder().token("t").listen(everywhere).start().await.unwrap_err();
    assert!(matches!(refused, EmulatorError::Remote(address) if address == everywhere));
    let nobody = Emulator::builder().start().await.unwrap_err();
    assert_eq!(nobody.code(), "no_token");
}
