//! What stands behind a server of the API: nothing at all, or a machine that really boots.
//!
//! The API side decides *when* a machine starts, stops and goes; an implementation of [`Machines`] decides *how*. Every
//! operation is idempotent where it removes something, so that a clean-up can always be repeated.

mod abandoned;
pub mod busybox;
pub mod containers;
mod disks;
mod engine;
pub mod host;
pub mod image;
pub mod leftovers;
mod network;
pub mod none;
mod place;
mod power_offs;
mod register;
mod seed;
mod tool;

use std::{
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
};

/// A boxed future, so that [`Machines`] can be used as a trait object.
pub type Operation<'a, T> = Pin<Box<dyn Future<Output = Result<T, MachineError>> + Send + 'a>>;

/// What a machine is started with.
#[derive(Debug, Clone)]
pub struct MachineSpec {
    /// The id of the server in the API; unique for the life of the emulator.
    pub server_id: u64,
    /// The server's name, which becomes the host name.
    pub name: String,
    /// The catalogue's name of the image, such as `docker-ce` or `debian-12`.
    pub image: String,
    /// What `POST /servers` was given, byte for byte; `None` where nothing was given.
    pub user_data: Option<String>,
    /// OpenSSH public keys for root's `authorized_keys`, a line each.
    pub ssh_keys: Vec<String>,
    /// The address handed out by [`Machines::allocate_address`].
    pub address: Ipv4Addr,
    /// Ids of the volumes that are attached from the start.
    pub volumes: Vec<u64>,
    /// How the machine reaches the API under the address that clients on this host use; `None` where it cannot, or needs
    /// no help.
    pub api: Option<Forward>,
}

/// A TCP address inside a machine that leads to another one outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// Where the machine listens.
    pub listen: SocketAddr,
    /// Where that leads, as the machine sees it.
    pub to: SocketAddr,
}

/// Starts and stops the machines behind servers, and keeps the data of volumes.
pub trait Machines: Send + Sync + 'static {
    /// Reserves the public IPv4 address of a server that is about to be created.
    fn allocate_address(&self, server_id: u64) -> Result<Ipv4Addr, MachineError>;

    /// This host's address as machines see it; `None` where there are no machines that could see anything.
    fn host_address(&self) -> Option<Ipv4Addr> {
        None
    }

    /// Boots a machine. Returns when it has been started, long before its SSH server answers.
    fn boot(&self, spec: MachineSpec) -> Operation<'_, ()>;

    /// Stops a machine without removing it: `graceful` asks it to shut down, otherwise its power is cut.
    fn stop(&self, server_id: u64, graceful: bool) -> Operation<'_, ()>;

    /// Starts a stopped machine again, with its disk as it was.
    fn start(&self, server_id: u64) -> Operation<'_, ()>;

    /// Removes a machine with its disk and frees its address; its volumes are detached first and survive.
    fn remove(&self, server_id: u64) -> Operation<'_, ()>;

    /// Reports each server whose machine has powered itself off, which no call of this trait asked for. Ends only with an
    /// error; dropping the future ends it, too.
    fn power_offs<'a>(&'a self, _report: &'a (dyn Fn(u64) + Send + Sync)) -> Operation<'a, ()> {
        Box::pin(std::future::pending())
    }

    /// Lets every packet between a running machine and others vanish without a word, but for those between the machine and
    /// the API, until [`Machines::restore_network`] or the machine's next start.
    fn cut_network(&self, server_id: u64) -> Operation<'_, ()> {
        no_network(server_id)
    }

    /// Undoes [`Machines::cut_network`].
    fn restore_network(&self, server_id: u64) -> Operation<'_, ()> {
        no_network(server_id)
    }

    /// Creates a volume of `size_gb` GB (sparse), formatted when `format` names a file system (`ext4` or `xfs`).
    fn create_volume(&self, volume_id: u64, size_gb: u64, format: Option<&str>) -> Operation<'_, ()>;

    /// Makes a volume appear in a machine under `/dev/disk/by-id/scsi-0HC_Volume_<id>`.
    fn attach_volume(&self, volume_id: u64, server_id: u64) -> Operation<'_, ()>;

    /// Takes a volume away from its machine, as if its cable were pulled.
    fn detach_volume(&self, volume_id: u64) -> Operation<'_, ()>;

    /// Deletes the data of a volume.
    fn delete_volume(&self, volume_id: u64) -> Operation<'_, ()>;

    /// Grows a volume's block device to `size_gb` GB; the file system is the machine's affair.
    fn resize_volume(&self, volume_id: u64, size_gb: u64) -> Operation<'_, ()>;

    /// Stops and removes everything that was started. Called once, at the end.
    fn shutdown(&self) -> Operation<'_, ()>;
}

fn no_network(server_id: u64) -> Operation<'static, ()> {
    let doing = format!("change the network of server {server_id}");
    Box::pin(std::future::ready(Err(MachineError { doing, reason: "its machine has none".to_owned() })))
}

/// Why a machine could not be started, stopped or changed.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct MachineError {
    /// What was attempted, such as `boot server 4711`.
    pub doing: String,
    /// What went wrong, with the tool's own words where a tool failed.
    pub reason: String,
}
