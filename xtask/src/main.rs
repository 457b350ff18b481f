//! The project's own chores, run as `cargo xtask …`.

mod machine_image;
mod packages;
mod root;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Install what machines need and build the images they boot from; nothing is done twice.
    MachineImage,
}

/// What ends a chore early; its text is for the person who runs it.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::MachineImage => machine_image::run(),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Where machine images and everything of the machines' engine are kept: `DOCKBRIDGE_MACHINES_CACHE`, or
/// `target/machines` in the workspace.
fn machines_cache() -> PathBuf {
    std::env::var_os("DOCKBRIDGE_MACHINES_CACHE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/machines")), PathBuf::from)
}
