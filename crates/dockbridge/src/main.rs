//! The `dockbridge` program: reads arguments, environment and configuration, sets up logging, runs the command.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Parser;
use dockbridge::{
    cli::{self, Args, Terminal},
    config::{Config, LogFormat, Logging},
    environment::Environment,
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let environment = Environment::from_process();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let config = match Config::load(&environment, args.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            cli::show_error(&error.into(), &mut err);
            return ExitCode::FAILURE;
        }
    };
    set_up_logging(config.logging, &environment);
    cli::run(args, &config, &environment, &mut Terminal { out: &mut out, err: &mut err }).await
}

/// Logs go to standard error. `RUST_LOG` says more precisely than the configuration what is logged.
fn set_up_logging(logging: Logging, environment: &Environment) {
    let filter = environment.var("RUST_LOG").map_or_else(
        || EnvFilter::new(format!("warn,dockbridge={0},ssh_docker_proxy={0},hcloud_client={0}", logging.level)),
        EnvFilter::new,
    );
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    match logging.format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().init(),
    }
}
