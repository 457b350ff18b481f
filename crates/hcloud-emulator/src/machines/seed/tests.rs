use std::net::Ipv4Addr;

use super::*;

fn spec() -> MachineSpec {
    MachineSpec {
        server_id: 4711,
        name: "web-1".to_owned(),
        image: "docker-ce".to_owned(),
        user_data: Some("#cloud-config\r\n# ü\n".to_owned()),
        ssh_keys: vec!["ssh-ed25519 AAAA a \"quoted\" comment\n".to_owned()],
        address: Ipv4Addr::LOCALHOST,
        volumes: Vec::new(),
        api: None,
    }
}

#[test]
fn the_user_data_is_written_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &spec()).unwrap();
    assert_eq!(std::fs::read(directory.path().join("user-data")).unwrap(), "#cloud-config\r\n# ü\n".as_bytes());
}

#[test]
fn no_user_data_is_an_empty_file_because_the_source_wants_both() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &MachineSpec { user_data: None, ..spec() }).unwrap();
    assert_eq!(std::fs::read(directory.path().join("user-data")).unwrap(), b"");
}

#[test]
fn the_metadata_carries_identity_and_keys() {
    let data: serde_json::Value = serde_json::from_str(&meta_data(&spec())).unwrap();
    assert_eq!(data["instance-id"], "4711");
    assert_eq!(data["local-hostname"], "web-1");
    assert_eq!(data["public-keys"][0], "ssh-ed25519 AAAA a \"quoted\" comment");
}
