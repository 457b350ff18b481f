//! How things look in a terminal. Pure functions from what is known to text.

mod status;

use std::path::Path;

use jiff::{Timestamp, tz::TimeZone};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::{
    config::{Config, SelfDestruct},
    control::{Progress, StatusReport},
    error::DockBridgeError,
    server::{ForeignLease, Phase},
};

pub(super) use status::status;

/// An error in miette's words: code, message, causes, help.
#[derive(Debug)]
struct Shown<'a>(&'a DockBridgeError);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.0, f)
    }
}

impl std::error::Error for Shown<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Some errors repeat their cause in their own words.
        self.0.source().filter(|cause| !self.0.to_string().contains(&cause.to_string()))
    }
}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(format!("{}::{}", self.0.category(), self.0.code())))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.0.hint().map(|hint| Box::new(hint) as Box<dyn std::fmt::Display>)
    }
}

/// An error with its code, causes and what to do about it.
pub(super) fn error(error: &DockBridgeError) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    match handler.render_report(&mut text, &Shown(error)) {
        Ok(()) => text,
        Err(_) => format!("{}\n", error.in_one_line()),
    }
}

/// What `keep` has done.
pub(super) fn kept(until: Option<Timestamp>, report: &StatusReport, zone: &TimeZone) -> String {
    let whose = if report.server.is_some() { "The server" } else { "There is no server now; the next one" };
    match until {
        Some(until) => {
            let until = until.to_zoned(zone.clone()).strftime("%a %H:%M");
            let limit = match report.activity.limit {
                Some(limit) => format!(" activity.max_lifetime ends it at {} all the same.", clock_time(limit, zone)),
                None => String::new(),
            };
            format!(
                "{whose} is kept, and billed, until {until}, also while this computer sleeps. `dockbridge keep --off` takes \
                 that back.{limit}\n"
            )
        }
        None => format!("{whose} is kept no longer than it is used.\n"),
    }
}

/// The time of day.
fn clock_time(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// The first lines of `start`.
pub(super) fn listening(
    socket: &Path,
    took_over: bool,
    kept_until: Option<Timestamp>,
    config: &Config,
    zone: &TimeZone,
) -> String {
    let server = if took_over {
        "A former run has left a server on record, which is looked for."
    } else {
        "No server exists yet: the first Docker command creates one."
    };
    format!(
        "DockBridge listens. {server}\n\n    \
         export DOCKER_HOST=unix://{}\n\n\
         {}\n{}",
        socket.display(),
        ending(config),
        kept_until.map_or_else(String::new, |until| {
            format!("It is kept by hand until {}; `dockbridge keep --off` takes that back.\n", clock_time(until, zone))
        })
    )
}

/// What becomes of a server that a `start` leaves which has failed.
pub(super) fn left_as_it_is(config: &Config) -> String {
    let timeout = config.keepalive.timeout;
    let alone = match config.keepalive.self_destruct {
        SelfDestruct::Delete => format!("deletes itself {timeout} after its last heartbeat"),
        SelfDestruct::PowerOff => format!("powers off {timeout} after its last heartbeat, and is billed even then"),
        SelfDestruct::Off => "runs on and is billed".to_owned(),
    };
    format!(
        "The server on record is left as it is, and {alone}. `dockbridge start` with a correct configuration takes it up \
         again, `dockbridge stop` destroys it.\n"
    )
}

/// When a server ends, in a sentence.
fn ending(config: &Config) -> String {
    let activity = &config.activity;
    let idle = if activity.keep_paid_hour {
        format!("when it has been idle for {}, shortly before the end of a paid hour", activity.idle_timeout)
    } else {
        format!("when it has been idle for {} and {}", activity.idle_timeout, activity.grace_period)
    };
    let alone = match config.keepalive.self_destruct {
        SelfDestruct::Delete => format!("Without this program it deletes itself after {}.", config.keepalive.timeout),
        SelfDestruct::PowerOff => format!(
            "Without this program it powers off after {}, and is billed until the next `dockbridge start`.",
            config.keepalive.timeout
        ),
        SelfDestruct::Off => "Without this program it runs, and is billed, without end.".to_owned(),
    };
    format!("The server is destroyed {idle},\nor by `dockbridge stop` or Ctrl-C here. {alone}")
}

/// A step, ended or not.
pub(super) fn phase(phase: &Phase) -> String {
    let (mark, took) = match phase.took_ms {
        None => ("…", "under way".to_owned()),
        Some(took) if phase.failed => ("✗", seconds(took)),
        Some(took) => ("✓", seconds(took)),
    };
    format!("  {mark} {:<24} {took:>9}\n", phase.name)
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

/// A change of state.
pub(super) fn state_change(state: &str) -> String {
    let text = match state {
        "provisioning" => "A server is being created…",
        "running" => "The engine answers.",
        "grace" => "The server is idle and is about to be destroyed; any Docker command keeps it.",
        "gone" => "The server is gone.",
        "failed" => "The server came to nothing; the next one can be had in a minute.",
        "unreachable" => "The server cannot be reached; looking for it…",
        "shutting_down" => "The server is being destroyed…",
        "absent" => "There is no server.",
        other => other,
    };
    format!("{text}\n")
}

/// The last line of `stop`, and of a `start` that was stopped.
pub(super) fn stopped(left_to: &[ForeignLease]) -> String {
    if left_to.is_empty() {
        return "Stopped. Nothing is running; the volume is kept.\n".to_owned();
    }
    let named = |lease: &ForeignLease| format!("{} (installation {})", lease.host, lease.client_id);
    let holders = left_to.iter().map(named).collect::<Vec<_>>().join(" and ");
    if left_to.iter().all(ForeignLease::is_known) {
        format!(
            "Stopped. The server is left running, and billed, since it is in use by {holders}; it ends when they no longer use \
             it.\n"
        )
    } else {
        format!(
            "Stopped. The server, ordered by {holders}, is left running, and billed: it could not be asked who uses it.\n"
        )
    }
}

/// A step towards the end, as `stop` shows it.
pub(super) fn progress(progress: &Progress) -> String {
    match (&progress.error, progress.state.as_str()) {
        (Some(error), "shutting_down") => format!("The server could not be destroyed yet: {}\n", error.message),
        (_, "shutting_down") => "Stopping the engine and destroying the server…\n".to_owned(),
        (_, "provisioning") => "A server is just being created; it is destroyed as soon as it is known…\n".to_owned(),
        (_, "running" | "grace") => "Letting requests under way end…\n".to_owned(),
        _ => String::new(),
    }
}
