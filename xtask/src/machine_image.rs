//! `cargo xtask machine-image`: installs missing packages and builds the images that machines boot from.

use std::{process::ExitCode, time::Duration};

use hcloud_emulator::machines::{
    image::{self, Outcome, Progress},
    leftovers,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{Failure, machines_cache, packages, root};

/// Runs the chore.
pub(crate) fn run(for_tests: bool) -> Result<ExitCode, Failure> {
    root::require(&[])?;
    packages::install_missing(for_tests)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let bar = progress_bar();
    let started = std::time::Instant::now();
    let show = |progress| show(&bar, progress);
    let cache = machines_cache();
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = image::ensure(&cache, &show) => Some(outcome),
            // The build's processes end with its future.
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    bar.finish_and_clear();
    if outcome.is_none() {
        runtime.block_on(leftovers::clean_up(&cache))?;
    }
    match outcome {
        None => {
            eprintln!("Interrupted; nothing is left behind.");
            Ok(root::interrupted())
        }
        Some(Err(error)) => Err(error.into()),
        Some(Ok(Outcome::Cached)) => {
            println!("The machine images are up to date.");
            Ok(ExitCode::SUCCESS)
        }
        Some(Ok(Outcome::Built)) => {
            println!("The machine images were built in {} s.", started.elapsed().as_secs());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `cargo xtask clean-machines`: removes what a killed run has left behind.
pub(crate) fn clean() -> Result<ExitCode, Failure> {
    root::require(&[])?;
    tokio::runtime::Runtime::new()?.block_on(leftovers::clean_up(&machines_cache()))?;
    Ok(ExitCode::SUCCESS)
}

/// A line with a spinner, the step, the time and the last thing a tool said; it draws nothing where there is no terminal.
pub(crate) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}") {
        bar.set_style(style);
    }
    bar.set_prefix("Starting the machines' engine");
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows a step or a line of a build; steps are plain lines where there is no terminal.
pub(crate) fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Step { number, of, text } => {
            bar.set_prefix(format!("[{number}/{of}] {text}"));
            bar.set_message("");
            if bar.is_hidden() {
                eprintln!("[{number}/{of}] {text}");
            }
        }
        Progress::Detail(line) => bar.set_message(line),
    }
}
