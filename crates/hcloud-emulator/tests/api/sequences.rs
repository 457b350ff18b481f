//! Any sequence of requests leaves a project that makes sense.

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::client::Api;

#[derive(Debug, Clone)]
enum Step {
    CreateServer { start: bool, volume: Option<usize> },
    CreateVolume,
    Attach { volume: usize, server: usize },
    Detach { volume: usize },
    Power { server: usize, command: &'static str },
    DeleteServer { server: usize },
    DeleteVolume { volume: usize },
    Kill { server: usize },
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..3_usize;
    let command = prop::sample::select(vec!["poweron", "poweroff", "shutdown", "reboot", "reset"]);
    prop_oneof![
        (any::<bool>(), prop::option::of(one.clone())).prop_map(|(start, volume)| Step::CreateServer { start, volume }),
        Just(Step::CreateVolume),
        (one.clone(), one.clone()).prop_map(|(volume, server)| Step::Attach { volume, server }),
        one.clone().prop_map(|volume| Step::Detach { volume }),
        (one.clone(), command).prop_map(|(server, command)| Step::Power { server, command }),
        one.clone().prop_map(|server| Step::DeleteServer { server }),
        one.clone().prop_map(|volume| Step::DeleteVolume { volume }),
        one.prop_map(|server| Step::Kill { server }),
        Just(Step::Settle),
    ]
}

async fn ids(api: &Api, kind: &str) -> Vec<Value> {
    let body = api.get(&format!("/{kind}")).await.expect(200);
    body[kind].as_array().unwrap().iter().map(|each| each["id"].clone()).collect()
}

/// Waits until no action runs.
async fn settle(api: &Api) {
    for kind in ["servers", "volumes"] {
        let path = format!("/{kind}/actions?status=running");
        api.until(&path, |body| body["actions"] == json!([])).await;
    }
}

async fn take(api: &Api, number: usize, step: Step) -> u16 {
    let (servers, volumes) = (ids(api, "servers").await, ids(api, "volumes").await);
    let pick = |ids: &[Value], index: usize| ids.get(index).cloned().unwrap_or(json!(1));
    let answer = match step {
        Step::CreateServer { start, volume } => {
            let attached: Vec<Value> = volume.into_iter().map(|index| pick(&volumes, index)).collect();
            let body = json!({
                "name": format!("s{number}"), "server_type": "cx23", "image": "debian-12", "location": "fsn1",
                "start_after_create": start, "volumes": attached,
            });
            api.post("/servers", body).await
        }
        Step::CreateVolume => {
            api.post("/volumes", json!({"name": format!("v{number}"), "size": 10, "location": "fsn1"})).await
        }
        Step::Attach { volume, server } => {
            let path = format!("/volumes/{}/actions/attach", pick(&volumes, volume));
            api.post(&path, json!({"server": pick(&servers, server)})).await
        }
        Step::Detach { volume } => {
            api.post(&format!("/volumes/{}/actions/detach", pick(&volumes, volume)), json!({})).await
        }
        Step::Power { server, command } => {
            api.post(&format!("/servers/{}/actions/{command}", pick(&servers, server)), json!({})).await
        }
        Step::DeleteServer { server } => api.delete(&format!("/servers/{}", pick(&servers, server))).await,
        Step::DeleteVolume { volume } => api.delete(&format!("/volumes/{}", pick(&volumes, volume))).await,
        Step::Kill { server } => {
            api.emulator.kill_server(pick(&servers, server).as_u64().unwrap()).await;
            return 200;
        }
        Step::Settle => {
            settle(api).await;
            return 200;
        }
    };
    answer.status
}

/// Both sides of an attachment agree, and addresses belong to servers that are there.
async fn check(api: &Api) {
    let servers = api.get("/servers").await.expect(200)["servers"].clone();
    let volumes = api.get("/volumes").await.expect(200)["volumes"].clone();
    let server = |id: &Value| servers.as_array().unwrap().iter().find(|each| each["id"] == *id);
    for volume in volumes.as_array().unwrap() {
        assert_eq!(volume["status"], "available");
        if !volume["server"].is_null() {
            let attached = &server(&volume["server"]).unwrap()["volumes"];
            assert!(attached.as_array().unwrap().contains(&volume["id"]), "{volume}");
        }
    }
    for each in servers.as_array().unwrap() {
        assert!(["running", "off"].contains(&each["status"].as_str().unwrap()), "{each}");
    }
    for ip in api.get("/primary_ips").await.expect(200)["primary_ips"].as_array().unwrap() {
        assert!(server(&ip["assignee_id"]).is_some(), "{ip}");
    }
}

async fn run(steps: Vec<Step>) {
    let api = Api::with(|builder| builder.action_delay(std::time::Duration::from_millis(1))).await;
    for (number, step) in steps.into_iter().enumerate() {
        let status = take(&api, number, step).await;
        assert!([200, 201, 204, 404, 422, 423].contains(&status), "{status}");
    }
    settle(&api).await;
    check(&api).await;
    for id in ids(&api, "servers").await {
        api.delete(&format!("/servers/{id}")).await.expect(200);
    }
    settle(&api).await;
    for id in ids(&api, "volumes").await {
        api.delete(&format!("/volumes/{id}")).await.expect(204);
    }
    assert_eq!(ids(&api, "primary_ips").await, Vec::<Value>::new());
    api.close().await;
}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_sequence_of_requests_can_be_cleaned_up(steps in prop::collection::vec(step(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
