//! The rendered document, read as cloud-init will read it.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Document {
    ssh_keys: std::collections::BTreeMap<String, String>,
    ssh_deletekeys: bool,
    disable_root: bool,
    ssh_pwauth: bool,
    write_files: Vec<File>,
    bootcmd: Vec<String>,
    runcmd: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    content: String,
}

async fn rendered() -> (HostKey, String, Document) {
    let key = HostKey::generate().await.unwrap();
    let text =
        render("dockbridge-0123456789ab-c0ffee", 4711, &key, SelfDestruct::Delete, Duration::from_mins(15)).unwrap();
    let document = serde_saphyr::from_str(&text).unwrap();
    (key, text, document)
}

#[tokio::test]
async fn it_is_a_cloud_config_within_the_limit() {
    let (_, text, document) = rendered().await;
    assert!(text.starts_with("#cloud-config\n"));
    assert!(text.len() < hcloud_client::USER_DATA_MAX_BYTES, "{} bytes", text.len());
    assert!(!text.contains("{{"));
    assert!(document.ssh_deletekeys && !document.disable_root && !document.ssh_pwauth);
}

#[tokio::test]
async fn the_host_key_arrives_whole() {
    let (key, _, document) = rendered().await;
    assert_eq!(document.ssh_keys["ed25519_private"].trim_end(), key.private_key().trim_end());
    assert_eq!(document.ssh_keys["ed25519_public"], key.public_key());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, &document.ssh_keys["ed25519_private"]).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let output = std::process::Command::new("ssh-keygen").arg("-y").arg("-f").arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_volume_is_mounted_before_the_engine_is_started() {
    let (_, _, document) = rendered().await;
    let [script] = &document.bootcmd[..] else { panic!("one script is expected") };
    let at = |part: &str| script.find(part).unwrap_or_else(|| panic!("{part} is missing"));
    assert!(script.contains("/dev/disk/by-id/scsi-0HC_Volume_4711\n"));
    assert!(at("AssertPathIsMountPoint=/var/lib/docker") < at("set -eu"), "nothing may keep the guards from being set");
    assert!(at("set -eu") < at("mount -t ext4"));
    assert!(at("mount -t ext4") < at("systemctl start"));
    assert!(at("mount --bind") < at("systemctl start"));
}

#[tokio::test]
async fn an_engine_is_installed_only_where_there_is_none() {
    let (_, _, document) = rendered().await;
    assert!(document.runcmd[0].starts_with("set -eu\nif ! command -v dockerd"));
    for package in ["docker.io", "ca-certificates", "apparmor"] {
        assert!(document.runcmd[0].contains(package), "{package} is missing");
    }
    assert!(document.runcmd[0].contains("apt-get update || true"));
    assert_eq!(document.write_files[0].path, "/etc/ssh/sshd_config.d/10-dockbridge.conf");
    assert!(document.write_files[0].content.contains("PasswordAuthentication no\n"));
}

#[tokio::test]
async fn the_scripts_are_valid_posix_shell() {
    let (_, _, document) = rendered().await;
    for script in document.bootcmd.iter().chain(&document.runcmd) {
        let output = std::process::Command::new("sh").args(["-n", "-c", script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
