//! The one task that owns the server: it tells the machine what happened and carries out what the machine decides.

use std::{future::pending, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    handle::{Command, Handle, SharedError, Snapshot},
    machine::{Effect, Event, Generation, Machine, State},
};
use crate::{
    error::DockBridgeError,
    server::{Ended, Engine, Failure, Phases, Search, ServerError, ServerManager},
};

/// How many commands may wait for the driver. It never waits for anything but the next one, so a few are enough.
const QUEUE: usize = 64;

/// What an effect came to.
enum Outcome {
    Provisioned(Generation, Result<Engine, Failure>),
    Searched(Generation, Result<Search, DockBridgeError>),
    Destroyed(Generation, Result<Ended, DockBridgeError>),
}

type Waiter = oneshot::Sender<Result<(Generation, Engine), SharedError>>;

/// Owns the server. See the module's description.
pub struct Driver<M> {
    manager: Arc<M>,
    commands: mpsc::Receiver<Command>,
    snapshot: watch::Sender<Snapshot>,
    phases: Arc<Phases>,
    waiters: Vec<Waiter>,
    /// The effect under way: one at most, as the machine promises.
    effect: JoinSet<Outcome>,
    cancel: CancellationToken,
}

impl<M: ServerManager> Driver<M> {
    /// A driver and the handle to it. Nothing happens until [`Driver::run`].
    pub fn new(manager: Arc<M>) -> (Self, Handle) {
        let (sender, commands) = mpsc::channel(QUEUE);
        let (snapshot, receiver) = watch::channel(Snapshot::default());
        let phases = Arc::new(Phases::default());
        let handle = Handle { commands: sender, snapshot: receiver, phases: phases.clone() };
        let driver = Self {
            manager,
            commands,
            snapshot,
            phases,
            waiters: Vec::new(),
            effect: JoinSet::new(),
            cancel: CancellationToken::new(),
        };
        (driver, handle)
    }

    /// Runs until a stop has been asked for and the server is gone, or until every handle is. `on_record` says whether a
    /// former run left a server behind, which is then looked for at once.
    pub async fn run(mut self, on_record: bool) {
        self.tell(Event::Started { on_record });
        loop {
            let machine = self.snapshot.borrow().machine;
            if machine.stopping && machine.state == State::Absent {
                return;
            }
            let engine = self.snapshot.borrow().engine.clone();
            let lost = async {
                match &engine {
                    Some(engine) => engine.link.closed().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some(outcome) = self.effect.join_next() => match outcome {
                    Ok(outcome) => self.take(outcome),
                    // An effect neither panics nor is aborted while the driver lives. If one ever did, it would not be known
                    // what it has done, so the worst is assumed.
                    Err(error) => {
                        tracing::error!(%error, "an operation on the server ended abnormally");
                        self.refuse(ServerError::Abnormal.into());
                        self.tell(abnormal_end(machine));
                    }
                },
                cause = lost => {
                    tracing::warn!(%cause, "the connection to the server is lost");
                    self.tell(Event::ConnectionLost(machine.generation));
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Engine(waiter) => {
                self.waiters.push(waiter);
                self.tell(Event::EngineWanted);
            }
            Command::Lost(generation) => self.tell(Event::ConnectionLost(generation)),
            Command::Stop => {
                self.cancel.cancel();
                self.tell(Event::StopRequested);
            }
        }
    }

    fn take(&mut self, outcome: Outcome) {
        let event = match outcome {
            Outcome::Provisioned(generation, Ok(engine)) => {
                self.keep(engine);
                Event::Provisioned(generation)
            }
            Outcome::Searched(generation, Ok(Search::Found(engine))) => {
                self.keep(*engine);
                Event::Reconnected(generation)
            }
            Outcome::Provisioned(generation, Err(Failure { error, leftover })) => {
                if matches!(error, DockBridgeError::Server(ServerError::Stopping)) {
                    tracing::info!("the provisioning is cut short");
                } else {
                    tracing::error!(error = error.in_one_line(), "no server could be provisioned");
                }
                self.refuse(error);
                Event::ProvisionFailed { generation, leftover }
            }
            Outcome::Searched(generation, Ok(Search::Gone)) => Event::ServerGone(generation),
            Outcome::Searched(generation, Ok(Search::Useless)) => Event::ServerUseless(generation),
            Outcome::Searched(generation, Err(error)) => {
                if matches!(error, DockBridgeError::Server(ServerError::Stopping)) {
                    tracing::info!("the search for the server is cut short");
                } else {
                    tracing::error!(error = error.in_one_line(), "the server could not be found again");
                }
                self.refuse(error);
                Event::SearchFailed(generation)
            }
            Outcome::Destroyed(generation, Ok(_)) => {
                tracing::info!("the server is destroyed; the volume is kept");
                Event::Destroyed(generation)
            }
            Outcome::Destroyed(generation, Err(error)) => {
                tracing::error!(error = error.in_one_line(), "the server could not be destroyed yet");
                // It is tried again without end, and nobody can be kept waiting that long.
                self.refuse(error);
                Event::DestroyFailed(generation)
            }
        };
        self.tell(event);
    }

    fn keep(&mut self, engine: Engine) {
        self.snapshot.send_modify(|snapshot| {
            snapshot.engine = Some(engine);
            snapshot.last_error = None;
        });
    }

    /// Tells everybody who waits that there will be no engine.
    fn refuse(&mut self, error: DockBridgeError) {
        let error = Arc::new(error);
        self.snapshot.send_modify(|snapshot| snapshot.last_error = Some((error.clone(), Timestamp::now())));
        self.refuse_all(&error);
    }

    fn refuse_all(&mut self, error: &SharedError) {
        for waiter in self.waiters.drain(..) {
            // Whoever has gone away needs no answer.
            let _ = waiter.send(Err(error.clone()));
        }
    }

    fn tell(&mut self, event: Event) {
        let before = self.snapshot.borrow().machine;
        let (machine, effect) = before.step(event, Instant::now());
        self.snapshot.send_modify(|snapshot| {
            snapshot.machine = machine;
            if !matches!(machine.state, State::Running { .. }) {
                snapshot.engine = None;
            }
        });
        if machine != before {
            tracing::debug!(?event, from = ?before.state, to = ?machine.state, "lifecycle");
        }
        if let Some(effect) = effect {
            self.carry_out(effect);
        }
        self.settle(machine);
    }

    /// Answers those who wait, where the state is an answer.
    fn settle(&mut self, machine: Machine) {
        // No server is provisioned, or searched, for somebody who has gone away.
        self.waiters.retain(|waiter| !waiter.is_closed());
        match machine.state {
            State::Running { .. } => {
                let Some(engine) = self.snapshot.borrow().engine.clone() else { return };
                for waiter in self.waiters.drain(..) {
                    // Whoever has gone away needs no answer.
                    let _ = waiter.send(Ok((machine.generation, engine.clone())));
                }
            }
            _ if machine.stopping && !self.waiters.is_empty() => self.refuse(ServerError::Stopping.into()),
            State::Absent if !self.waiters.is_empty() && machine.is_braked(Instant::now()) => {
                let last = self.snapshot.borrow().last_error.as_ref().map(|(error, _)| error.clone());
                self.refuse_all(&last.unwrap_or_else(|| Arc::new(ServerError::Abnormal.into())));
            }
            // Requests that arrived while the former server was shut down or searched get a new one.
            State::Absent if !self.waiters.is_empty() => self.tell(Event::EngineWanted),
            State::Absent | State::Provisioning { .. } | State::Unreachable { .. } | State::ShuttingDown { .. } => {}
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let (manager, phases, cancel) = (self.manager.clone(), self.phases.clone(), self.cancel.clone());
        match effect {
            Effect::Provision(generation) => self
                .effect
                .spawn(async move { Outcome::Provisioned(generation, manager.provision(&phases, &cancel).await) }),
            Effect::Search(generation) => {
                self.effect.spawn(async move { Outcome::Searched(generation, manager.search(&cancel).await) })
            }
            Effect::Destroy { generation, after } => self.effect.spawn(async move {
                if after > Duration::ZERO {
                    sleep(after).await;
                }
                Outcome::Destroyed(generation, manager.destroy().await)
            }),
        };
    }
}

/// What it means that the effect under way ended without an outcome: the worst that it can have been.
const fn abnormal_end(machine: Machine) -> Event {
    let generation = machine.generation;
    match machine.state {
        State::Provisioning { .. } => Event::ProvisionFailed { generation, leftover: true },
        State::ShuttingDown { .. } => Event::DestroyFailed(generation),
        State::Absent | State::Running { .. } | State::Unreachable { .. } => Event::SearchFailed(generation),
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
