//! What it costs that the engine is on a server: requests, whole commands and images through DockBridge, beside the same
//! straight on the engine's own socket and beside what a user would otherwise use, `ssh -L` and `DOCKER_HOST=ssh://`.
//!
//! `cargo bench -p dockbridge --bench engine` (as root). First the ways are compared in turns, so that a machine that is
//! busy with something else slows all of them; then criterion measures each on its own and compares with its last run.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(dead_code, reason = "what both benchmarks share serves each in part")]

mod turns;
mod world;

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use world::{World, engine_socket, http::Client, output};

/// How large the image is that is saved and loaded, in bytes.
const IMAGE_BYTES: u64 = 200 << 20;
/// Its name.
const IMAGE: &str = "bulk";
/// How many turns of a request, and of a whole command.
const REQUEST_TURNS: usize = 500;
const COMMAND_TURNS: usize = 100;

/// A way to the engine.
struct Way {
    name: &'static str,
    /// What `DOCKER_HOST` is on it.
    docker_host: String,
    /// The socket, if it has one.
    socket: Option<PathBuf>,
}

impl Way {
    fn through(name: &'static str, socket: PathBuf) -> Self {
        Self { name, docker_host: format!("unix://{}", socket.display()), socket: Some(socket) }
    }

    fn docker(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.command("docker");
        // A directory with an `ssh` that knows the server comes first in the path.
        let mut path = world.path("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        command.args(arguments).env("DOCKER_HOST", &self.docker_host).env("PATH", path);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn main() -> ExitCode {
    world::run(|world| {
        world.start();
        let began = Instant::now();
        Client::connect(&world.socket()).get("/version");
        // Nothing but DockBridge watches this one, unlike those of the benchmark of cold starts.
        println!("cold start, request to answer: {:.3} s", began.elapsed().as_secs_f64());
        let ways = ways(world);
        let archive = image(world, &ways[0]);

        turns_of_requests(&ways);
        turns_of_commands(world, &ways);
        let mut criterion = Criterion::default().configure_from_args();
        requests(&mut criterion, &ways);
        commands(&mut criterion, world, &ways);
        images(&mut criterion, world, &ways, &archive);
        criterion.final_summary();
        drop(ways);
        world.stop();
    })
}

/// Straight to the engine, through DockBridge, through `ssh -L`, and by `ssh://`.
fn ways(world: &World) -> [Way; 4] {
    let record = world.state().server().unwrap().unwrap();
    let address = record.ip_address.unwrap();
    let direct = engine_socket::find(&record.name).unwrap();

    let (config, forwarded) = (world.path("ssh_config"), world.path("forwarded.sock"));
    let state = world.state();
    let text = format!(
        "Host {address}\n  User root\n  BatchMode yes\n  StrictHostKeyChecking yes\n  HostKeyAlias {}\n  \
         UserKnownHostsFile {}\n  IdentitiesOnly yes\n  IdentityFile {}\n",
        record.name,
        state.known_hosts_path(&record.name).display(),
        state.key_path("id_ed25519").display(),
    );
    fs::write(&config, text).unwrap();
    // OpenSSH takes the home from the list of users, not from the environment, so it is told where its configuration is.
    let program = world.path("bin/ssh");
    fs::create_dir(program.parent().unwrap()).unwrap();
    fs::write(&program, format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", real_ssh().display(), config.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = [
        "-N".to_owned(),
        "-L".to_owned(),
        format!("{}:/var/run/docker.sock", forwarded.display()),
        "-F".to_owned(),
        config.display().to_string(),
        address.clone(),
    ];
    world.start_beside("ssh", &arguments, &forwarded);

    [
        Way::through("direct", direct),
        Way::through("dockbridge", world.socket()),
        Way::through("ssh -L", forwarded),
        Way { name: "ssh url", docker_host: format!("ssh://root@{address}"), socket: None },
    ]
}

fn real_ssh() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|program| program.exists()).unwrap()
}

/// Makes an image that nothing can compress, and returns it as an archive.
fn image(world: &World, direct: &Way) -> PathBuf {
    let folder = world.path("image");
    fs::create_dir(&folder).unwrap();
    let mut random = std::io::Read::take(File::open("/dev/urandom").unwrap(), IMAGE_BYTES);
    std::io::copy(&mut random, &mut File::create(folder.join("data")).unwrap()).unwrap();
    let layer = world.path("layer.tar");
    let mut tar = world.command("tar");
    tar.arg("-C").arg(&folder).arg("-cf").arg(&layer).arg(".");
    output(tar);
    succeed(direct.docker(world, &["import", "-", IMAGE]).stdin(File::open(&layer).unwrap()));
    fs::remove_file(&layer).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let archive = world.path("image.tar");
    succeed(direct.docker(world, &["save", IMAGE]).stdout(File::create(&archive).unwrap()));
    archive
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// An open connection on each of the ways that have a socket.
fn clients(ways: &[Way]) -> Vec<(&'static str, Client)> {
    ways.iter().filter_map(|way| Some((way.name, Client::connect(way.socket.as_deref()?)))).collect()
}

fn turns_of_requests(ways: &[Way]) {
    for path in ["/v1.41/_ping", "/v1.41/version"] {
        let mut clients = clients(ways);
        let mut doers: Vec<_> = clients.iter_mut().map(|(name, client)| (*name, move || client.get(path))).collect();
        turns::compare(&format!("GET {path} on an open connection"), REQUEST_TURNS, &mut doers);
    }
}

/// Without `ssh://`, whose processes for every command would disturb what comes after them.
fn turns_of_commands(world: &World, ways: &[Way]) {
    let ways = ways.iter().filter(|way| way.socket.is_some());
    let mut doers: Vec<_> = ways.map(|way| (way.name, || succeed(&mut way.docker(world, &["version"])))).collect();
    turns::compare("docker version", COMMAND_TURNS, &mut doers);
}

fn requests(criterion: &mut Criterion, ways: &[Way]) {
    let mut group = criterion.benchmark_group("one request on an open connection");
    group.measurement_time(Duration::from_secs(5)).warm_up_time(Duration::from_secs(1));
    for (name, mut client) in clients(ways) {
        group.bench_function(name, |bencher| bencher.iter(|| client.get("/v1.41/version")));
    }
    group.finish();
}

fn commands(criterion: &mut Criterion, world: &World, ways: &[Way]) {
    let mut group = criterion.benchmark_group("docker version");
    group.measurement_time(Duration::from_secs(5)).warm_up_time(Duration::from_secs(1)).sample_size(20);
    for way in ways {
        group.bench_function(way.name, |bencher| bencher.iter(|| succeed(&mut way.docker(world, &["version"]))));
    }
    group.finish();
}

/// An image that the engine has is loaded: its bytes travel and are unpacked all the same.
fn images(criterion: &mut Criterion, world: &World, ways: &[Way], archive: &Path) {
    let mut group = criterion.benchmark_group("image of 200 MiB");
    group.measurement_time(Duration::from_secs(10)).warm_up_time(Duration::from_millis(500)).sample_size(10);
    group.throughput(Throughput::Bytes(IMAGE_BYTES));
    for way in ways.iter().filter(|way| way.socket.is_some()) {
        group.bench_function(format!("save/{}", way.name), |bencher| {
            bencher.iter(|| succeed(&mut way.docker(world, &["save", IMAGE])));
        });
        group.bench_function(format!("load/{}", way.name), |bencher| {
            bencher.iter(|| succeed(way.docker(world, &["load"]).stdin(File::open(archive).unwrap())));
        });
    }
    group.finish();
}
