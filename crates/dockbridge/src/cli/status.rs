//! `dockbridge status`: what the running DockBridge says; without one, what the API knows.

use super::{Terminal, render};
use crate::{
    activity::ActivityStatus,
    bridge::open_state,
    config::Config,
    control::{ControlError, StatusReport, request_status},
    environment::Environment,
    error::DockBridgeError,
    proxy::ProxyStatus,
    server::{HetznerServers, ServerStatus},
};

pub(super) async fn run(
    config: &Config,
    environment: &Environment,
    terminal: &mut Terminal<'_>,
    json: bool,
) -> Result<(), DockBridgeError> {
    let state = open_state(environment)?;
    let report = match request_status(&state.control_path()).await {
        Ok(report) => report,
        Err(ControlError::NotRunning) => {
            let servers = HetznerServers::new(config, state, environment.runtime_dir())?;
            let overview = servers.overview().await?;
            for server in overview.servers.iter().skip(1) {
                tracing::warn!(name = server.name, id = server.id, "there is another server of DockBridge");
            }
            let server = overview.servers.into_iter().next();
            StatusReport {
                state: match server.as_ref().map(|server| server.status) {
                    None => "absent",
                    Some(ServerStatus::Provisioning) => "provisioning",
                    Some(ServerStatus::Running | ServerStatus::Terminated) => "unreachable",
                    Some(ServerStatus::ShuttingDown) => "shutting_down",
                }
                .to_owned(),
                proxy: ProxyStatus {
                    local_socket: config.docker.socket_path.display().to_string(),
                    ..ProxyStatus::default()
                },
                server,
                volume: overview.volumes.into_iter().next(),
                activity: ActivityStatus::default(),
                phases: Vec::new(),
                last_error: None,
            }
        }
        Err(error) => return Err(error.into()),
    };
    let text = if json {
        serde_json::to_string_pretty(&report).map_err(|error| ControlError::Answer(error.to_string()))? + "\n"
    } else {
        render::status(&report)
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
