//! `hcloud-emulator`: serves the emulated API until it is told to stop.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, ValueEnum};
use hcloud_emulator::{
    Emulator,
    machines::{Machines, containers::ContainerMachines, image::Progress, leftovers, none::NoMachines},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// An emulator of the Hetzner Cloud API.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Allow an address that other machines can reach. The API is plain HTTP.
    #[arg(long)]
    allow_remote: bool,

    /// What stands behind servers: nothing, or machine containers that really boot.
    #[arg(long, value_enum, default_value_t = Kind::None)]
    machines: Kind,

    /// The token that clients must send. Prefer the variable: other users can read arguments.
    #[arg(long, env = "HCLOUD_TOKEN", hide_env_values = true)]
    token: String,

    /// Where machine images are kept between runs.
    #[arg(long, default_value = "target/machines")]
    cache: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    None,
    Containers,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hcloud-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    // The signals are caught before anything starts, so that none of them finds us without a clean-up.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (kind, cache) = (arguments.machines, arguments.cache.clone());
    let emulator = tokio::select! {
        emulator = start(arguments) => emulator?,
        () = either(&mut terminate, &mut interrupt) => {
            if kind == Kind::Containers {
                leftovers::clean_up(&cache).await?;
            }
            return Ok(());
        }
    };
    let announced = announce(&emulator.endpoint());
    if announced.is_ok() {
        either(&mut terminate, &mut interrupt).await;
    }
    emulator.shutdown().await?;
    Ok(announced?)
}

fn announce(endpoint: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "listening on {endpoint}")?;
    output.flush()
}

async fn start(arguments: Arguments) -> Result<Emulator, Failure> {
    let builder =
        Emulator::builder().token(arguments.token).listen(arguments.listen).allow_remote(arguments.allow_remote);
    builder.check()?;
    let machines: Arc<dyn Machines> = match arguments.machines {
        Kind::None => Arc::new(NoMachines::default()),
        Kind::Containers => Arc::new(ContainerMachines::start_with(&arguments.cache, &tell).await?),
    };
    match builder.machines(Arc::clone(&machines)).start().await {
        Ok(emulator) => Ok(emulator),
        Err(error) => {
            machines.shutdown().await?;
            Err(error.into())
        }
    }
}

/// The machine image is built once, which takes minutes: that is said on standard error, the address alone on standard
/// output.
fn tell(progress: Progress) {
    match progress {
        Progress::Step { number, of, text } => eprintln!("[{number}/{of}] {text}"),
        Progress::Detail(line) => tracing::debug!(line, "building"),
    }
}

async fn either(one: &mut Signal, two: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = two.recv() => {}
    }
}
