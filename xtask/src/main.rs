//! The project's own chores, run as `cargo xtask …`.

mod bench;
mod checks;
mod demo;
mod interrupt;
mod machine_image;
mod packages;
mod root;
mod run;

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
    /// Show the main job against an emulated cloud: a server created, used, destroyed, and everything still there.
    Demo {
        /// Leave the emulator and DockBridge running until Ctrl-C.
        #[arg(long)]
        keep: bool,
    },
    /// Run every check that a change has to pass.
    ///
    /// The tests are built by whoever runs this, and run by root, through sudo where needed. What they leave in
    /// target/machines is therefore root's; `cargo xtask clean-machines --all` removes it.
    Test,
    /// Run the benchmarks.
    ///
    /// They are built by whoever runs this, and run by root; so target/machines and target/criterion are root's.
    Bench,
    /// Install what machines need and build the images they boot from; nothing is done twice.
    MachineImage {
        /// Install what the tests need as well.
        #[arg(long)]
        for_tests: bool,
    },
    /// Remove machines, volumes and processes that a killed run has left behind.
    CleanMachines {
        /// Remove the machine images as well: all that was made in target/machines. They are built again when needed.
        #[arg(long)]
        all: bool,
    },
}

/// What ends a chore early; its text is for the person who runs it.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Demo { keep } => demo::run(keep),
        Chore::Test => checks::run(),
        Chore::Bench => bench::run(),
        Chore::MachineImage { for_tests } => machine_image::run(for_tests),
        Chore::CleanMachines { all } => machine_image::clean(all),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Where machine images and everything of the machines' engine are kept: `HCLOUD_EMULATOR_CACHE`, or
/// `target/machines` in the workspace.
fn machines_cache() -> PathBuf {
    std::env::var_os("HCLOUD_EMULATOR_CACHE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/machines")), PathBuf::from)
}
