//! Power commands: on, off, shutdown, reboot, reset.

use std::sync::Arc;

use crate::{
    app::App,
    machines::MachineError,
    state::{Command, Server, ServerStatus},
};

/// What is done to a server's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    On,
    Off,
    Shutdown,
    Reboot,
    Reset,
}

impl Power {
    /// The action's name for it.
    pub(crate) const fn command(self) -> Command {
        match self {
            Self::On => Command::StartServer,
            Self::Off => Command::StopServer,
            Self::Shutdown => Command::ShutdownServer,
            Self::Reboot => Command::RebootServer,
            Self::Reset => Command::ResetServer,
        }
    }
}

/// Carries a power command out.
pub(crate) fn spawn(app: &Arc<App>, server: u64, action: u64, power: Power) {
    let owned = Arc::clone(app);
    app.spawn(async move { run(&owned, server, action, power).await });
}

async fn run(app: &App, id: u64, action: u64, power: Power) {
    app.pause().await;
    let shutting_down = app.with(|state| state.servers.get(&id).map(|server| Arc::clone(&server.shutting_down)));
    // What needs a machine that is up waits for one that is on its way down. Cutting the power waits for nothing.
    let _down = match (power, &shutting_down) {
        (Power::On | Power::Shutdown | Power::Reboot, Some(shutting_down)) => Some(shutting_down.lock().await),
        (Power::On | Power::Shutdown | Power::Reboot, None) | (Power::Off | Power::Reset, _) => None,
    };
    let before = app.with(|state| {
        state.servers.get_mut(&id).map(|server| {
            server.power_commands += 1;
            (server.status, server.power_commands)
        })
    });
    let Some((before, number)) = before else {
        super::finish(app, action, &Ok(()), |_| {});
        return;
    };
    let up = before == ServerStatus::Running;
    let (outcome, after) = match power {
        Power::On if up => (Ok(()), before),
        Power::On => (start(app, id).await, ServerStatus::Running),
        Power::Off if !up => (Ok(()), before),
        Power::Off => {
            set_status(app, id, ServerStatus::Stopping);
            (app.machines.stop(id, false).await, ServerStatus::Off)
        }
        Power::Shutdown => {
            // The action is over once the machine has been asked; the machine goes down in its own time.
            super::finish(app, action, &Ok(()), |_| {});
            if up {
                // The lock is held until it is down.
                shut_down(app, id, number).await;
            }
            return;
        }
        Power::Reboot | Power::Reset if !up => (start(app, id).await, ServerStatus::Running),
        Power::Reboot | Power::Reset => (restart(app, id, power == Power::Reboot).await, ServerStatus::Running),
    };
    let status = if outcome.is_ok() { after } else { before };
    super::finish(app, action, &outcome, |state| {
        if let Some(server) = state.servers.get_mut(&id) {
            server.status = status;
            server.booted |= status == ServerStatus::Running;
        }
    });
}

async fn shut_down(app: &App, id: u64, number: u64) {
    let outcome = app.machines.stop(id, true).await;
    if let Err(error) = outcome {
        tracing::warn!(server = id, %error, "a server did not shut down");
        return;
    }
    app.with(|state| {
        let unchanged = |server: &&mut Server| server.power_commands == number;
        if let Some(server) = state.servers.get_mut(&id).filter(unchanged) {
            server.status = ServerStatus::Off;
        }
    });
}

async fn restart(app: &App, id: u64, graceful: bool) -> Result<(), MachineError> {
    app.machines.stop(id, graceful).await?;
    app.machines.start(id).await
}

async fn start(app: &App, id: u64) -> Result<(), MachineError> {
    set_status(app, id, ServerStatus::Starting);
    let first = app.with(|state| {
        let volumes = state.volumes_of(id);
        state.servers.get(&id).filter(|server| !server.booted).map(|server| server.machine(volumes, app.api))
    });
    match first {
        Some(spec) => app.machines.boot(spec).await,
        None => app.machines.start(id).await,
    }
}

fn set_status(app: &App, id: u64, status: ServerStatus) {
    app.with(|state| {
        if let Some(server) = state.servers.get_mut(&id) {
            server.status = status;
        }
    });
}
