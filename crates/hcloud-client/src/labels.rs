//! Labels and label selectors.
//!
//! The rules are those of the API's documentation: a key is an optional DNS prefix of at most 253 characters and a slash,
//! followed by a name of at most 63 characters; a value has at most 63 characters and may be empty. Names and values begin
//! and end with a letter or digit and have letters, digits, `-`, `_` and `.` between.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use thiserror::Error;

/// The labels of a resource.
pub type Labels = BTreeMap<String, String>;

const NAME_MAX: usize = 63;
const PREFIX_MAX: usize = 253;
/// Keys with this prefix belong to Hetzner.
const RESERVED_PREFIX: &str = "hetzner.cloud";

/// Why a key or value is not a label.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LabelError {
    /// The key does not follow the rules.
    #[error("`{0}` is not a valid label key")]
    Key(String),
    /// The value does not follow the rules.
    #[error("`{value}` is not a valid value for the label `{key}`")]
    Value {
        /// The key it was meant for.
        key: String,
        /// The value as given.
        value: String,
    },
    /// The key is reserved for Hetzner.
    #[error("the label key `{0}` is reserved: keys must not begin with `hetzner.cloud/`")]
    Reserved(String),
}

/// Selects resources by their labels: all the given labels must have the given values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LabelSelector(String);

impl LabelSelector {
    /// A selector for resources that have this label with this value.
    pub fn equals(key: &str, value: &str) -> Result<Self, LabelError> {
        validate_key(key)?;
        validate_value(key, value)?;
        Ok(Self(format!("{key}={value}")))
    }

    /// The same selector with one more label that must match.
    pub fn and(mut self, key: &str, value: &str) -> Result<Self, LabelError> {
        let further = Self::equals(key, value)?;
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&further.0);
        Ok(self)
    }

    /// The selector in the API's own notation, such as `env=prod,app=web`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks labels before they are sent: their notation, and that no key is one that is reserved for Hetzner.
pub fn validate_labels(labels: &Labels) -> Result<(), LabelError> {
    for (key, value) in labels {
        validate_key(key)?;
        validate_value(key, value)?;
        if key.split_once('/').is_some_and(|(prefix, _)| prefix == RESERVED_PREFIX) {
            return Err(LabelError::Reserved(key.clone()));
        }
    }
    Ok(())
}

fn validate_key(key: &str) -> Result<(), LabelError> {
    let (prefix_ok, name) = match key.split_once('/') {
        Some((prefix, name)) => (is_dns_name(prefix), name),
        None => (true, key),
    };
    if prefix_ok && is_name(name) { Ok(()) } else { Err(LabelError::Key(key.to_owned())) }
}

fn validate_value(key: &str, value: &str) -> Result<(), LabelError> {
    if value.is_empty() || is_name(value) {
        Ok(())
    } else {
        Err(LabelError::Value { key: key.to_owned(), value: value.to_owned() })
    }
}

fn is_name(text: &str) -> bool {
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= NAME_MAX
        && ends_well(text.chars().next())
        && ends_well(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_dns_name(text: &str) -> bool {
    text.len() <= PREFIX_MAX && text.split('.').all(|part| is_name(part) && !part.contains('_'))
}

#[cfg(test)]
mod tests;
