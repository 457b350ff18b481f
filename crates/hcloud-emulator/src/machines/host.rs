//! Whether this host can run machine containers, what is missing where it cannot, and how it is left without any trace.

use std::path::Path;

use super::{
    MachineError, busybox, leftovers,
    place::Place,
    tool::{self, QUICK, failed, io_failed},
};

/// Programs that machines need, each with the Debian and Ubuntu package that brings it.
const PROGRAMS: [(&str, &str); 10] = [
    ("dockerd", "docker.io"),
    ("containerd", "containerd"),
    ("mmdebstrap", "mmdebstrap"),
    ("losetup", "mount"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("mkfs.ext4", "e2fsprogs"),
    ("ip", "iproute2"),
    // The machines' users log in.
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
];

/// The keys that sign Debian's archive; the package is not installed by default on Ubuntu.
pub(super) const DEBIAN_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The Debian and Ubuntu packages that must be installed before machines can run; empty when none is missing.
///
/// A program counts as present whichever package it came from, so an engine from Docker's own packages is used as it is.
#[must_use]
pub fn missing_packages() -> Vec<&'static str> {
    let mut packages = Vec::new();
    let mut need = |package| {
        if !packages.contains(&package) {
            packages.push(package);
        }
    };
    for (program, package) in PROGRAMS {
        if tool::find(program).is_none() {
            need(package);
        }
    }
    if tool::find("docker").is_none() {
        need(docker_cli_package());
    }
    if !Path::new(DEBIAN_KEYRING).exists() {
        need("debian-archive-keyring");
    }
    packages
}

/// Debian 13 and later ship the command line in a package of its own, which earlier releases do not know.
fn docker_cli_package() -> &'static str {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |name: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    let debian = field("ID").as_deref() == Some("debian");
    let version = field("VERSION_ID").and_then(|version| version.parse::<u32>().ok());
    if debian && version.is_none_or(|version| version >= 13) { "docker-cli" } else { "docker.io" }
}

/// Checks everything that machine containers need of the host, and names all that is missing with what to do about it.
pub async fn check() -> Result<(), MachineError> {
    let mut problems = Vec::new();
    if !rustix::process::geteuid().is_root() {
        problems.push("root is needed to start machines; run this with sudo".to_owned());
    }
    let packages = missing_packages();
    if !packages.is_empty() {
        problems.push(format!(
            "programs are missing; run `cargo xtask machine-image`, or `apt-get install {}`",
            packages.join(" ")
        ));
    }
    if !Path::new("/dev/loop-control").exists() {
        problems.push("there is no /dev/loop-control, so volumes have no devices; try `modprobe loop`".to_owned());
    }
    let file_systems = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    for (needed, why) in [("overlay", "images of machines"), ("ext4", "volumes")] {
        if !file_systems.split_whitespace().any(|word| word == needed) && !load_module(needed).await {
            problems.push(format!("the kernel has no {needed} file system for {why}; try `modprobe {needed}`"));
        }
    }
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    if !mounts.lines().any(|line| line.split(' ').nth(1).is_some_and(|at| at.starts_with("/sys/fs/cgroup"))) {
        problems.push("no control groups are mounted under /sys/fs/cgroup".to_owned());
    }
    if problems.is_empty()
        && let Err(error) = tool::run("try namespaces", "unshare", NAMESPACES.iter().chain(&["true"]), QUICK).await
    {
        problems.push(format!("this host does not allow new namespaces, as some containers do not: {}", error.reason));
    }
    if problems.is_empty() { Ok(()) } else { Err(failed("run machine containers on this host", problems.join("; "))) }
}

/// Options of `unshare` for a process tree that ends as a whole and takes its mounts with it.
pub(super) const NAMESPACES: [&str; 6] =
    ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"];

/// Loads a kernel module where that is possible; many systems load file systems only when they are first mounted.
async fn load_module(name: &str) -> bool {
    tool::find("modprobe").is_some() && tool::run("load a kernel module", "modprobe", [name], QUICK).await.is_ok()
}

/// Removes everything that was ever made in `cache_dir`, the images too, and the directory itself where nothing else is in
/// it. Needs root. Waits for a run that still uses the directory.
pub async fn remove_cache(cache_dir: &Path) -> Result<(), MachineError> {
    if !cache_dir.exists() {
        return Ok(());
    }
    let place = Place::new(cache_dir)?;
    let _lock = place.lock().await?;
    leftovers::clear(&place).await?;
    for directory in [place.cache.clone(), cache_dir.join(busybox::UNPACKED_TO)] {
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_failed("remove the machines' cache", &directory)(error));
            }
            _ => {}
        }
    }
    // Something of the user's may be in it.
    let _ = std::fs::remove_dir(cache_dir);
    Ok(())
}
