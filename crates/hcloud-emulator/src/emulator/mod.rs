//! A running emulator: the listener, the project behind it, and how both end.

mod builder;
mod error;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::{builder::EmulatorBuilder, error::EmulatorError};
use crate::{
    api::{
        faults::Fault,
        pipeline::{BASE, Gate},
    },
    app::App,
    machines::MachineError,
    work::delete_server,
};

pub use crate::api::requests::Request;

/// How long open requests may take to end.
const REQUEST_GRACE: Duration = Duration::from_secs(5);

/// How long actions may take to end: a machine that is booting is waited for, so that it can be removed cleanly.
const ACTION_GRACE: Duration = Duration::from_mins(1);

/// How long the removal of all machines may take.
const MACHINE_GRACE: Duration = Duration::from_mins(2);

/// An emulator that serves requests until [`Emulator::shutdown`]. Dropping it stops the API, but leaves machines for
/// the next run to clean up: removing them takes time that a drop does not have.
pub struct Emulator {
    address: SocketAddr,
    app: Arc<App>,
    gate: Arc<Gate>,
    closing: CancellationToken,
    server: Option<JoinHandle<()>>,
}

impl Emulator {
    /// An emulator to be set up.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The address under which clients find the API, such as `http://127.0.0.1:34567/v1`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// The address of the listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The latest requests (at most 10 000), in the order in which they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.gate.requests()
    }

    /// Lets the next request with this method and with a path below the endpoint that starts with `path_prefix` (such
    /// as `/servers`) fail with `status` and error code `code`, instead of reaching the project. Several orders happen
    /// one after the other. A status outside 400 to 599 becomes 500.
    pub fn fail_next(&self, method: &str, path_prefix: &str, status: u16, code: &str) {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.gate.order(Fault {
            method: method.to_ascii_uppercase(),
            path_prefix: path_prefix.to_owned(),
            status,
            code: code.to_owned(),
        });
    }

    /// Deletes a server with its machine behind the client's back, whatever runs or protects it. Returns when the
    /// machine is gone; `false` where there was no such server.
    pub async fn kill_server(&self, server_id: u64) -> bool {
        let Some(action) = self.app.with(|project| delete_server::begin(project, server_id)) else {
            return false;
        };
        let removal = delete_server::spawn(&self.app, server_id, action.id);
        // It cannot fail: it neither panics nor is it aborted before the emulator is dropped.
        let _ = removal.await;
        true
    }

    /// Lets every packet to and from a running server vanish, as if its cable were pulled: connections stall, and none can
    /// be made. Only the server itself still reaches the API. Lasts until [`Emulator::restore_network`] or the server's
    /// next boot.
    pub async fn cut_network(&self, server_id: u64) -> Result<(), MachineError> {
        self.app.machines.cut_network(server_id).await
    }

    /// Undoes [`Emulator::cut_network`]; nothing happens where nothing was cut.
    pub async fn restore_network(&self, server_id: u64) -> Result<(), MachineError> {
        self.app.machines.restore_network(server_id).await
    }

    /// Stops serving, lets running actions end, and removes every machine and volume. Every step has a time limit.
    pub async fn shutdown(mut self) -> Result<(), EmulatorError> {
        self.closing.cancel();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(REQUEST_GRACE, &mut server).await.is_err()
        {
            tracing::warn!("open requests did not end in time and are dropped");
            server.abort();
            // The only possible outcome is the abort just asked for.
            let _ = server.await;
        }
        self.app.close(ACTION_GRACE).await;
        match tokio::time::timeout(MACHINE_GRACE, self.app.machines.shutdown()).await {
            Ok(outcome) => outcome.map_err(EmulatorError::Machines),
            Err(_) => Err(EmulatorError::ShutdownTimeout(MACHINE_GRACE)),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.closing.cancel();
        self.app.abort();
        if let Some(server) = self.server.take() {
            server.abort();
        }
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Emulator").field("address", &self.address).finish_non_exhaustive()
    }
}
