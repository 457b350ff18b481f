//! The images machines boot from, built once and kept in the private engine.
//!
//! `mmdebstrap` makes a Debian root file system, which is imported as the image of plain Debian. The image with Docker
//! Engine is made from it by installing the packages that the first already carries, so it needs no network. A key over
//! the whole recipe is part of the images' names, so a changed recipe builds new images and removes the old ones.

use std::{path::Path, process::Stdio, time::Duration};

use md5::{Digest, Md5};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::{
    MachineError,
    engine::Engine,
    host,
    place::{BUILD_PREFIX, Place},
    tool::{self, QUICK, failed, io_failed},
};

mod source;

/// The name of the images inside the private engine.
const REPOSITORY: &str = "hcloud-machine";
/// How long a step of a build may take; the first downloads about 150 MB.
const STEP_BOUND: Duration = Duration::from_mins(20);
/// How much of the build's log an error shows.
const LOG_LINES: usize = 20;

const PACKAGES: &str = include_str!("image/packages.txt");
const BUILD: &str = include_str!("image/build.sh");
const CUSTOMIZE: &str = include_str!("image/customize.sh");
const ADD_ENGINE: &str = include_str!("image/add-engine.sh");

/// Files that are copied into the image: path, mode, content.
const OVERLAY: [(&str, u32, &str); 8] = [
    ("usr/local/sbin/machine-init", 0o755, include_str!("image/files/machine-init")),
    ("etc/cloud/cloud.cfg.d/90-machine.cfg", 0o644, include_str!("image/files/90-machine.cfg")),
    ("etc/systemd/system/machine-fstab.service", 0o644, include_str!("image/files/machine-fstab.service")),
    ("etc/systemd/system/machine-api.socket", 0o644, include_str!("image/files/machine-api.socket")),
    ("etc/systemd/system/machine-api.service", 0o644, include_str!("image/files/machine-api.service")),
    ("usr/local/sbin/machine-metadata", 0o755, include_str!("image/files/machine-metadata")),
    ("etc/systemd/system/machine-metadata.socket", 0o644, include_str!("image/files/machine-metadata.socket")),
    ("etc/systemd/system/machine-metadata@.service", 0o644, include_str!("image/files/machine-metadata@.service")),
];

/// What the building of the images tells while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A step begins.
    Step {
        /// Its number, from 1.
        number: u32,
        /// How many steps there are.
        of: u32,
        /// What it does, such as `Building the Debian root file system`.
        text: &'static str,
    },
    /// A line of a tool's output, for those who want to see that it goes on.
    Detail(String),
}

/// Receives the progress of a build.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// What [`ensure`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The images were there already.
    Cached,
    /// They were built.
    Built,
}

/// Makes sure that the images are there, without starting machines: waits for the cache directory, starts the engine,
/// builds what is missing and stops the engine.
///
/// Dropping the future ends a build; what it leaves is removed by the next run.
pub async fn ensure(cache_dir: &Path, progress: OnProgress<'_>) -> Result<Outcome, MachineError> {
    let engine = Engine::start(Place::new(cache_dir)?).await?;
    let outcome = ensure_in(&engine, progress).await;
    engine.shutdown().await?;
    outcome
}

/// The name inside the private engine of an image of the catalogue.
pub(super) fn reference(image: &str) -> Result<String, MachineError> {
    match image {
        "debian-12" | "docker-ce" => Ok(format!("{REPOSITORY}:{image}-{}", content_key())),
        other => Err(failed(
            format!("boot a machine from image {other}"),
            "only debian-12 and docker-ce have images that boot here",
        )),
    }
}

/// A key over everything that the images are made from.
fn content_key() -> String {
    let mut digest = Md5::new();
    for part in [PACKAGES, BUILD, CUSTOMIZE, ADD_ENGINE, source::SUITE] {
        digest.update(part);
        digest.update([0]);
    }
    for (path, mode, content) in OVERLAY {
        digest.update(path);
        digest.update(mode.to_be_bytes());
        digest.update(content);
        digest.update([0]);
    }
    digest.finalize().iter().take(6).fold(String::new(), |key, byte| format!("{key}{byte:02x}"))
}

/// Makes sure that the images are in this engine.
pub(super) async fn ensure_in(engine: &Engine, progress: OnProgress<'_>) -> Result<Outcome, MachineError> {
    let debian = reference("debian-12")?;
    let docker = reference("docker-ce")?;
    let listed = engine
        .docker("list images", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", REPOSITORY], QUICK)
        .await?;
    let present = |name: &str| listed.lines().any(|line| line == name);
    if present(&docker) && present(&debian) {
        return Ok(Outcome::Cached);
    }
    let step = |number, text| progress(Progress::Step { number, of: 4, text });
    for old in listed.lines().filter(|name| **name != debian) {
        engine.docker("remove an old image", ["image", "rm", "--force", old], QUICK).await?;
    }
    if !present(&debian) {
        step(1, "Building the Debian root file system");
        let directory = tempfile::Builder::new()
            .prefix(BUILD_PREFIX)
            .tempdir_in(&engine.place.cache)
            .map_err(io_failed("build the machine image", &engine.place.cache))?;
        let tar = build_root(&engine.place, directory.path(), progress).await?;
        step(2, "Importing it into the machines' engine");
        engine.docker("import the machine image", ["import", &tar, &debian], STEP_BOUND).await?;
        tokio::task::spawn_blocking(move || drop(directory))
            .await
            .map_err(|error| failed("remove the build directory", error.to_string()))?;
    }
    step(3, "Installing Docker Engine into a second image");
    let run = ["run", "--name", "add-engine", "--network", "none", &debian, "sh", "-euc", ADD_ENGINE];
    engine.docker("install Docker Engine into the image", run, STEP_BOUND).await?;
    step(4, "Saving it");
    engine.docker("save the image", ["commit", "add-engine", &docker], STEP_BOUND).await?;
    engine.docker("remove the building container", ["rm", "add-engine"], QUICK).await?;
    Ok(Outcome::Built)
}

/// Builds the root file system in `directory` and returns the path of its tar file.
///
/// The archive that this host is set up with may lack the machines' release, so Debian's own is tried too.
async fn build_root(place: &Place, directory: &Path, progress: OnProgress<'_>) -> Result<String, MachineError> {
    let source = source::of_this_host().await;
    let first = build_root_from(&source, place, directory, progress).await;
    let (Some(mirror), Err(error)) = (&source.mirror, &first) else { return first };
    progress(Progress::Detail(format!("{mirror} does not do; trying Debian's own archive")));
    let own = source::Source { mirror: None, apt_options: source.apt_options.clone() };
    build_root_from(&own, place, directory, progress).await.map_err(|second| {
        failed(second.doing, format!("from Debian's own archive: {}; from {mirror}: {}", second.reason, error.reason))
    })
}

async fn build_root_from(
    source: &source::Source,
    place: &Place,
    directory: &Path,
    progress: OnProgress<'_>,
) -> Result<String, MachineError> {
    let doing = "build the machine image";
    let write = |path: &str, mode: u32, content: &str| -> Result<_, MachineError> {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io_failed(doing, parent))?;
        }
        std::fs::write(&path, content).map_err(io_failed(doing, &path))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(io_failed(doing, &path))?;
        Ok(path)
    };
    for (path, mode, content) in OVERLAY {
        write(&format!("overlay/{path}"), mode, content)?;
    }
    let build = write("build.sh", 0o755, BUILD)?;
    let tar = directory.join("root.tar");
    let mut command = tool::command("setpriv");
    command
        .args(["--pdeathsig", "KILL", "unshare"])
        .args(host::NAMESPACES)
        .arg("sh")
        .arg(&build)
        .env("TMPDIR", directory)
        .env("OUTPUT", &tar)
        .env("SUITE", source::SUITE)
        .env("SOURCE", source.mirror.as_ref().map(|at| format!("deb {at} {} main", source::SUITE)).unwrap_or_default())
        .env("KEYRING", host::DEBIAN_KEYRING)
        .env("OVERLAY", directory.join("overlay"))
        .env("CUSTOMIZE", write("customize.sh", 0o755, CUSTOMIZE)?)
        .env("APT_OPTIONS", write("apt.conf", 0o644, &source.apt_options)?)
        .env("PACKAGES", PACKAGES.split_whitespace().collect::<Vec<_>>().join(","));
    let log = place.cache.join("image.log");
    match tokio::time::timeout(STEP_BOUND, logged(command, &log, progress)).await {
        Ok(Ok(())) => Ok(tar.display().to_string()),
        Ok(Err(reason)) => Err(failed(doing, format!("{reason}; {}", tool::tail(&log, LOG_LINES)))),
        Err(_) => Err(failed(
            doing,
            format!("not finished within {} minutes; {}", STEP_BOUND.as_secs() / 60, tool::tail(&log, LOG_LINES)),
        )),
    }
}

/// Runs a command with its output in a log file and its lines as progress.
async fn logged(mut command: Command, log: &Path, progress: OnProgress<'_>) -> Result<(), String> {
    use std::io::Write;
    let mut file = std::fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    // Both streams end in one pipe, in the order they were written in.
    let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    let errors = writer.try_clone().map_err(|error| error.to_string())?;
    command.stdout(writer).stderr(errors).stdin(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot run `setpriv`: {error}"))?;
    // Our own copies of the pipe's end must go, or it would never end.
    drop(command);
    let reader = tokio::net::unix::pipe::Receiver::from_owned_fd(reader.into()).map_err(|error| error.to_string())?;
    let mut lines = BufReader::new(reader).split(b'\n');
    while let Some(line) = lines.next_segment().await.map_err(|error| error.to_string())? {
        let line = String::from_utf8_lossy(&line).into_owned();
        writeln!(file, "{line}").map_err(|error| format!("{}: {error}", log.display()))?;
        progress(Progress::Detail(line));
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("mmdebstrap failed ({status})")) }
}

#[cfg(test)]
mod tests;
