//! Servers that act by themselves: what the API makes of it, and how they reach it.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use hcloud_emulator::machines::{Forward, MachineError, MachineSpec, Machines, Operation, none::NoMachines};
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, mpsc};

use crate::client::{Api, TOKEN};

/// Machines that see this host as 127.0.0.1, keep what they were told of the API, and power off when they are told to.
struct Acting {
    none: NoMachines,
    api: Mutex<Option<Forward>>,
    power_offs: AsyncMutex<mpsc::Receiver<u64>>,
    /// Each start takes a permit.
    starts: Semaphore,
}

impl Acting {
    fn new() -> (Arc<Self>, mpsc::Sender<u64>) {
        let (power_off, power_offs) = mpsc::channel(1);
        let power_offs = AsyncMutex::new(power_offs);
        let acting = Self { none: NoMachines::default(), api: Mutex::default(), power_offs, starts: Semaphore::new(0) };
        (Arc::new(acting), power_off)
    }
}

impl Machines for Acting {
    fn allocate_address(&self, server_id: u64) -> Result<Ipv4Addr, MachineError> {
        self.none.allocate_address(server_id)
    }
    fn host_address(&self) -> Option<Ipv4Addr> {
        Some(Ipv4Addr::LOCALHOST)
    }
    fn boot(&self, spec: MachineSpec) -> Operation<'_, ()> {
        *self.api.lock().unwrap() = spec.api;
        self.none.boot(spec)
    }
    fn stop(&self, server_id: u64, graceful: bool) -> Operation<'_, ()> {
        self.none.stop(server_id, graceful)
    }
    fn start(&self, _: u64) -> Operation<'_, ()> {
        Box::pin(async {
            self.starts.acquire().await.unwrap().forget();
            Ok(())
        })
    }
    fn remove(&self, server_id: u64) -> Operation<'_, ()> {
        self.none.remove(server_id)
    }
    fn power_offs<'a>(&'a self, report: &'a (dyn Fn(u64) + Send + Sync)) -> Operation<'a, ()> {
        Box::pin(async move {
            let mut power_offs = self.power_offs.lock().await;
            while let Some(server) = power_offs.recv().await {
                report(server);
            }
            Ok(())
        })
    }
    fn create_volume(&self, volume_id: u64, size_gb: u64, format: Option<&str>) -> Operation<'_, ()> {
        self.none.create_volume(volume_id, size_gb, format)
    }
    fn attach_volume(&self, volume_id: u64, server_id: u64) -> Operation<'_, ()> {
        self.none.attach_volume(volume_id, server_id)
    }
    fn detach_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        self.none.detach_volume(volume_id)
    }
    fn delete_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        self.none.delete_volume(volume_id)
    }
    fn resize_volume(&self, volume_id: u64, size_gb: u64) -> Operation<'_, ()> {
        self.none.resize_volume(volume_id, size_gb)
    }
    fn shutdown(&self) -> Operation<'_, ()> {
        self.none.shutdown()
    }
}

#[tokio::test]
async fn machines_are_told_where_the_clients_address_leads() {
    let (machines, _power_off) = Acting::new();
    let api = Api::with_machines(Arc::clone(&machines) as Arc<dyn Machines>).await;
    let server = api.server("one", json!({})).await;
    let Forward { listen, to } = machines.api.lock().unwrap().unwrap();
    assert_eq!(listen, api.emulator.address());
    assert_ne!(to, listen);
    // The very same project answers there, and no longer than at the clients' address.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{to}/v1/servers/{}", server["id"]);
    let deleted = http.delete(&url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    api.get(&format!("/servers/{}", server["id"])).await.expect_error(404, "not_found");
    api.close().await;
    http.get(&url).bearer_auth(TOKEN).send().await.unwrap_err();
}

#[tokio::test]
async fn a_server_that_powered_itself_off_is_off_and_can_be_powered_on() {
    let (machines, power_off) = Acting::new();
    let api = Api::with_machines(Arc::clone(&machines) as Arc<dyn Machines>).await;
    let server = api.server("one", json!({})).await;
    let id = server["id"].as_u64().unwrap();
    let path = format!("/servers/{id}");
    // One that nobody knows any more is no trouble.
    power_off.send(1).await.unwrap();
    power_off.send(id).await.unwrap();
    api.until(&path, |body| body["server"]["status"] == "off").await;
    // It is there and billed.
    assert_eq!(api.get("/servers").await.expect(200)["servers"][0]["id"], id);

    // While an action moves it, the action decides.
    let action = api.post(&format!("{path}/actions/poweron"), json!({})).await.expect(201);
    api.until(&path, |body| body["server"]["status"] == "starting").await;
    power_off.send(id).await.unwrap();
    // The channel holds one, so this one is taken only after the one before it.
    power_off.send(1).await.unwrap();
    power_off.send(1).await.unwrap();
    assert_eq!(api.get(&path).await.expect(200)["server"]["status"], "starting");
    machines.starts.add_permits(1);
    api.succeeded(&action["action"]).await;
    assert_eq!(api.get(&path).await.expect(200)["server"]["status"], "running");
    api.close().await;
}

#[tokio::test]
async fn a_network_that_is_not_there_cannot_be_cut() {
    let api = Api::start().await;
    let id = api.server("one", json!({})).await["id"].as_u64().unwrap();
    assert!(api.emulator.cut_network(id).await.unwrap_err().reason.contains("none"));
    assert!(api.emulator.restore_network(id).await.unwrap_err().reason.contains("none"));
    api.close().await;
}
