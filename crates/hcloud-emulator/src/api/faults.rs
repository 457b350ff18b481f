//! Errors that a test orders in advance.

use std::collections::VecDeque;

use axum::http::StatusCode;

use super::error::ApiError;

/// The answer to the next request of a kind.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) method: String,
    pub(crate) path_prefix: String,
    pub(crate) status: StatusCode,
    pub(crate) code: String,
}

/// Faults that have not happened yet, in the order in which they were ordered.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn order(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    /// The fault that this request meets, which is used up by it.
    pub(crate) fn meet(&mut self, method: &str, path: &str) -> Result<(), ApiError> {
        let found = self.0.iter().position(|each| each.method == method && path.starts_with(&each.path_prefix));
        match found.and_then(|position| self.0.remove(position)) {
            Some(fault) => Err(ApiError::new(fault.status, fault.code, "this error was ordered by a test")),
            None => Ok(()),
        }
    }
}
