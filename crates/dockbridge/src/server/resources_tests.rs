//! Which volume is used, and when none may be.

use serde_json::json;

use super::*;

const CLIENT: &str = "0123456789ab";

fn volume(id: u64, location: &str, server: Option<u64>, architecture: &str) -> Volume {
    serde_json::from_value(json!({
        "id": id, "name": format!("vol-{id}"), "status": "available", "server": server, "size": 10,
        "location": {"id": 1, "name": location}, "linux_device": "/dev/disk/by-id/x", "format": "ext4",
        "labels": {"managed-by": "dockbridge", "dockbridge/architecture": architecture},
    }))
    .unwrap()
}

fn server(id: u64, client: &str) -> hcloud_client::Server {
    serde_json::from_value(json!({
        "id": id, "name": format!("srv-{id}"), "status": "running", "created": "2026-11-23T10:00:00Z",
        "server_type": {"id": 1, "name": "cx33"}, "location": {"id": 1, "name": "fsn1"},
        "labels": {"managed-by": "dockbridge", "dockbridge/client": client},
    }))
    .unwrap()
}

fn survey(volumes: Vec<Volume>, servers: Vec<hcloud_client::Server>) -> Survey {
    Survey {
        server_types: vec![],
        locations: vec![],
        images: vec![],
        servers,
        volumes,
        ssh_keys: vec![],
        firewalls: vec![],
    }
}

fn existing(survey: &Survey) -> Result<Existing, ServerError> {
    existing_volume(survey, &Architecture::X86, "fsn1", CLIENT)
}

fn is_ours(survey: &Survey, id: u64) -> bool {
    matches!(existing(survey), Ok(Existing::Ours(volume)) if volume.id.get() == id)
}

#[test]
fn a_volume_is_found_by_label_architecture_and_location() {
    let survey = survey(
        vec![volume(1, "nbg1", None, "x86"), volume(3, "fsn1", None, "x86"), volume(2, "fsn1", None, "arm")],
        vec![],
    );
    assert!(is_ours(&survey, 3));
}

#[test]
fn without_one_there_is_none() {
    let mut foreign = volume(1, "fsn1", None, "x86");
    foreign.labels.remove("managed-by");
    let survey = survey(vec![foreign, volume(2, "fsn1", None, "arm")], vec![]);
    assert_eq!(existing(&survey).unwrap(), Existing::Missing);
}

#[test]
fn a_volume_elsewhere_is_never_left_behind_in_silence() {
    let error = existing(&survey(vec![volume(1, "nbg1", None, "x86")], vec![])).unwrap_err();
    assert_eq!(error.code(), "volume_elsewhere");
    assert!(error.hint().unwrap().contains("nbg1"));
}

#[test]
fn a_volume_in_use_is_taken_only_from_a_server_of_our_own() {
    let attached = || vec![volume(1, "fsn1", Some(7), "x86")];
    assert!(is_ours(&survey(attached(), vec![server(7, CLIENT)]), 1));
    for servers in [vec![server(7, "ba9876543210")], vec![]] {
        let holder = servers.first().cloned();
        let Existing::Held(held) = existing(&survey(attached(), servers)).unwrap() else { panic!("it is held") };
        assert_eq!((held.volume.id.get(), held.server), (1, holder));
    }
}
