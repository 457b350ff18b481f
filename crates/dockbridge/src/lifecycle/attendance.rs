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
    rules::Rules,
    state::{Event, Generation},
};
use crate::{
    activity::{Containers, ExamineError, busiest},
    clock::{Clock, Moment},
    config::{Config, RunningContainers, SelfDestruct},
    keepalive::{self, HeartbeatEnd, HeartbeatStatus, Owner},
    server::{Engine, EngineLink, ForeignLease},
};

/// How the lease is renewed.
#[derive(Debug, Clone)]
pub struct Beat {
    /// Who holds it.
    pub owner: Owner,
    /// How often.
    pub interval: Duration,
    /// For how long.
    pub timeout: Duration,
}

/// What the length of a lease depends on beside the timeout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// When the server has reached the longest life that it may have.
    limit: Option<Moment>,
    /// Until when the user holds it: the lease lasts as long, so that it is kept while this computer sleeps.
    kept_until: Option<Moment>,
}

impl Terms {
    /// How long a lease taken at `now` lasts.
    fn span(self, timeout: Duration, now: Moment) -> Duration {
        let kept = self.kept_until.map_or(timeout, |kept| kept.since(now).max(timeout));
        self.limit.map_or(kept, |limit| limit.since(now).min(kept))
    }
}

/// Which containers keep a server.
#[derive(Debug, Clone, Copy)]
pub struct Busy {
    /// What containers without a client mean.
    pub running_containers: RunningContainers,
    /// From which share of a core on, in per cent, one counts as busy.
    pub percent: u32,
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
    /// Whose containers are measured, if any are.
    examined: Option<Generation>,
    heartbeat: JoinSet<(Generation, HeartbeatEnd)>,
    examination: JoinSet<(Generation, Result<Containers, ExamineError>)>,
    status: watch::Sender<HeartbeatStatus>,
    /// Who else held the server when a former heartbeat last heard of it.
    others: Vec<ForeignLease>,
    met_others: bool,
    unknown: watch::Sender<Unknown>,
    /// Of the present heartbeat.
    urgent: Arc<Notify>,
    terms: watch::Sender<Terms>,
    wakes: u64,
}

impl Attendance {
    /// Accompanies as the configuration says.
    #[must_use]
    pub fn new(config: &Config, owner: Owner, clock: Arc<dyn Clock>) -> Self {
        let keepalive = &config.keepalive;
        let busy = Busy { running_containers: config.activity.running_containers, percent: config.activity.busy_cpu };
        let beat = (keepalive.self_destruct != SelfDestruct::Off).then_some(Beat {
            owner,
            interval: keepalive.interval.0,
            timeout: keepalive.timeout.0,
        });
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
            examined: None,
            heartbeat: JoinSet::new(),
            examination: JoinSet::new(),
            status: watch::Sender::new(HeartbeatStatus::default()),
            others: Vec::new(),
            met_others: false,
            unknown: watch::Sender::new(None),
            urgent: Arc::new(Notify::new()),
            terms: watch::Sender::new(Terms::default()),
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

    /// Renews the lease once, over `link`, as before the computer sleeps.
    #[must_use]
    pub fn renewal(&self) -> Renewal {
        Renewal { beat: self.beat.clone(), terms: self.terms.subscribe(), clock: self.clock.clone() }
    }

    /// Starts with an engine and ends with it.
    pub(super) fn follow(&mut self, machine: &Machine, engine: Option<&Engine>) {
        let now = self.clock.now();
        let terms = Terms {
            limit: machine.rules.limit(&machine.facts, now),
            kept_until: Rules::kept_until(&machine.facts, now),
        };
        self.terms.send_replace(terms);
        let wanted = engine.map(|_| machine.generation);
        if wanted == self.generation {
            return;
        }
        self.generation = wanted;
        self.heartbeat.abort_all();
        if self.examined != wanted {
            self.examination.abort_all();
            self.examined = wanted;
        }
        self.unknown.send_replace(None);
        self.others = self.others();
        self.status.send_replace(HeartbeatStatus::default());
        let (Some(engine), Some(generation), Some(beat)) = (engine, wanted, self.beat.clone()) else { return };
        // A notice to a heartbeat that has ended is none to the next.
        self.urgent = Arc::new(Notify::new());
        let (link, clock, urgent) = (engine.link.clone(), self.clock.clone(), self.urgent.clone());
        let (status, terms) = (self.status.clone(), self.terms.subscribe());
        let span = {
            let clock = clock.clone();
            move || terms.borrow().span(beat.timeout, clock.now())
        };
        self.heartbeat.spawn(async move {
            let end = keepalive::beat(link, beat.owner, beat.interval, span, clock, urgent, status).await;
            (generation, end)
        });
    }

    /// Who else held the server at the last renewal, of this heartbeat or of one before it.
    pub(super) fn others(&self) -> Vec<ForeignLease> {
        let status = self.status.borrow();
        if status.last.is_some() { status.others.clone() } else { self.others.clone() }
    }

    /// There is another server from now on.
    pub(super) fn forget_others(&mut self) {
        self.others.clear();
    }

    /// What has been told to end, to be waited for before a lease is given back: a renewal that comes after that would hold
    /// the server for nobody.
    pub(super) fn ending(&mut self) -> JoinSet<(Generation, HeartbeatEnd)> {
        std::mem::take(&mut self.heartbeat)
    }

    /// Renews the lease at once; the connection is given up if that fails.
    pub(super) fn renew_at_once(&self) {
        self.urgent.notify_one();
    }

    /// Whether somebody else was seen to hold the server for the first time since the last question.
    pub(super) fn has_met_others(&mut self) -> bool {
        let met = !self.others().is_empty();
        std::mem::replace(&mut self.met_others, met) != met && met
    }

    /// Whether the computer has woken up since the last question, by logind's count.
    pub(super) const fn has_woken(&mut self, wakes: u64) -> bool {
        let woken = wakes > self.wakes;
        self.wakes = wakes;
        woken
    }

    /// Begins to measure the containers.
    pub(super) fn examine(&mut self, generation: Generation, link: Arc<dyn EngineLink>, window: Duration) {
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
                    // A server without a heartbeat would end under everybody's work: the next look starts another.
                    Err(error) if error.is_panic() => {
                        tracing::error!(%error, "the heartbeat ended abnormally, and is started again");
                        self.generation = None;
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

/// Renews the lease once, whoever's turn it is: before the computer sleeps.
pub struct Renewal {
    beat: Option<Beat>,
    terms: watch::Receiver<Terms>,
    clock: Arc<dyn Clock>,
}

impl Renewal {
    /// Does it, where servers have leases.
    pub async fn send(&self, link: &dyn EngineLink) {
        let Some(beat) = &self.beat else { return };
        let span = self.terms.borrow().span(beat.timeout, self.clock.now());
        if span.as_secs() == 0 {
            return;
        }
        if let Err(error) = keepalive::renew(link, &beat.owner, span).await {
            tracing::warn!(%error, "the lease could not be renewed before the computer sleeps");
        }
    }
}
