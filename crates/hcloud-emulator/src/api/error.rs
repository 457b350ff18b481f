//! Errors as the API sends them. Statuses and codes follow the table in the API's documentation; the texts are those of
//! real answers where one is known.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::reply;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    details: Value,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone)]
pub(crate) struct FieldFault {
    pub(crate) name: String,
    pub(crate) message: String,
}

impl ApiError {
    /// An error with any status and code, without details.
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), details: Value::Null }
    }

    pub(crate) fn json(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "json_error", format!("invalid JSON in request body: {message}"))
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub(crate) fn read_only() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token_readonly", "the token is only allowed to perform GET requests")
    }

    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "api route not found")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "method not allowed")
    }

    pub(crate) fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} with ID '{id}' not found"))
    }

    pub(crate) fn removed() -> Self {
        let mut error = Self::new(StatusCode::GONE, "deprecated_api_endpoint", "API functionality was removed");
        error.details = json!({"announcement": "https://docs.hetzner.cloud/changelog"});
        error
    }

    /// 422 with one or more faulty fields.
    pub(crate) fn invalid_fields(faults: &[FieldFault]) -> Self {
        let message = if let [only] = faults {
            format!("invalid input in field '{}': {}", only.name, only.message)
        } else {
            let names: Vec<String> = faults.iter().map(|each| format!("'{}'", each.name)).collect();
            format!("invalid input in fields {}", names.join(", "))
        };
        let fields: Vec<Value> =
            faults.iter().map(|each| json!({"name": each.name, "messages": [each.message]})).collect();
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", message);
        error.details = json!({"fields": fields});
        error
    }

    /// 422 for one faulty field.
    pub(crate) fn invalid_field(name: &str, message: impl Into<String>) -> Self {
        Self::invalid_fields(&[FieldFault { name: name.to_owned(), message: message.into() }])
    }

    /// 422 without a field, with the empty details the real API sends then.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", message);
        error.details = json!({});
        error
    }

    /// 422 for an operation's own code.
    pub(crate) fn unprocessable(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 422 for a part of the API that the emulator leaves out.
    pub(crate) fn unsupported(what: &str) -> Self {
        Self::unprocessable("unsupported_error", format!("{what} is not part of this emulator"))
    }

    pub(crate) fn not_unique(field: &str, message: &str) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, "uniqueness_error", message);
        error.details = json!({"fields": [{"name": field}]});
        error
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "resource_unavailable", message)
    }

    pub(crate) fn locked(what: &str) -> Self {
        Self::new(StatusCode::LOCKED, "locked", format!("cannot perform operation because {what} is locked"))
    }

    pub(crate) fn protected(what: &str) -> Self {
        Self::new(StatusCode::LOCKED, "protected", format!("{what} deletion is protected"))
    }

    pub(crate) fn limit_exceeded(message: &str, limit: &str) -> Self {
        let mut error = Self::new(StatusCode::FORBIDDEN, "resource_limit_exceeded", message);
        error.details = json!({"limits": [{"name": limit}]});
        error
    }

    pub(crate) fn rate_limited(limit: u32) -> Self {
        let message = format!("limit of {limit} requests per hour reached");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message, "details": self.details}});
        reply::json(self.status, &body)
    }
}
