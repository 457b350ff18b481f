//! The address of the API.

use std::{fmt, net::IpAddr, str::FromStr};

use reqwest::Url;
use thiserror::Error;

/// The address of Hetzner's own API, from its documentation.
pub const HETZNER_ENDPOINT: &str = "https://api.hetzner.cloud/v1";

/// The base address of an API: scheme, host, port and path prefix, without a slash at the end.
///
/// Whether a token may travel unencrypted is for the caller to decide; [`Endpoint::is_plaintext`] and
/// [`Endpoint::is_loopback`] say what there is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    host: String,
    plaintext: bool,
}

/// Why a text is not the address of an API.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It is not an absolute URL.
    #[error("the API address is not a URL: {0}")]
    NotAUrl(String),
    /// Its scheme is neither `http` nor `https`.
    #[error("the API address must begin with https:// or http://, not {0}:")]
    Scheme(String),
    /// It carries a user name or a password, which would end up in messages.
    #[error("the API address must not contain a user name or password")]
    Credentials,
    /// It carries a query or a fragment, which cannot be part of a base address.
    #[error("the API address must not contain `?` or `#`")]
    QueryOrFragment,
}

impl Endpoint {
    /// Hetzner's own API, [`HETZNER_ENDPOINT`].
    #[must_use]
    pub fn hetzner() -> Self {
        Self { base: HETZNER_ENDPOINT.to_owned(), host: "api.hetzner.cloud".to_owned(), plaintext: false }
    }

    /// The address without a slash at the end, ready for a path that begins with one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The host as in the address; an IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether what is sent there, the token included, is not encrypted.
    #[must_use]
    pub fn is_plaintext(&self) -> bool {
        self.plaintext
    }

    /// Whether the host is this machine itself by its name or address: `localhost`, `127.0.0.0/8` or `::1`.
    /// Names are not resolved.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let url: Url = text.trim().parse().map_err(|error| EndpointError::NotAUrl(format!("{error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EndpointError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::QueryOrFragment);
        }
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            plaintext: url.scheme() == "http",
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests;
