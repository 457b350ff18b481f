//! Everything that can go wrong between a call and its answer.

mod api;
mod code;
mod operation;

use std::time::Duration;

use thiserror::Error;

pub use api::{ApiError, FieldError};
pub use code::ErrorCode;
pub use operation::Operation;

use crate::ActionId;

/// What the API says of a path that it does not know, with the code of a missing resource (observed 2026-09).
const NO_ROUTE: &str = "api route not found";

/// A failed call.
#[derive(Debug, Error)]
pub enum Error {
    /// The API answered, and refused.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// No connection came about, so nothing was sent.
    #[error("{operation}: could not connect to the API")]
    Connect {
        /// What was attempted.
        operation: Operation,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// No complete answer came in time.
    #[error("{operation}: no answer from the API within {after:?}")]
    Timeout {
        /// What was attempted.
        operation: Operation,
        /// How long the answer was waited for.
        after: Duration,
    },
    /// The connection broke after the request had been sent, wholly or in part.
    #[error("{operation}: the connection to the API was lost before the answer")]
    ConnectionLost {
        /// What was attempted.
        operation: Operation,
        /// How it broke.
        #[source]
        source: reqwest::Error,
    },
    /// The request could not be put together, so nothing was sent.
    #[error("{operation}: the request could not be built")]
    Request {
        /// What was attempted.
        operation: Operation,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The API reported success, in words that could not be understood.
    #[error("{operation}: the answer of the API (HTTP {status}) could not be understood")]
    Decode {
        /// What was attempted.
        operation: Operation,
        /// The HTTP status.
        status: u16,
        /// Names the answer to Hetzner's support.
        correlation_id: Option<String>,
        /// What did not fit.
        #[source]
        source: serde_json::Error,
    },
    /// A list had more pages than could be real.
    #[error("{operation}: the list did not end after {pages} pages")]
    TooManyPages {
        /// What was attempted.
        operation: Operation,
        /// How many pages were read.
        pages: u32,
    },
    /// The API gave an action up.
    #[error("the action {command} ({id}) failed: {message} ({code})")]
    ActionFailed {
        /// The action.
        id: ActionId,
        /// What it was to do, such as `create_server`.
        command: String,
        /// The reason, for machines.
        code: ErrorCode,
        /// The reason, for humans.
        message: String,
    },
    /// Actions were still running when the wait for them ended.
    #[error("{} did not finish within {waited:?}", list_of_actions(.pending))]
    ActionsUnfinished {
        /// The actions that had not finished.
        pending: Vec<ActionId>,
        /// How long they were waited for.
        waited: Duration,
    },
    /// The API does not know actions that it was asked about.
    #[error("the API does not know {}", list_of_actions(.ids))]
    ActionsUnknown {
        /// The actions that were not in the answer.
        ids: Vec<ActionId>,
    },
}

impl Error {
    /// A stable word for this failure: the API's own for [`Error::Api`] and [`Error::ActionFailed`], one of this crate's
    /// for the others.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Api(error) => error.code.as_str(),
            Self::Connect { .. } => "connect",
            Self::Timeout { .. } => "no_answer",
            Self::ConnectionLost { .. } => "connection_lost",
            Self::Request { .. } => "invalid_request",
            Self::Decode { .. } => "unexpected_answer",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::ActionFailed { code, .. } => code.as_str(),
            Self::ActionsUnfinished { .. } => "actions_unfinished",
            Self::ActionsUnknown { .. } => "actions_unknown",
        }
    }

    /// The API's code, where the API itself refused or gave up.
    #[must_use]
    pub fn api_code(&self) -> Option<&ErrorCode> {
        match self {
            Self::Api(error) => Some(&error.code),
            Self::ActionFailed { code, .. } => Some(code),
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::ConnectionLost { .. }
            | Self::Request { .. }
            | Self::Decode { .. }
            | Self::TooManyPages { .. }
            | Self::ActionsUnfinished { .. }
            | Self::ActionsUnknown { .. } => None,
        }
    }

    /// What was attempted, where it was a single request.
    #[must_use]
    pub fn operation(&self) -> Option<&Operation> {
        match self {
            Self::Api(error) => Some(&error.operation),
            Self::Connect { operation, .. }
            | Self::Timeout { operation, .. }
            | Self::ConnectionLost { operation, .. }
            | Self::Request { operation, .. }
            | Self::Decode { operation, .. }
            | Self::TooManyPages { operation, .. } => Some(operation),
            Self::ActionFailed { .. } | Self::ActionsUnfinished { .. } | Self::ActionsUnknown { .. } => None,
        }
    }

    /// What names the answer to Hetzner's support, where there was an answer.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.correlation_id.as_deref(),
            Self::Decode { correlation_id, .. } => correlation_id.as_deref(),
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::ConnectionLost { .. }
            | Self::Request { .. }
            | Self::TooManyPages { .. }
            | Self::ActionFailed { .. }
            | Self::ActionsUnfinished { .. }
            | Self::ActionsUnknown { .. } => None,
        }
    }

    /// Whether the same call may succeed if it is made again within a minute or so.
    ///
    /// It says nothing about whether that is safe: see [`Error::may_have_taken_effect`].
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Api(error) => error.code.retryable(),
            Self::ActionFailed { code, .. } => code.retryable(),
            Self::Connect { .. } | Self::Timeout { .. } | Self::ConnectionLost { .. } => true,
            Self::Request { .. }
            | Self::Decode { .. }
            | Self::TooManyPages { .. }
            | Self::ActionsUnfinished { .. }
            | Self::ActionsUnknown { .. } => false,
        }
    }

    /// Whether the change that was asked for may have been made in spite of this error. A create that fails like this may
    /// have left a resource that costs money: look for it by its name or labels before trying again.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            // A gateway may have given up on a request that was carried out behind it.
            Self::Api(error) => error.operation.changes_something() && error.status >= 500,
            Self::Timeout { operation, .. }
            | Self::ConnectionLost { operation, .. }
            | Self::Decode { operation, .. } => operation.changes_something(),
            Self::Connect { .. } | Self::Request { .. } | Self::TooManyPages { .. } => false,
            Self::ActionFailed { .. } | Self::ActionsUnfinished { .. } | Self::ActionsUnknown { .. } => true,
        }
    }

    /// Whether the API says that the resource does not exist. That there is no such *route* says nothing about resources:
    /// an endpoint with a slip in its path must not make a server look deleted.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Api(error) if error.code == ErrorCode::NotFound && error.message != NO_ROUTE)
    }
}

fn list_of_actions(ids: &[ActionId]) -> String {
    let numbers: Vec<String> = ids.iter().map(ActionId::to_string).collect();
    let noun = if ids.len() == 1 { "the action" } else { "the actions" };
    format!("{noun} {}", numbers.join(", "))
}

/// Turns "the API does not know it" into `None`.
pub(crate) fn none_if_not_found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
