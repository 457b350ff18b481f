//! Volumes, SSH keys and firewalls.

use hcloud_client::{
    CreateFirewall, CreateSshKey, CreateVolume, FirewallId, FirewallRule, FirewallTarget, Labels, RuleDirection,
    RuleProtocol, ServerId, SshKeyFilter, SshKeyId, VolumeFormat, VolumeId, VolumeStatus,
};
use serde_json::{Value, json};

use crate::scripted::{Answer, ScriptedApi};

const VOLUME: &str = include_str!("../fixtures/volume_created.json");
const FIREWALL: &str = include_str!("../fixtures/firewall_created.json");
const SSH_KEYS: &str = include_str!("../fixtures/ssh_keys.json");
const ACTION: &str = r#"{"action":{"id":1,"command":"a_command","status":"running"}}"#;

fn labels() -> Labels {
    Labels::from([("managed-by".to_owned(), "tests".to_owned())])
}

#[tokio::test]
async fn a_created_volume_is_decoded_and_the_request_is_as_documented() {
    let api = ScriptedApi::start([Answer::new(201, VOLUME)]).await;
    let wanted = CreateVolume {
        name: "engine-data".to_owned(),
        size_gb: 50,
        location: "fsn1".to_owned(),
        format: Some(VolumeFormat::Ext4),
        labels: labels(),
    };
    let created = api.client().volumes().create(&wanted).await.unwrap();
    assert_eq!(created.volume.id, VolumeId(4711));
    assert_eq!(created.volume.size_gb, 50);
    assert_eq!(created.volume.status, VolumeStatus::Creating);
    assert_eq!(created.volume.format, Some(VolumeFormat::Ext4));
    assert_eq!(created.volume.server, None);
    assert_eq!(created.volume.linux_device, "/dev/disk/by-id/scsi-0HC_Volume_4711");
    assert!(!created.volume.protection.delete);
    assert_eq!(created.action.command, "create_volume");
    assert_eq!(
        api.asked()[0].body,
        json!({"name": "engine-data", "size": 50, "location": "fsn1", "format": "ext4", "labels": {"managed-by": "tests"}})
    );
}

#[tokio::test]
async fn volume_actions_have_their_paths_and_bodies() {
    let api = ScriptedApi::start([
        Answer::new(201, ACTION),
        Answer::new(201, ACTION),
        Answer::new(201, ACTION),
        Answer::new(204, ""),
        Answer::error(404, "not_found"),
        Answer::error(404, "not_found"),
        Answer::error(423, "protected"),
    ])
    .await;
    let client = api.client();
    let volumes = client.volumes();
    let id = VolumeId(4711);
    assert_eq!(volumes.attach(id, ServerId(9), false).await.unwrap().command, "a_command");
    volumes.detach(id).await.unwrap();
    volumes.change_protection(id, true).await.unwrap();
    assert!(volumes.delete(id).await.unwrap());
    assert!(!volumes.delete(id).await.unwrap());
    assert_eq!(volumes.get(id).await.unwrap(), None);
    assert_eq!(volumes.delete(id).await.unwrap_err().code(), "protected");

    let asked: Vec<(String, Value)> = api.asked().into_iter().map(|asked| (asked.line, asked.body)).collect();
    let expected = [
        ("POST /v1/volumes/4711/actions/attach", json!({"server": 9, "automount": false})),
        ("POST /v1/volumes/4711/actions/detach", Value::Null),
        ("POST /v1/volumes/4711/actions/change_protection", json!({"delete": true})),
        ("DELETE /v1/volumes/4711", Value::Null),
        ("DELETE /v1/volumes/4711", Value::Null),
        ("GET /v1/volumes/4711", Value::Null),
        ("DELETE /v1/volumes/4711", Value::Null),
    ];
    assert_eq!(asked, expected.map(|(line, body)| (line.to_owned(), body)));
}

#[tokio::test]
async fn ssh_keys_are_found_made_and_removed() {
    let list: Value = serde_json::from_str(SSH_KEYS).unwrap();
    let created = json!({"ssh_key": list["ssh_keys"][0]}).to_string();
    let api = ScriptedApi::start([Answer::new(200, SSH_KEYS), Answer::new(201, created), Answer::new(204, "")]).await;
    let client = api.client();
    let fingerprint = "b7:2f:30:a0:2f:6c:58:6c:21:04:58:61:ba:06:3b:2f".to_owned();
    let filter = SshKeyFilter { fingerprint: Some(fingerprint.clone()), ..SshKeyFilter::default() };
    let keys = client.ssh_keys().list(&filter).await.unwrap();
    assert_eq!(keys[0].id, SshKeyId(2323));
    assert_eq!(keys[0].fingerprint, fingerprint);
    let wanted =
        CreateSshKey { name: "laptop".to_owned(), public_key: "ssh-ed25519 AAAA".to_owned(), labels: labels() };
    let key = client.ssh_keys().create(&wanted).await.unwrap();
    assert_eq!(key, keys[0]);
    assert!(client.ssh_keys().delete(key.id).await.unwrap());
    assert_eq!(
        api.asked()[1].body,
        json!({"name": "laptop", "public_key": "ssh-ed25519 AAAA", "labels": {"managed-by": "tests"}})
    );
    assert!(api.lines()[0].starts_with("GET /v1/ssh_keys?fingerprint=b7%3A2f%3A30"), "{:?}", api.lines());
    assert_eq!(api.lines()[2], "DELETE /v1/ssh_keys/2323");
}

#[tokio::test]
async fn firewalls_are_made_changed_and_removed() {
    let api = ScriptedApi::start([
        Answer::new(201, FIREWALL),
        Answer::new(201, r#"{"actions":[]}"#),
        Answer::error(422, "resource_in_use"),
    ])
    .await;
    let client = api.client();
    let rule = FirewallRule {
        direction: RuleDirection::In,
        protocol: RuleProtocol::Tcp,
        port: Some("22".to_owned()),
        source_ips: vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
        destination_ips: Vec::new(),
        description: None,
    };
    let wanted = CreateFirewall {
        name: "only-ssh".to_owned(),
        labels: labels(),
        rules: vec![rule.clone()],
        apply_to: vec![
            FirewallTarget::LabelSelector("managed-by=tests".to_owned()),
            FirewallTarget::Server(ServerId(42)),
        ],
    };
    let created = client.firewalls().create(&wanted).await.unwrap();
    assert_eq!(created.firewall.rules, wanted.rules);
    assert_eq!(
        created.firewall.applied_to,
        [
            FirewallTarget::Server(ServerId(42)),
            FirewallTarget::LabelSelector("managed-by=tests".to_owned()),
            FirewallTarget::Other("load_balancer".to_owned()),
        ]
    );
    assert_eq!(created.actions[0].command, "set_firewall_rules");
    assert_eq!(client.firewalls().set_rules(FirewallId(38), &[rule]).await.unwrap(), []);
    let error = client.firewalls().delete(FirewallId(38)).await.unwrap_err();
    assert_eq!(error.code(), "resource_in_use");

    let rules = json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0", "::/0"]}]);
    let asked = api.asked();
    assert_eq!(asked[0].body["rules"], rules);
    assert_eq!(
        asked[0].body["apply_to"],
        json!([
            {"type": "label_selector", "label_selector": {"selector": "managed-by=tests"}},
            {"type": "server", "server": {"id": 42}},
        ])
    );
    assert_eq!(asked[1].line, "POST /v1/firewalls/38/actions/set_rules");
    assert_eq!(asked[1].body, json!({"rules": rules}));
}
