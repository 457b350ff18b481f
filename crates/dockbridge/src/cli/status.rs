//! `dockbridge status`: what the running DockBridge says, completed with what the API knows; without one, the latter alone.

use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::timeout;

use super::{Terminal, render};
use crate::{
    bridge::open_state,
    config::Config,
    control::{ActivityStatus, ControlError, LeaseStatus, LockReport, StatusReport, request_status},
    environment::Environment,
    error::DockBridgeError,
    proxy::ProxyStatus,
    server::{HetznerServers, Overview, ServerInfo, ServerStatus},
    state::StateDir,
};

/// How long the API may take for what a running DockBridge does not know by itself. It is only a completion.
const COMPLETION_BOUND: Duration = Duration::from_secs(5);

pub(super) async fn run(
    config: &Config,
    environment: &Environment,
    terminal: &mut Terminal<'_>,
    json: bool,
) -> Result<(), DockBridgeError> {
    let state = open_state(environment)?;
    let (report, others) = match request_status(&state.control_path()).await {
        Ok(report) if report.server.is_some() && report.volume.is_some() => (report, Overview::default()),
        Ok(report) => match timeout(COMPLETION_BOUND, overview(config, environment, state)).await {
            Ok(Ok(overview)) => complete(report, overview),
            Ok(Err(error)) => {
                tracing::warn!(error = error.in_one_line(), "the API could not be asked for server and volume");
                (report, Overview::default())
            }
            Err(_) => {
                tracing::warn!("the API has not answered, so server and volume are not known");
                (report, Overview::default())
            }
        },
        Err(ControlError::NotRunning) => from_api(config, overview(config, environment, state).await?),
        Err(error) => return Err(error.into()),
    };
    let text = if json {
        for (server, installation) in &others.other_servers {
            tracing::warn!(name = server.name, id = server.id, installation, "there is a server of another DockBridge");
        }
        for (volume, location) in &others.other_volumes {
            tracing::warn!(name = volume.name, id = volume.id, location, "there is another volume of DockBridge");
        }
        serde_json::to_string_pretty(&report).map_err(|error| ControlError::Answer(error.to_string()))? + "\n"
    } else {
        render::status(&report, &others, &TimeZone::system())
    };
    let written = terminal.out.write_all(text.as_bytes()).and_then(|()| terminal.out.flush());
    match written {
        // A reader such as `head` that has seen enough is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(ControlError::Io { path: "standard output".into(), source: error }.into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn overview(config: &Config, environment: &Environment, state: StateDir) -> Result<Overview, DockBridgeError> {
    let servers = HetznerServers::new(config, state, environment.runtime_dir())?;
    servers.overview().await
}

/// Adds what the API knows to what the running DockBridge says, which is right about what the server is doing.
fn complete(mut report: StatusReport, mut overview: Overview) -> (StatusReport, Overview) {
    let status = match report.state.as_str() {
        "provisioning" => Some(ServerStatus::Provisioning),
        "shutting_down" => Some(ServerStatus::ShuttingDown),
        _ => None,
    };
    let own = overview.own.take().map(|server| ServerInfo { status: status.unwrap_or(server.status), ..server });
    report.server = report.server.or(own);
    report.volume = report.volume.or(overview.volume.take());
    (report, overview)
}

/// What there is to say without a running DockBridge.
fn from_api(config: &Config, mut overview: Overview) -> (StatusReport, Overview) {
    let server = overview.own.take();
    let report = StatusReport {
        state: match server.as_ref().map(|server| server.status) {
            None => "absent",
            Some(ServerStatus::Provisioning) => "provisioning",
            Some(ServerStatus::Running | ServerStatus::Terminated) => "unreachable",
            Some(ServerStatus::ShuttingDown) => "shutting_down",
        }
        .to_owned(),
        proxy: ProxyStatus { local_socket: config.docker.socket_path.display().to_string(), ..ProxyStatus::default() },
        server,
        volume: overview.volume.take(),
        activity: ActivityStatus {
            idle_timeout: config.activity.idle_timeout,
            connection_timeout: config.activity.connection_timeout,
            ..ActivityStatus::default()
        },
        lease: LeaseStatus {
            self_destruct: config.keepalive.self_destruct.word().to_owned(),
            ..LeaseStatus::default()
        },
        lock: LockReport::default(),
        degraded: Vec::new(),
        phases: Vec::new(),
        last_error: None,
    };
    (report, overview)
}
