//! The arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Docker on Hetzner Cloud servers that exist only while they are used.
#[derive(Debug, Parser)]
#[command(name = "dockbridge", version, arg_required_else_help = true)]
pub struct Args {
    /// The configuration file [default: dockbridge.yaml in ~/.config/dockbridge, then in this folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Listen for Docker clients; the first request that needs an engine creates a server
    ///
    /// Runs in the foreground. Ctrl-C does what `dockbridge stop` does: the server is destroyed and the volume is kept.
    Start,
    /// Destroy the server and end the running DockBridge; the volume with images, containers and volumes is kept
    Stop,
    /// Show proxy, server and volume
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
