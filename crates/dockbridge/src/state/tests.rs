//! The state directory as it is seen after a restart.

use jiff::Timestamp;

use super::*;

fn dir() -> (tempfile::TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::open(&folder.path().join("state")).unwrap();
    (folder, state)
}

#[test]
fn it_is_for_its_owner_alone() {
    let (folder, state) = dir();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    state.pin_host_key("srv", "ssh-ed25519 AAAA").unwrap();
    assert_eq!(mode(&state.known_hosts_path("srv")), 0o600);
}

#[test]
fn a_second_user_of_the_same_state_is_told_who_the_first_is() {
    let (_folder, state) = dir();
    let lock = state.lock().unwrap();
    let error = state.lock().unwrap_err();
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    drop(lock);
    state.lock().unwrap();
}

#[test]
fn the_client_id_stays() {
    let (_folder, state) = dir();
    let id = state.client_id().unwrap();
    assert_eq!(state.client_id().unwrap(), id);
    assert!(state.new_server_name().unwrap().starts_with(&format!("dockbridge-{id}-")));
}

#[test]
fn commands_that_draw_the_client_id_at_once_agree() {
    for _ in 0..20 {
        let (_folder, state) = dir();
        let barrier = std::sync::Barrier::new(4);
        let ids: Vec<_> = std::thread::scope(|scope| {
            let draw = || {
                barrier.wait();
                state.client_id().unwrap()
            };
            let drawers: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            drawers.into_iter().map(|drawer| drawer.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(fs::read_dir(&state.root).unwrap().count(), 1, "nothing but the id is left");
    }
}

#[test]
fn a_server_is_remembered_until_it_is_forgotten() {
    let (_folder, state) = dir();
    assert_eq!(state.server().unwrap(), None);
    let record = ServerRecord {
        name: "srv".to_owned(),
        intended_at: Timestamp::UNIX_EPOCH,
        id: Some(7),
        ip_address: None,
        volume_id: 9,
        shared: false,
        ending: false,
    };
    state.put_server(&record).unwrap();
    state.pin_host_key("srv", "ssh-ed25519 AAAA").unwrap();
    assert_eq!(state.server().unwrap(), Some(record));
    state.forget_server("srv").unwrap();
    assert_eq!(state.server().unwrap(), None);
    assert!(!state.known_hosts_path("srv").exists());
    state.forget_server("srv").unwrap();
}

#[test]
fn that_others_use_a_server_is_written_on_its_record_alone() {
    let (folder, state) = dir();
    state.mark_shared(7).unwrap();
    assert_eq!(state.server().unwrap(), None);
    let text = r#"{"name": "srv", "intended_at": "2026-11-23T10:00:00Z", "id": 7, "ip_address": null, "volume_id": 9}"#;
    fs::write(folder.path().join("state/server.json"), text).unwrap();
    state.mark_shared(8).unwrap();
    assert!(!state.server().unwrap().unwrap().shared);
    state.mark_shared(7).unwrap();
    assert!(state.server().unwrap().unwrap().shared);
}

#[test]
fn servers_that_are_left_are_remembered_until_they_are_gone() {
    let (_folder, state) = dir();
    let left = LeftServer { id: 7, name: "srv".to_owned() };
    state.put_left(&left).unwrap();
    assert_eq!(state.left().unwrap(), std::slice::from_ref(&left));
    state.forget_left(&left).unwrap();
    assert_eq!(state.left().unwrap(), []);
}

#[test]
fn a_record_of_before_servers_were_shared_is_read() {
    let (folder, state) = dir();
    let text = r#"{"name": "srv", "intended_at": "2026-11-23T10:00:00Z", "id": 7, "ip_address": null, "volume_id": 9}"#;
    fs::write(folder.path().join("state/server.json"), text).unwrap();
    let record = state.server().unwrap().unwrap();
    assert!(!record.shared && !record.ending);
}

#[test]
fn a_damaged_record_is_named_and_kept() {
    let (folder, state) = dir();
    let path = folder.path().join("state/server.json");
    fs::write(&path, "{\"name\":").unwrap();
    let error = state.server().unwrap_err();
    assert_eq!(error.code(), "state_damaged");
    assert!(error.hint().contains("server.json"));
    assert!(path.exists());
}

#[test]
fn intents_are_read_back_until_they_are_cleared() {
    let (_folder, state) = dir();
    let (volume, key) = (Intent::new("volume", "dockbridge-x86"), Intent::new("ssh_key", "dockbridge-0"));
    state.put_intent(&volume).unwrap();
    state.put_intent(&key).unwrap();
    assert_eq!(state.intents().unwrap().len(), 2);
    state.clear_intent(&key).unwrap();
    assert_eq!(state.intents().unwrap(), [volume]);
}
