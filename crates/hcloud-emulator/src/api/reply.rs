//! Answers with a JSON body.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::error::ApiError;

/// What a handler returns.
pub(crate) type Reply = Result<Response, ApiError>;

/// An answer with this status and body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        // None of the types sent can fail to serialise: they have text keys and no fallible fields.
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// 200 with a body.
#[expect(clippy::unnecessary_wraps, reason = "a handler ends with it, and handlers can fail")]
pub(crate) fn ok(body: &impl Serialize) -> Reply {
    Ok(json(StatusCode::OK, body))
}

/// 201 with a body.
#[expect(clippy::unnecessary_wraps, reason = "a handler ends with it, and handlers can fail")]
pub(crate) fn created(body: &impl Serialize) -> Reply {
    Ok(json(StatusCode::CREATED, body))
}

/// 204 without a body.
#[expect(clippy::unnecessary_wraps, reason = "a handler ends with it, and handlers can fail")]
pub(crate) fn no_content() -> Reply {
    Ok(StatusCode::NO_CONTENT.into_response())
}
