//! `dockbridge stop`: ends the running DockBridge; without one, destroys what a former one left behind.

use super::{Terminal, render};
use crate::{
    bridge::open_state,
    config::Config,
    control::{ControlError, request_stop},
    environment::Environment,
    error::DockBridgeError,
    server::{Cleared, ForeignLease, HetznerServers, Left, Wish},
    state::RunDir,
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
    let lock = state.lock()?;
    // What was held is ended by hand.
    state.put_keep(None)?;
    let run_dir = RunDir::claim(&environment.runtime_dir(), &state.client_id()?, &lock)?;
    let servers = HetznerServers::new(config, state, run_dir.path().to_owned())?;
    // Over SSH the engine is stopped cleanly, and the server says who else holds it. Without that it ends all the same.
    servers.connect_to_recorded().await;
    let cleared = servers
        .destroy_all_of_ours(&[], Wish::Firm, |name| {
            let _ = writeln!(terminal.err, "Destroying the server {name}, which was left behind…");
        })
        .await?;
    let _ = write!(terminal.err, "{}", said(&cleared));
    Ok(())
}

/// What became of the servers of a former run, a line for each kind of end.
fn said(cleared: &Cleared) -> String {
    let mut lines: Vec<_> = cleared.recorded.iter().chain(&cleared.strays).map(left_running).collect();
    match cleared.destroyed {
        0 if !lines.is_empty() => {}
        0 => lines.push("DockBridge is not running, and there is no server of it.".to_owned()),
        1 => lines.push(
            "DockBridge was not running. The server it had left behind is destroyed; the volume is kept.".to_owned(),
        ),
        n => lines.push(format!(
            "DockBridge was not running. {n} servers it had left behind are destroyed; the volume is kept."
        )),
    }
    lines.join("\n") + "\n"
}

fn left_running(left: &Left) -> String {
    let holder = |lease: &ForeignLease| format!("{} (DockBridge {})", lease.host, lease.client_id);
    let holders = left.holders.iter().map(holder).collect::<Vec<_>>().join(" and ");
    let name = &left.name;
    if left.holders.iter().all(ForeignLease::is_known) {
        format!("The server {name} is left running: held by {holders}.")
    } else {
        format!("The server {name} is left running: ordered by {holders}; it could not be asked who uses it.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_others_are_named_with_their_holders() {
        let lease = |client_id: &str, host: &str, remaining_seconds| ForeignLease {
            client_id: client_id.to_owned(),
            host: host.to_owned(),
            remaining_seconds,
        };
        let holders = vec![lease("ba9876543210", "desk", 200), lease("cccccccccccc", "attic", 200)];
        let left = Left { name: "srv".to_owned(), holders };
        let held = "The server srv is left running: held by desk (DockBridge ba9876543210) and attic (DockBridge \
                    cccccccccccc).\n";
        assert_eq!(said(&Cleared { recorded: Some(left.clone()), ..Cleared::default() }), held);
        let both = said(&Cleared { destroyed: 1, strays: vec![left], ..Cleared::default() });
        assert!(both.starts_with(held) && both.contains("is destroyed; the volume is kept.\n"), "{both}");
        let guess = Left { name: "srv".to_owned(), holders: vec![lease("ba9876543210", "desk", 0)] };
        assert_eq!(
            said(&Cleared { recorded: Some(guess), ..Cleared::default() }),
            "The server srv is left running: ordered by desk (DockBridge ba9876543210); it could not be asked who uses \
             it.\n"
        );
    }
}
