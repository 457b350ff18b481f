//! Machines as containers of the private engine: systemd, cloud-init, OpenSSH and, in one of the images, Docker Engine.
//!
//! A machine may do what root of a virtual machine may do to its own mounts, devices and network, so it is no barrier
//! against hostile code; it is for tests of well-meaning code. The host's devices are not in its `/dev`, no service in the
//! image touches them, and the host's settings are read-only in it.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    MachineError, MachineSpec, Machines, Operation,
    disks::{Disks, LOOP_MAJOR},
    engine::{Engine, NETWORK},
    image::{self, OnProgress},
    network,
    place::Place,
    power_offs::Ends,
    register::{Attached, Register, link_name},
    seed,
    tool::{QUICK, failed, io_failed},
};

/// How long a container may take to be created, started, killed or removed.
const CONTAINER_BOUND: Duration = Duration::from_mins(1);
/// How long a machine may take to shut down by itself before its power is cut, in seconds.
const SHUTDOWN_SECONDS: &str = "60";
/// How long the stop command may take altogether.
const STOP_BOUND: Duration = Duration::from_secs(90);
/// The label that every machine carries.
pub(super) const LABEL: &str = "hcloud-emulator.machine";

/// What every machine is created with.
const CREATE: [&str; 25] = [
    "create",
    "--network",
    NETWORK,
    // systemd and an engine inside mount, make devices and set up networks.
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
    "--cap-add",
    "SYS_ADMIN",
    "--cap-add",
    "NET_ADMIN",
    "--cap-add",
    "SYS_PTRACE",
    "--device-cgroup-rule",
    "a *:* rwm",
    "--cgroupns",
    "private",
    "--tmpfs",
    "/run:exec,mode=755",
    "--tmpfs",
    "/run/lock",
    // The signal by which systemd is asked to power off.
    "--stop-signal",
    "SIGRTMIN+4",
    "--env",
    "container=docker",
];

/// Machines that really boot, as containers of a private Docker Engine.
///
/// Volumes live as long as this value. [`Machines::shutdown`] removes everything but the cached images; when it is not
/// called, machines die with the process and the next start removes the rest.
#[derive(Debug)]
pub struct ContainerMachines {
    engine: tokio::sync::RwLock<Option<Engine>>,
    disks: Disks,
    register: Mutex<Register>,
    seeds: PathBuf,
    name: String,
}

impl ContainerMachines {
    /// Starts the private engine on `cache_dir`, and builds the images where they are missing, which takes minutes.
    ///
    /// Another process that uses the same directory is waited for.
    pub async fn start(cache_dir: &Path) -> Result<Self, MachineError> {
        Self::start_with(cache_dir, &|_| ()).await
    }

    /// As [`ContainerMachines::start`], and tells about the building of the images.
    pub async fn start_with(cache_dir: &Path, progress: OnProgress<'_>) -> Result<Self, MachineError> {
        let engine = Engine::start(Place::new(cache_dir)?).await?;
        let disks = match image::ensure_in(&engine, progress).await {
            Ok(_) => Disks::new(engine.place.volumes()),
            Err(error) => Err(error),
        };
        match disks {
            Ok(disks) => Ok(Self {
                register: Mutex::new(Register::new(engine.subnet)),
                seeds: engine.place.cache.join("seeds"),
                name: engine.place.name.clone(),
                disks,
                engine: tokio::sync::RwLock::new(Some(engine)),
            }),
            Err(error) => {
                engine.shutdown().await?;
                Err(error)
            }
        }
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn docker(&self, doing: &str, arguments: &[&str], bound: Duration) -> Result<String, MachineError> {
        let engine = self.engine.read().await;
        let engine = engine.as_ref().ok_or_else(|| failed(doing, "the machines have been shut down"))?;
        engine.docker(doing, arguments.iter().copied(), bound).await
    }

    /// Boots a machine. When that fails, nothing of it is left but its address, so that it can be tried again.
    async fn boot_machine(&self, spec: MachineSpec) -> Result<(), MachineError> {
        let id = spec.server_id;
        let image = image::reference(&spec.image)?;
        let booted = self.boot_from(&image, &spec).await;
        if booted.is_err()
            && let Err(error) = self.take_down(id).await
        {
            tracing::warn!(server = id, %error, "a machine that did not boot could not be removed");
        }
        booted
    }

    async fn boot_from(&self, image: &str, spec: &MachineSpec) -> Result<(), MachineError> {
        let id = spec.server_id;
        let doing = format!("boot server {id}");
        let container = container(id);
        self.register().set_api(id, spec.api.map(|api| api.to));
        for volume in &spec.volumes {
            self.connect(*volume, id).await?;
        }
        let label = format!("{LABEL}={id}");
        let address = spec.address.to_string();
        let mut create = CREATE.to_vec();
        create.extend(["--name", &container, "--hostname", &spec.name, "--label", &label, "--ip", &address]);
        // The host's own setting is left alone, so the machine's must be made here, as a virtual machine's root could.
        // An absolute name: a relative one is taken below the group that the engine happens to run in.
        let parent = format!("/{}", self.name);
        create.extend(["--sysctl", "net.ipv4.ip_forward=1", "--cgroup-parent", &parent]);
        // The machine's first process reads these and hides them from everything it starts.
        let api = spec.api.map(|api| [format!("API_LISTEN={}", api.listen), format!("API_TO={}", api.to)]);
        for variable in api.iter().flatten() {
            create.extend(["--env", variable]);
        }
        create.extend([image, "/usr/local/sbin/machine-init"]);
        self.docker(&doing, &create, CONTAINER_BOUND).await?;
        let seed = self.seed(id);
        seed::write(&seed, spec)?;
        let from = format!("{}/.", seed.display());
        self.docker(&doing, &["cp", &from, &format!("{container}:{}", seed::DIRECTORY)], QUICK).await?;
        std::fs::remove_dir_all(&seed).map_err(io_failed(&doing, &seed))?;
        self.power_on(id, &doing).await
    }

    /// Where a machine's seed is until it has been copied into the machine.
    fn seed(&self, server: u64) -> PathBuf {
        self.seeds.join(server.to_string())
    }

    /// Where a machine's table of devices is until it has been copied into the machine.
    fn table(&self, server: u64) -> PathBuf {
        self.seeds.join(format!("{server}.volumes"))
    }

    /// Starts a machine that exists, with the devices of its volumes as they are now.
    async fn power_on(&self, server: u64, doing: &str) -> Result<(), MachineError> {
        let container = container(server);
        let table = self.register().device_table(server);
        let file = self.table(server);
        std::fs::create_dir_all(&self.seeds).map_err(io_failed(doing, &self.seeds))?;
        std::fs::write(&file, table).map_err(io_failed(doing, &file))?;
        let from = file.display().to_string();
        self.docker(doing, &["cp", &from, &format!("{container}:/etc/machine-volumes")], QUICK).await?;
        self.docker(doing, &["start", &container], CONTAINER_BOUND).await?;
        // Only now: the end of what ran before may be told late.
        self.register().expect_end(server, false);
        Ok(())
    }

    /// Gives a volume a device that belongs to a machine. Nothing happens when it has one.
    async fn connect(&self, volume: u64, server: u64) -> Result<Option<Attached>, MachineError> {
        let doing = format!("attach volume {volume} to server {server}");
        if let Some(attached) = self.register().attachment(volume) {
            if attached.server == server {
                return Ok(None);
            }
            return Err(failed(doing, format!("it is attached to server {}", attached.server)));
        }
        let device = self.disks.connect(volume).await?;
        let attached = self.register().attach(volume, server, device);
        if attached.is_none() {
            self.disks.disconnect(volume).await?;
            return Err(failed(doing, "a server takes 16 volumes at most"));
        }
        Ok(attached)
    }

    async fn attach(&self, volume: u64, server: u64) -> Result<(), MachineError> {
        let Some(attached) = self.connect(volume, server).await? else { return Ok(()) };
        let doing = format!("attach volume {volume} to server {server}");
        let (name, link, minor) = (&attached.name, link_name(volume), attached.device.minor);
        let script = format!(
            "rm -f /dev/{name} && mknod -m 0660 /dev/{name} b {LOOP_MAJOR} {minor} && mkdir -p /dev/disk/by-id && \
             ln -sfn ../../{name} /dev/disk/by-id/{link}"
        );
        self.inside(server, &doing, &script).await
    }

    async fn detach(&self, volume: u64) -> Result<(), MachineError> {
        let attached = self.register().detach(volume);
        if let Some(Attached { server, name, .. }) = attached {
            let doing = format!("detach volume {volume} from server {server}");
            // A mount that is left is taken away too, or the kernel would keep the device in use.
            let script = format!(
                "for at in $(findmnt --noheadings --output TARGET --source /dev/{name}); do umount --lazy \"$at\"; done; \
                 rm -f /dev/{name} /dev/disk/by-id/{}",
                link_name(volume)
            );
            self.inside(server, &doing, &script).await?;
        }
        self.disks.disconnect(volume).await
    }

    /// Runs a script inside a machine, if it runs. A stopped machine gets its devices when it starts.
    async fn inside(&self, server: u64, doing: &str, script: &str) -> Result<(), MachineError> {
        if self.running(server, doing).await? {
            self.docker(doing, &["exec", &container(server), "sh", "-c", script], QUICK).await?;
        }
        Ok(())
    }

    /// Whether a machine exists and runs.
    async fn running(&self, server: u64, doing: &str) -> Result<bool, MachineError> {
        let filter = format!("label={LABEL}={server}");
        Ok(!self.docker(doing, &["ps", "--quiet", "--filter", &filter], QUICK).await?.trim().is_empty())
    }

    async fn remove_machine(&self, server: u64) -> Result<(), MachineError> {
        self.take_down(server).await?;
        self.register().free(server);
        Ok(())
    }

    /// Removes all of a machine but its address.
    async fn take_down(&self, server: u64) -> Result<(), MachineError> {
        let doing = format!("remove server {server}");
        self.register().expect_end(server, true);
        let filter = format!("label={LABEL}={server}");
        let listed = self.docker(&doing, &["ps", "--all", "--quiet", "--filter", &filter], QUICK).await?;
        for id in listed.split_whitespace() {
            self.docker(&doing, &["rm", "--force", "--volumes", id], CONTAINER_BOUND).await?;
        }
        let volumes = self.register().volumes_of(server);
        for volume in volumes {
            self.disks.disconnect(volume).await?;
            self.register().detach(volume);
        }
        // Most often they are gone: only a machine that did not boot leaves them.
        let _ = std::fs::remove_dir_all(self.seed(server));
        let _ = std::fs::remove_file(self.table(server));
        Ok(())
    }

    async fn stop_machine(&self, server: u64, graceful: bool) -> Result<(), MachineError> {
        let doing = format!("stop server {server}");
        if !self.running(server, &doing).await? {
            return Ok(());
        }
        let container = container(server);
        self.register().expect_end(server, true);
        let stopped = if graceful {
            self.docker(&doing, &["stop", "-t", SHUTDOWN_SECONDS, &container], STOP_BOUND).await
        } else {
            self.docker(&doing, &["kill", &container], CONTAINER_BOUND).await
        };
        if stopped.is_err() {
            self.register().expect_end(server, false);
        }
        stopped.map(drop)
    }

    /// See [`Machines::power_offs`].
    async fn follow_power(&self, report: &(dyn Fn(u64) + Send + Sync)) -> Result<(), MachineError> {
        let doing = "watch the power of machines";
        let mut ends = {
            let engine = self.engine.read().await;
            Ends::watch(engine.as_ref().ok_or_else(|| failed(doing, "the machines have been shut down"))?)?
        };
        loop {
            let server = ends.next().await?;
            // What was asked for is known to those who asked.
            if self.register().expects_end(server) {
                continue;
            }
            // It may have been started again meanwhile. Listing the containers does not tell: the list is changed only after
            // the event. What is removed meanwhile cannot be looked at, and needs no report.
            let look = ["container", "inspect", "--format", "{{.State.Running}}", &container(server)];
            if self.docker(doing, &look, QUICK).await.is_ok_and(|running| running.trim() == "false") {
                report(server);
            }
        }
    }

    /// Runs a script that changes the network of a machine.
    async fn change_network(&self, server: u64, script: &str) -> Result<(), MachineError> {
        let doing = format!("change the network of server {server}");
        if !self.running(server, &doing).await? {
            return Err(failed(doing, "its machine does not run"));
        }
        self.inside(server, &doing, script).await
    }
}

impl Machines for ContainerMachines {
    fn host_address(&self) -> Option<Ipv4Addr> {
        Some(self.register().host())
    }

    fn allocate_address(&self, server_id: u64) -> Result<Ipv4Addr, MachineError> {
        let address = self.register().allocate(server_id);
        address.ok_or_else(|| failed(format!("give server {server_id} an address"), "all addresses are taken"))
    }

    fn boot(&self, spec: MachineSpec) -> Operation<'_, ()> {
        Box::pin(self.boot_machine(spec))
    }

    fn stop(&self, server_id: u64, graceful: bool) -> Operation<'_, ()> {
        Box::pin(self.stop_machine(server_id, graceful))
    }

    fn start(&self, server_id: u64) -> Operation<'_, ()> {
        Box::pin(async move { self.power_on(server_id, &format!("start server {server_id}")).await })
    }

    fn remove(&self, server_id: u64) -> Operation<'_, ()> {
        Box::pin(self.remove_machine(server_id))
    }

    fn power_offs<'a>(&'a self, report: &'a (dyn Fn(u64) + Send + Sync)) -> Operation<'a, ()> {
        Box::pin(self.follow_power(report))
    }

    fn cut_network(&self, server_id: u64) -> Operation<'_, ()> {
        Box::pin(async move {
            let api = self.register().api(server_id);
            self.change_network(server_id, &network::cut(api)).await
        })
    }

    fn restore_network(&self, server_id: u64) -> Operation<'_, ()> {
        Box::pin(async move { self.change_network(server_id, &network::restore()).await })
    }

    fn create_volume(&self, volume_id: u64, size_gb: u64, format: Option<&str>) -> Operation<'_, ()> {
        let format = format.map(str::to_owned);
        Box::pin(async move { self.disks.create(volume_id, size_gb, format.as_deref()).await })
    }

    fn attach_volume(&self, volume_id: u64, server_id: u64) -> Operation<'_, ()> {
        Box::pin(self.attach(volume_id, server_id))
    }

    fn detach_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        Box::pin(self.detach(volume_id))
    }

    fn delete_volume(&self, volume_id: u64) -> Operation<'_, ()> {
        Box::pin(async move {
            self.detach(volume_id).await?;
            self.disks.delete(volume_id).await
        })
    }

    fn resize_volume(&self, volume_id: u64, size_gb: u64) -> Operation<'_, ()> {
        Box::pin(async move {
            let device = self.register().attachment(volume_id).map(|attached| attached.device.clone());
            self.disks.resize(volume_id, size_gb, device.as_ref()).await
        })
    }

    fn shutdown(&self) -> Operation<'_, ()> {
        Box::pin(async move {
            let engine = self.engine.write().await.take();
            match engine {
                Some(engine) => engine.shutdown().await,
                None => Ok(()),
            }
        })
    }
}

/// The name of a machine's container.
fn container(server: u64) -> String {
    format!("machine-{server}")
}
