//! Durations as people write them: `30s`, `5m`, `1h30m`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration from the configuration. Whole numbers with a unit each (`h`, `m`, `s`, `ms`), largest unit first.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Units in the order in which they may follow one another, with their length in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("`{text}` is not a duration: {what}");
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong("write a number and a unit, such as 30s, 5m or 1h30m"));
        }
        let mut total: u64 = 0;
        let mut first_allowed = 0;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, behind) = rest.split_at(digits);
            if number.is_empty() {
                return Err(wrong("write a number and a unit, such as 30s, 5m or 1h30m"));
            }
            if behind.starts_with(['.', ',']) {
                return Err(wrong("only whole numbers are allowed, so write 72m for 1.2h"));
            }
            let letters = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let (unit, behind) = behind.split_at(letters);
            if unit.is_empty() {
                return Err(wrong(&format!("the unit is missing, did you mean {number}s or {number}m?")));
            }
            let Some(position) = UNITS.iter().position(|(name, _)| *name == unit) else {
                return Err(wrong(&format!("`{unit}` is not a unit, allowed are h, m, s and ms")));
            };
            if position < first_allowed {
                return Err(wrong("units go from large to small and each stands once, such as 1h30m"));
            }
            first_allowed = position + 1;
            total = number
                .parse::<u64>()
                .ok()
                .and_then(|n| n.checked_mul(UNITS[position].1))
                .and_then(|ms| total.checked_add(ms))
                .ok_or_else(|| wrong("it is too long"))?;
            rest = behind;
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in UNITS {
            if rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("1h1m1s", 3661), ("0s", 0)] {
            assert_eq!(text.parse::<Span>().unwrap().0.as_secs(), seconds, "{text}");
        }
        assert_eq!("250ms".parse::<Span>().unwrap().0.as_millis(), 250);
    }

    #[test]
    fn says_what_is_wrong_and_what_is_allowed() {
        for (text, part) in [
            ("5", "did you mean 5s or 5m"),
            ("1.2h", "72m for 1.2h"),
            ("", "such as 30s"),
            ("h", "such as 30s"),
            ("-5m", "such as 30s"),
            ("5d", "`d` is not a unit"),
            ("5m1h", "from large to small"),
            ("5m5m", "each stands once"),
            ("99999999999999999999h", "too long"),
        ] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(ms in 0_u64..10_000_000_000) {
            let span = Span(Duration::from_millis(ms));
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }

        #[test]
        fn never_panics(text in ".*") {
            let _ = text.parse::<Span>();
        }
    }
}
