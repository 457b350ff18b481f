//! Installs the packages that machines need, where they are missing.

mod selection;
mod services;

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use hcloud_emulator::machines::busybox;

use self::{selection::missing, services::Refusal};
use crate::{Failure, interrupt::Interrupt, machines_cache};

/// Installs what is missing and says what; does nothing when nothing is. Needs root.
///
/// Neither is the service of a package installed here started, now or at the next boot, nor a package of the user's
/// removed. An engine that is there already is left alone, running or not. After an interruption the package manager still
/// finishes what it is doing.
pub(crate) fn install_missing(for_tests: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    let busybox = busybox::find(&machines_cache()).is_none();
    if missing(for_tests).is_empty() && !busybox {
        return Ok(());
    }
    // A list that cannot be brought up to date is often good enough; what is wrong with it is said if it is not.
    let update = apt_get(&["update"], interrupt);
    let installed = install(for_tests, busybox, interrupt);
    match (installed, update) {
        (Err(failure), Err(update)) => Err(format!("{failure}\n(before that, {update})").into()),
        (installed, _) => installed,
    }
}

fn install(for_tests: bool, busybox: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    // Which names there are is only certain now.
    let wanted = missing(for_tests);
    if !wanted.is_empty() && !interrupt.seen() {
        eprintln!("Installing packages: {}", wanted.join(" "));
        let before = services::present();
        let refusal = Refusal::new()?;
        let mut arguments = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
        arguments.extend(&wanted);
        let installed = apt_get(&arguments, interrupt);
        drop(refusal);
        // Part of them may be installed even where that failed.
        services::keep_off(&before);
        installed?;
        let missing = missing(for_tests);
        if !missing.is_empty() {
            let names = missing.join(" ");
            return Err(format!("apt-get succeeded, but programs of these packages are still missing: {names}").into());
        }
    }
    if busybox && !interrupt.seen() {
        unpack_busybox(&machines_cache(), interrupt)?;
    }
    Ok(())
}

/// Unpacks a static busybox into the cache. It is not installed, since it would push out the `busybox` that many systems have.
fn unpack_busybox(cache: &Path, interrupt: &Interrupt) -> Result<(), Failure> {
    eprintln!("Unpacking package: busybox-static");
    std::fs::create_dir_all(cache)?;
    let folder = tempfile::Builder::new().prefix("download-").tempdir_in(cache)?;
    let mut download = Command::new("apt-get");
    // apt-get drops its rights for a download, and could not write into a folder of root's.
    download.args(["--quiet", "-o", "APT::Sandbox::User=root", "download", "busybox-static"]);
    download.current_dir(folder.path());
    finish(download, interrupt)?;
    let archive = std::fs::read_dir(folder.path())?.flatten().map(|entry| entry.path()).next();
    let archive = archive.ok_or("apt-get succeeded, but busybox-static was not downloaded")?;
    let unpacked = Command::new("dpkg-deb").arg("-x").arg(archive).arg(cache.join("busybox-static")).status()?;
    if unpacked.success() && busybox::find(cache).is_some() {
        Ok(())
    } else {
        Err("busybox-static could not be unpacked".into())
    }
}

/// Runs apt-get quietly, for nobody to be asked.
fn apt_get(arguments: &[&str], interrupt: &Interrupt) -> Result<(), Failure> {
    let mut command = Command::new("apt-get");
    command
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Ubuntu would restart services of the user's that use a library that was upgraded.
        .env("NEEDRESTART_SUSPEND", "1")
        // Packages' scripts look for the run level before they start a service; 1 is for maintenance.
        .env("RUNLEVEL", "1");
    finish(command, interrupt)
}

/// Runs a command to its end, out of reach of Ctrl-C, which would leave packages half configured. Its output is shown when
/// it fails.
fn finish(mut command: Command, interrupt: &Interrupt) -> Result<(), Failure> {
    let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
    let line = format!("apt-get {}", words.join(" "));
    command.process_group(0).stdin(Stdio::null());
    let output = interrupt.block_on(async {
        let output = tokio::process::Command::from(command).output();
        let mut output = std::pin::pin!(output);
        tokio::select! {
            output = &mut output => output,
            _ = interrupt.wait() => {
                eprintln!("Interrupted; apt-get finishes first…");
                output.await
            }
        }
    });
    let output = output.map_err(|error| {
        format!("cannot run apt-get ({error}); this needs Debian or Ubuntu, or the programs installed by other means")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(format!("`{line}` failed:\n{}{}", said.trim_end(), hint(&said)).into())
}

/// What to do about a failure, where that is known. The names of the packages stand above it, in what apt-get says.
fn hint(said: &str) -> &'static str {
    if said.contains("remove is disabled") || said.contains("unmet dependencies") {
        "\nA package of yours stands in the way (see above) and is not removed. Remove it yourself, or install the missing \
         programs from where that package came from."
    } else {
        ""
    }
}

#[cfg(test)]
mod tests;
