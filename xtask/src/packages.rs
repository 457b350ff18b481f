//! Installs the packages that machines need, where they are missing.

use std::process::Command;

use hcloud_emulator::machines::host;

use crate::Failure;

/// A package and a program by which it is known to be there.
pub(crate) struct Package {
    name: &'static str,
    program: &'static str,
}

/// What the tests need beyond what machines need: an SSH server that each test starts for itself, and compose.
pub(crate) const FOR_TESTS: &[Package] = &[
    Package { name: "openssh-server", program: "/usr/sbin/sshd" },
    Package { name: "docker-compose", program: "/usr/bin/docker-compose" },
];

fn missing(further: &[Package]) -> Vec<&'static str> {
    let further = further.iter().filter(|package| !std::path::Path::new(package.program).exists());
    host::missing_packages().into_iter().chain(further.map(|package| package.name)).collect()
}

/// Installs what is missing and says what; does nothing when nothing is. Needs root.
///
/// A freshly installed engine's service is not started: the machines' engine is another one, and nobody asked for a
/// service. An engine that is there already is left alone, running or not.
pub(crate) fn install_missing(further: &[Package]) -> Result<(), Failure> {
    let missing = missing(further);
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("Installing packages: {}", missing.join(" "));
    let refusal = Refusal::new()?;
    apt_get(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    apt_get(&install)?;
    drop(refusal);
    let missing = self::missing(further);
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("apt-get succeeded, but programs of these packages are still missing: {}", missing.join(" "))
            .into())
    }
}

/// Runs apt-get quietly; its output is shown when it fails.
fn apt_get(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new("apt-get")
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Packages' scripts look for the run level before they start a service; 1 is for maintenance.
        .env("RUNLEVEL", "1")
        .stdin(std::process::Stdio::null())
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
    Err(format!("`apt-get {}` failed:\n{}", arguments.join(" "), String::from_utf8_lossy(&said).trim_end()).into())
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
