//! Volumes: sparse files with a file system, which loop devices turn into block devices.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    MachineError, leftovers,
    tool::{self, QUICK, failed, io_failed},
};

/// How long the making or growing of a file system may take; it takes a fraction of a second, as most is left for later.
const FORMAT_BOUND: Duration = Duration::from_mins(2);
/// The kernel's major number of loop devices.
pub(super) const LOOP_MAJOR: u32 = 7;
const GIB: u64 = 1 << 30;

/// The files of all volumes.
#[derive(Debug)]
pub(super) struct Disks {
    directory: PathBuf,
}

/// A loop device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoopDevice {
    /// Its path on the host.
    pub(super) path: String,
    /// The kernel's minor number.
    pub(super) minor: u32,
}

impl Disks {
    pub(super) fn new(directory: PathBuf) -> Result<Self, MachineError> {
        std::fs::create_dir_all(&directory).map_err(io_failed("prepare volumes", &directory))?;
        Ok(Self { directory })
    }

    fn file(&self, volume: u64) -> PathBuf {
        self.directory.join(format!("{volume}.img"))
    }

    /// Creates a volume's file, with a file system where one is named.
    pub(super) async fn create(&self, volume: u64, size_gb: u64, format: Option<&str>) -> Result<(), MachineError> {
        let doing = format!("create volume {volume}");
        let path = self.file(volume);
        let file = File::create_new(&path).map_err(io_failed(&doing, &path))?;
        let made = match file.set_len(size_gb.saturating_mul(GIB)) {
            Ok(()) => make_file_system(&doing, &path, format).await,
            Err(error) => Err(io_failed(&doing, &path)(error)),
        };
        if made.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        made
    }

    /// Makes a loop device for a volume, after any earlier one has gone.
    pub(super) async fn connect(&self, volume: u64) -> Result<LoopDevice, MachineError> {
        let doing = format!("attach volume {volume}");
        let file = self.file(volume);
        leftovers::release_loops_below(&file).await?;
        let file = file.display().to_string();
        let path = tool::run(&doing, "losetup", ["--find", "--show", &file], QUICK).await?.trim().to_owned();
        let minor = path
            .strip_prefix("/dev/loop")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| failed(doing, format!("`losetup` named an unexpected device: {path}")))?;
        Ok(LoopDevice { path, minor })
    }

    /// Releases a volume's loop device and waits until nothing uses it any more.
    pub(super) async fn disconnect(&self, volume: u64) -> Result<(), MachineError> {
        leftovers::release_loops_below(&self.file(volume)).await
    }

    /// Grows a volume's file and, where it is connected, its loop device.
    pub(super) async fn resize(
        &self,
        volume: u64,
        size_gb: u64,
        device: Option<&LoopDevice>,
    ) -> Result<(), MachineError> {
        let doing = format!("resize volume {volume}");
        let path = self.file(volume);
        let file = File::options().write(true).open(&path).map_err(io_failed(&doing, &path))?;
        let size = size_gb.saturating_mul(GIB);
        let now = file.metadata().map_err(io_failed(&doing, &path))?.len();
        if size < now {
            return Err(failed(doing, format!("it has {} GB and can only grow", now / GIB)));
        }
        file.set_len(size).map_err(io_failed(&doing, &path))?;
        if let Some(device) = device {
            tool::run(&doing, "losetup", ["--set-capacity", &device.path], QUICK).await?;
        }
        Ok(())
    }

    /// Deletes a volume's file; it may be gone already.
    pub(super) async fn delete(&self, volume: u64) -> Result<(), MachineError> {
        self.disconnect(volume).await?;
        let path = self.file(volume);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io_failed(&format!("delete volume {volume}"), &path)(error))
            }
            _ => Ok(()),
        }
    }
}

async fn make_file_system(doing: &str, path: &Path, format: Option<&str>) -> Result<(), MachineError> {
    let path = path.display().to_string();
    match format {
        None => Ok(()),
        // Tables and journal are cleared when they are first used: a file is empty to begin with.
        Some("ext4") => {
            let options = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
            tool::run(doing, "mkfs.ext4", ["-q", "-F", "-E", options, &path], FORMAT_BOUND).await.map(drop)
        }
        Some("xfs") if tool::find("mkfs.xfs").is_none() => {
            Err(failed(doing, "this host has no mkfs.xfs; install the package xfsprogs, or use ext4"))
        }
        Some("xfs") => tool::run(doing, "mkfs.xfs", ["-q", "-K", &path], FORMAT_BOUND).await.map(drop),
        Some(other) => Err(failed(doing, format!("unknown file system {other}"))),
    }
}
