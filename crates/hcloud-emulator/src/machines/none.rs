//! No machines: servers are entries of the API, and nothing boots.

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{MachineError, MachineSpec, Machines, Operation};

/// First address handed out, in the network for documentation (RFC 5737), in which nothing ever answers.
const FIRST_ADDRESS: u32 = u32::from_be_bytes([198, 51, 100, 1]);

/// Addresses before they repeat: those of a /24 network that belong to hosts.
const ADDRESSES: u32 = 254;

/// Servers without machines: every operation succeeds at once.
#[derive(Debug, Default)]
pub struct NoMachines {
    handed_out: AtomicU32,
}

fn done() -> Operation<'static, ()> {
    Box::pin(std::future::ready(Ok(())))
}

impl Machines for NoMachines {
    fn allocate_address(&self, _server_id: u64) -> Result<Ipv4Addr, MachineError> {
        let number = self.handed_out.fetch_add(1, Ordering::Relaxed);
        Ok(Ipv4Addr::from(FIRST_ADDRESS + number % ADDRESSES))
    }

    fn boot(&self, _spec: MachineSpec) -> Operation<'_, ()> {
        done()
    }

    fn stop(&self, _server_id: u64, _graceful: bool) -> Operation<'_, ()> {
        done()
    }

    fn start(&self, _server_id: u64) -> Operation<'_, ()> {
        done()
    }

    fn remove(&self, _server_id: u64) -> Operation<'_, ()> {
        done()
    }

    fn create_volume(&self, _volume_id: u64, _size_gb: u64, _format: Option<&str>) -> Operation<'_, ()> {
        done()
    }

    fn attach_volume(&self, _volume_id: u64, _server_id: u64) -> Operation<'_, ()> {
        done()
    }

    fn detach_volume(&self, _volume_id: u64) -> Operation<'_, ()> {
        done()
    }

    fn delete_volume(&self, _volume_id: u64) -> Operation<'_, ()> {
        done()
    }

    fn resize_volume(&self, _volume_id: u64, _size_gb: u64) -> Operation<'_, ()> {
        done()
    }

    fn shutdown(&self) -> Operation<'_, ()> {
        done()
    }
}
