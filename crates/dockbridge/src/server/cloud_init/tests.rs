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
async fn the_monitor_comes_first_and_arrives_whole() {
    let (_, _, document) = rendered().await;
    let [monitor, metadata, volume] = &document.bootcmd[..] else { panic!("three scripts are expected") };
    // cloud-init joins them to one, so what comes first must neither end it nor make it end.
    for script in [monitor, metadata] {
        assert!(!outside_of_files(script).contains("set -e") && !outside_of_files(script).contains("exit"));
    }
    assert!(volume.contains("set -eu"));
    assert_eq!(file_in(monitor, "/usr/local/sbin/dockbridge-monitor.new").trim_end(), MONITOR.trim_end());
    let unit = file_in(monitor, "/etc/systemd/system/dockbridge-monitor.service");
    for line in [
        "ExecStart=/usr/local/sbin/dockbridge-monitor watch",
        "Environment=DOCKBRIDGE_SELF_DESTRUCT=delete",
        "Environment=DOCKBRIDGE_BOOT_TIMEOUT=900",
        "Restart=always",
        "DefaultDependencies=no",
        "OOMScoreAdjust=-1000",
    ] {
        assert!(unit.lines().any(|other| other == line), "{line} is missing");
    }
    assert!(monitor.ends_with("systemctl daemon-reload\nsystemctl start --no-block dockbridge-monitor.service\n"));
}

#[tokio::test]
async fn the_way_it_ends_is_as_configured() {
    let key = HostKey::generate().await.unwrap();
    let timeout = Duration::from_mins(3);
    let powered_off = render("dockbridge-1", 4711, &key, SelfDestruct::PowerOff, timeout).unwrap();
    assert!(powered_off.contains("DOCKBRIDGE_SELF_DESTRUCT=poweroff\n"));
    assert!(powered_off.contains("DOCKBRIDGE_BOOT_TIMEOUT=180\n"));
    let left_alone = render("dockbridge-1", 4711, &key, SelfDestruct::Off, timeout).unwrap();
    assert!(!left_alone.contains("monitor"));
    let document: Document = serde_saphyr::from_str(&left_alone).unwrap();
    assert_eq!(document.bootcmd.len(), 2, "the metadata service is closed all the same");
}

#[tokio::test]
async fn the_metadata_service_is_closed_and_that_cannot_fail_the_boot() {
    let (_, _, document) = rendered().await;
    let script = &document.bootcmd[1];
    assert!(script.contains("ip route replace prohibit 169.254.169.254/32"));
    assert!(script.contains("ip -6 rule add pref 1 to fe80::a9fe:a9fe prohibit"));
    let failing = format!("set -e\nip() {{ return 2; }}\n{script}");
    let output = std::process::Command::new("sh").args(["-c", &failing]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the script writes into that file.
fn file_in<'a>(script: &'a str, path: &str) -> &'a str {
    let (_, rest) = script.split_once(&format!("cat > {path} <<'DOCKBRIDGE_MONITOR'\n")).unwrap();
    rest.split_once("\nDOCKBRIDGE_MONITOR\n").unwrap().0
}

/// The script without the files that it writes.
fn outside_of_files(script: &str) -> String {
    let mut inside = false;
    let outside = script.lines().filter(|line| {
        inside = (inside || line.ends_with("<<'DOCKBRIDGE_MONITOR'")) && *line != "DOCKBRIDGE_MONITOR";
        !inside
    });
    outside.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_volume_is_mounted_before_the_engine_is_started() {
    let (_, _, document) = rendered().await;
    let script = document.bootcmd.last().unwrap();
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
