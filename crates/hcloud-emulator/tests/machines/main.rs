//! Machines that really boot: systemd, cloud-init, OpenSSH and Docker Engine in containers of a private engine.
//!
//! Where they cannot run, these tests fail and say why.
#![expect(clippy::unwrap_used, reason = "a test ends at the first failure")]

mod cloud;
mod support;

use hcloud_emulator::machines::{MachineSpec, Machines, leftovers};
use support::{Host, Login, machines, traces};

const MEGABYTE: u64 = 1 << 20;

/// A user data that does what DockBridge's does: a host key, a file, and the volume before the engine.
fn user_data(login: &Login, volume: u64) -> String {
    let private = login.host_private_key().replace('\n', "\n    ");
    format!(
        "#cloud-config\nssh_deletekeys: true\nssh_genkeytypes: []\nssh_keys:\n  ed25519_private: |\n    {private}\n  \
         ed25519_public: {}\nwrite_files:\n- path: /etc/greeting\n  content: from user data\nbootcmd:\n\
         - mkdir -p /var/lib/docker\n\
         - mountpoint -q /var/lib/docker || mount /dev/disk/by-id/scsi-0HC_Volume_{volume} /var/lib/docker\n",
        login.host_public_key()
    )
}

fn spec(machines: &dyn Machines, login: &Login, server: u64, image: &str) -> MachineSpec {
    MachineSpec {
        server_id: server,
        name: format!("server-{server}"),
        image: image.to_owned(),
        user_data: Some(user_data(login, 31)),
        ssh_keys: vec![login.public_key()],
        address: machines.allocate_address(server).unwrap(),
        volumes: vec![31],
        api: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_boots_and_its_volume_outlives_it() {
    let machines = machines().await;
    let login = Login::new();
    machines.create_volume(31, 10, Some("ext4")).await.unwrap();

    let first = spec(&machines, &login, 1, "docker-ce");
    machines.boot(first.clone()).await.unwrap();
    let host = Host::wait_for(&login, first.address).await;
    host.run("cloud-init status --wait").await;
    assert_eq!(host.run("cat /etc/greeting").await, "from user data");
    assert_eq!(host.run("hostname").await, "server-1");
    assert_eq!(host.run("readlink -f /dev/disk/by-id/scsi-0HC_Volume_31").await, "/dev/sdb");
    assert_eq!(host.run("findmnt -no SOURCE,FSTYPE /var/lib/docker").await, "/dev/sdb ext4");
    assert_eq!(host.run("systemctl is-system-running --wait").await, "running");
    assert_eq!(host.run("docker info --format '{{.Driver}}'").await, "overlay2");

    // The engine inside runs a container of a static busybox, and keeps image and volume on the disk.
    host.send(&hcloud_emulator::machines::busybox::archive(&support::cache()).unwrap(), "docker import - busybox:test")
        .await;
    host.run("docker volume create kept").await;
    assert_eq!(host.run("docker run --rm -v kept:/v busybox:test busybox sh -c 'echo hi | tee /v/f'").await, "hi");
    host.run("docker run -d --name web -p 8080:80 busybox:test busybox httpd -f -p 80").await;
    // The server needs a moment to listen, and answers 404 as it has no files.
    host.run("curl -s -o /dev/null --retry 50 --retry-all-errors --retry-delay 1 --max-time 30 http://127.0.0.1:8080/")
        .await;

    // A reboot keeps the disk and the volume's link.
    machines.stop(1, true).await.unwrap();
    machines.start(1).await.unwrap();
    let host = Host::wait_for(&login, first.address).await;
    assert_eq!(host.run("cat /etc/greeting").await, "from user data");
    host.run("test -b /dev/disk/by-id/scsi-0HC_Volume_31").await;

    // The power is cut; another machine finds everything.
    machines.remove(1).await.unwrap();
    machines.remove(1).await.unwrap();
    let second = spec(&machines, &login, 2, "docker-ce");
    assert_ne!(second.address, first.address);
    machines.boot(second.clone()).await.unwrap();
    let host = Host::wait_for(&login, second.address).await;
    host.run("cloud-init status --wait").await;
    assert_eq!(host.run("docker image ls -q busybox:test | wc -l").await, "1");
    assert_eq!(host.run("docker run --rm -v kept:/v busybox:test busybox cat /v/f").await, "hi");
    assert_eq!(host.run("docker ps -a --filter name=web --format '{{.Names}}'").await, "web");

    machines.shutdown().await.unwrap();
    assert_eq!(traces(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_come_and_go_while_a_machine_runs() {
    let machines = machines().await;
    let login = Login::new();
    machines.create_volume(31, 10, Some("ext4")).await.unwrap();
    machines.create_volume(32, 10, None).await.unwrap();

    let spec = MachineSpec { volumes: Vec::new(), ..spec(&machines, &login, 3, "debian-12") };
    machines.boot(spec.clone()).await.unwrap();
    let host = Host::wait_for(&login, spec.address).await;
    machines.attach_volume(31, 3).await.unwrap();
    machines.attach_volume(31, 3).await.unwrap();
    machines.attach_volume(32, 3).await.unwrap();
    assert_eq!(host.run("readlink -f /dev/disk/by-id/scsi-0HC_Volume_32").await, "/dev/sdc");
    host.run("mount /dev/disk/by-id/scsi-0HC_Volume_31 /mnt && echo data >/mnt/file && sync").await;
    machines.resize_volume(31, 20).await.unwrap();
    assert_eq!(host.run("blockdev --getsize64 /dev/sdb").await, (20 * 1024 * MEGABYTE).to_string());
    assert!(machines.resize_volume(31, 5).await.unwrap_err().reason.contains("grow"));

    // Even while it is mounted, as a cable can be pulled.
    machines.detach_volume(31).await.unwrap();
    host.run("test ! -e /dev/disk/by-id/scsi-0HC_Volume_31").await;
    machines.attach_volume(31, 3).await.unwrap();
    assert_eq!(host.run("mount /dev/disk/by-id/scsi-0HC_Volume_31 /mnt && cat /mnt/file").await, "data");

    // The engine installs from packages that the image carries, as user data for plain Debian does.
    host.run("umount /mnt").await;
    host.run("apt-get update || true; DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io").await;
    assert_eq!(host.run("systemctl is-active docker").await, "active");

    machines.stop(3, false).await.unwrap();
    machines.delete_volume(32).await.unwrap();
    machines.shutdown().await.unwrap();
    machines.shutdown().await.unwrap();
    assert_eq!(traces(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boot_that_fails_leaves_nothing_and_can_be_repeated() {
    let machines = machines().await;
    let login = Login::new();
    machines.create_volume(31, 10, Some("ext4")).await.unwrap();
    let good = spec(&machines, &login, 5, "debian-12");

    let other = MachineSpec { image: "ubuntu-24.04".to_owned(), ..good.clone() };
    assert!(machines.boot(other).await.unwrap_err().to_string().contains("only debian-12 and docker-ce"));
    // The second volume does not exist, so the first is attached in vain.
    let bad = MachineSpec { volumes: vec![31, 99], ..good.clone() };
    machines.boot(bad).await.unwrap_err();
    // A container whose address is taken is created and cannot be started.
    let first = spec(&machines, &login, 6, "debian-12");
    machines.boot(MachineSpec { volumes: Vec::new(), ..first.clone() }).await.unwrap();
    machines.boot(MachineSpec { address: first.address, ..good.clone() }).await.unwrap_err();

    assert_eq!(machines.allocate_address(5).unwrap(), good.address);
    machines.boot(good.clone()).await.unwrap();
    let host = Host::wait_for(&login, good.address).await;
    host.run("test -b /dev/disk/by-id/scsi-0HC_Volume_31").await;
    machines.shutdown().await.unwrap();
    assert_eq!(traces(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_run_left_whose_cache_directory_is_gone_is_removed() {
    let (gone, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cache = gone.path().canonicalize().unwrap().join("hcloud-machines");
    let run = std::path::Path::new("/run").join(support::name_of(&cache));
    std::fs::create_dir(&run).unwrap();
    std::fs::write(run.join("owner"), cache.as_os_str().as_encoded_bytes()).unwrap();
    // While somebody holds the lock, nothing happens.
    std::fs::create_dir(&cache).unwrap();
    let lock = std::fs::File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    leftovers::clean_up(other.path()).await.unwrap();
    assert!(run.exists());

    gone.close().unwrap();
    leftovers::clean_up(other.path()).await.unwrap();
    assert!(!run.exists());
}

#[tokio::test]
async fn a_directory_that_somebody_else_has_filled_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hcloud-machines/volumes/precious");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "data").unwrap();
    let error = leftovers::clean_up(directory.path()).await.unwrap_err();
    assert!(error.reason.contains("somebody else"), "{error}");
    // What lies beside our own directory is nobody's business either.
    std::fs::rename(directory.path().join("hcloud-machines/volumes"), directory.path().join("volumes")).unwrap();
    leftovers::clean_up(directory.path()).await.unwrap();
    assert_eq!(std::fs::read(directory.path().join("volumes/precious")).unwrap(), b"data");
}

/// The other half of [`a_killed_run_leaves_nothing_for_long`]: boots a machine and waits to be killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by a_killed_run_leaves_nothing_for_long"]
async fn a_run_to_be_killed() {
    let machines = machines().await;
    let login = Login::new();
    machines.create_volume(31, 10, Some("ext4")).await.unwrap();
    let spec = spec(&machines, &login, 4, "docker-ce");
    machines.boot(spec.clone()).await.unwrap();
    Host::wait_for(&login, spec.address).await;
    println!("ready to be killed");
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_leaves_nothing_for_long() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_run_to_be_killed", "--ignored", "--nocapture"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("ready to be killed") {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(support::BUILD_BOUND, ready).await.unwrap(), "the other run ended by itself");
    child.kill().await.unwrap();

    // The engine and its machines die with their owner, without anybody's help.
    support::eventually("no process is left", || support::processes().is_empty()).await;
    // The next run removes the rest and works.
    let machines = machines().await;
    machines.create_volume(31, 10, Some("ext4")).await.unwrap();
    machines.shutdown().await.unwrap();
    assert_eq!(traces(), Vec::<String>::new());
}
