//! Limits that can be off.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};

use super::Span;

/// A duration that something may last at most, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub Option<Span>);

impl Limit {
    /// The duration, if there is a limit.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        self.0.map(|span| span.0)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "off" => Ok(Self(None)),
            text => text.parse().map(|span| Self(Some(span))).map_err(|error| format!("{error}, or off")),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(span) => fmt::Display::fmt(&span, f),
            None => f.write_str("off"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // YAML 1.1 takes `off` for a truth value, and so may the reader.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Switch(bool),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Switch(false) => Ok(Self(None)),
            Written::Switch(true) => Err(de::Error::custom("write a duration such as 8h, or off")),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_duration_or_off() {
        for (text, seconds) in [("off", None), ("8h", Some(28_800)), (" 90s ", Some(90))] {
            let limit: Limit = text.parse().unwrap();
            assert_eq!(limit.duration(), seconds.map(Duration::from_secs), "{text}");
            assert_eq!(serde_saphyr::from_str::<Limit>(&format!("{limit}")).unwrap(), limit);
        }
        assert_eq!(serde_saphyr::from_str::<Limit>("false").unwrap(), Limit(None));
        for text in ["on", "true", "8", ""] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
            assert!(serde_saphyr::from_str::<Limit>(text).is_err(), "{text}");
        }
    }
}
