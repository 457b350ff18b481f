//! Servers that never answer: their address cannot be routed to anywhere, so a boot goes on until it is cut short. A test that
//! brings an SSH server of its own has them on the loopback interface instead.

use std::{
    net::Ipv4Addr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use hcloud_emulator::machines::{MachineError, MachineSpec, Machines, Operation, none::NoMachines};

/// See the module's description. What servers were given is kept, for tests that look at it.
#[derive(Default)]
pub(crate) struct DeadMachines {
    none: NoMachines,
    user_data: Mutex<Vec<String>>,
    on_loopback: AtomicBool,
}

impl DeadMachines {
    /// The user-data of every server so far.
    pub(crate) fn user_data(&self) -> Vec<String> {
        self.user_data.lock().unwrap().clone()
    }

    /// Servers that are created from now on are at 127.0.0.1.
    pub(crate) fn move_to_loopback(&self) {
        self.on_loopback.store(true, Ordering::SeqCst);
    }
}

impl Machines for DeadMachines {
    /// TCP never connects to the broadcast address, on no network.
    fn allocate_address(&self, _: u64) -> Result<Ipv4Addr, MachineError> {
        let on_loopback = self.on_loopback.load(Ordering::SeqCst);
        Ok(if on_loopback { Ipv4Addr::LOCALHOST } else { Ipv4Addr::BROADCAST })
    }

    fn boot(&self, spec: MachineSpec) -> Operation<'_, ()> {
        self.user_data.lock().unwrap().extend(spec.user_data.clone());
        self.none.boot(spec)
    }

    fn stop(&self, server_id: u64, graceful: bool) -> Operation<'_, ()> {
        self.none.stop(server_id, graceful)
    }

    fn start(&self, server_id: u64) -> Operation<'_, ()> {
        self.none.start(server_id)
    }

    fn remove(&self, server_id: u64) -> Operation<'_, ()> {
        self.none.remove(server_id)
    }

    fn create_volume(&self, volume_id: u64, size_gb: u64, format: Option<&str>) -> Operation<'_, ()> {
        self.none.create_volume(volume_id, size_gb, format)
    }

    fn attach_volume(&self, volume_id: u64, server_id: u64) -> Operation<'_, ()> {
        self.none.attach_volume(volume_id, server_id)
    }

    fn detach_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        self.none.detach_volume(volume_id)
    }

    fn delete_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        self.none.delete_volume(volume_id)
    }

    fn resize_volume(&self, volume_id: u64, size_gb: u64) -> Operation<'_, ()> {
        self.none.resize_volume(volume_id, size_gb)
    }

    fn shutdown(&self) -> Operation<'_, ()> {
        self.none.shutdown()
    }
}
