//! Servers.

use hcloud_client::{
    ActionId, ActionStatus, AppliedFirewallStatus, Architecture, CreateServer, FirewallId, LabelSelector, Labels,
    ServerFilter, ServerId, ServerStatus, SshKeyId, UserData, VolumeId, WaitOptions,
};
use serde_json::json;

use crate::scripted::{Answer, ScriptedApi, TOKEN};

const CREATED: &str = include_str!("../fixtures/server_created.json");

#[tokio::test]
async fn a_created_server_is_decoded_and_the_request_is_as_documented() {
    let api = ScriptedApi::start([Answer::new(201, CREATED)]).await;
    let mut wanted = CreateServer::new("engine-1", "cx23", "docker-ce");
    wanted.location = Some("fsn1".to_owned());
    wanted.ssh_keys = vec![SshKeyId(2323)];
    wanted.volumes = vec![VolumeId(4711)];
    wanted.firewalls = vec![FirewallId(38)];
    wanted.user_data = Some(UserData::from("#cloud-config\n"));
    wanted.labels = Labels::from([("managed-by".to_owned(), "tests".to_owned())]);

    let created = api.client().servers().create(&wanted).await.unwrap();

    assert_eq!(created.server.id, ServerId(105_412_233));
    assert_eq!(created.server.status, ServerStatus::Initializing);
    assert_eq!(created.server.created.to_string(), "2026-11-20T12:41:52Z");
    assert_eq!(created.server.location.name, "fsn1");
    assert_eq!(created.server.volumes, [VolumeId(4711)]);
    assert_eq!(created.server.labels, wanted.labels);
    let net = &created.server.public_net;
    assert_eq!(net.ipv4.as_ref().unwrap().ip.to_string(), "203.0.113.7");
    assert_eq!(net.ipv6.as_ref().unwrap().network, "2001:db8:1:2::/64");
    assert_eq!(net.firewalls[0].status, AppliedFirewallStatus::Pending);
    assert_eq!(created.action.id, ActionId(566_420_293_308_478));
    assert_eq!(created.action.status, ActionStatus::Running);
    assert_eq!(created.next_actions[0].command, "start_server");

    let asked = &api.asked()[0];
    assert_eq!(asked.line, "POST /v1/servers");
    assert_eq!(asked.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(asked.headers["user-agent"], "tests/1.0");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(
        asked.body,
        json!({
            "name": "engine-1", "server_type": "cx23", "image": "docker-ce", "location": "fsn1", "ssh_keys": [2323],
            "volumes": [4711], "firewalls": [{"firewall": 38}], "user_data": "#cloud-config\n",
            "labels": {"managed-by": "tests"}, "start_after_create": true,
            "public_net": {"enable_ipv4": true, "enable_ipv6": true},
        })
    );
}

#[tokio::test]
async fn words_that_are_not_known_are_kept() {
    let api = ScriptedApi::start([Answer::new(200, include_str!("../fixtures/servers_new_words.json"))]).await;
    let servers = api.client().servers().list(&ServerFilter::default()).await.unwrap();
    assert_eq!(servers[0].status, ServerStatus::Other("hibernating".to_owned()));
    assert_eq!(servers[0].status.to_string(), "hibernating");
    assert_eq!(servers[0].server_type.architecture, Some(Architecture::Other("riscv".to_owned())));
    let firewall = &servers[0].public_net.firewalls[0];
    assert_eq!(firewall.status, AppliedFirewallStatus::Other("being_considered".to_owned()));
    assert_eq!(servers[0].volumes, []);
}

#[tokio::test]
async fn a_filter_becomes_a_query() {
    let api = ScriptedApi::start([Answer::new(200, r#"{"servers":[]}"#)]).await;
    let filter = ServerFilter {
        name: Some("engine 1&2".to_owned()),
        label_selector: Some(LabelSelector::equals("a", "b").unwrap().and("c", "d").unwrap()),
    };
    assert_eq!(api.client().servers().list(&filter).await.unwrap(), []);
    assert_eq!(api.lines(), ["GET /v1/servers?name=engine+1%262&label_selector=a%3Db%2Cc%3Dd&page=1&per_page=50"]);
}

#[tokio::test]
async fn what_does_not_exist_is_none() {
    let missing = || Answer::error(404, "not_found");
    let api = ScriptedApi::start([missing(), missing()]).await;
    assert_eq!(api.client().servers().get(ServerId(1)).await.unwrap(), None);
    assert_eq!(api.client().servers().delete(ServerId(1)).await.unwrap(), None);
    assert_eq!(api.lines(), ["GET /v1/servers/1", "DELETE /v1/servers/1"]);
}

#[tokio::test]
async fn a_404_that_is_not_the_apis_own_is_an_error() {
    let api = ScriptedApi::start([Answer::new(404, "<html>no such page</html>")]).await;
    let error = api.client().servers().get(ServerId(1)).await.unwrap_err();
    assert_eq!(error.code(), "http_404");
}

#[tokio::test]
async fn server_actions_have_their_paths() {
    let action = |id: u64, command: &str, status: &str| {
        format!(r#"{{"id":{id},"command":"{command}","status":"{status}","progress":0,"error":null}}"#)
    };
    let one = |id: u64, command: &str| Answer::new(201, format!(r#"{{"action":{}}}"#, action(id, command, "running")));
    let both = |status: &str| {
        let (first, second) = (action(1, "shutdown_server", "success"), action(2, "stop_server", status));
        Answer::new(200, format!(r#"{{"actions":[{first},{second}]}}"#))
    };
    let api = ScriptedApi::start([
        one(1, "shutdown_server"),
        one(2, "stop_server"),
        both("running"),
        both("success"),
        one(3, "delete_server"),
    ])
    .await;
    let client = api.client();
    let shutdown = client.servers().shutdown(ServerId(9)).await.unwrap();
    let power_off = client.servers().power_off(ServerId(9)).await.unwrap();
    let options = WaitOptions { poll_interval: std::time::Duration::from_millis(1), ..WaitOptions::default() };
    let done = client.actions().wait([&shutdown, &power_off], options).await.unwrap();
    assert!(done.iter().all(|action| action.status == ActionStatus::Success));
    let deletion = client.servers().delete(ServerId(9)).await.unwrap().unwrap();
    assert_eq!(deletion.command, "delete_server");
    assert_eq!(
        api.lines(),
        [
            "POST /v1/servers/9/actions/shutdown",
            "POST /v1/servers/9/actions/poweroff",
            "GET /v1/actions?id=1&id=2&per_page=25",
            "GET /v1/actions?id=2&per_page=25",
            "DELETE /v1/servers/9",
        ]
    );
}

#[tokio::test]
async fn many_actions_are_asked_for_in_several_requests() {
    let answer = |ids: std::ops::Range<u64>| {
        let actions: Vec<_> = ids.map(|id| json!({"id": id, "command": "x", "status": "success"})).collect();
        Answer::new(200, json!({"actions": actions}).to_string())
    };
    let api = ScriptedApi::start([answer(0..25), answer(25..50), answer(50..60)]).await;
    let done = api.client().actions().wait((0..60).map(ActionId), WaitOptions::default()).await.unwrap();
    assert_eq!(done.len(), 60);
    assert_eq!(api.lines().len(), 3);
    assert!(api.lines()[2].ends_with("id=58&id=59&per_page=25"), "{:?}", api.lines());
}
