//! A whole DockBridge: everything built from a configuration and an environment, run until it is told to stop.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use ssh_docker_proxy::{BoundSocket, ServeOptions, ServeReport};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    activity::ActivityTracker,
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    control::{ControlServer, Sources, StatusReport},
    environment::Environment,
    error::DockBridgeError,
    lifecycle::{Attendance, Driver, Handle, Parts, Renewal, rules::Rules},
    lock::{BeforeSleep, Detector},
    proxy::EngineConnector,
    server::HetznerServers,
    state::{RunDir, ServerRecord, StateDir, StateLock},
};

/// How long requests that are under way may go on after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// The state directory of an environment.
pub fn open_state(environment: &Environment) -> Result<StateDir, DockBridgeError> {
    Ok(StateDir::open(&environment.state_dir().ok_or(ConfigError::NoHome)?)?)
}

/// A DockBridge that listens. Nothing exists in the cloud because of it yet.
pub struct Bridge {
    lifecycle: Handle,
    servers: Arc<HetznerServers>,
    state: StateDir,
    sources: Arc<Sources>,
    socket_path: PathBuf,
    took_over: bool,
    kept_until: Option<Timestamp>,
    driver: JoinHandle<()>,
    proxy: JoinHandle<ServeReport>,
    control: JoinHandle<()>,
    detector: Option<JoinHandle<()>>,
    /// Asks for the end, from whichever side.
    stop: CancellationToken,
    /// Ends the proxy, and after the driver the control server.
    end_proxy: CancellationToken,
    end_control: CancellationToken,
    end_lock: CancellationToken,
    docker_socket: BoundSocket,
    _control_socket: BoundSocket,
    _run_dir: RunDir,
    _lock: StateLock,
}

impl Bridge {
    /// Takes the state directory, binds the sockets and starts to listen. `stop` asks for the end.
    pub fn start(config: &Config, environment: &Environment, stop: CancellationToken) -> Result<Self, DockBridgeError> {
        config.token()?;
        let state = open_state(environment)?;
        let lock_file = state.lock()?;
        let run_dir = RunDir::claim(&environment.runtime_dir(), &state.client_id()?, &lock_file)?;
        let servers = Arc::new(HetznerServers::new(config, state.clone(), run_dir.path().to_owned())?);
        let on_record = state.server()?.map(|record| age_of(&record));
        let control_socket = ssh_docker_proxy::bind(&state.control_path())?;
        let socket = ssh_docker_proxy::bind(&config.docker.socket_path)?;

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let activity = Arc::new(ActivityTracker::new(clock.clone()));
        let listener = |socket: &BoundSocket| {
            socket
                .listener()
                .map_err(|source| crate::control::ControlError::Io { path: socket.path().to_owned(), source })
        };
        // Everything that can fail has been done before the first task is spawned.
        let (docker_listener, control_listener) = (listener(&socket)?, listener(&control_socket)?);
        let keep_until = state.keep()?.filter(|until| *until > Timestamp::now());
        let rules = Rules::from(config);
        let attendance = Attendance::new(config, servers.owner().clone(), clock.clone());
        let unknown = attendance.unknown();
        let known_later = Arc::new(OnceLock::new());
        let before_sleep = before_sleep(known_later.clone(), Arc::new(attendance.renewal()));
        let (detector, lock) = Detector::new(environment.clone(), clock.clone(), before_sleep);
        let parts = Parts {
            rules,
            clock: clock.clone(),
            activity: activity.clone(),
            lock: lock.clone(),
            keep_until,
            attendance,
        };
        let (driver, lifecycle) = Driver::new(servers.clone(), parts);
        let (end_proxy, end_control) = (CancellationToken::new(), CancellationToken::new());
        let end_lock = CancellationToken::new();
        // Nobody else sets it.
        let _ = known_later.set(lifecycle.clone());
        let driver = tokio::spawn(driver.run(on_record));
        let detector = config.lock.enabled.then(|| tokio::spawn(detector.run(end_lock.clone())));
        let proxy = tokio::spawn(ssh_docker_proxy::serve(
            docker_listener,
            Arc::new(EngineConnector::new(lifecycle.clone(), state.clone(), config.hetzner.image.clone())),
            activity.clone(),
            ServeOptions { drain: DRAIN },
            end_proxy.clone(),
        ));
        let sources = Arc::new(Sources::new(
            config,
            lifecycle.clone(),
            activity,
            lock,
            unknown,
            servers.missing_credentials(),
            clock,
        ));
        let control = ControlServer {
            sources: sources.clone(),
            state: state.clone(),
            lifecycle: lifecycle.clone(),
            stop: stop.clone(),
        };
        let control = tokio::spawn(control.serve(control_listener, end_control.clone()));
        let socket_path = socket.path().to_owned();
        Ok(Self {
            lifecycle,
            servers,
            state,
            sources,
            socket_path,
            took_over: on_record.is_some(),
            kept_until: keep_until,
            driver,
            proxy,
            control,
            detector,
            stop,
            end_proxy,
            end_control,
            end_lock,
            docker_socket: socket,
            _control_socket: control_socket,
            _run_dir: run_dir,
            _lock: lock_file,
        })
    }

    /// The way to the lifecycle's driver.
    #[must_use]
    pub const fn lifecycle(&self) -> &Handle {
        &self.lifecycle
    }

    /// The socket that Docker clients connect to.
    #[must_use]
    pub const fn socket_path(&self) -> &PathBuf {
        &self.socket_path
    }

    /// Until when the user holds the server, from a former run.
    #[must_use]
    pub const fn kept_until(&self) -> Option<Timestamp> {
        self.kept_until
    }

    /// Whether a former run has left a server on record.
    #[must_use]
    pub const fn took_over(&self) -> bool {
        self.took_over
    }

    /// The state of the whole.
    #[must_use]
    pub fn status(&self) -> StatusReport {
        self.sources.report()
    }

    /// Checks token, location and server type against the API, creating nothing.
    pub async fn check(&self) -> Result<(), DockBridgeError> {
        self.servers.check().await
    }

    /// Completes when the end has been asked for.
    pub async fn stop_requested(&self) {
        self.stop.cancelled().await;
    }

    /// Ends everything in order: no new requests, those under way drained, the engine stopped, the server destroyed, the
    /// volume kept. It takes as long as the cloud takes; dropping the future instead leaves the server on record for the
    /// next start.
    pub async fn shut_down(self) -> ServeReport {
        self.end_proxy.cancel();
        // Nobody accepts any more, so a client must be refused by the system instead of waiting in its queue.
        drop(self.docker_socket);
        // Requests that only wait for a server would hold up the end until they are cut: they are told at once instead.
        if self.lifecycle.running().is_none() {
            self.lifecycle.stop().await;
        }
        let served = self.proxy.await.unwrap_or(ServeReport { accepted: 0, cut: 0 });
        if served.cut > 0 {
            tracing::warn!(connections = served.cut, "connections were cut, since they did not end in time");
        }
        self.lifecycle.stop().await;
        if let Err(error) = self.driver.await {
            tracing::error!(%error, "the lifecycle ended abnormally");
        }
        // What was held has been ended by hand.
        if let Err(error) = self.state.put_keep(None) {
            tracing::warn!(%error, "until when the server was kept could not be taken back");
        }
        self.end_lock.cancel();
        if let Some(detector) = self.detector
            && let Err(error) = detector.await
        {
            tracing::error!(%error, "the lock detection ended abnormally");
        }
        self.end_control.cancel();
        // It has nothing to say that is not logged by itself.
        let _ = self.control.await;
        served
    }
}

/// How long ago a server on record was ordered: zero where the wall clock has been set back since.
fn age_of(record: &ServerRecord) -> Duration {
    Timestamp::now().duration_since(record.intended_at).try_into().unwrap_or_default()
}

/// Renews the lease once, before the computer sleeps: the server then lives for the whole of its timeout.
fn before_sleep(lifecycle: Arc<OnceLock<Handle>>, renewal: Arc<Renewal>) -> BeforeSleep {
    Arc::new(move || {
        let (lifecycle, renewal) = (lifecycle.clone(), renewal.clone());
        Box::pin(async move {
            if let Some((_, engine)) = lifecycle.get().and_then(Handle::running) {
                renewal.send(&*engine.link).await;
            }
        })
    })
}
