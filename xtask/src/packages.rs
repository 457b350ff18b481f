//! Installs the packages that machines need, where they are missing.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use hcloud_emulator::machines::{busybox, host};

use crate::{Failure, machines_cache};

/// Services that packages of ours bring along. Nobody asked for them, so they stay off, at the next boot too.
const SERVICES: [&str; 5] = ["docker.service", "docker.socket", "containerd.service", "ssh.service", "ssh.socket"];

/// The packages that are missing; `for_tests` adds what only the tests need: an SSH server that each test starts for itself,
/// compose, and `BuildKit` for those Docker CLIs that do not have it built in.
fn missing(for_tests: bool) -> Vec<&'static str> {
    let mut packages = host::missing_packages();
    if for_tests {
        if !Path::new("/usr/sbin/sshd").exists() {
            packages.push("openssh-server");
        }
        if !(works("docker", &["compose", "version"]) || works("docker-compose", &["version"])) {
            // Ubuntu has the present generation under a name of its own.
            let known = works("apt-cache", &["show", "docker-compose-v2"]);
            packages.push(if known { "docker-compose-v2" } else { "docker-compose" });
        }
        // Debian 12 has no such package, and a Docker CLI that needs none.
        if needs_buildx() && works("apt-cache", &["show", "docker-buildx"]) {
            packages.push("docker-buildx");
        }
    }
    packages
}

/// Whether a program is there and does what it is told.
fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether no Docker CLI in `PATH` can build with `BuildKit`.
fn needs_buildx() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).map(|folder| folder.join("docker")).filter(|program| program.exists());
    let mut can_build = programs.map(|program| {
        let said = Command::new(&program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        has_buildkit(&String::from_utf8_lossy(&said))
            || program.to_str().is_some_and(|program| works(program, &["buildx", "version"]))
    });
    // Where no CLI is there at all, Debian 12's is installed, which has it.
    let first = can_build.next();
    first.is_some_and(|first| !first && !can_build.any(|can| can))
}

/// Whether a CLI with this version text builds with `BuildKit` by itself: those before 23 do.
fn has_buildkit(version: &str) -> bool {
    let number = version.strip_prefix("Docker version ").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    number.is_some_and(|major| major < 23)
}

/// Installs what is missing and says what; does nothing when nothing is. Needs root.
///
/// Neither the service of a package installed here is started, now or at the next boot, nor is a package of the user's
/// removed. An engine that is there already is left alone, running or not.
pub(crate) fn install_missing(for_tests: bool) -> Result<(), Failure> {
    let busybox = busybox::find(&machines_cache()).is_none();
    if missing(for_tests).is_empty() && !busybox {
        return Ok(());
    }
    // A list that cannot be brought up to date is often good enough; what is missing is said below.
    let update = apt_get(&["update"]);
    // Which names there are is only certain now.
    let wanted = missing(for_tests);
    let explain = |failure: Failure| -> Failure {
        match &update {
            Ok(()) => failure,
            Err(update) => format!("{failure}\n(before that, {update})").into(),
        }
    };
    if !wanted.is_empty() {
        eprintln!("Installing packages: {}", wanted.join(" "));
        let refusal = Refusal::new()?;
        let mut install = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
        install.extend(&wanted);
        let installed = apt_get(&install);
        drop(refusal);
        installed.map_err(explain)?;
        keep_services_off(&wanted);
        let missing = self::missing(for_tests);
        if !missing.is_empty() {
            let names = missing.join(" ");
            return Err(format!("apt-get succeeded, but programs of these packages are still missing: {names}").into());
        }
    }
    if busybox {
        unpack_busybox(&machines_cache())?;
    }
    Ok(())
}

/// Turns off what a package's scripts have turned on for the next boot.
fn keep_services_off(installed: &[&str]) {
    let brings = |package: &str| installed.iter().any(|name| name.starts_with(package));
    let ours = SERVICES.iter().filter(|service| {
        (brings("docker.io") && service.starts_with("docker"))
            || ((brings("docker.io") || brings("containerd")) && service.starts_with("containerd"))
            || (brings("openssh-server") && service.starts_with("ssh"))
    });
    let ours: Vec<&str> = ours.copied().collect();
    if ours.is_empty() {
        return;
    }
    eprintln!("Keeping services off that came with them: {}", ours.join(" "));
    for service in ours {
        // Works without a running systemd too; a service that does not exist needs no turning off.
        let _ = works("systemctl", &["disable", service]);
    }
}

/// Unpacks a static busybox into the cache. It is not installed, since it would push out the `busybox` that many systems have.
fn unpack_busybox(cache: &Path) -> Result<(), Failure> {
    eprintln!("Unpacking package: busybox-static");
    std::fs::create_dir_all(cache)?;
    let folder = tempfile::tempdir_in(cache)?;
    // apt-get drops its rights for a download, and could not write into a folder of root's.
    let download = Command::new("apt-get")
        .args(["--quiet", "-o", "APT::Sandbox::User=root", "download", "busybox-static"])
        .current_dir(folder.path())
        .output()?;
    let archive = std::fs::read_dir(folder.path())?.flatten().map(|entry| entry.path()).next();
    let Some(archive) = archive.filter(|_| download.status.success()) else {
        return Err(
            format!("busybox-static cannot be downloaded:\n{}", String::from_utf8_lossy(&download.stderr)).into()
        );
    };
    let unpacked = Command::new("dpkg-deb").arg("-x").arg(archive).arg(cache.join("busybox-static")).status()?;
    if unpacked.success() && busybox::find(cache).is_some() {
        Ok(())
    } else {
        Err("busybox-static could not be unpacked".into())
    }
}

/// Runs apt-get quietly and out of reach of Ctrl-C, which would leave packages half configured; its output is shown when it
/// fails.
fn apt_get(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new("apt-get")
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Ubuntu would restart services of the user's that use a library that was upgraded.
        .env("NEEDRESTART_SUSPEND", "1")
        // Packages' scripts look for the run level before they start a service; 1 is for maintenance.
        .env("RUNLEVEL", "1")
        .process_group(0)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!(
                "cannot run apt-get ({error}); this needs Debian or Ubuntu, or the programs installed by other means"
            )
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let hint = if said.contains("need to be removed") || said.contains("--no-remove") {
        "\nA package of yours stands in the way and is not removed: install the others by hand, or remove it yourself."
    } else {
        ""
    };
    Err(format!("`apt-get {}` failed:\n{}{hint}", arguments.join(" "), said.trim_end()).into())
}

/// Where Debian's scripts ask whether a service may be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Refuses as long as this process lives, then removes itself, so that a killed chore leaves no lasting refusal.
fn script() -> String {
    let us = std::process::id();
    format!(
        "#!/bin/sh\n# Written by cargo xtask while it installs packages.\nkill -0 {us} 2>/dev/null && exit 101\nrm -f {POLICY}\n"
    )
}

/// Refuses to start services while packages are installed, unless the host has a policy of its own.
struct Refusal {
    ours: bool,
}

impl Refusal {
    fn new() -> Result<Self, Failure> {
        use std::{io::Write, os::unix::fs::OpenOptionsExt};
        // 101 means: this action is forbidden by policy.
        match std::fs::File::options().write(true).create_new(true).mode(0o755).open(POLICY) {
            Ok(mut file) => {
                let refusal = Self { ours: true };
                file.write_all(script().as_bytes()).map_err(|error| format!("{POLICY}: {error}"))?;
                Ok(refusal)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(Self { ours: false }),
            Err(error) => Err(format!("{POLICY}: {error}").into()),
        }
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        if self.ours {
            // What cannot be removed here cannot be removed by anybody in this process.
            let _ = std::fs::remove_file(POLICY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_clients_build_by_themselves() {
        assert!(has_buildkit("Docker version 20.10.24+dfsg1, build 297e128"));
        assert!(!has_buildkit("Docker version 28.2.2, build e6534b4"));
        assert!(!has_buildkit("podman version 4.3.1"));
    }

    #[test]
    fn the_policy_refuses_only_while_we_live() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy");
        std::fs::write(&path, script()).unwrap();
        assert_eq!(Command::new("sh").arg(&path).status().unwrap().code(), Some(101));
        std::fs::write(&path, script().replace(&std::process::id().to_string(), "999999999")).unwrap();
        assert_eq!(Command::new("sh").arg("-n").arg(&path).status().unwrap().code(), Some(0));
    }
}
