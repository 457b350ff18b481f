//! What every request passes through: route, token, rate limit, ordered faults, then its handler; and on the way back
//! the headers that every answer has.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{MatchedPath, Request as HttpRequest, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use super::{
    auth::Tokens,
    error::ApiError,
    faults::{Fault, Faults},
    rate_limit::{Allowance, Buckets, RateLimit},
    requests::{Request, RequestLog},
};

/// The path under which the API lies.
pub(crate) const BASE: &str = "/v1";

/// What the pipeline keeps between requests.
pub(crate) struct Gate {
    tokens: Tokens,
    kept: Mutex<Kept>,
}

struct Kept {
    buckets: Buckets,
    faults: Faults,
    log: RequestLog,
    answers: u64,
}

impl Gate {
    pub(crate) fn new(tokens: Tokens, rate: RateLimit) -> Self {
        let kept =
            Kept { buckets: Buckets::new(rate), faults: Faults::default(), log: RequestLog::default(), answers: 0 };
        Self { tokens, kept: Mutex::new(kept) }
    }

    /// Orders an error.
    pub(crate) fn order(&self, fault: Fault) {
        self.with(|kept| kept.faults.order(fault));
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.with(|kept| kept.log.all())
    }

    fn with<R>(&self, change: impl FnOnce(&mut Kept) -> R) -> R {
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The path is looked at first, then the token, then the rate: so does the real API.
    fn admit(&self, request: &HttpRequest, path: &str, allowance: &Allowance) -> Result<(), ApiError> {
        if request.extensions().get::<MatchedPath>().is_none() {
            return Err(ApiError::no_route());
        }
        self.tokens.check(request.headers(), request.method())?;
        if !allowance.allowed {
            return Err(ApiError::rate_limited(allowance.limit));
        }
        self.with(|kept| kept.faults.meet(request.method().as_str(), path))
    }
}

/// The middleware around all routes.
pub(crate) async fn pass(State(gate): State<Arc<Gate>>, request: HttpRequest, next: Next) -> Response {
    let method = request.method().to_string();
    let path = below_base(request.uri().path());
    let bucket = gate.tokens.position(request.headers());
    let allowance = gate.with(|kept| kept.buckets.take(bucket, Instant::now()));
    let mut response = match gate.admit(&request, &path, &allowance) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let status = response.status().as_u16();
    tracing::debug!(method, path, status, "answered");
    let number = gate.with(|kept| {
        kept.log.record(Request { method, path, status });
        kept.answers += 1;
        kept.answers
    });
    mark(response.headers_mut(), &allowance, number);
    response
}

fn below_base(path: &str) -> String {
    match path.strip_prefix(BASE) {
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => path.to_owned(),
    }
}

fn mark(headers: &mut HeaderMap, allowance: &Allowance, number: u64) {
    headers.insert(HeaderName::from_static("ratelimit-limit"), allowance.limit.into());
    headers.insert(HeaderName::from_static("ratelimit-remaining"), allowance.remaining.into());
    headers.insert(HeaderName::from_static("ratelimit-reset"), allowance.reset.into());
    // Unique within the emulator is all that a client can rely on.
    if let Ok(id) = HeaderValue::from_str(&format!("emulator{number:08x}")) {
        headers.insert(HeaderName::from_static("x-correlation-id"), id);
    }
}
