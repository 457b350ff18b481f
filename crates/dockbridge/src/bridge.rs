//! A whole DockBridge: everything built from a configuration and an environment, run until it is told to stop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use ssh_docker_proxy::{BoundSocket, ServeOptions, ServeReport};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    activity::ActivityTracker,
    clock::SystemClock,
    config::{Config, ConfigError},
    control::{ControlServer, ErrorReport, StatusReport, state_word},
    environment::Environment,
    error::DockBridgeError,
    lifecycle::{Driver, Handle},
    proxy::{EngineConnector, ProxyStatus},
    server::HetznerServers,
    state::{RunDir, StateDir, StateLock},
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
    activity: Arc<ActivityTracker>,
    socket_path: PathBuf,
    took_over: bool,
    driver: JoinHandle<()>,
    proxy: JoinHandle<ServeReport>,
    control: JoinHandle<()>,
    /// Asks for the end, from whichever side.
    stop: CancellationToken,
    /// Ends the proxy, and after the driver the control server.
    end_proxy: CancellationToken,
    end_control: CancellationToken,
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
        let lock = state.lock()?;
        let run_dir = RunDir::claim(&environment.runtime_dir(), &state.client_id()?, &lock)?;
        let servers = Arc::new(HetznerServers::new(config, state.clone(), run_dir.path().to_owned())?);
        let on_record = servers.on_record()?;
        let control_socket = ssh_docker_proxy::bind(&state.control_path())?;
        let socket = ssh_docker_proxy::bind(&config.docker.socket_path)?;

        let activity = Arc::new(ActivityTracker::new(Arc::new(SystemClock)));
        let (end_proxy, end_control) = (CancellationToken::new(), CancellationToken::new());
        let listener = |socket: &BoundSocket| {
            socket
                .listener()
                .map_err(|source| crate::control::ControlError::Io { path: socket.path().to_owned(), source })
        };
        // Everything that can fail has been done before the first task is spawned.
        let (docker_listener, control_listener) = (listener(&socket)?, listener(&control_socket)?);
        let (driver, lifecycle) = Driver::new(servers.clone());
        let driver = tokio::spawn(driver.run(on_record));
        let proxy = tokio::spawn(ssh_docker_proxy::serve(
            docker_listener,
            Arc::new(EngineConnector::new(lifecycle.clone(), state, config.hetzner.image.clone())),
            activity.clone(),
            ServeOptions { drain: DRAIN },
            end_proxy.clone(),
        ));
        let report = {
            let (lifecycle, activity, path) = (lifecycle.clone(), activity.clone(), socket.path().to_owned());
            Arc::new(move || report(&lifecycle, &activity, &path.display().to_string()))
        };
        let control = ControlServer { report, lifecycle: lifecycle.clone(), stop: stop.clone() };
        let control = tokio::spawn(control.serve(control_listener, end_control.clone()));
        let socket_path = socket.path().to_owned();
        Ok(Self {
            lifecycle,
            servers,
            activity,
            socket_path,
            took_over: on_record,
            driver,
            proxy,
            control,
            stop,
            end_proxy,
            end_control,
            docker_socket: socket,
            _control_socket: control_socket,
            _run_dir: run_dir,
            _lock: lock,
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

    /// Whether a former run has left a server on record.
    #[must_use]
    pub const fn took_over(&self) -> bool {
        self.took_over
    }

    /// The state of the whole.
    #[must_use]
    pub fn status(&self) -> StatusReport {
        report(&self.lifecycle, &self.activity, &self.socket_path.display().to_string())
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
        self.end_control.cancel();
        // It has nothing to say that is not logged by itself.
        let _ = self.control.await;
        served
    }
}

/// Composes the state of the whole.
fn report(lifecycle: &Handle, activity: &ActivityTracker, socket: &str) -> StatusReport {
    let snapshot = lifecycle.snapshot();
    let activity = activity.status();
    let server = snapshot.engine.as_ref().map(|engine| engine.server.clone());
    StatusReport {
        state: state_word(&snapshot.machine.state).to_owned(),
        proxy: ProxyStatus {
            running: true,
            local_socket: socket.to_owned(),
            remote_server: server.as_ref().map(|server| server.ip_address.clone()).unwrap_or_default(),
            connected: snapshot.engine.is_some(),
            last_activity: activity.last_docker_command.max(activity.last_connection),
            bytes_transferred: activity.bytes_transferred,
        },
        volume: snapshot.engine.as_ref().map(|engine| engine.volume.clone()),
        server,
        activity,
        phases: lifecycle.phases().list(),
        last_error: snapshot.last_error.as_ref().map(|(error, at)| ErrorReport::new(error, *at)),
    }
}
