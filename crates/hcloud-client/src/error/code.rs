//! The API's codes.

use crate::words::words;

words! {
    /// Why the API refused, from the error tables of its documentation and from what its own clients know besides.
    pub enum ErrorCode {
        /// The body is not JSON (400).
        JsonError = "json_error",
        /// The token is missing or wrong (401).
        Unauthorized = "unauthorized",
        /// The token may only read (401).
        TokenReadonly = "token_readonly",
        /// The token lacks a permission (403).
        Forbidden = "forbidden",
        /// The resource is under maintenance (403).
        Maintenance = "maintenance",
        /// A limit of the project is reached (403).
        ResourceLimitExceeded = "resource_limit_exceeded",
        /// There is no such resource (404).
        NotFound = "not_found",
        /// The path has no such method (405).
        MethodNotAllowed = "method_not_allowed",
        /// A name or a key is already in use (409).
        UniquenessError = "uniqueness_error",
        /// The resource changed meanwhile (409).
        Conflict = "conflict",
        /// The operation is gone from the API (410).
        DeprecatedApiEndpoint = "deprecated_api_endpoint",
        /// What was asked for is sold out at present (412).
        ResourceUnavailable = "resource_unavailable",
        /// A field of the request is wrong (422).
        InvalidInput = "invalid_input",
        /// A service behind the API failed (422).
        ServiceError = "service_error",
        /// The operation is not supported for this resource (422).
        UnsupportedError = "unsupported_error",
        /// No host could take the server (422).
        PlacementError = "placement_error",
        /// There is no room for the volume in its location (422).
        NoSpaceLeftInLocation = "no_space_left_in_location",
        /// The firewall is still applied to something (422).
        ResourceInUse = "resource_in_use",
        /// The server must be off for this (422).
        ServerNotStopped = "server_not_stopped",
        /// Another action runs on the resource (423).
        Locked = "locked",
        /// The resource is protected (423).
        Protected = "protected",
        /// The request budget is used up (429).
        RateLimitExceeded = "rate_limit_exceeded",
        /// Something went wrong inside the API (500).
        ServerError = "server_error",
        /// A gateway got no sense out of the API (502).
        BadGateway = "bad_gateway",
        /// The API is unavailable (503).
        Unavailable = "unavailable",
        /// A gateway gave up on the API (504).
        Timeout = "timeout",
        /// The volume is attached already. Not in the documentation, known to Hetzner's own clients.
        VolumeAlreadyAttached = "volume_already_attached",
        /// The server has as many volumes as it can have. Not in the documentation, known to Hetzner's own clients.
        LimitExceededError = "limit_exceeded_error",
        /// Another action runs on the resource. Not in the documentation, known to Hetzner's own clients.
        ResourceLocked = "resource_locked",
        /// Something else. Not in the documentation, known to Hetzner's own clients.
        UnknownError = "unknown_error",
    }
}

impl ErrorCode {
    /// The code that a bare HTTP status stands for, when the body came from something in between. Such a 404 is not
    /// [`ErrorCode::NotFound`]: only the API itself can say that a resource does not exist.
    pub(crate) fn from_status(status: u16) -> Self {
        match status {
            429 => Self::RateLimitExceeded,
            500 => Self::ServerError,
            502 => Self::BadGateway,
            503 => Self::Unavailable,
            504 => Self::Timeout,
            other => Self::Other(format!("http_{other}")),
        }
    }

    /// Whether the same request may succeed within a minute or so.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Conflict
            | Self::ServiceError
            | Self::Locked
            | Self::ResourceLocked
            | Self::RateLimitExceeded
            | Self::ServerError
            | Self::BadGateway
            | Self::Unavailable
            | Self::Timeout => true,
            // What is sold out, under maintenance or over a limit does not change within a minute.
            Self::Maintenance
            | Self::ResourceUnavailable
            | Self::PlacementError
            | Self::NoSpaceLeftInLocation
            | Self::ResourceLimitExceeded
            | Self::LimitExceededError
            // The rest is wrong in itself, or needs something else to be done first.
            | Self::JsonError
            | Self::Unauthorized
            | Self::TokenReadonly
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UniquenessError
            | Self::DeprecatedApiEndpoint
            | Self::InvalidInput
            | Self::UnsupportedError
            | Self::ResourceInUse
            | Self::ServerNotStopped
            | Self::Protected
            | Self::VolumeAlreadyAttached
            | Self::UnknownError
            | Self::Other(_) => false,
        }
    }
}
