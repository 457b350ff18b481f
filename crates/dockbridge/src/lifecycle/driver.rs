//! The one task that owns the server: it tells the machine what happened and carries out what the machine decides.

mod outcome;

use std::{future::pending, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::outcome::Outcome;
use super::{
    announce::{abnormal_end, announce},
    attendance::Attendance,
    handle::{Command, Handle, SharedError, Snapshot, Waiter},
    machine::Machine,
    rules::Rules,
    state::{Effect, Event, Generation, State},
};
use crate::{
    activity::ActivityTracker,
    clock::{Clock, Moment},
    error::DockBridgeError,
    lock::LockStatus,
    server::{Engine, Phases, ServerError, ServerManager, Wish},
};

/// How many commands may wait for the driver. It never waits for anything but the next one, so a few are enough.
const QUEUE: usize = 64;
/// How often the driver looks at the use of a server, and at the clocks: also how late a timer may be.
const TICK: Duration = Duration::from_secs(1);
/// By how much the clock that counts sleep must get ahead of the one that does not, until that counts as sleep.
const SLEPT: Duration = Duration::from_secs(3);

/// What the driver works with.
pub struct Parts {
    /// What the user has decided.
    pub rules: Rules,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Knows how the server is used.
    pub activity: Arc<ActivityTracker>,
    /// Whether the screen is locked.
    pub lock: watch::Receiver<LockStatus>,
    /// Until when the user holds the server, from a former run.
    pub keep_until: Option<Timestamp>,
    /// What accompanies a running engine.
    pub attendance: Attendance,
}

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
    clock: Arc<dyn Clock>,
    activity: Arc<ActivityTracker>,
    lock: watch::Receiver<LockStatus>,
    keep_until: Option<Timestamp>,
    attendance: Attendance,
    /// Both clocks when the driver last looked.
    looked: (Instant, Moment),
    warned: bool,
}

impl<M: ServerManager> Driver<M> {
    /// A driver and the handle to it. Nothing happens until [`Driver::run`].
    pub fn new(manager: Arc<M>, parts: Parts) -> (Self, Handle) {
        let (sender, commands) = mpsc::channel(QUEUE);
        let (snapshot, receiver) = watch::channel(Snapshot::new(Machine::new(parts.rules)));
        let phases = Arc::new(Phases::default());
        let handle = Handle {
            commands: sender,
            snapshot: receiver,
            phases: phases.clone(),
            heartbeat: parts.attendance.heartbeat(),
        };
        let driver = Self {
            manager,
            commands,
            snapshot,
            phases,
            waiters: Vec::new(),
            effect: JoinSet::new(),
            cancel: CancellationToken::new(),
            looked: (Instant::now(), parts.clock.now()),
            clock: parts.clock,
            activity: parts.activity,
            lock: parts.lock,
            keep_until: parts.keep_until,
            attendance: parts.attendance,
            warned: false,
        };
        (driver, handle)
    }

    /// Runs until a stop has been asked for and the server is gone, or until every handle is. `on_record` is the age of a
    /// server that a former run has left behind, which is then looked for at once.
    pub async fn run(mut self, on_record: Option<Duration>) {
        self.tell(Event::Kept(self.keep_until));
        self.take_lock();
        self.tell(Event::Started { on_record });
        let mut watches_lock = true;
        loop {
            let machine = self.machine();
            if machine.stopping && machine.state == State::Absent {
                break;
            }
            let engine = self.snapshot.borrow().engine.clone();
            let lost = async {
                match &engine {
                    Some(engine) => engine.link.closed().await,
                    None => pending().await,
                }
            };
            let used = async {
                match machine.state {
                    State::Grace { .. } => self.activity.used().await,
                    _ => pending().await,
                }
            };
            let wake = self.wake(&machine);
            let pause = async {
                match wake {
                    Some(wake) => sleep_until(wake).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                Some(outcome) = self.effect.join_next() => match outcome {
                    Ok(outcome) => self.take(outcome),
                    // An effect neither panics nor is aborted while the driver lives. If one ever did, it would not be known
                    // what it has done, so the worst is assumed.
                    Err(error) => {
                        tracing::error!(%error, "an operation on the server ended abnormally");
                        self.refuse(ServerError::Abnormal.into());
                        self.tell(abnormal_end(&machine));
                    }
                },
                event = self.attendance.next() => self.tell(event),
                cause = lost => {
                    tracing::warn!(%cause, "the connection to the server is lost");
                    self.tell(Event::ConnectionLost(machine.generation));
                }
                changed = self.lock.changed(), if watches_lock => match changed {
                    Ok(()) => self.take_lock(),
                    // Nobody watches the screen any more.
                    Err(_) => watches_lock = false,
                },
                () = used => {}
                () = pause => {}
            }
            self.look();
        }
        self.attendance.end().await;
    }

    fn machine(&self) -> Machine {
        self.snapshot.borrow().machine
    }

    /// When to look again, on tokio's clock.
    fn wake(&self, machine: &Machine) -> Option<Instant> {
        let now = self.clock.now();
        let exists = match machine.state {
            State::Absent | State::Failed { .. } => false,
            State::Provisioning { .. }
            | State::Running { .. }
            | State::Grace { .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. } => true,
        };
        let due = machine.next_look(now).map(|moment| moment.since(now));
        let pause = match (due, exists) {
            (Some(due), true) => due.min(TICK),
            (None, true) => TICK,
            (Some(due), false) => due,
            (None, false) => return None,
        };
        Some(Instant::now() + pause)
    }

    /// Looks at the clocks and at the use of the server.
    fn look(&mut self) {
        let (instant, moment) = (Instant::now(), self.clock.now());
        let awake = instant.duration_since(self.looked.0);
        let slept = moment.since(self.looked.1).saturating_sub(awake);
        self.looked = (instant, moment);
        if slept > SLEPT {
            tracing::info!(slept = ?Duration::from_secs(slept.as_secs()), "the computer has slept");
            self.tell(Event::Woke);
        }
        if self.attendance.has_met_others() {
            self.manager.note_shared();
        }
        self.warn_of_limit(moment);
        self.tell(Event::Looked(self.activity.usage()));
    }

    /// Says once that the longest life is nearly over.
    fn warn_of_limit(&mut self, now: Moment) {
        let machine = self.machine();
        let due = machine.rules.warn_at(&machine.facts, now).is_some_and(|moment| moment.is_past(now));
        if due && !self.warned {
            let left = machine.rules.limit(&machine.facts, now).map(|limit| limit.since(now).as_secs());
            tracing::warn!(
                seconds_left = left,
                "the server is destroyed soon, whatever it does, since activity.max_lifetime is nearly over"
            );
        }
        self.warned = due;
    }

    fn take_lock(&mut self) {
        let (locked, woke) = {
            let status = self.lock.borrow_and_update();
            (status.locked || status.sleeping, status.wakes)
        };
        let before = self.machine().facts.locked;
        if locked != before {
            tracing::info!(locked, "the screen, or the computer's sleep, has changed");
        }
        self.tell(Event::Locked(locked));
        if self.attendance.has_woken(woke) {
            self.tell(Event::Woke);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Engine(waiter) => {
                self.waiters.push(waiter);
                self.tell(Event::EngineWanted);
            }
            Command::Lost(generation) => self.tell(Event::ConnectionLost(generation)),
            Command::Keep(until, reply) => {
                self.tell(Event::Kept(until));
                // The lease lasts as long as the hold.
                self.attendance.renew_at_once();
                // Whoever has gone away needs no answer.
                let _ = reply.send(());
            }
            Command::Stop => {
                self.cancel.cancel();
                self.tell(Event::StopRequested);
            }
        }
    }

    fn keep(&mut self, engine: Engine) {
        self.snapshot.send_modify(|snapshot| {
            snapshot.engine = Some(engine);
            snapshot.last_error = None;
            snapshot.ended = None;
        });
    }

    /// Keeps an error for those who ask what was last wrong.
    fn note(&mut self, error: DockBridgeError) -> SharedError {
        let error = Arc::new(error);
        let at = self.clock.now().wall;
        self.snapshot.send_modify(|snapshot| snapshot.last_error = Some((error.clone(), at)));
        error
    }

    /// Tells everybody who waits that there will be no engine.
    fn refuse(&mut self, error: DockBridgeError) {
        let error = self.note(error);
        self.refuse_all(&error);
    }

    fn refuse_all(&mut self, error: &SharedError) {
        for waiter in self.waiters.drain(..) {
            // Whoever has gone away needs no answer.
            let _ = waiter.send(Err(error.clone()));
        }
    }

    fn tell(&mut self, event: Event) {
        let before = self.machine();
        let now = self.clock.now();
        let (machine, effect) = before.step(event, now);
        if machine != before {
            self.snapshot.send_modify(|snapshot| {
                snapshot.machine = machine;
                if !machine.serves() {
                    snapshot.engine = None;
                }
            });
            announce(&before, &machine, now);
        }
        let engine = self.snapshot.borrow().engine.clone();
        self.attendance.follow(&machine, engine.as_ref());
        if let Some(effect) = effect {
            self.carry_out(effect);
        }
        self.settle();
    }

    /// Answers those who wait, where the state is an answer.
    fn settle(&mut self) {
        let machine = self.machine();
        // No server is provisioned, or searched, for somebody who has gone away.
        self.waiters.retain(|waiter| !waiter.is_closed());
        match machine.state {
            State::Running { reconnecting: false, .. } | State::Grace { .. } => {
                let Some(engine) = self.snapshot.borrow().engine.clone() else { return };
                for waiter in self.waiters.drain(..) {
                    // Whoever has gone away needs no answer.
                    let _ = waiter.send(Ok((machine.generation, engine.clone())));
                }
            }
            _ if machine.stopping && !self.waiters.is_empty() => self.refuse(ServerError::Stopping.into()),
            State::Failed { .. } if !self.waiters.is_empty() => {
                let last = self.snapshot.borrow().last_error.as_ref().map(|(error, _)| error.clone());
                self.refuse_all(&last.unwrap_or_else(|| Arc::new(ServerError::Abnormal.into())));
            }
            // Requests that arrived while the former server was shut down or searched get a new one.
            State::Absent if !self.waiters.is_empty() => self.tell(Event::EngineWanted),
            State::Absent
            | State::Provisioning { .. }
            | State::Running { reconnecting: true, .. }
            | State::Unreachable { .. }
            | State::ShuttingDown { .. }
            | State::Gone { .. }
            | State::Failed { .. } => {}
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let (manager, phases, cancel) = (self.manager.clone(), self.phases.clone(), self.cancel.clone());
        match effect {
            Effect::Provision(generation) => {
                self.attendance.forget_others();
                self.effect
                    .spawn(async move { Outcome::Provisioned(generation, manager.provision(&phases, &cancel).await) });
            }
            Effect::Reconnect(generation) => {
                self.effect.spawn(async move { Outcome::Reconnected(generation, manager.reconnect(&cancel).await) });
            }
            Effect::Search(generation) => {
                self.effect.spawn(async move { Outcome::Searched(generation, manager.search(&cancel).await) });
            }
            Effect::Destroy { generation, after } => {
                let mut heartbeat = self.attendance.ending();
                let others = self.attendance.others();
                let (machine, clock) = (self.machine(), self.clock.clone());
                self.effect.spawn(async move {
                    heartbeat.shutdown().await;
                    // Whoever stops does not wait for the next attempt.
                    let stopped = tokio::select! {
                        () = cancel.cancelled() => true,
                        () = sleep(after) => cancel.is_cancelled(),
                    };
                    let wish = if stopped { Wish::Firm } else { machine.wish(clock.now()) };
                    Outcome::Destroyed(generation, manager.destroy(&others, wish).await)
                });
            }
            Effect::Forget { generation, after } => {
                self.effect.spawn(async move {
                    sleep(after).await;
                    Outcome::Forgotten(generation, manager.forget().await)
                });
            }
            Effect::Renew(_) => self.attendance.renew_at_once(),
            Effect::Examine { generation, window } => {
                if let Some(engine) = self.snapshot.borrow().engine.clone() {
                    self.attendance.examine(generation, engine.link, window);
                }
            }
            Effect::Retire(generation) => self.retire(generation),
        }
    }

    /// Retires the engine, and only then looks whether somebody uses it: whoever began before is seen now, and whoever begins
    /// later finds it retired and asks for another.
    fn retire(&mut self, generation: Generation) {
        let retired = self.snapshot.borrow().engine.as_ref().map(|engine| engine.retired.clone());
        if let Some(retired) = retired {
            retired.cancel();
        }
        self.tell(Event::Retired(generation, self.activity.usage()));
        if self.machine().serves() {
            self.snapshot.send_modify(|snapshot| {
                if let Some(engine) = &mut snapshot.engine {
                    engine.retired = CancellationToken::new();
                }
            });
            self.settle();
        }
    }
}

#[cfg(test)]
#[path = "driver_tests/mod.rs"]
mod tests;
