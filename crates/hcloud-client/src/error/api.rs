//! The body of an answer that is an error.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{ErrorCode, Operation};
use crate::{RateLimit, decode::null_as_default};

/// An answer of the API that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What was attempted.
    pub operation: Operation,
    /// The HTTP status.
    pub status: u16,
    /// The reason, for machines.
    pub code: ErrorCode,
    /// The reason, for humans, in the API's own words.
    pub message: String,
    /// The fields of the request that were at fault, if the API named them.
    pub fields: Vec<FieldError>,
    /// The limits of the project that were reached, if the API named them, such as `primary_ip_limit`.
    pub limits: Vec<String>,
    /// Names the answer to Hetzner's support.
    pub correlation_id: Option<String>,
    /// How many requests were left, if the answer said so.
    pub rate_limit: Option<RateLimit>,
}

/// A field of a request that was at fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// The field's name.
    pub name: String,
    /// What is wrong with it; may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub messages: Vec<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}, HTTP {})", self.operation, self.message, self.code, self.status)?;
        for field in &self.fields {
            write!(f, "; {}", field.name)?;
            if !field.messages.is_empty() {
                write!(f, ": {}", field.messages.join(" "))?;
            }
        }
        if !self.limits.is_empty() {
            write!(f, "; limits: {}", self.limits.join(", "))?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, " [correlation id {id}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

#[derive(Deserialize)]
struct Body {
    error: Content,
}

#[derive(Deserialize)]
struct Content {
    code: ErrorCode,
    #[serde(default, deserialize_with = "null_as_default")]
    message: String,
    /// An object or `null`, whose shape depends on the code. It only explains, so it must never make decoding fail.
    #[serde(default)]
    details: Value,
}

#[derive(Deserialize)]
struct Limit {
    name: String,
}

impl ApiError {
    /// Reads the body. One that is not the API's, from a proxy in between for instance, leaves what the status tells.
    pub(crate) fn read(
        operation: Operation,
        status: u16,
        body: &[u8],
        correlation_id: Option<String>,
        rate_limit: Option<RateLimit>,
    ) -> Self {
        let (code, message, details) = match serde_json::from_slice::<Body>(body) {
            Ok(Body { error }) => (error.code, error.message, error.details),
            Err(_) => (
                ErrorCode::from_status(status),
                "the answer does not come from the Hetzner Cloud API".to_owned(),
                Value::Null,
            ),
        };
        let fields = entries(&details, "fields");
        let limits = entries::<Limit>(&details, "limits").into_iter().map(|limit| limit.name).collect();
        Self { operation, status, code, message, fields, limits, correlation_id, rate_limit }
    }
}

/// The entries of a list inside the details that have the expected shape.
fn entries<T: for<'de> Deserialize<'de>>(details: &Value, key: &str) -> Vec<T> {
    let list = details.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| T::deserialize(entry).ok()).collect()
}
