//! The command line: what it says, and one file for each command.
//!
//! Results go to standard output, everything else to standard error.

mod args;
mod keep;
mod render;
mod start;
mod status;
mod stop;

use std::{io::Write, process::ExitCode};

pub use args::Args;
use args::Command;

use crate::{config::Config, environment::Environment, error::DockBridgeError};

/// Where a command writes.
pub struct Terminal<'a> {
    /// Standard output.
    pub out: &'a mut (dyn Write + Send),
    /// Standard error.
    pub err: &'a mut (dyn Write + Send),
}

/// Carries out a command. Failures are shown on standard error.
pub async fn run(args: Args, config: &Config, environment: &Environment, terminal: &mut Terminal<'_>) -> ExitCode {
    let result = match args.command {
        Command::Start => start::run(config, environment, terminal).await,
        Command::Keep { duration, until, .. } => keep::run(environment, terminal, duration, until.as_deref()).await,
        Command::Stop => stop::run(config, environment, terminal).await,
        Command::Status { json } => status::run(config, environment, terminal, json).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show_error(&error, terminal.err);
            ExitCode::FAILURE
        }
    }
}

/// Shows an error with its code, causes and what to do about it.
pub fn show_error(error: &DockBridgeError, err: &mut dyn Write) {
    // When standard error cannot be written to, nobody is there to be told.
    let _ = err.write_all(render::error(error).as_bytes());
}
