//! Where everything of one cache directory lives, and the names that mark it as ours.

use std::{
    fs::File,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use md5::{Digest, Md5};

use super::{
    MachineError,
    tool::{self, QUICK, failed, io_failed},
};

/// How the name of a directory starts that an image is built in.
pub(super) const BUILD_PREFIX: &str = "build-";

/// Everything is kept in a directory of this name below the one that is given, so that nothing else is ever cleared.
const OWN_DIRECTORY: &str = "hcloud-machines";
/// The file that marks the directory as ours.
const MARKER: &str = "created-by-hcloud-emulator";
/// Where run-time state is kept, each cache directory's in a directory of its own.
pub(super) const RUN: &str = "/run";
/// The file in it that names the cache directory.
const OWNER: &str = "owner";

/// How long to wait for another process that uses the same cache directory.
const LOCK_WAIT: Duration = Duration::from_mins(15);
/// How often to look whether the other process is gone.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Machines get addresses from 198.18.0.0/15, set aside for tests of networks (RFC 2544), cut into parts of this size.
const SUBNET_BITS: u8 = 22;
/// How many such parts there are.
const SUBNETS: u32 = 1 << (SUBNET_BITS - 15);

/// The directories and names that belong to one cache directory.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Our own directory below the one that was given, absolute and without symbolic links, as the kernel reports it for
    /// loop devices.
    pub(super) cache: PathBuf,
    /// The engine's sockets and run-time state; short, because the path of a Unix socket may have 107 bytes at most.
    pub(super) run: PathBuf,
    /// The name of the bridge and of the parent control group.
    pub(super) name: String,
    /// A number derived from the cache directory.
    number: u32,
}

impl Place {
    /// Creates the cache directory where it does not exist.
    pub(super) fn new(cache_dir: &Path) -> Result<Self, MachineError> {
        let doing = "prepare the cache directory";
        let cache = cache_dir.join(OWN_DIRECTORY);
        std::fs::create_dir_all(&cache).map_err(io_failed(doing, &cache))?;
        let cache = cache.canonicalize().map_err(io_failed(doing, &cache))?;
        claim(&cache)?;
        Ok(Self::of(cache))
    }

    /// The names of one of our directories, which may exist or not.
    fn of(cache: PathBuf) -> Self {
        let digest = Md5::digest(cache.as_os_str().as_encoded_bytes());
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        // The name of a network interface may have 15 bytes at most.
        let name = format!("hcm-{number:08x}");
        Self { run: Path::new(RUN).join(&name), cache, name, number }
    }

    /// The place that run-time state belongs to. `None` where the directory is not one of ours.
    pub(super) fn of_run(run: &Path) -> Option<Self> {
        use std::os::unix::ffi::OsStringExt;
        let cache = std::ffi::OsString::from_vec(std::fs::read(run.join(OWNER)).ok()?);
        Some(Self::of(cache.into())).filter(|place| place.run == run && place.cache.is_absolute())
    }

    /// Creates the directory of run-time state, with the name of the cache directory in it.
    pub(super) fn create_run(&self) -> Result<(), MachineError> {
        let doing = "prepare the engine's directory";
        std::fs::create_dir_all(&self.run).map_err(io_failed(doing, &self.run))?;
        let owner = self.run.join(OWNER);
        std::fs::write(&owner, self.cache.as_os_str().as_encoded_bytes()).map_err(io_failed(doing, &owner))
    }

    /// Takes the cache directory if nobody uses it. `None` where somebody does.
    pub(super) fn try_lock(&self) -> Option<File> {
        let file = File::options().write(true).open(self.lock_file()).ok()?;
        file.try_lock().ok().map(|()| file)
    }

    fn lock_file(&self) -> PathBuf {
        self.cache.join("lock")
    }

    /// The engine's images and containers, kept from run to run.
    pub(super) fn data(&self) -> PathBuf {
        self.cache.join("engine")
    }

    /// The engine's API socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.run.join("docker.sock")
    }

    /// The engine's log.
    pub(super) fn engine_log(&self) -> PathBuf {
        self.cache.join("engine.log")
    }

    /// Files that stand for volumes.
    pub(super) fn volumes(&self) -> PathBuf {
        self.cache.join("volumes")
    }

    /// Takes the cache directory for this process, waiting for another one that has it.
    pub(super) async fn lock(&self) -> Result<File, MachineError> {
        let path = self.lock_file();
        let doing = "take the machines' cache directory";
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(io_failed(doing, &path))?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(std::fs::TryLockError::Error(error)) => return Err(io_failed(doing, &path)(error)),
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(failed(
                        doing,
                        format!(
                            "another process has held {} for {} minutes; end it, or use another cache directory",
                            path.display(),
                            LOCK_WAIT.as_secs() / 60
                        ),
                    ));
                }
                Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
            }
        }
    }

    /// A part of the machines' address range that no interface of this host uses.
    pub(super) async fn free_subnet(&self) -> Result<Subnet, MachineError> {
        let doing = "choose addresses for machines";
        let listed = tool::run(doing, "ip", ["-4", "-oneline", "address", "show"], QUICK).await?;
        let used: Vec<Ipv4Addr> = listed
            .lines()
            .filter_map(|line| line.split_whitespace().skip_while(|word| *word != "inet").nth(1))
            .filter_map(|address| address.split('/').next()?.parse().ok())
            .collect();
        (0..SUBNETS)
            .map(|step| Subnet::numbered(self.number.wrapping_add(step) % SUBNETS))
            .find(|subnet| !used.iter().any(|address| subnet.contains(*address)))
            .ok_or_else(|| failed(doing, "every part of 198.18.0.0/15 is in use on this host"))
    }
}

/// Marks an empty directory as ours; refuses one that somebody else has filled.
fn claim(directory: &Path) -> Result<(), MachineError> {
    let doing = "prepare the cache directory";
    let marker = directory.join(MARKER);
    if marker.exists() {
        return Ok(());
    }
    let mut entries = std::fs::read_dir(directory).map_err(io_failed(doing, directory))?.flatten();
    // Another process may be marking the same directory at this moment.
    if entries.any(|entry| entry.file_name() != MARKER) && !marker.exists() {
        let reason = format!("{} holds files of somebody else; choose another directory", directory.display());
        return Err(failed(doing, reason));
    }
    std::fs::write(&marker, "Everything in this directory is cleared at will.\n").map_err(io_failed(doing, &marker))
}

/// A part of the machines' address range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subnet {
    base: u32,
}

impl Subnet {
    /// How many addresses it holds for machines: all but the network's, the host's and the broadcast address.
    pub(super) const MACHINES: u32 = (1 << (32 - SUBNET_BITS)) - 3;

    #[cfg(test)]
    pub(super) fn first() -> Self {
        Self::numbered(0)
    }

    fn numbered(index: u32) -> Self {
        Self { base: u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (index << (32 - SUBNET_BITS)) }
    }

    fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) >> (32 - SUBNET_BITS) == self.base >> (32 - SUBNET_BITS)
    }

    /// In CIDR notation.
    pub(super) fn cidr(self) -> String {
        format!("{}/{SUBNET_BITS}", Ipv4Addr::from(self.base))
    }

    /// The host's own address on the bridge.
    pub(super) fn host(self) -> Ipv4Addr {
        Ipv4Addr::from(self.base + 1)
    }

    /// The address of the machine with this index, counted round when the index is too large.
    pub(super) fn machine(self, index: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base + 2 + index % Self::MACHINES)
    }
}

#[cfg(test)]
mod tests;
