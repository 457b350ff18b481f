//! `cargo xtask demo`: the main job against an emulated cloud, shown as it happens.

mod stage;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use hcloud_emulator::{
    Emulator,
    machines::{Machines, containers::ContainerMachines},
};

use self::stage::Stage;
use crate::{Failure, interrupt::Interrupt, machine_image, machines_cache, packages, root, run::cargo};

/// What the demo's project answers to; there is nothing behind it that a token could protect.
const TOKEN: &str = "demo-token-that-opens-nothing-but-this-emulator-0123456789abcdef";

/// Set for the second half, which root runs, so that the first is not done again.
const BUILT: &str = "XTASK_DEMO_PROGRAM";

/// Runs the demo; `keep` leaves everything running until Ctrl-C.
pub(crate) fn run(keep: bool) -> Result<ExitCode, Failure> {
    let program = build()?;
    root::require(&[(BUILT, &program)])?;
    let interrupt = Interrupt::watch()?;
    let outcome = packages::install_missing(false, &interrupt)
        .and_then(|()| interrupt.block_on(play(&program, keep, &interrupt)));
    match outcome {
        Ok(()) if interrupt.seen() && !keep => Ok(Interrupt::code()),
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) if interrupt.seen() => {
            eprintln!("error: {failure}");
            Ok(Interrupt::code())
        }
        Err(failure) => Err(failure),
    }
}

/// Builds `dockbridge` as whoever started the demo, before root takes over.
fn build() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(BUILT) {
        return Ok(path.into());
    }
    println!("Building dockbridge…");
    let output =
        cargo(&["build", "--locked", "--package", "dockbridge", "--bin", "dockbridge", "--message-format=json"])
            .stderr(std::process::Stdio::inherit())
            .output()?;
    if !output.status.success() {
        return Err("dockbridge could not be built".into());
    }
    let path = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "dockbridge")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or("cargo does not say where it put dockbridge")?;
    Ok(path)
}

async fn play(program: &Path, keep: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    let bar = machine_image::progress_bar();
    let cache = machines_cache();
    let show = |progress| machine_image::show(&bar, progress);
    let machines = tokio::select! {
        machines = ContainerMachines::start_with(&cache, &show) => machines?,
        _ = interrupt.wait() => {
            bar.finish_and_clear();
            return Ok(hcloud_emulator::machines::leftovers::clean_up(&cache).await?);
        }
    };
    bar.finish_and_clear();
    let machines = Arc::new(machines);
    let emulator = match Emulator::builder().token(TOKEN).machines(machines.clone()).start().await {
        Ok(emulator) => emulator,
        Err(error) => {
            // What went wrong first is what matters.
            if let Err(further) = machines.shutdown().await {
                eprintln!("error: {further}");
            }
            return Err(error.into());
        }
    };
    println!(
        "An emulated Hetzner Cloud answers at {}; its servers are machine containers on this machine.",
        emulator.endpoint()
    );

    let outcome = perform(program, &emulator.endpoint(), keep, interrupt).await;
    let ended = emulator.shutdown().await;
    if ended.is_ok() {
        println!("Everything that was started is gone again.");
    }
    if let (Err(_), Err(further)) = (&outcome, &ended) {
        eprintln!("error: {further}");
    }
    outcome?;
    Ok(ended?)
}

/// Plays all scenes on a stage of their own, and clears it.
async fn perform(program: &Path, endpoint: &str, keep: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    let stage = Stage::new(program, endpoint, TOKEN)?;
    let outcome = tokio::select! {
        outcome = scenes(&stage, keep, interrupt) => outcome,
        _ = interrupt.wait() => Ok(()),
    };
    if interrupt.seen() {
        println!("\nEnding: everything that was started is removed…");
    }
    stage.clear().await;
    outcome
}

/// What is shown, in order.
async fn scenes(stage: &Stage, keep: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    stage.say("DockBridge starts. It listens, and creates nothing.");
    stage.start().await?;
    stage.say(
        "The first Docker command creates a server. (No registry is needed: busybox is imported from this machine.)",
    );
    let tar = hcloud_emulator::machines::busybox::archive(&machines_cache())?;
    stage.docker_with(&["import", "-", "busybox"], tar).await?;
    stage.docker(&["run", "--rm", "busybox", "echo", "Hello from a server that did not exist a minute ago"]).await?;
    stage
        .docker(&["run", "--name", "writer", "-v", "data:/data", "busybox", "sh", "-c", "echo precious > /data/file"])
        .await?;
    stage.dockbridge(&["status"]).await?;
    if keep {
        stage.say("Everything stays until Ctrl-C. In another terminal:");
        println!("    export DOCKER_HOST=unix://{}\n", stage.socket().display());
        interrupt.wait().await;
        return Ok(());
    }
    stage.say("Stop destroys the server and keeps the volume.");
    stage.dockbridge(&["stop"]).await?;
    stage.ended().await?;
    stage.say("Started again, a new server has everything that the old one had.");
    stage.start().await?;
    stage.docker(&["images"]).await?;
    stage.docker(&["ps", "--all"]).await?;
    stage.docker(&["run", "--rm", "-v", "data:/data", "busybox", "cat", "/data/file"]).await?;
    stage.dockbridge(&["status"]).await?;
    stage.dockbridge(&["stop"]).await?;
    stage.ended().await
}
