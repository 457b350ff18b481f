//! Services that packages bring along. Nobody asked for them, so they stay off, now and at the next boot.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::selection::works;
use crate::Failure;

/// The services of all packages that may be installed.
const SERVICES: [&str; 5] = ["docker.service", "docker.socket", "containerd.service", "ssh.service", "ssh.socket"];
/// Where packages put the files of their services (`systemd.unit(5)`), and where administrators put theirs.
const UNITS: [&str; 3] = ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];
/// Where Debian's scripts ask whether a service may be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// The services of ours that exist at the moment.
pub(super) fn present() -> Vec<&'static str> {
    let exists = |service: &&str| UNITS.iter().any(|folder| Path::new(folder).join(service).exists());
    SERVICES.into_iter().filter(exists).collect()
}

/// Turns off what a package's scripts have turned on for the next boot: what was not there `before`. A service that was
/// there is the user's.
pub(super) fn keep_off(before: &[&str]) {
    let new = brought(before, &present());
    if new.is_empty() {
        return;
    }
    eprintln!("Keeping services off that came with them: {}", new.join(" "));
    for service in new {
        // Both work without a running systemd.
        if !works("systemctl", &["disable", service]) && !works("deb-systemd-helper", &["disable", service]) {
            eprintln!("warning: {service} could not be turned off; `systemctl disable {service}` does it");
        }
    }
}

fn brought(before: &[&str], after: &[&'static str]) -> Vec<&'static str> {
    after.iter().copied().filter(|service| !before.contains(service)).collect()
}

/// Refuses to start services while packages are installed, unless the host has a policy of its own.
pub(super) struct Refusal {
    ours: bool,
}

impl Refusal {
    pub(super) fn new() -> Result<Self, Failure> {
        match File::options().write(true).create_new(true).mode(0o755).open(POLICY) {
            Ok(mut file) => {
                let refusal = Self { ours: true };
                file.write_all(script(std::process::id()).as_bytes()).map_err(|error| format!("{POLICY}: {error}"))?;
                Ok(refusal)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self { ours: false }),
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

/// Refuses as long as the process `us` lives, then removes itself, so that a killed chore leaves no lasting refusal. 101
/// means: this action is forbidden by policy.
fn script(us: u32) -> String {
    format!(
        "#!/bin/sh\n# Written by cargo xtask while it installs packages.\nkill -0 {us} 2>/dev/null && exit 101\nrm -f {POLICY}\n"
    )
}

#[cfg(test)]
mod tests;
