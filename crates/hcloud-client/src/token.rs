//! The API token.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// A token for the Hetzner Cloud API. It belongs to one project.
///
/// The text is wiped from memory when the token is dropped and never shown: `Debug` and `Display` write a placeholder.
#[derive(Clone)]
pub struct ApiToken(SecretString);

/// Why a text is not an API token. The text itself is not part of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// There is nothing but white space.
    #[error("the API token is empty")]
    Empty,
    /// There is white space inside, as in two tokens or in a sentence.
    #[error("the API token contains white space")]
    WhiteSpace,
    /// There is a control character inside, or one outside ASCII, which an HTTP header cannot carry.
    #[error("the API token contains a character that is not printable ASCII")]
    NotPrintable,
}

impl ApiToken {
    /// Gives the text away, for the header alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text, still wrapped, for a caller that hands it to somebody else who is to use the API.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl FromStr for ApiToken {
    type Err = TokenError;

    /// Takes a token, ignoring white space around it: files end with a newline.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let token = text.trim();
        if token.is_empty() {
            return Err(TokenError::Empty);
        }
        if token.contains(char::is_whitespace) {
            return Err(TokenError::WhiteSpace);
        }
        if !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(TokenError::NotPrintable);
        }
        Ok(Self(SecretString::from(token)))
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(<redacted>)")
    }
}

impl fmt::Display for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

#[cfg(test)]
mod tests;
