//! Forwards a local Unix socket to a Docker Engine's Unix socket over SSH.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ssh_docker_proxy::ssh::{destination, target};
use ssh_docker_proxy::{HostKeys, NoObserver, ServeOptions, SshConnector, SshTarget};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status for arguments that cannot be served: `EX_USAGE` of `sysexits.h`.
const USAGE: u8 = 64;

/// Use the Docker Engine of another machine through a local Unix socket, over SSH.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The local socket to listen on; created with mode 0600.
    #[arg(long, value_name = "PATH")]
    listen: PathBuf,
    /// The private key to log in with, instead of what ssh finds itself.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Accept only host keys in this file, and use nothing of the user's own ssh configuration.
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
    /// The engine's socket on the server.
    #[arg(long, value_name = "PATH", default_value = target::DEFAULT_REMOTE_SOCKET)]
    remote_socket: PathBuf,
    /// How many seconds work under way may go on after Ctrl-C.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    drain: u64,
    /// The server: user@host, user@host:port or ssh://user@host:port.
    destination: String,
}

impl Arguments {
    fn target(&self) -> Result<SshTarget, ssh_docker_proxy::SshError> {
        let host_keys = match &self.known_hosts {
            Some(file) => HostKeys::Pinned { known_hosts: file.clone(), alias: None },
            None => HostKeys::UserDefault,
        };
        Ok(SshTarget {
            identity_file: self.identity.clone(),
            host_keys,
            remote_socket: self.remote_socket.clone(),
            ..destination::parse(&self.destination)?
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let target = match arguments.target() {
        Ok(target) => target,
        Err(error) => return fail(&error.to_string(), USAGE),
    };
    match run(&arguments, target).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string(), 1),
    }
}

/// Listens, serves until a signal arrives, and drains.
async fn run(arguments: &Arguments, target: SshTarget) -> Result<(), Box<dyn std::error::Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let socket = ssh_docker_proxy::bind(&arguments.listen)?;
    let run_dir = private_directory()?;
    let connector = Arc::new(SshConnector::new(target, run_dir.path().to_owned()));
    let path = std::path::absolute(socket.path())?;
    say(&format!("Listening on {}, for {}.", path.display(), arguments.destination));
    say(&format!("export DOCKER_HOST=unix://{}", path.display()));

    let shutdown = CancellationToken::new();
    let options = ServeOptions { drain: Duration::from_secs(arguments.drain) };
    let serve = ssh_docker_proxy::serve(
        socket.listener()?,
        Arc::clone(&connector) as Arc<dyn ssh_docker_proxy::Connector>,
        Arc::new(NoObserver),
        options,
        shutdown.clone(),
    );
    let signalled = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        shutdown.cancel();
        // A second signal is for people who do not want to wait.
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::select! {
        report = serve => if report.cut > 0 {
            say(&format!("{} connections were still in use after {} s and have been cut.", report.cut, arguments.drain));
        },
        () = signalled => say("Ended at once; what was under way has been cut."),
    }
    connector.close().await;
    Ok(())
}

/// A private directory for ssh's sockets, whose paths must be short.
fn private_directory() -> std::io::Result<tempfile::TempDir> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
    tempfile::Builder::new().prefix("sdp").tempdir_in(runtime.unwrap_or_else(|| PathBuf::from("/tmp")))
}

/// Tells the person at the terminal something. A closed standard error is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn fail(text: &str, code: u8) -> ExitCode {
    say(&format!("ssh-docker-proxy: {text}"));
    ExitCode::from(code)
}
