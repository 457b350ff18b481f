//! What was attempted.

use std::fmt;

use reqwest::Method;

/// One operation of the API, shown as `POST /servers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    method: Method,
    path: String,
}

impl Operation {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into() }
    }

    /// The HTTP method, such as `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path below the base address, without a query, such as `/servers`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether carrying it out can change anything.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        !self.method.is_safe()
    }

    pub(crate) fn http_method(&self) -> Method {
        self.method.clone()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
