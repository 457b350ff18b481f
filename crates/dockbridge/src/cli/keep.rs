//! `dockbridge keep`: holds the server by hand.

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, civil};

use super::{Terminal, render};
use crate::{
    bridge::open_state,
    config::{ConfigError, Span},
    control::request_keep,
    environment::Environment,
    error::DockBridgeError,
};

pub(super) async fn run(
    environment: &Environment,
    terminal: &mut Terminal<'_>,
    duration: Option<Span>,
    until: Option<&str>,
) -> Result<(), DockBridgeError> {
    let now = Zoned::now();
    let wrong = |reason| DockBridgeError::from(ConfigError::Argument { command: "keep", reason });
    let until = match (duration, until) {
        (Some(span), _) => Some(after(&now, span).map_err(wrong)?),
        (None, Some(text)) => Some(time(&now, text).map_err(wrong)?),
        (None, None) => None,
    };
    let report = request_keep(&open_state(environment)?.control_path(), until).await?;
    let _ = terminal.err.write_all(render::kept(until, &report, now.time_zone()).as_bytes());
    Ok(())
}

/// The moment after so long.
fn after(now: &Zoned, span: Span) -> Result<Timestamp, String> {
    if span.0.is_zero() {
        return Err("to keep it for no time at all is `dockbridge keep --off`".to_owned());
    }
    let span = SignedDuration::try_from(span.0).map_err(|_| format!("{span} is too long"))?;
    now.timestamp().checked_add(span).map_err(|_| "that is too long".to_owned())
}

/// The next moment at which the clock on the wall shows `text`, or the one that it names with its date.
fn time(now: &Zoned, text: &str) -> Result<Timestamp, String> {
    let zone = now.time_zone().clone();
    let moment = match text.parse::<civil::Time>() {
        Ok(time) if !text.contains(['T', ' ', '-']) => {
            let today = now.date().to_datetime(time).to_zoned(zone).map_err(|error| error.to_string())?;
            if today.timestamp() > now.timestamp() {
                today
            } else {
                today.checked_add(1.day()).map_err(|error| error.to_string())?
            }
        }
        Ok(_) | Err(_) => {
            let date = text.parse::<civil::DateTime>();
            let date = date.map_err(|_| format!("`{text}` is no time: write 18:00, or 2026-11-24T18:00"))?;
            date.to_zoned(zone).map_err(|error| error.to_string())?
        }
    };
    if moment.timestamp() <= now.timestamp() {
        return Err(format!("{text} has passed"));
    }
    Ok(moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-24T15:30:00+01:00[Europe/Berlin]".parse().unwrap()
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        for (text, expected) in [
            ("18:00", "2026-11-24T17:00:00Z"),
            ("15:30", "2026-11-25T14:30:00Z"),
            ("06:15", "2026-11-25T05:15:00Z"),
            ("2026-11-26T12:00", "2026-11-26T11:00:00Z"),
        ] {
            assert_eq!(time(&now(), text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["25:00", "soon", "", "3h", "2026-11-24T15:00", "2026-11-24"] {
            assert!(time(&now(), text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_counts_from_now() {
        assert_eq!(after(&now(), "3h".parse().unwrap()).unwrap().to_string(), "2026-11-24T17:30:00Z");
        assert!(after(&now(), "0s".parse().unwrap()).is_err());
        assert!(after(&now(), "99999999h".parse().unwrap()).is_err());
    }
}
