//! The arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Span;

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
    /// Keep the server although it is idle, for some time or until a time of day
    ///
    /// Applies to the running server, or to the next one within that time. It is billed meanwhile.
    #[command(group(clap::ArgGroup::new("how long").required(true)))]
    Keep {
        /// For how long, such as 3h or 90m
        #[arg(group = "how long", value_name = "DURATION")]
        duration: Option<Span>,
        /// Until when: a time of day such as 18:00, or a date and time such as 2026-11-24T18:00
        #[arg(long, group = "how long", value_name = "TIME")]
        until: Option<String>,
        /// Let the server go as soon as it is idle
        #[arg(long, group = "how long")]
        off: bool,
    },
    /// Show proxy, server and volume
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
