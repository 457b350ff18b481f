//! What the API asks of the machines behind it.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use hcloud_emulator::machines::{MachineError, MachineSpec, Machines, Operation};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::client::{Api, KEY};

/// Machines that note what they are asked for, boot when they are let, and can be told to fail.
#[derive(Debug)]
struct Recorder {
    calls: Mutex<Vec<String>>,
    boots: Semaphore,
    broken: bool,
}

impl Recorder {
    fn new(boots: usize, broken: bool) -> Arc<Self> {
        Arc::new(Self { calls: Mutex::default(), boots: Semaphore::new(boots), broken })
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn note(&self, call: String) -> Operation<'static, ()> {
        self.calls.lock().unwrap().push(call);
        Box::pin(async { Ok(()) })
    }
}

impl Machines for Recorder {
    fn allocate_address(&self, _: u64) -> Result<Ipv4Addr, MachineError> {
        Ok(Ipv4Addr::new(10, 1, 2, 3))
    }
    fn boot(&self, spec: MachineSpec) -> Operation<'_, ()> {
        let call = format!(
            "boot {} {} {:?} {} keys {} volumes",
            spec.name,
            spec.image,
            spec.user_data.unwrap_or_default(),
            spec.ssh_keys.len(),
            spec.volumes.len()
        );
        Box::pin(async move {
            self.boots.acquire().await.unwrap().forget();
            self.calls.lock().unwrap().push(call);
            if self.broken {
                return Err(MachineError { doing: "boot".to_owned(), reason: "no engine".to_owned() });
            }
            Ok(())
        })
    }
    fn stop(&self, _: u64, graceful: bool) -> Operation<'_, ()> {
        self.note(format!("stop {graceful}"))
    }
    fn start(&self, _: u64) -> Operation<'_, ()> {
        self.note("start".to_owned())
    }
    fn remove(&self, _: u64) -> Operation<'_, ()> {
        self.note("remove".to_owned())
    }
    fn create_volume(&self, _: u64, size_gb: u64, format: Option<&str>) -> Operation<'_, ()> {
        self.note(format!("create_volume {size_gb} {format:?}"))
    }
    fn attach_volume(&self, _: u64, _: u64) -> Operation<'_, ()> {
        self.note("attach_volume".to_owned())
    }
    fn detach_volume(&self, _: u64) -> Operation<'_, ()> {
        self.note("detach_volume".to_owned())
    }
    fn delete_volume(&self, _: u64) -> Operation<'_, ()> {
        self.note("delete_volume".to_owned())
    }
    fn resize_volume(&self, _: u64, size_gb: u64) -> Operation<'_, ()> {
        self.note(format!("resize_volume {size_gb}"))
    }
    fn shutdown(&self) -> Operation<'_, ()> {
        self.note("shutdown".to_owned())
    }
}

#[tokio::test]
async fn the_create_action_runs_until_the_machine_has_been_started() {
    let machines = Recorder::new(0, false);
    let api = Api::with_machines(Arc::clone(&machines) as Arc<dyn Machines>).await;
    api.post("/ssh_keys", json!({"name": "mine", "public_key": KEY})).await.expect(201);
    let body = json!({
        "name": "one", "server_type": "cx23", "image": "docker-ce", "ssh_keys": ["mine"], "user_data": "#!/bin/sh\n",
    });
    let created = api.post("/servers", body).await.expect(201);
    assert_eq!(created["server"]["public_net"]["ipv4"]["ip"], "10.1.2.3");
    let path = format!("/servers/{}", created["server"]["id"]);
    api.until(&path, |body| body["server"]["status"] == "starting").await;
    let action = format!("/actions/{}", created["action"]["id"]);
    assert_eq!(api.get(&action).await.expect(200)["action"]["status"], "running");
    machines.boots.add_permits(1);
    api.succeeded(&created["action"]).await;
    api.succeeded(&created["next_actions"][0]).await;
    assert_eq!(machines.calls(), ["boot one docker-ce \"#!/bin/sh\\n\" 1 keys 0 volumes"]);
    api.close().await;
    assert_eq!(machines.calls().last().unwrap(), "shutdown");
}

#[tokio::test]
async fn a_machine_that_does_not_boot_fails_its_actions() {
    let machines = Recorder::new(1, true);
    let api = Api::with_machines(machines).await;
    let volume = api.volume("data", "fsn1").await;
    let body = json!({
        "name": "one", "server_type": "cx23", "image": "docker-ce", "location": "fsn1", "volumes": [volume["id"]],
    });
    let created = api.post("/servers", body).await.expect(201);
    for action in std::iter::once(&created["action"]).chain(created["next_actions"].as_array().unwrap()) {
        let action = api.finished(action).await;
        assert_eq!(action["status"], "error");
        assert_eq!(action["error"], json!({"code": "action_failed", "message": "boot: no engine"}));
    }
    let server = api.get(&format!("/servers/{}", created["server"]["id"])).await.expect(200);
    assert_eq!((&server["server"]["status"], &server["server"]["volumes"]), (&"off".into(), &json!([])));
    api.close().await;
}

#[tokio::test]
async fn machines_are_asked_in_the_order_of_the_requests() {
    let machines = Recorder::new(9, false);
    let api = Api::with_machines(Arc::clone(&machines) as Arc<dyn Machines>).await;
    let volume = api.volume("data", "fsn1").await;
    let server = api.server("one", json!({"start_after_create": false, "volumes": [volume["id"]]})).await;
    let (server, volume) = (format!("/servers/{}", server["id"]), format!("/volumes/{}", volume["id"]));
    for (path, body) in [
        (format!("{server}/actions/poweron"), json!({})),
        (format!("{volume}/actions/detach"), json!({})),
        (format!("{volume}/actions/resize"), json!({"size": 20})),
        (format!("{server}/actions/reset"), json!({})),
        (format!("{server}/actions/poweroff"), json!({})),
        (format!("{server}/actions/poweron"), json!({})),
    ] {
        let action = api.post(&path, body).await.expect(201);
        api.succeeded(&action["action"]).await;
    }
    let deleted = api.delete(&server).await.expect(200);
    api.succeeded(&deleted["action"]).await;
    assert_eq!(api.delete(&volume).await.status, 204);
    assert_eq!(
        machines.calls(),
        [
            "create_volume 10 Some(\"ext4\")",
            "boot one debian-12 \"\" 0 keys 1 volumes",
            "detach_volume",
            "resize_volume 20",
            "stop false",
            "start",
            "stop false",
            "start",
            "remove",
            "delete_volume",
        ]
    );
    api.close().await;
}

#[tokio::test]
async fn a_server_killed_while_it_boots_leaves_no_machine() {
    let machines = Recorder::new(0, false);
    let api = Api::with_machines(Arc::clone(&machines) as Arc<dyn Machines>).await;
    let body = json!({"name": "one", "server_type": "cx23", "image": "docker-ce"});
    let created = api.post("/servers", body).await.expect(201);
    let path = format!("/servers/{}", created["server"]["id"]);
    api.until(&path, |body| body["server"]["status"] == "starting").await;
    assert!(api.emulator.kill_server(created["server"]["id"].as_u64().unwrap()).await);
    machines.boots.add_permits(1);
    api.close().await;
    let calls = machines.calls();
    let boot = calls.iter().position(|call| call.starts_with("boot")).unwrap();
    assert!(calls[boot..].iter().any(|call| call == "remove"), "{calls:?}");
}
