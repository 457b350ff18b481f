//! `dockbridge stop`: ends the running DockBridge; without one, destroys what a former one left behind.

use super::{Terminal, render};
use crate::{
    bridge::open_state,
    config::Config,
    control::{ControlError, request_stop},
    environment::Environment,
    error::DockBridgeError,
    server::HetznerServers,
};

pub(super) async fn run(
    config: &Config,
    environment: &Environment,
    terminal: &mut Terminal<'_>,
) -> Result<(), DockBridgeError> {
    let state = open_state(environment)?;
    let mut shown = String::new();
    let mut left_to = Vec::new();
    let followed = request_stop(&state.control_path(), |progress| {
        left_to.clone_from(&progress.left_to);
        let line = render::progress(progress);
        if line != shown {
            // Whoever closed the terminal still wants the server gone.
            let _ = terminal.err.write_all(line.as_bytes());
            shown = line;
        }
    })
    .await;
    match followed {
        Ok(()) => {
            let _ = terminal.err.write_all(render::stopped(&left_to).as_bytes());
            return Ok(());
        }
        Err(ControlError::NotRunning) => {}
        Err(error) => return Err(error.into()),
    }
    // Nobody runs, but a server may: one that was left when DockBridge was killed is billed until it is deleted.
    let _lock = state.lock()?;
    let servers = HetznerServers::new(config, state, environment.runtime_dir())?;
    let strays = servers.destroy_all_of_ours(|name| {
        let _ = writeln!(terminal.err, "Destroying the server {name}, which was left behind…");
    });
    let count = strays.await?;
    let _ = writeln!(
        terminal.err,
        "{}",
        match count {
            0 => "DockBridge is not running, and there is no server of it.".to_owned(),
            1 =>
                "DockBridge was not running. The server it had left behind is destroyed; the volume is kept.".to_owned(),
            n =>
                format!("DockBridge was not running. {n} servers it had left behind are destroyed; the volume is kept."),
        }
    );
    Ok(())
}
