//! Amounts of money as the API writes them: decimal strings, ten places net and sixteen places gross.

use serde::Serialize;

use super::CatalogueError;

/// Units in one currency unit: the API sends ten decimal places of a net price.
const SCALE: u128 = 10_000_000_000;

/// An exact amount in units of 1e-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money(u128);

/// A price without and with VAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Price {
    pub(crate) net: String,
    pub(crate) gross: String,
}

impl Money {
    /// Reads `5.49`.
    pub(crate) fn parse(text: &str) -> Result<Self, CatalogueError> {
        let wrong = || CatalogueError::Amount(text.to_owned());
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || whole.len() > 9 || places.len() > 10 {
            return Err(wrong());
        }
        if !whole.bytes().chain(places.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u128 = whole.parse().map_err(|_| wrong())?;
        let fraction: u128 = format!("{places:0<10}").parse().map_err(|_| wrong())?;
        Ok(Self(whole * SCALE + fraction))
    }

    /// The price with a VAT rate in percent.
    pub(crate) fn with_vat(self, rate: Self) -> Price {
        let hundred = 100 * SCALE;
        let gross = self.0 * 1_000_000 * (hundred + rate.0) / hundred;
        let gross_scale = SCALE * 1_000_000;
        Price {
            net: format!("{}.{:010}", self.0 / SCALE, self.0 % SCALE),
            gross: format!("{}.{:016}", gross / gross_scale, gross % gross_scale),
        }
    }
}
