//! `cargo xtask machine-image`: installs missing packages and builds the images that machines boot from.

use std::{process::ExitCode, time::Duration};

use hcloud_emulator::machines::{
    host,
    image::{self, Outcome, Progress},
    leftovers,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{Failure, interrupt::Interrupt, machines_cache, packages, root};

/// Runs the chore.
pub(crate) fn run(for_tests: bool) -> Result<ExitCode, Failure> {
    root::require(&[])?;
    let interrupt = Interrupt::watch()?;
    let installed = packages::install_missing(for_tests, &interrupt);
    if interrupt.seen() {
        // The code says that somebody wanted this; what went wrong meanwhile is still worth knowing.
        installed.unwrap_or_else(|failure| eprintln!("error: {failure}"));
        return Ok(Interrupt::code());
    }
    installed?;
    let bar = progress_bar();
    let started = std::time::Instant::now();
    let show = |progress| show(&bar, progress);
    let cache = machines_cache();
    let outcome = interrupt.block_on(async {
        tokio::select! {
            outcome = image::ensure(&cache, &show) => Some(outcome),
            // The build's processes end with its future.
            _ = interrupt.wait() => None,
        }
    });
    bar.finish_and_clear();
    if outcome.is_none() {
        interrupt.block_on(leftovers::clean_up(&cache))?;
    }
    match outcome {
        None => {
            eprintln!("Interrupted; nothing is left behind.");
            Ok(Interrupt::code())
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

/// `cargo xtask clean-machines`: removes what a killed run has left behind; `all` adds the images.
pub(crate) fn clean(all: bool) -> Result<ExitCode, Failure> {
    root::require(&[])?;
    // Ctrl-C while this runs would leave a part; what it does is soon done.
    let interrupt = Interrupt::watch()?;
    let cache = machines_cache();
    if all {
        interrupt.block_on(host::remove_cache(&cache))?;
    } else {
        interrupt.block_on(leftovers::clean_up(&cache))?;
    }
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
