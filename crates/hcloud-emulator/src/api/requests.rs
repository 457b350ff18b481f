//! The log of requests, for tests that ask what a client did.

use std::collections::VecDeque;

/// Requests that are kept; the oldest go first.
const KEPT: usize = 10_000;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The path below the endpoint, without the query string, such as `/servers/42`.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
}

/// The latest requests, in the order of their answers.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<Request>);

impl RequestLog {
    pub(crate) fn record(&mut self, request: Request) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.0.iter().cloned().collect()
    }
}
