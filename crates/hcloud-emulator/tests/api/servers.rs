//! Servers.

use serde_json::{Value, json};

use crate::client::{Api, KEY};

fn order(name: &str) -> Value {
    json!({"name": name, "server_type": "cx23", "image": "docker-ce", "location": "fsn1"})
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

#[tokio::test]
async fn a_server_is_created_in_steps() {
    let api = Api::start().await;
    let created = api.post("/servers", order("one")).await.expect(201);
    let server = &created["server"];
    assert_eq!(server["status"], "initializing");
    assert!(server.get("datacenter").is_none());
    assert_eq!(server["location"]["name"], "fsn1");
    assert_eq!(server["image"]["name"], "docker-ce");
    assert!(server["public_net"]["ipv4"]["ip"].as_str().unwrap().starts_with("198.51.100."));
    assert!(server["public_net"]["ipv6"]["ip"].as_str().unwrap().ends_with("/64"));
    assert!(created["root_password"].is_string());
    let action = &created["action"];
    assert_eq!((&action["command"], &action["status"]), (&"create_server".into(), &"running".into()));
    assert!(action["error"].is_null() && action["finished"].is_null());
    assert_eq!(action["id"].as_u64().unwrap().to_string().len(), 15);
    assert_eq!(action["resources"][0], json!({"id": server["id"], "type": "server"}));
    assert_eq!(created["next_actions"][0]["command"], "start_server");
    assert_eq!(created["next_actions"][0]["parent_id"], action["id"]);
    api.succeeded(action).await;
    api.succeeded(&created["next_actions"][0]).await;
    let path = format!("/servers/{}", server["id"]);
    assert_eq!(api.get(&path).await.expect(200)["server"]["status"], "running");
    api.close().await;
}

#[tokio::test]
async fn ids_and_names_are_taken_as_numbers_and_strings() {
    let api = Api::start().await;
    let key = api.post("/ssh_keys", json!({"name": "mine", "public_key": KEY})).await.expect(201);
    let id = key["ssh_key"]["id"].as_u64().unwrap();
    for (number, keys) in [json!([id]), json!([id.to_string()]), json!(["mine"])].into_iter().enumerate() {
        let body = json!({
            "name": format!("s{number}"), "server_type": 22, "image": "40093247", "location": 4, "ssh_keys": keys,
        });
        let created = api.post("/servers", body).await.expect(201);
        assert_eq!(created["server"]["server_type"]["name"], "cpx11");
        assert_eq!(created["server"]["location"]["name"], "ash");
        assert!(created["root_password"].is_null());
    }
    api.close().await;
}

#[tokio::test]
async fn orders_that_cannot_be_met_are_refused() {
    let api = Api::start().await;
    let faulty = |key: &str, value: Value| with(order("one"), key, value);
    let missing = api.post("/servers", json!({})).await;
    missing.expect_error(422, "invalid_input");
    assert_eq!(missing.body["error"]["details"]["fields"].as_array().unwrap().len(), 3);
    for (key, value) in [
        ("name", json!("not_a_host")),
        ("name", json!(5)),
        ("server_type", json!("cx99")),
        ("server_type", json!([])),
        ("image", json!("windows")),
        ("image", json!(114_690_389)),
        ("location", json!("mars")),
        ("labels", json!({"a": 1})),
        ("firewalls", json!([5])),
        ("public_net", json!({"enable_ipv4": "no"})),
    ] {
        api.post("/servers", faulty(key, value.clone())).await.expect_error(422, "invalid_input");
    }
    let place = api.post("/servers", faulty("location", json!("mars"))).await;
    assert_eq!(place.body["error"]["message"], "location 'mars' not found");
    let nowhere = api.post("/servers", faulty("location", json!("ash"))).await;
    assert_eq!(nowhere.body["error"]["message"], "unsupported location for server type");
    let sold_out = api.post("/servers", faulty("server_type", json!("cpx21"))).await;
    sold_out.expect_error(412, "resource_unavailable");
    let long = api.post("/servers", faulty("user_data", json!("x".repeat(32_769)))).await;
    long.expect_error(422, "invalid_input");
    assert_eq!(
        long.body["error"]["details"],
        json!({"fields": [{"name": "user_data", "messages": ["Length must be between 0 and 32768."]}]})
    );
    api.post("/servers", faulty("ssh_keys", json!(["gone"]))).await.expect_error(404, "not_found");
    api.post("/servers", faulty("volumes", json!([1]))).await.expect_error(404, "not_found");
    assert_eq!(api.get("/servers").await.expect(200)["servers"], json!([]));
    api.post("/servers", faulty("user_data", json!("x".repeat(32_768)))).await.expect(201);
    api.post("/servers", order("one")).await.expect_error(409, "uniqueness_error");
    api.close().await;
}

#[tokio::test]
async fn a_busy_server_is_locked_and_a_protected_one_stays() {
    let api = Api::start().await;
    let created = api.post("/servers", order("one")).await.expect(201);
    let path = format!("/servers/{}", created["server"]["id"]);
    let locked = api.delete(&path).await;
    locked.expect_error(423, "locked");
    assert_eq!(locked.body["error"]["message"], "cannot perform operation because server is locked");
    api.post(&format!("{path}/actions/poweroff"), json!({})).await.expect_error(423, "locked");
    api.succeeded(&created["next_actions"][0]).await;
    let protect = json!({"delete": true, "rebuild": true});
    let action = api.post(&format!("{path}/actions/change_protection"), protect).await.expect(201);
    api.succeeded(&action["action"]).await;
    api.delete(&path).await.expect_error(423, "protected");
    let action = api.post(&format!("{path}/actions/change_protection"), json!({"delete": false})).await.expect(201);
    api.succeeded(&action["action"]).await;
    let deleted = api.delete(&path).await.expect(200);
    assert_eq!(deleted["action"]["command"], "delete_server");
    api.get(&path).await.expect_error(404, "not_found");
    api.succeeded(&deleted["action"]).await;
    api.close().await;
}

#[tokio::test]
async fn the_power_switch_works() {
    let api = Api::start().await;
    let server = api.server("one", json!({})).await;
    let path = format!("/servers/{}", server["id"]);
    for (command, name, status) in [
        ("poweroff", "stop_server", "off"),
        ("poweron", "start_server", "running"),
        ("reboot", "reboot_server", "running"),
        ("reset", "reset_server", "running"),
        ("shutdown", "shutdown_server", "off"),
    ] {
        let action = api.post(&format!("{path}/actions/{command}"), json!({})).await.expect(201);
        assert_eq!(action["action"]["command"], name);
        api.succeeded(&action["action"]).await;
        api.until(&path, |body| body["server"]["status"] == status).await;
    }
    api.post(&format!("{path}/actions/fly"), json!({})).await.expect_error(405, "method_not_allowed");
    api.close().await;
}

#[tokio::test]
async fn a_server_can_be_created_without_being_started() {
    let api = Api::start().await;
    let server = api.server("one", json!({"start_after_create": false})).await;
    assert_eq!(server["status"], "off");
    let path = format!("/servers/{}", server["id"]);
    let action = api.post(&format!("{path}/actions/poweron"), json!({})).await.expect(201);
    api.succeeded(&action["action"]).await;
    assert_eq!(api.get(&path).await.expect(200)["server"]["status"], "running");
    api.close().await;
}

#[tokio::test]
async fn addresses_come_and_go_with_their_server() {
    let api = Api::start().await;
    let server = api.server("one", json!({"public_net": {"enable_ipv4": true, "enable_ipv6": false}})).await;
    assert!(server["public_net"]["ipv6"].is_null());
    let ips = api.get("/primary_ips").await.expect(200)["primary_ips"].clone();
    assert_eq!(ips.as_array().unwrap().len(), 1);
    assert_eq!(ips[0]["id"], server["public_net"]["ipv4"]["id"]);
    assert_eq!((&ips[0]["assignee_id"], &ips[0]["auto_delete"]), (&server["id"], &json!(true)));
    assert!(ips[0].get("datacenter").is_none());
    api.get(&format!("/primary_ips/{}", ips[0]["id"])).await.expect(200);
    api.delete(&format!("/servers/{}", server["id"])).await.expect(200);
    assert_eq!(api.get("/primary_ips").await.expect(200)["primary_ips"], json!([]));
    api.close().await;
}

#[tokio::test]
async fn servers_are_found_by_name_status_and_labels() {
    let api = Api::start().await;
    let one = api.server("one", json!({"labels": {"env": "test", "tier": "web"}})).await;
    let two = api.server("two", json!({"labels": {"env": "live"}})).await;
    for (query, expected) in [
        ("name=one", vec![&one]),
        ("label_selector=env", vec![&one, &two]),
        ("label_selector=env%3Dtest", vec![&one]),
        ("label_selector=env+in+(live,other)", vec![&two]),
        ("label_selector=!tier", vec![&two]),
        ("status=running&sort=name:desc", vec![&two, &one]),
        ("status=off", vec![]),
    ] {
        let found = api.get(&format!("/servers?{query}")).await.expect(200);
        let ids: Vec<&Value> = found["servers"].as_array().unwrap().iter().map(|each| &each["id"]).collect();
        assert_eq!(ids, expected.iter().map(|each| &each["id"]).collect::<Vec<_>>(), "{query}");
    }
    api.get("/servers?label_selector=a%3D%3D%3D").await.expect_error(422, "invalid_input");
    let path = format!("/servers/{}", two["id"]);
    let changed = api.put(&path, json!({"name": "three", "labels": {"x": "y"}})).await.expect(200);
    assert_eq!(changed["server"]["labels"], json!({"x": "y"}));
    api.put(&path, json!({"name": "one"})).await.expect_error(409, "uniqueness_error");
    api.close().await;
}
