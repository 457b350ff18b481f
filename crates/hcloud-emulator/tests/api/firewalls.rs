//! Firewalls.

use serde_json::{Value, json};

use crate::client::Api;

fn ssh_only() -> Value {
    json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0", "::/0"], "description": null}])
}

#[tokio::test]
async fn a_firewall_is_created_and_its_rules_are_replaced() {
    let api = Api::start().await;
    let created = api.post("/firewalls", json!({"name": "ssh", "rules": ssh_only()})).await.expect(201);
    assert_eq!(created["actions"][0]["command"], "set_firewall_rules");
    let rule = &created["firewall"]["rules"][0];
    assert_eq!((&rule["port"], &rule["destination_ips"]), (&"22".into(), &json!([])));
    let path = format!("/firewalls/{}", created["firewall"]["id"]);
    let set = api.post(&format!("{path}/actions/set_rules"), json!({"rules": []})).await.expect(201);
    api.succeeded(&set["actions"][0]).await;
    assert_eq!(api.get(&path).await.expect(200)["firewall"]["rules"], json!([]));
    api.post(&format!("{path}/actions/set_rules"), json!({})).await.expect_error(422, "invalid_input");
    api.post("/firewalls", json!({"name": "ssh"})).await.expect_error(409, "uniqueness_error");
    let renamed = api.put(&path, json!({"name": "none", "labels": {"a": "b"}})).await.expect(200);
    assert_eq!(renamed["firewall"]["name"], "none");
    let found = api.get("/firewalls?label_selector=a").await.expect(200);
    assert_eq!(found["firewalls"][0]["name"], "none");
    assert_eq!(api.delete(&path).await.status, 204);
    api.close().await;
}

#[tokio::test]
async fn a_firewall_is_applied_with_a_server_and_freed_with_it() {
    let api = Api::start().await;
    let created = api.post("/firewalls", json!({"name": "ssh", "rules": ssh_only()})).await.expect(201);
    let id = created["firewall"]["id"].clone();
    let server = api.server("one", json!({"firewalls": [{"firewall": id}]})).await;
    assert_eq!(server["public_net"]["firewalls"], json!([{"id": id, "status": "applied"}]));
    let path = format!("/firewalls/{id}");
    let applied = json!([{"type": "server", "server": {"id": server["id"]}}]);
    assert_eq!(api.get(&path).await.expect(200)["firewall"]["applied_to"], applied);
    api.delete(&path).await.expect_error(422, "resource_in_use");
    api.delete(&format!("/servers/{}", server["id"])).await.expect(200);
    assert_eq!(api.delete(&path).await.status, 204);
    api.close().await;
}

#[tokio::test]
async fn a_firewall_is_applied_to_and_removed_from_resources() {
    let api = Api::start().await;
    let server = api.server("one", json!({"labels": {"env": "test"}})).await;
    let created = api.post("/firewalls", json!({"name": "ssh"})).await.expect(201);
    assert_eq!(created["actions"], json!([]));
    let path = format!("/firewalls/{}", created["firewall"]["id"]);
    let one = json!([{"type": "server", "server": {"id": server["id"]}}]);
    let apply = format!("{path}/actions/apply_to_resources");
    let answer = api.post(&apply, json!({"apply_to": one})).await.expect(201);
    assert_eq!(answer["actions"][0]["command"], "apply_firewall");
    api.succeeded(&answer["actions"][0]).await;
    api.post(&apply, json!({"apply_to": one})).await.expect_error(422, "firewall_already_applied");
    let nobody = json!([{"type": "server", "server": {"id": 1}}]);
    api.post(&apply, json!({"apply_to": nobody})).await.expect_error(404, "firewall_resource_not_found");
    let remove = format!("{path}/actions/remove_from_resources");
    let answer = api.post(&remove, json!({"remove_from": one})).await.expect(201);
    api.succeeded(&answer["actions"][0]).await;
    let labels = json!([{"type": "label_selector", "label_selector": {"selector": "env=test"}}]);
    let answer = api.post(&apply, json!({"apply_to": labels})).await.expect(201);
    api.succeeded(&answer["actions"][0]).await;
    let seen = api.get(&format!("/servers/{}", server["id"])).await.expect(200);
    assert_eq!(seen["server"]["public_net"]["firewalls"][0]["id"], created["firewall"]["id"]);
    let firewall = api.get(&path).await.expect(200)["firewall"].clone();
    assert_eq!(firewall["applied_to"][0]["applied_to_resources"], one);
    api.close().await;
}

#[tokio::test]
async fn a_server_has_five_firewalls_at_most() {
    let api = Api::start().await;
    let mut firewalls = Vec::new();
    for number in 0..6 {
        let created = api.post("/firewalls", json!({"name": format!("f{number}")})).await.expect(201);
        firewalls.push(json!({"firewall": created["firewall"]["id"]}));
    }
    let body = json!({"name": "one", "server_type": "cx23", "image": "debian-12", "firewalls": firewalls});
    api.post("/servers", body).await.expect_error(403, "resource_limit_exceeded");
    let server = api.server("one", json!({"firewalls": firewalls[..5]})).await;
    let path = format!("/firewalls/{}/actions/apply_to_resources", firewalls[5]["firewall"]);
    let body = json!({"apply_to": [{"type": "server", "server": {"id": server["id"]}}]});
    api.post(&path, body).await.expect_error(403, "resource_limit_exceeded");
    api.close().await;
}
