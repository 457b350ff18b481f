//! Volumes.

use serde_json::json;

use crate::client::Api;

#[tokio::test]
async fn a_volume_is_created_then_available() {
    let api = Api::start().await;
    let body = json!({"name": "data", "size": 20, "location": "nbg1", "format": "ext4", "labels": {"a": "b"}});
    let created = api.post("/volumes", body).await.expect(201);
    let volume = &created["volume"];
    assert_eq!(volume["status"], "creating");
    assert_eq!(volume["linux_device"], format!("/dev/disk/by-id/scsi-0HC_Volume_{}", volume["id"]));
    assert_eq!((&created["action"]["command"], &created["next_actions"]), (&"create_volume".into(), &json!([])));
    let path = format!("/volumes/{}", volume["id"]);
    api.delete(&path).await.expect_error(423, "locked");
    api.succeeded(&created["action"]).await;
    let volume = api.get(&path).await.expect(200)["volume"].clone();
    assert_eq!((&volume["status"], &volume["format"]), (&"available".into(), &"ext4".into()));
    assert!(volume["server"].is_null());
    let found = api.get("/volumes?label_selector=a%3Db&status=available").await.expect(200);
    assert_eq!(found["volumes"], json!([volume]));
    let deleted = api.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (204, json!(null)));
    api.get(&path).await.expect_error(404, "not_found");
    api.close().await;
}

#[tokio::test]
async fn a_volume_survives_its_server() {
    let api = Api::start().await;
    let volume = api.volume("data", "fsn1").await;
    let path = format!("/volumes/{}", volume["id"]);
    let server = api.server("one", json!({"volumes": [volume["id"]], "automount": false})).await;
    assert_eq!(server["volumes"], json!([volume["id"]]));
    assert_eq!(api.get(&path).await.expect(200)["volume"]["server"], server["id"]);
    api.delete(&path).await.expect_error(422, "resource_in_use");
    let body = json!({"name": "two", "server_type": "cx23", "image": "debian-12", "volumes": [volume["id"]]});
    api.post("/servers", body).await.expect_error(422, "volume_already_attached");
    let action = api.delete(&format!("/servers/{}", server["id"])).await.expect(200);
    api.succeeded(&action["action"]).await;
    assert!(api.get(&path).await.expect(200)["volume"]["server"].is_null());
    let again = api.server("two", json!({"volumes": [volume["id"]]})).await;
    assert_eq!(again["volumes"], json!([volume["id"]]));
    api.close().await;
}

#[tokio::test]
async fn a_volume_is_attached_in_its_own_location_only() {
    let api = Api::start().await;
    let far = api.volume("far", "nbg1").await;
    let near = api.volume("near", "fsn1").await;
    let body = json!({
        "name": "one", "server_type": "cx23", "image": "debian-12", "location": "fsn1", "volumes": [far["id"]],
    });
    let refused = api.post("/servers", body).await;
    refused.expect_error(422, "invalid_input");
    assert_eq!(refused.body["error"]["details"]["fields"][0]["name"], "volumes");
    let server = api.server("one", json!({})).await;
    let attach = |volume: &serde_json::Value| format!("/volumes/{}/actions/attach", volume["id"]);
    api.post(&attach(&far), json!({"server": server["id"]})).await.expect_error(422, "invalid_input");
    let action = api.post(&attach(&near), json!({"server": server["id"]})).await.expect(201);
    assert_eq!(
        (&action["action"]["command"], &action["action"]["status"]),
        (&"attach_volume".into(), &"running".into())
    );
    api.post(&attach(&near), json!({"server": server["id"]})).await.expect_error(423, "locked");
    api.succeeded(&action["action"]).await;
    api.post(&attach(&near), json!({"server": server["id"]})).await.expect_error(422, "volume_already_attached");
    let detach = format!("/volumes/{}/actions/detach", near["id"]);
    let action = api.post(&detach, json!({})).await.expect(201);
    api.succeeded(&action["action"]).await;
    api.post(&detach, json!({})).await.expect_error(422, "volume_not_attached");
    api.close().await;
}

#[tokio::test]
async fn a_volume_can_be_created_at_a_server() {
    let api = Api::start().await;
    let server = api.server("one", json!({})).await;
    let body = json!({"name": "data", "size": 10, "server": server["id"], "automount": true, "format": "xfs"});
    let created = api.post("/volumes", body).await.expect(201);
    assert_eq!(created["next_actions"][0]["command"], "attach_volume");
    api.succeeded(&created["action"]).await;
    api.succeeded(&created["next_actions"][0]).await;
    let volume = api.get(&format!("/volumes/{}", created["volume"]["id"])).await.expect(200);
    assert_eq!((&volume["volume"]["server"], &volume["volume"]["location"]["name"]), (&server["id"], &"fsn1".into()));
    api.close().await;
}

#[tokio::test]
async fn a_volume_grows_is_protected_and_renamed() {
    let api = Api::start().await;
    let volume = api.volume("data", "fsn1").await;
    let path = format!("/volumes/{}", volume["id"]);
    let resize = format!("{path}/actions/resize");
    api.post(&resize, json!({"size": 10})).await.expect_error(422, "invalid_input");
    let action = api.post(&resize, json!({"size": 50})).await.expect(201);
    api.succeeded(&action["action"]).await;
    assert_eq!(api.get(&path).await.expect(200)["volume"]["size"], 50);
    let action = api.post(&format!("{path}/actions/change_protection"), json!({"delete": true})).await.expect(201);
    api.succeeded(&action["action"]).await;
    api.delete(&path).await.expect_error(423, "protected");
    let renamed = api.put(&path, json!({"name": "more", "labels": {"k": "v"}})).await.expect(200);
    assert_eq!((&renamed["volume"]["name"], &renamed["volume"]["labels"]), (&"more".into(), &json!({"k": "v"})));
    api.close().await;
}

#[tokio::test]
async fn volumes_that_make_no_sense_are_refused() {
    let api = Api::start().await;
    for body in [
        json!({}),
        json!({"name": "a", "size": 9, "location": "fsn1"}),
        json!({"name": "a", "size": 10_241, "location": "fsn1"}),
        json!({"name": "a", "size": 10.5, "location": "fsn1"}),
        json!({"name": "-a", "size": 10, "location": "fsn1"}),
        json!({"name": "a", "size": 10}),
        json!({"name": "a", "size": 10, "location": "mars"}),
        json!({"name": "a", "size": 10, "location": "fsn1", "format": "btrfs"}),
        json!({"name": "a", "size": 10, "location": "fsn1", "automount": true}),
        json!({"name": "a", "size": 10, "location": "fsn1", "server": 5}),
    ] {
        api.post("/volumes", body).await.expect_error(422, "invalid_input");
    }
    api.volume("a", "fsn1").await;
    let again = api.post("/volumes", json!({"name": "a", "size": 10, "location": "fsn1"})).await;
    again.expect_error(409, "uniqueness_error");
    api.close().await;
}
