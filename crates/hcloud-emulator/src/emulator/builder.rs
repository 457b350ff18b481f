//! Setting up an emulator.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Emulator, EmulatorError};
use crate::{
    api::{
        auth::{Access, Tokens},
        pipeline::Gate,
        rate_limit::RateLimit,
        router::router,
    },
    app::App,
    catalogue::Catalogue,
    machines::{Forward, Machines, none::NoMachines},
    work::power_offs,
};

/// How long an action takes where no machine is involved, unless set otherwise: long enough to be seen running.
const ACTION_DELAY: Duration = Duration::from_millis(100);

/// The options of an emulator.
#[must_use]
pub struct EmulatorBuilder {
    tokens: Tokens,
    machines: Arc<dyn Machines>,
    listen: SocketAddr,
    allow_remote: bool,
    action_delay: Duration,
    rate: RateLimit,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            tokens: Tokens::default(),
            machines: Arc::new(NoMachines::default()),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            action_delay: ACTION_DELAY,
            rate: RateLimit::default(),
        }
    }
}

impl EmulatorBuilder {
    /// Adds a token that may do everything. At least one token is needed.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), Access::ReadWrite);
        self
    }

    /// Adds a token that may only read.
    pub fn read_only_token(mut self, token: impl Into<String>) -> Self {
        self.tokens.add(token.into(), Access::ReadOnly);
        self
    }

    /// What stands behind servers; without this call nothing does, and boots do nothing.
    pub fn machines(mut self, machines: Arc<dyn Machines>) -> Self {
        self.machines = machines;
        self
    }

    /// The address to listen on; without this call a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Allows an address that other machines can reach. The API is plain HTTP, and whoever has a token can boot
    /// machines.
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.allow_remote = allow;
        self
    }

    /// How long an action takes besides the work of its machine; 100 ms without this call.
    pub fn action_delay(mut self, delay: Duration) -> Self {
        self.action_delay = delay;
        self
    }

    /// How many requests each token has, and after which time one of them is given back. Without this call: 3600, one
    /// given back each second, as documented for the real API.
    pub fn rate_limit(mut self, limit: u32, refill_every: Duration) -> Self {
        self.rate = RateLimit { limit, refill_every };
        self
    }

    /// Checks what can be checked without listening, so that costly machines are not prepared for nothing.
    /// [`EmulatorBuilder::start`] checks it, too.
    pub fn check(&self) -> Result<(), EmulatorError> {
        if self.tokens.is_empty() {
            return Err(EmulatorError::NoToken);
        }
        if self.rate.limit == 0 {
            return Err(EmulatorError::RateLimit);
        }
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(EmulatorError::Remote(self.listen));
        }
        Ok(())
    }

    /// Listens and serves. Where this fails, the machines are the caller's to shut down.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        self.check()?;
        let catalogue = Catalogue::built_in().map_err(|error| EmulatorError::Catalogue(error.to_string()))?;
        let unable = |source| EmulatorError::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(unable)?;
        let address = listener.local_addr().map_err(unable)?;
        let (for_machines, api) = match for_machines(address, self.machines.host_address()).await? {
            Some((listener, api)) => (Some(listener), Some(api)),
            None => (None, None),
        };
        let app = Arc::new(App::new(catalogue, self.machines, api, self.action_delay));
        let gate = Arc::new(Gate::new(self.tokens, self.rate));
        let closing = CancellationToken::new();
        let router = router(Arc::clone(&app), Arc::clone(&gate));
        let for_machines = for_machines.map(|listener| serve(listener, router.clone(), closing.clone()));
        let for_clients = serve(listener, router, closing.clone());
        let server = tokio::spawn(async move {
            match for_machines {
                Some(for_machines) => {
                    tokio::join!(for_clients, for_machines);
                }
                None => for_clients.await,
            }
        });
        power_offs::spawn(&app);
        Ok(Emulator { address, app, gate, closing, server: Some(server) })
    }
}

/// Listens where machines see this host, if clients use an address that means the machine itself to a machine.
///
/// The port is any free one: inside machines the clients' own address leads to it.
async fn for_machines(
    clients: SocketAddr,
    host: Option<Ipv4Addr>,
) -> Result<Option<(TcpListener, Forward)>, EmulatorError> {
    let own = clients.ip().is_loopback() || clients.ip().is_unspecified();
    let Some(host) = host.filter(|_| own) else { return Ok(None) };
    let address = SocketAddr::from((host, 0));
    let unable = |source| EmulatorError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(unable)?;
    let to = listener.local_addr().map_err(unable)?;
    let listen = if clients.ip().is_unspecified() {
        let loopback = if clients.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
        SocketAddr::new(loopback, clients.port())
    } else {
        clients
    };
    Ok(Some((listener, Forward { listen, to })))
}

/// Serves the API on a listener until it is told to close.
async fn serve(listener: TcpListener, router: Router, closing: CancellationToken) {
    // Answers are small; waiting to fill a packet would add 40 ms to each.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(closing.cancelled_owned()).await {
        tracing::error!(%error, "the API is no longer served");
    }
}
