//! What accompanies a running engine: the heartbeat that renews its lease, and the measuring of its containers. Owned by the
//! driver, which starts and ends both with the engine.

use std::{future::pending, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use super::{
    machine::Machine,
    state::{Event, Generation},
};
use crate::{
    activity::{Containers, ExamineError, busiest},
    clock::Clock,
    config::{Config, RunningContainers, SelfDestruct},
    keepalive::{self, HeartbeatEnd, HeartbeatStatus, Owner},
    server::{Engine, EngineLink},
};

/// How the lease is renewed.
#[derive(Debug, Clone)]
pub struct Beat {
    /// Who holds it.
    pub owner: Owner,
    /// How often, and for how long.
    pub rules: keepalive::Rules,
}

/// Which containers keep a server.
#[derive(Debug, Clone, Copy)]
pub struct Busy {
    /// What containers without a client mean.
    pub running_containers: RunningContainers,
    /// From which share of a core on, in per cent, one counts as busy.
    pub percent: u32,
    /// Over how long they are measured.
    pub window: Duration,
}

impl Busy {
    /// Whether containers that were measured keep their server.
    fn keeps(self, containers: &Containers) -> bool {
        match self.running_containers {
            RunningContainers::Ignore => false,
            RunningContainers::Keep => containers.running > 0,
            RunningContainers::Busy => {
                containers.busiest_percent_of_a_core.is_some_and(|busiest| busiest > f64::from(self.percent))
            }
        }
    }
}

/// A failure to find out about containers, and when.
pub type Unknown = Option<(Arc<ExamineError>, Timestamp)>;

/// See the module's description.
pub struct Attendance {
    clock: Arc<dyn Clock>,
    busy: Busy,
    /// `None` where servers have no lease.
    beat: Option<Beat>,
    /// Which engine is accompanied.
    generation: Option<Generation>,
    heartbeat: JoinSet<(Generation, HeartbeatEnd)>,
    examination: JoinSet<(Generation, Result<Containers, ExamineError>)>,
    status: watch::Sender<HeartbeatStatus>,
    unknown: watch::Sender<Unknown>,
    urgent: Arc<Notify>,
    /// Until when the server may live at the longest, for the lease.
    life: watch::Sender<Option<crate::clock::Moment>>,
    wakes: u64,
}

impl Attendance {
    /// Accompanies as the configuration says.
    #[must_use]
    pub fn new(config: &Config, owner: Owner, window: Duration, clock: Arc<dyn Clock>) -> Self {
        let keepalive = &config.keepalive;
        let rules = keepalive::Rules { interval: keepalive.interval.0, timeout: keepalive.timeout.0 };
        let busy =
            Busy { running_containers: config.activity.running_containers, percent: config.activity.busy_cpu, window };
        let beat = (keepalive.self_destruct != SelfDestruct::Off).then_some(Beat { owner, rules });
        Self::with(busy, beat, clock)
    }

    /// Accompanies as told.
    #[must_use]
    pub fn with(busy: Busy, beat: Option<Beat>, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            busy,
            beat,
            generation: None,
            heartbeat: JoinSet::new(),
            examination: JoinSet::new(),
            status: watch::Sender::new(HeartbeatStatus::default()),
            unknown: watch::Sender::new(None),
            urgent: Arc::new(Notify::new()),
            life: watch::Sender::new(None),
            wakes: 0,
        }
    }

    /// How the heartbeat does.
    #[must_use]
    pub fn heartbeat(&self) -> watch::Receiver<HeartbeatStatus> {
        self.status.subscribe()
    }

    /// Why it is not known how busy containers are, while that is so.
    #[must_use]
    pub fn unknown(&self) -> watch::Receiver<Unknown> {
        self.unknown.subscribe()
    }

    /// Starts with an engine and ends with it.
    pub(super) fn follow(&mut self, machine: &Machine, engine: Option<&Engine>) {
        let wanted = engine.map(|_| machine.generation);
        let limit = machine.rules.limit(&machine.facts, self.clock.now());
        self.life.send_if_modified(|life| std::mem::replace(life, limit) != limit);
        if wanted == self.generation {
            return;
        }
        self.generation = wanted;
        self.heartbeat.abort_all();
        self.examination.abort_all();
        self.unknown.send_replace(None);
        self.status.send_replace(HeartbeatStatus::default());
        let (Some(engine), Some(generation), Some(beat)) = (engine, wanted, self.beat.clone()) else { return };
        let (link, clock, urgent) = (engine.link.clone(), self.clock.clone(), self.urgent.clone());
        let (status, life) = (self.status.clone(), self.life.subscribe());
        let remaining = {
            let clock = clock.clone();
            move || life.borrow().map(|limit| limit.since(clock.now()))
        };
        self.heartbeat.spawn(async move {
            let end = keepalive::beat(link, beat.owner, beat.rules, remaining, clock, urgent, status).await;
            (generation, end)
        });
    }

    /// Renews the lease at once; the connection is given up if that fails.
    pub(super) fn renew_at_once(&self) {
        self.urgent.notify_one();
    }

    /// Whether the computer has woken up since the last question, by logind's count.
    pub(super) const fn has_woken(&mut self, wakes: u64) -> bool {
        let woken = wakes > self.wakes;
        self.wakes = wakes;
        woken
    }

    /// Begins to measure the containers.
    pub(super) fn examine(&mut self, generation: Generation, link: Arc<dyn EngineLink>) {
        let window = self.busy.window;
        self.examination.spawn(async move { (generation, busiest(&*link, window).await) });
    }

    /// The next thing that the server has to say. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                Some(ended) = self.heartbeat.join_next() => match ended {
                    Ok((generation, HeartbeatEnd::Destroying)) => {
                        tracing::warn!("the server has begun to destroy itself, since its lease had run out");
                        return Event::Destroying(generation);
                    }
                    // The loss of the connection is noticed by itself, and whoever is aborted was told to go.
                    Ok((_, HeartbeatEnd::LinkLost)) | Err(_) => {}
                },
                Some(examined) = self.examination.join_next() => match examined {
                    Ok((generation, result)) => return self.judge(generation, result),
                    Err(error) if error.is_panic() => {
                        tracing::error!(%error, "measuring the containers ended abnormally");
                        if let Some(generation) = self.generation {
                            return Event::Examined { generation, busy: true };
                        }
                    }
                    Err(_) => {}
                },
                else => return pending().await,
            }
        }
    }

    /// What cannot be known counts as work.
    fn judge(&self, generation: Generation, result: Result<Containers, ExamineError>) -> Event {
        let busy = match result {
            Ok(containers) => {
                self.unknown.send_replace(None);
                let busy = self.busy.keeps(&containers);
                if busy {
                    tracing::info!(
                        running = containers.running,
                        busiest_percent = containers.busiest_percent_of_a_core,
                        "running containers keep the server"
                    );
                }
                busy
            }
            Err(error) => {
                tracing::warn!(%error, "it cannot be told whether containers are busy, so the server is kept");
                self.unknown.send_replace(Some((Arc::new(error), self.clock.now().wall)));
                true
            }
        };
        Event::Examined { generation, busy }
    }

    /// Ends everything and waits until it has ended.
    pub(super) async fn end(&mut self) {
        self.heartbeat.shutdown().await;
        self.examination.shutdown().await;
    }
}
