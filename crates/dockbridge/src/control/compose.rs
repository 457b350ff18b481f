//! Composes the state of the whole out of its parts.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::report::{ActivityStatus, Degradation, ErrorReport, LeaseStatus, LockReport, StatusReport, state_word};
use crate::{
    activity::ActivityTracker,
    clock::Clock,
    config::{Config, SelfDestruct, Span},
    error::ErrorCategory,
    lifecycle::{Handle, Unknown},
    lock::{LockFailure, LockStatus},
    proxy::ProxyStatus,
    server::MissingCredentials,
};

/// What is shown of an error that is shared with whoever met it.
macro_rules! report {
    ($error:expr, $at:expr, $category:expr, $hint:expr) => {
        ErrorReport {
            category: $category.to_string(),
            code: $error.code().to_owned(),
            message: $error.to_string(),
            hint: $hint,
            retryable: $error.retryable(),
            timestamp: *$at,
        }
    };
}

/// What the state of the whole is read from.
pub struct Sources {
    /// The lifecycle.
    pub lifecycle: Handle,
    /// The use of the server.
    pub activity: Arc<ActivityTracker>,
    /// The screen.
    pub lock: watch::Receiver<LockStatus>,
    /// Why containers could not be measured.
    pub unknown: watch::Receiver<Unknown>,
    /// Why the server could not delete itself.
    pub missing: watch::Receiver<MissingCredentials>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The socket for Docker clients.
    pub socket_path: PathBuf,
    /// `activity.idle_timeout`.
    pub idle_timeout: Span,
    /// `activity.connection_timeout`.
    pub connection_timeout: Span,
    /// `keepalive.self_destruct`.
    pub self_destruct: SelfDestruct,
}

impl Sources {
    /// Settings from the configuration, the rest as given.
    #[must_use]
    pub fn new(
        config: &Config,
        lifecycle: Handle,
        activity: Arc<ActivityTracker>,
        lock: watch::Receiver<LockStatus>,
        unknown: watch::Receiver<Unknown>,
        missing: watch::Receiver<MissingCredentials>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            lifecycle,
            activity,
            lock,
            unknown,
            missing,
            clock,
            socket_path: config.docker.socket_path.clone(),
            idle_timeout: config.activity.idle_timeout,
            connection_timeout: config.activity.connection_timeout,
            self_destruct: config.keepalive.self_destruct,
        }
    }

    /// The state of this moment.
    #[must_use]
    pub fn report(&self) -> StatusReport {
        let snapshot = self.lifecycle.snapshot();
        let figures = self.activity.status();
        let server = snapshot.engine.as_ref().map(|engine| engine.server.clone());
        let outlook = snapshot.machine.used_as(self.activity.usage()).outlook(self.clock.now(), &TimeZone::system());
        let lock = self.lock.borrow().clone();
        StatusReport {
            state: state_word(&snapshot.machine.state).to_owned(),
            proxy: ProxyStatus {
                running: true,
                local_socket: self.socket_path.display().to_string(),
                remote_server: server.as_ref().map(|server| server.ip_address.clone()).unwrap_or_default(),
                connected: snapshot.engine.is_some(),
                last_activity: figures.last_docker_command.max(figures.last_connection),
                bytes_transferred: figures.bytes_transferred,
            },
            volume: snapshot.engine.as_ref().map(|engine| engine.volume.clone()),
            server,
            activity: ActivityStatus {
                last_docker_command: figures.last_docker_command,
                last_connection: figures.last_connection,
                idle_timeout: self.idle_timeout,
                connection_timeout: self.connection_timeout,
                time_until_shutdown: outlook.time_until_shutdown.map(|left| Span(Duration::from_secs(left.as_secs()))),
                shutdown_reason: outlook.shutdown_reason,
                paid_until: outlook.paid_until,
                kept_until: outlook.kept_until,
                limit: outlook.limit,
                open_connections: figures.open_connections,
                requests: figures.requests,
                bytes_transferred: figures.bytes_transferred,
            },
            lease: self.lease(),
            lock: LockReport { source: lock.source, locked: lock.locked },
            degraded: self.degraded(),
            phases: self.lifecycle.phases().list(),
            last_error: snapshot.last_error.as_ref().map(|(error, at)| ErrorReport::new(error, *at)),
        }
    }

    fn lease(&self) -> LeaseStatus {
        let heartbeat = self.lifecycle.heartbeat();
        LeaseStatus {
            self_destruct: self.self_destruct.word().to_owned(),
            renewed: heartbeat.last.map(|moment| moment.wall),
            until: heartbeat.until.map(|moment| moment.wall),
            failures: heartbeat.failures,
            others: heartbeat.others,
        }
    }

    /// What does not work at the moment, each part for itself.
    fn degraded(&self) -> Vec<Degradation> {
        let mut degraded = Vec::new();
        let mut add = |part: &str, error: ErrorReport| degraded.push(Degradation { part: part.to_owned(), error });
        if let Some((error, at)) = &self.lifecycle.heartbeat().error {
            add("heartbeat", report!(error, at, ErrorCategory::Ssh, error.hint()));
        }
        if let Some((error, at)) = &*self.missing.borrow() {
            add("self_destruct", report!(error, at, ErrorCategory::Ssh, error.hint()));
        }
        if let Some((error, at)) = &*self.unknown.borrow() {
            add("busy_check", report!(error, at, error.category(), error.hint()));
        }
        if let Some(LockFailure { error, at }) = &self.lock.borrow().error {
            add("lock_detection", report!(error, at, ErrorCategory::LockDetection, Some(error.hint().to_owned())));
        }
        degraded
    }
}
