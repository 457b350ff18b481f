//! Helpers for decoding tolerantly.

use serde::{Deserialize, Deserializer, de};

/// Decodes `null` as the default value. Together with `#[serde(default)]` an absent field and `null` mean the same.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Decodes a whole number that the API declares as `number`, so that `2` and `2.0` are the same.
pub(crate) fn whole_number<'de, D>(deserializer: D) -> Result<u32, D::Error>
where
    D: Deserializer<'de>,
{
    let number = f64::deserialize(deserializer)?;
    if number.fract() != 0.0 || number < 0.0 || number > f64::from(u32::MAX) {
        return Err(de::Error::custom(format_args!("{number} is not a whole number in the range of u32")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range and the missing fraction were checked above"
    )]
    let whole = number as u32;
    Ok(whole)
}
