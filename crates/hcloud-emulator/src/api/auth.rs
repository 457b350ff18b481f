//! Tokens: who may read, and who may change.

use axum::http::{HeaderMap, Method, header};

use super::error::ApiError;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
}

/// The tokens of the emulated project. Has no `Debug`, so that they are not printed by accident.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Vec<(String, Access)>);

impl Tokens {
    pub(crate) fn add(&mut self, token: String, access: Access) {
        self.0.push((token, access));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(token, _)| token.is_empty())
    }

    /// The position of a known token, which names its rate limit bucket.
    pub(crate) fn position(&self, headers: &HeaderMap) -> Option<usize> {
        let token = bearer(headers)?;
        self.0.iter().position(|(known, _)| known == token)
    }

    /// Refuses a request whose token is missing, unknown or not enough.
    pub(crate) fn check(&self, headers: &HeaderMap, method: &Method) -> Result<(), ApiError> {
        if bearer(headers).is_none() {
            return Err(ApiError::unauthorized("token is required"));
        }
        let access = self.position(headers).and_then(|position| self.0.get(position)).map(|(_, access)| *access);
        match access {
            None => Err(ApiError::unauthorized("the token you have provided is invalid")),
            Some(Access::ReadWrite) => Ok(()),
            Some(Access::ReadOnly) if method == Method::GET || method == Method::HEAD => Ok(()),
            Some(Access::ReadOnly) => Err(ApiError::read_only()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
