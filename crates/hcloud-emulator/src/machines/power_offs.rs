//! Which machines have powered themselves off, as the private engine's events tell.

use std::{
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{MachineError, containers::LABEL, engine::Engine, tool::failed};

/// A running `docker events`, which names the machine of every container that ends.
#[derive(Debug)]
pub(super) struct Ends {
    /// Killed when this is dropped.
    _events: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

const DOING: &str = "watch the power of machines";

impl Ends {
    /// Starts to watch. Ends from now on are told, also those before the engine has been asked.
    pub(super) fn watch(engine: &Engine) -> Result<Self, MachineError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let since = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
        let mut command = engine.command();
        command
            .args(["events", "--since", &since, "--filter", "type=container", "--filter", "event=die"])
            .args(["--filter", &format!("label={LABEL}")])
            .args(["--format", &format!("{{{{index .Actor.Attributes {LABEL:?}}}}}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let unable = |reason: String| failed(DOING, format!("cannot run `docker`: {reason}"));
        let mut events = command.spawn().map_err(|error| unable(error.to_string()))?;
        let output = events.stdout.take().ok_or_else(|| unable("it has no output".to_owned()))?;
        Ok(Self { _events: events, lines: BufReader::new(output).lines() })
    }

    /// The server whose machine has ended next, for whatever reason.
    pub(super) async fn next(&mut self) -> Result<u64, MachineError> {
        loop {
            let line = self.lines.next_line().await.map_err(|error| failed(DOING, error.to_string()))?;
            let line = line.ok_or_else(|| failed(DOING, "the machines' engine has ended"))?;
            if let Ok(server) = line.parse() {
                return Ok(server);
            }
            tracing::debug!(line, "an event of no machine");
        }
    }
}
