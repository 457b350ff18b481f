//! SSH keys.

use serde_json::json;

use crate::client::{Api, FINGERPRINT, KEY};

#[tokio::test]
async fn a_key_lives_from_create_to_delete() {
    let api = Api::start().await;
    let body = json!({"name": "mine", "public_key": format!("{KEY} me@home\n"), "labels": {"a": "b"}});
    let key = api.post("/ssh_keys", body).await.expect(201)["ssh_key"].clone();
    assert_eq!(key["fingerprint"], FINGERPRINT);
    assert_eq!(key["public_key"], format!("{KEY} me@home"));
    let found = api.get(&format!("/ssh_keys?fingerprint={FINGERPRINT}")).await.expect(200);
    assert_eq!(found["ssh_keys"], json!([key]));
    let none = api.get("/ssh_keys?fingerprint=00").await.expect(200);
    assert_eq!(none["ssh_keys"], json!([]));
    let path = format!("/ssh_keys/{}", key["id"]);
    let renamed = api.put(&path, json!({"name": "ours", "labels": {"c": ""}})).await.expect(200);
    assert_eq!((&renamed["ssh_key"]["name"], &renamed["ssh_key"]["labels"]), (&"ours".into(), &json!({"c": ""})));
    let deleted = api.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (204, json!(null)));
    api.get(&path).await.expect_error(404, "not_found");
    api.close().await;
}

#[tokio::test]
async fn names_and_fingerprints_are_unique() {
    let api = Api::start().await;
    api.post("/ssh_keys", json!({"name": "mine", "public_key": KEY})).await.expect(201);
    let same_key = api.post("/ssh_keys", json!({"name": "other", "public_key": KEY})).await;
    same_key.expect_error(409, "uniqueness_error");
    assert_eq!(same_key.body["error"]["details"], json!({"fields": [{"name": "public_key"}]}));
    let same_name = api.post("/ssh_keys", json!({"name": "mine", "public_key": KEY})).await;
    assert_eq!(same_name.body["error"]["details"], json!({"fields": [{"name": "name"}]}));
    api.close().await;
}

#[tokio::test]
async fn faulty_fields_are_named() {
    let api = Api::start().await;
    let body = json!({"public_key": "ssh-ed25519 nonsense", "labels": {"-": "x"}});
    let answer = api.post("/ssh_keys", body).await;
    answer.expect_error(422, "invalid_input");
    let fields = answer.body["error"]["details"]["fields"].as_array().unwrap();
    let names: Vec<&str> = fields.iter().map(|each| each["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["name", "labels", "public_key"]);
    assert!(fields.iter().all(|each| each["messages"][0].is_string()));
    api.close().await;
}
