//! Which servers may be shared, and what is said of the others.

use serde_json::json;

use super::*;
use crate::{keepalive::Owner, server::host_key_label};

fn held(status: &str, self_destruct: SelfDestruct) -> Held {
    let key = host_key_label::decode(&"a".repeat(52)).unwrap();
    let labels = labels::of_server(&Owner::new("ba9876543210", "desk"), &key, self_destruct);
    let server = json!({
        "id": 7, "name": "srv-7", "status": status, "created": "2026-11-23T10:00:00Z",
        "server_type": {"id": 1, "name": "cx33"}, "location": {"id": 1, "name": "fsn1"}, "labels": labels,
        "public_net": {"ipv4": {"id": 1, "ip": "192.0.2.7", "blocked": false, "dns_ptr": ""}},
    });
    let volume = json!({
        "id": 1, "name": "vol-1", "status": "available", "server": 7, "size": 10,
        "location": {"id": 1, "name": "fsn1"}, "linux_device": "/dev/disk/by-id/x", "format": "ext4", "labels": {},
    });
    Held { volume: serde_json::from_value(volume).unwrap(), server: Some(serde_json::from_value(server).unwrap()) }
}

#[test]
fn a_running_server_with_a_monitor_is_shared() {
    let held = held("running", SelfDestruct::Delete);
    for own in [SelfDestruct::Delete, SelfDestruct::PowerOff] {
        let (server, way) = held.sharable(own).unwrap();
        assert_eq!((server.id.get(), way.address.as_str()), (7, "192.0.2.7"));
        assert!(way.host_key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"), "{}", way.host_key);
    }
}

#[test]
fn nothing_is_shared_without_leases() {
    assert!(
        held("running", SelfDestruct::Delete).sharable(SelfDestruct::Off).unwrap_err().contains("self_destruct: off")
    );
    assert!(held("running", SelfDestruct::Off).sharable(SelfDestruct::Delete).unwrap_err().contains("no monitor"));
}

#[test]
fn a_server_that_cannot_be_known_for_sure_or_is_not_on_is_not_shared() {
    for status in ["off", "initializing", "starting", "stopping", "deleting"] {
        assert!(held(status, SelfDestruct::Delete).sharable(SelfDestruct::Delete).unwrap_err().contains("not running"));
    }
    let mut unknown = held("running", SelfDestruct::Delete);
    unknown.server.as_mut().unwrap().labels.remove("dockbridge/host-key");
    assert!(unknown.sharable(SelfDestruct::Delete).is_err());
    unknown.server = None;
    assert!(unknown.sharable(SelfDestruct::Delete).is_err());
}

#[test]
fn a_server_is_waited_for_while_something_is_done_to_it() {
    for (status, waited_for) in [
        ("initializing", true),
        ("starting", true),
        ("stopping", true),
        ("deleting", true),
        ("running", false),
        ("off", false),
    ] {
        let held = held(status, SelfDestruct::Delete);
        assert_eq!(held.is_on_its_way(), waited_for, "{status}");
        assert_eq!(held.abandoned().is_some(), status == "off", "{status}");
    }
    let mut foreign = held("off", SelfDestruct::Delete);
    foreign.server.as_mut().unwrap().labels.remove("managed-by");
    assert_eq!(foreign.abandoned(), None);
}

#[test]
fn the_refusal_says_who_holds_the_volume_and_that_nothing_was_changed() {
    let error = held("running", SelfDestruct::Delete).in_use("it does not accept our SSH key");
    assert_eq!(error.code(), "volume_in_use");
    assert_eq!(
        error.to_string(),
        "the volume vol-1 (id 1) is in use on the server srv-7 (id 7) of the DockBridge ba9876543210 on desk: it does not \
         accept our SSH key. Nothing was changed"
    );
    let unknown = Held { server: None, ..held("running", SelfDestruct::Delete) };
    assert!(
        unknown.in_use("it is not shared").to_string().contains("the server with the id 7, which DockBridge did not")
    );
}
