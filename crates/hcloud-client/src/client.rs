//! The client and how one is built.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{header::HeaderValue, redirect};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    Actions, ApiToken, Endpoint, EndpointError, Firewalls, Images, Locations, Pricing, RateLimit, RetryPolicy,
    RetryPolicyError, ServerTypes, Servers, SshKeys, Volumes, transport::Transport,
};

/// How long a connection may take to come about. Three lost SYN packets take seven seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one answer may take, from the connection to the last byte.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A client for one project. Cloning is cheap, and clones share their connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

/// Collects the settings of a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    token: ApiToken,
    endpoint: Endpoint,
    user_agent: String,
    connect_timeout: Duration,
    request_timeout: Duration,
    retry: RetryPolicy,
}

/// Why no client could be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The retry policy makes no sense.
    #[error(transparent)]
    RetryPolicy(#[from] RetryPolicyError),
    /// The token cannot be put into a header.
    #[error("the API token cannot be put into an HTTP header")]
    Token,
    /// The HTTP client could not be set up, because of its user agent or the system's certificates for instance.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

impl ClientBuilder {
    /// Sets the address of the API; without it, it is Hetzner's own.
    pub fn endpoint(self, address: &str) -> Result<Self, EndpointError> {
        Ok(self.with_endpoint(address.parse()?))
    }

    /// Sets the address of the API from one that was parsed before.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets the name and version that the client tells the API, such as `example/1.0`.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets how long a connection may take to come about; ten seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a single answer may take; thirty seconds by default.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Sets when requests are sent again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Builds the client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, BuildError> {
        self.retry.validate()?;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", self.token.expose())).map_err(|_| BuildError::Token)?;
        authorization.set_sensitive(true);
        let mut http = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .connect_timeout(self.connect_timeout)
            // The API does not redirect, and the token must not follow one who does.
            .redirect(redirect::Policy::none())
            .tcp_nodelay(true);
        if self.endpoint.is_loopback() {
            // A proxy could not reach what listens on this machine's own loopback address.
            http = http.no_proxy();
        }
        let transport = Transport {
            http: http.build().map_err(BuildError::Http)?,
            endpoint: self.endpoint,
            authorization,
            request_timeout: self.request_timeout,
            retry: self.retry,
            rate_limit: watch::Sender::new(None),
        };
        Ok(Client { transport: Arc::new(transport) })
    }
}

impl Client {
    /// Begins to build a client that uses this token.
    #[must_use]
    pub fn builder(token: ApiToken) -> ClientBuilder {
        ClientBuilder {
            token,
            endpoint: Endpoint::hetzner(),
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            retry: RetryPolicy::default(),
        }
    }

    /// The address of the API.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.transport.endpoint
    }

    /// What the latest answer said about the request budget, if any did.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        *self.transport.rate_limit.borrow()
    }

    /// Servers.
    #[must_use]
    pub fn servers(&self) -> Servers<'_> {
        Servers { transport: &self.transport }
    }

    /// Volumes.
    #[must_use]
    pub fn volumes(&self) -> Volumes<'_> {
        Volumes { transport: &self.transport }
    }

    /// SSH keys.
    #[must_use]
    pub fn ssh_keys(&self) -> SshKeys<'_> {
        SshKeys { transport: &self.transport }
    }

    /// Firewalls.
    #[must_use]
    pub fn firewalls(&self) -> Firewalls<'_> {
        Firewalls { transport: &self.transport }
    }

    /// The catalogue of server types.
    #[must_use]
    pub fn server_types(&self) -> ServerTypes<'_> {
        ServerTypes { transport: &self.transport }
    }

    /// The locations.
    #[must_use]
    pub fn locations(&self) -> Locations<'_> {
        Locations { transport: &self.transport }
    }

    /// The images.
    #[must_use]
    pub fn images(&self) -> Images<'_> {
        Images { transport: &self.transport }
    }

    /// The prices.
    #[must_use]
    pub fn pricing(&self) -> Pricing<'_> {
        Pricing { transport: &self.transport }
    }

    /// Actions, which are changes under way.
    #[must_use]
    pub fn actions(&self) -> Actions<'_> {
        Actions { transport: &self.transport }
    }
}

impl fmt::Debug for Client {
    /// Shows the address alone: what is inside holds the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.transport.endpoint.as_str()).finish_non_exhaustive()
    }
}
