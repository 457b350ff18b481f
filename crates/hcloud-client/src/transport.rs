//! One request and its answer.

use std::time::{Duration, Instant};

use reqwest::{Method, header};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use crate::{ApiError, Endpoint, Error, Operation, RateLimit, RetryPolicy, retry};

/// Names an answer to Hetzner's support.
const CORRELATION_ID: &str = "x-correlation-id";

/// Query parameters. A parameter with several values is repeated.
pub(crate) type Query = Vec<(&'static str, String)>;

/// Sends requests and decodes answers.
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Endpoint,
    /// Marked as sensitive, so that nothing below prints it.
    pub(crate) authorization: header::HeaderValue,
    pub(crate) request_timeout: Duration,
    pub(crate) retry: RetryPolicy,
    /// What the latest answer said about the request budget.
    pub(crate) rate_limit: watch::Sender<Option<RateLimit>>,
}

/// A whole answer.
struct Answer {
    status: u16,
    correlation_id: Option<String>,
    rate_limit: Option<RateLimit>,
    body: Vec<u8>,
}

impl Transport {
    /// `GET`, without a body.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &Query) -> Result<T, Error> {
        self.call(Operation::new(Method::GET, path), query, None).await
    }

    /// `POST` without a body.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Operation::new(Method::POST, path), &Query::new(), None).await
    }

    /// `POST` with a JSON body.
    pub(crate) async fn post_json<T, B>(&self, path: &str, body: &B) -> Result<T, Error>
    where
        T: DeserializeOwned,
        B: Serialize + Sync,
    {
        let operation = Operation::new(Method::POST, path);
        match serde_json::to_vec(body) {
            Ok(body) => self.call(operation, &Query::new(), Some(&body)).await,
            Err(error) => Err(Error::Request { operation, source: error.into() }),
        }
    }

    /// `DELETE`, with an answer that has content.
    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Operation::new(Method::DELETE, path), &Query::new(), None).await
    }

    /// `DELETE`, with an answer whose content does not matter: by the documentation there is none.
    pub(crate) async fn delete_without_answer(&self, path: &str) -> Result<(), Error> {
        self.send(&Operation::new(Method::DELETE, path), &Query::new(), None).await.map(|_| ())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        operation: Operation,
        query: &Query,
        body: Option<&Vec<u8>>,
    ) -> Result<T, Error> {
        let Answer { status, correlation_id, body, .. } = self.send(&operation, query, body).await?;
        serde_json::from_slice(&body).map_err(|source| Error::Decode { operation, status, correlation_id, source })
    }

    async fn send(&self, operation: &Operation, query: &Query, body: Option<&Vec<u8>>) -> Result<Answer, Error> {
        retry::run(&self.retry, operation, |left| self.attempt(operation, query, body, self.request_timeout.min(left)))
            .await
    }

    /// Sends the request once.
    async fn attempt(
        &self,
        operation: &Operation,
        query: &Query,
        body: Option<&Vec<u8>>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let result = self.exchange(operation, query, body, timeout).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(Answer { status, correlation_id, .. }) => {
                tracing::debug!(
                    method = operation.method(),
                    path = operation.path(),
                    status,
                    duration_ms,
                    correlation_id,
                    "answered"
                );
            }
            Err(error) => {
                tracing::debug!(
                    method = operation.method(),
                    path = operation.path(),
                    code = error.code(),
                    duration_ms,
                    "not answered"
                );
            }
        }
        let answer = result?;
        if let Some(rate_limit) = answer.rate_limit {
            self.rate_limit.send_replace(Some(rate_limit));
        }
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let Answer { status, correlation_id, rate_limit, body } = answer;
        Err(Error::Api(Box::new(ApiError::read(operation.clone(), status, &body, correlation_id, rate_limit))))
    }

    async fn exchange(
        &self,
        operation: &Operation,
        query: &Query,
        body: Option<&Vec<u8>>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let url = format!("{}{}", self.endpoint.as_str(), operation.path());
        let mut request = self
            .http
            .request(operation.http_method(), url)
            .query(query)
            .timeout(timeout)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let failed = |error| classify(operation, timeout, error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let correlation_id = headers.get(CORRELATION_ID).and_then(|id| id.to_str().ok()).map(ToOwned::to_owned);
        let rate_limit = RateLimit::from_headers(headers);
        let body = response.bytes().await.map_err(failed)?;
        Ok(Answer { status, correlation_id, rate_limit, body: body.to_vec() })
    }
}

/// Sorts a failure by what it means for the caller: whether anything can have been sent. The URL is left out of the
/// source, since the operation already names it.
fn classify(operation: &Operation, after: Duration, error: reqwest::Error) -> Error {
    let operation = operation.clone();
    let source = error.without_url();
    if source.is_builder() {
        Error::Request { operation, source: source.into() }
    } else if source.is_connect() {
        Error::Connect { operation, source }
    } else if source.is_timeout() {
        Error::Timeout { operation, after }
    } else {
        Error::ConnectionLost { operation, source }
    }
}
