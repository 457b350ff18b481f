//! `dockbridge start`: listens until it is told to stop.

use std::{collections::BTreeSet, io::Write, time::Duration};

use jiff::tz::TimeZone;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Terminal, render};
use crate::{
    bridge::Bridge,
    config::{Config, ConfigError},
    control::ControlError,
    environment::Environment,
    error::{DockBridgeError, ErrorCategory},
    lifecycle::state::State,
    server::Phase,
};

/// How long the first check of token and names may take. A slow network must not keep anybody from working.
const CHECK_BOUND: Duration = Duration::from_secs(30);

/// Waits for SIGINT or SIGTERM, as often as it is called.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

pub(super) async fn run(
    config: &Config,
    environment: &Environment,
    terminal: &mut Terminal<'_>,
) -> Result<(), DockBridgeError> {
    let mut signals =
        Signals::new().map_err(|error| ConfigError::Setting { key: "signals", reason: error.to_string() })?;
    let stop = CancellationToken::new();
    let bridge = Bridge::start(config, environment, stop.clone())?;
    // A terminal that has gone away is no reason to give up a server in use, so what cannot be shown is left out.
    let _ = terminal.err.write_all(
        render::listening(bridge.socket_path(), bridge.took_over(), bridge.kept_until(), config, &TimeZone::system())
            .as_bytes(),
    );

    let outcome = serve(&bridge, &mut signals, terminal).await;
    let absent = bridge.lifecycle().snapshot().machine.state == State::Absent;
    let outcome = match outcome {
        Err(error) if !absent => {
            // A slip in the configuration, or a token that was replaced, is no wish to destroy what runs on the server.
            let _ = terminal.err.write_all(render::left_as_it_is(config).as_bytes());
            return Err(error);
        }
        outcome => outcome,
    };
    if !absent {
        let _ = writeln!(
            terminal.err,
            "Stopping. The server is destroyed, the volume is kept. Ctrl-C again to leave at once."
        );
    }
    let lifecycle = bridge.lifecycle().clone();
    tokio::select! {
        _ = bridge.shut_down() => {
            if outcome.is_ok() {
                let left_to = lifecycle.snapshot().left_to();
                let _ = terminal.err.write_all(render::stopped(&left_to).as_bytes());
            }
            outcome
        }
        // Whoever leaves at once must learn that it may cost money, by the exit status too.
        () = signals.next() => Err(ControlError::Ended.into()),
    }
}

/// Shows what happens until the end is asked for, or until it is certain that nothing will ever work.
async fn serve(bridge: &Bridge, signals: &mut Signals, terminal: &mut Terminal<'_>) -> Result<(), DockBridgeError> {
    let mut phases = bridge.lifecycle().phases().subscribe();
    let mut changes = bridge.lifecycle().subscribe();
    let mut shown = Shown { state: crate::control::state_word(&State::Absent), ..Shown::default() };
    let check = tokio::time::timeout(CHECK_BOUND, bridge.check());
    tokio::pin!(check);
    let mut checking = true;
    loop {
        tokio::select! {
            () = signals.next() => return Ok(()),
            () = bridge.stop_requested() => return Ok(()),
            checked = &mut check, if checking => {
                checking = false;
                match checked {
                    Ok(Err(error)) if error.category() != ErrorCategory::Network && !error.retryable() => {
                        return Err(error);
                    }
                    Ok(Err(error)) => tracing::warn!(error = error.in_one_line(), "the API could not be asked yet"),
                    Err(_) => tracing::warn!("the API has not answered yet"),
                    Ok(Ok(())) => {}
                }
            }
            Ok(()) = phases.changed() => shown.phases(&mut phases, terminal.err),
            Ok(()) = changes.changed() => {
                let state = changes.borrow_and_update().machine.state;
                shown.state(&state, terminal.err);
            }
        }
    }
}

/// What has been shown already.
#[derive(Default)]
struct Shown {
    provisioning: Option<Instant>,
    finished: BTreeSet<usize>,
    state: &'static str,
}

impl Shown {
    fn phases(&mut self, phases: &mut watch::Receiver<(Option<Instant>, Vec<Phase>)>, err: &mut dyn Write) {
        let current = phases.borrow_and_update();
        if self.provisioning != current.0 {
            self.provisioning = current.0;
            self.finished.clear();
        }
        // Steps end in another order than they begin in, so it is kept of each whether it has been shown.
        for (index, phase) in current.1.iter().enumerate() {
            if phase.took_ms.is_some() && self.finished.insert(index) {
                let _ = err.write_all(render::phase(phase).as_bytes());
            }
        }
    }

    fn state(&mut self, state: &State, err: &mut dyn Write) {
        let word = crate::control::state_word(state);
        if word != self.state {
            self.state = word;
            let _ = err.write_all(render::state_change(word).as_bytes());
        }
    }
}
