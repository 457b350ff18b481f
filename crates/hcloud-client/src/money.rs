//! Amounts of money, kept exact.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Decimal places that an [`Amount`] keeps. Net prices have 10, gross prices 16.
const PLACES: usize = 18;
const UNIT: i128 = 10_i128.pow(18);
/// The largest number of units before the decimal point, so that neither sums nor products come near an overflow.
const WHOLE_MAX: i128 = 1_000_000_000_000;

/// A decimal number of at most 18 places, exact, without a currency. `4.49` and `4.4900000000` are equal.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

/// A text that is not a decimal number of at most 18 places below 10^12.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a decimal amount")]
pub struct AmountError(String);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The nearest floating point number, for display and estimates. Comparisons are better made on the amount itself.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// This amount so many times, saturating.
    #[must_use]
    pub fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(i128::from(factor)))
    }

    /// The sum of two amounts, saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let error = || AmountError(text.to_owned());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(error());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > PLACES {
            return Err(error());
        }
        let whole: i128 = whole.parse().map_err(|_| error())?;
        if whole >= WHOLE_MAX {
            return Err(error());
        }
        let fraction: i128 = format!("{fraction:0<PLACES$}").parse().map_err(|_| error())?;
        let value = whole * UNIT + fraction;
        Ok(Self(if negative { -value } else { value }))
    }
}

impl fmt::Display for Amount {
    /// Writes the shortest decimal notation, or the given number of places, cut off: `{:.2}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        let fraction = format!("{:0PLACES$}", value % unit);
        let fraction = match f.precision() {
            Some(places) => &fraction[..places.min(PLACES)],
            None => fraction.trim_end_matches('0'),
        };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}", value / unit)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl Serialize for Amount {
    /// Writes a text, as the API does, since numbers of JSON are rounded by many who read them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A price without and with value added tax, in the currency of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Without tax.
    pub net: Amount,
    /// With tax.
    pub gross: Amount,
}

#[cfg(test)]
mod tests;
