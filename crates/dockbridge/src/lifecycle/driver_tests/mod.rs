//! The driver with a cloud whose answers the test gives.

use std::{collections::BTreeMap, sync::Mutex};

use ssh_docker_proxy::{
    BoxedStream, ConnectionId, ConnectionObserver, Direction, ExecOutput, Observer, RequestHead, SshError,
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::timeout,
};

use super::*;
use crate::{
    clock::test_clock::TestClock,
    config::RunningContainers,
    keepalive::Owner,
    lifecycle::{Beat, Busy, rules::tests::rules},
    server::{
        Ended, EngineLink, Failure, ForeignLease, LinkFuture, Search, ServerInfo, ServerStatus, Unended, VolumeInfo,
        VolumeStatus, Wish,
    },
};

mod leases;
mod serving;
mod timers;

/// What the server's monitor says to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Monitor {
    #[default]
    Fine,
    /// Another computer holds the server as well.
    Shared,
    Silent,
    Destroying,
}

/// A link that is lost when the test says so. There is no engine behind it, but a monitor.
#[derive(Default)]
struct FakeLink {
    lost: Notify,
    monitor: Mutex<Monitor>,
    commands: Mutex<Vec<String>>,
}

impl FakeLink {
    fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

impl EngineLink for FakeLink {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(async { Err(SshError::Ended { cause: "the test has no engine".to_owned() }) })
    }

    fn run<'a>(
        &'a self,
        command: &'a str,
        _: &'a [u8],
        bound: Duration,
    ) -> LinkFuture<'a, Result<ExecOutput, SshError>> {
        self.commands.lock().unwrap().push(command.to_owned());
        let monitor = *self.monitor.lock().unwrap();
        Box::pin(async move {
            let ended = |status| ExecOutput { status, stdout: Vec::new(), stderr: Vec::new() };
            match monitor {
                Monitor::Fine => Ok(ended(0)),
                Monitor::Shared => Ok(ExecOutput { stdout: b"5eed desk 200\n".to_vec(), ..ended(0) }),
                Monitor::Destroying => Ok(ended(3)),
                Monitor::Silent => {
                    tokio::time::sleep(bound).await;
                    Err(SshError::TimedOut { what: "a command on the server".to_owned(), bound })
                }
            }
        })
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(async {
            self.lost.notified().await;
            SshError::Ended { cause: "the test says so".to_owned() }
        })
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        Box::pin(async { self.lost.notify_one() })
    }
}

/// What the cloud does and has done.
#[derive(Default)]
struct Script {
    /// How provisionings end, the first one first; without a plan they wait to be cancelled.
    provisions: Vec<Result<(), bool>>,
    /// How searches end, the first one first; without a plan the server is gone.
    searches: Vec<Search>,
    /// How reconnecting ends; without a plan it fails.
    reconnects: Vec<Search>,
    panics: bool,
    indestructible: bool,
    /// Whether a destruction fails before anything is done.
    untouched: bool,
    left_to: Vec<ForeignLease>,
    /// What the last destruction was told.
    others: Vec<ForeignLease>,
    provisioned: u32,
    /// How often it was to be written down that others hold the server.
    noted: u32,
    destroyed: u32,
}

struct FakeCloud {
    script: Mutex<Script>,
    link: Arc<FakeLink>,
    /// Searches and destructions take a permit, which tests withhold to look at what happens meanwhile.
    answers: Semaphore,
}

impl FakeCloud {
    fn new(script: Script) -> Arc<Self> {
        let answers = Semaphore::new(1000);
        Arc::new(Self { script: Mutex::new(script), link: Arc::default(), answers })
    }

    fn planned(provisions: &[Result<(), bool>]) -> Arc<Self> {
        Self::new(Script { provisions: provisions.to_vec(), ..Script::default() })
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// How many servers have been created and destroyed.
    fn counts(&self) -> (u32, u32) {
        let script = self.script();
        (script.provisioned, script.destroyed)
    }

    fn engine(&self) -> Engine {
        Engine {
            server: ServerInfo {
                id: "1".to_owned(),
                name: "srv".to_owned(),
                status: ServerStatus::Running,
                ip_address: "198.51.100.1".to_owned(),
                volume_id: "2".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                metadata: BTreeMap::new(),
            },
            volume: VolumeInfo {
                id: "2".to_owned(),
                name: "vol".to_owned(),
                size: 10,
                status: VolumeStatus::Attached,
                mount_path: "/var/lib/docker".to_owned(),
                created_at: None,
            },
            link: self.link.clone(),
            age: Duration::ZERO,
            retired: CancellationToken::new(),
        }
    }

    fn found(&self) -> Search {
        Search::Found(Box::new(self.engine()))
    }

    async fn answer(&self) {
        self.answers.acquire().await.unwrap().forget();
    }
}

fn first<T>(plan: &mut Vec<T>) -> Option<T> {
    (!plan.is_empty()).then(|| plan.remove(0))
}

impl ServerManager for FakeCloud {
    async fn provision(&self, _: &Phases, cancel: &CancellationToken) -> Result<Engine, Failure> {
        tokio::task::yield_now().await;
        let (panics, planned) = {
            let mut script = self.script();
            script.provisioned += 1;
            (script.panics, first(&mut script.provisions))
        };
        assert!(!panics, "the test wants a provisioning that ends abnormally");
        match planned {
            Some(Ok(())) => Ok(self.engine()),
            Some(Err(leftover)) => {
                Err(Failure { error: ServerError::NothingOrderable { location: "fsn1".to_owned() }.into(), leftover })
            }
            None => {
                cancel.cancelled().await;
                Err(Failure { error: ServerError::Stopping.into(), leftover: true })
            }
        }
    }

    async fn reconnect(&self, _: &CancellationToken) -> Result<Search, DockBridgeError> {
        first(&mut self.script().reconnects).ok_or_else(|| SshError::Ended { cause: "no way".to_owned() }.into())
    }

    async fn search(&self, _: &CancellationToken) -> Result<Search, DockBridgeError> {
        self.answer().await;
        Ok(first(&mut self.script().searches).unwrap_or(Search::Gone))
    }

    async fn destroy(&self, others: &[ForeignLease], _: Wish) -> Result<Ended, Unended> {
        self.answer().await;
        let mut script = self.script();
        script.others = others.to_vec();
        if script.indestructible {
            let error = ServerError::NotGone { name: "srv".to_owned(), after: Duration::from_secs(1) }.into();
            return Err(Unended { error, untouched: script.untouched });
        }
        if script.left_to.is_empty() {
            script.destroyed += 1;
            Ok(Ended::Destroyed)
        } else {
            Ok(Ended::LeftTo(script.left_to.clone()))
        }
    }

    fn note_shared(&self) {
        self.script().noted += 1;
    }

    async fn forget(&self) -> Result<(), DockBridgeError> {
        Ok(())
    }
}

/// A driver with everything around it.
struct Rig {
    cloud: Arc<FakeCloud>,
    handle: Handle,
    driver: JoinHandle<()>,
    clock: Arc<TestClock>,
    activity: Arc<ActivityTracker>,
    lock: watch::Sender<LockStatus>,
    connections: u64,
}

/// Rules under which only idleness counts.
fn plain() -> Rules {
    Rules { paid_hour_margin: None, ..rules() }
}

impl Rig {
    fn new(cloud: Arc<FakeCloud>, rules: Rules, on_record: bool) -> Self {
        Self::with_beat(cloud, rules, on_record, None)
    }

    fn with_beat(cloud: Arc<FakeCloud>, rules: Rules, on_record: bool, beat: Option<Beat>) -> Self {
        let clock = TestClock::new();
        let activity = Arc::new(ActivityTracker::new(clock.clone()));
        let lock = watch::Sender::new(LockStatus::default());
        let busy = Busy { running_containers: RunningContainers::Busy, percent: 5 };
        let parts = Parts {
            rules,
            clock: clock.clone(),
            activity: activity.clone(),
            lock: lock.subscribe(),
            keep_until: None,
            attendance: Attendance::with(busy, beat, clock.clone()),
        };
        let (driver, handle) = Driver::new(cloud.clone(), parts);
        let driver = tokio::spawn(driver.run(on_record.then_some(Duration::ZERO)));
        Self { cloud, handle, driver, clock, activity, lock, connections: 0 }
    }

    /// A running server, under `rules`.
    async fn running(rules: Rules) -> Self {
        let rig = Self::new(FakeCloud::planned(&[Ok(()), Ok(()), Ok(())]), rules, false);
        assert!(rig.handle.engine().await.is_ok());
        rig
    }

    /// A running server with a lease.
    async fn leased(rules: Rules) -> Self {
        let beat = Beat {
            owner: Owner::new("0123456789ab", "laptop"),
            interval: Duration::from_secs(30),
            timeout: Duration::from_mins(5),
        };
        let rig = Self::with_beat(FakeCloud::planned(&[Ok(()), Ok(())]), rules, false, Some(beat));
        assert!(rig.handle.engine().await.is_ok());
        rig
    }

    /// A connection that has begun a request.
    fn request(&mut self, method: &str, target: &str) -> Box<dyn ConnectionObserver> {
        self.connections += 1;
        let guard = self.activity.opened(ConnectionId(self.connections));
        let (method, target) = (method.to_owned(), target.to_owned());
        guard.request(&RequestHead { method, target, ..RequestHead::opaque() });
        guard
    }

    /// A request from its beginning to its end, connection included.
    fn use_once(&mut self) {
        let guard = self.request("GET", "/v1.41/containers/json");
        guard.answered(200);
        guard.finished();
    }

    /// Lets time pass, second by second, as the driver sees it.
    async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        // The driver's own timers of this very moment run first.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    async fn minutes(&self, minutes: u64) {
        self.pass(minutes * 60).await;
    }

    fn state(&self) -> State {
        self.handle.snapshot().machine.state
    }

    fn is_running(&self) -> bool {
        matches!(self.state(), State::Running { reconnecting: false, .. })
    }

    fn is_in_grace(&self) -> bool {
        matches!(self.state(), State::Grace { .. })
    }

    async fn until(&self, what: &str, condition: impl Fn(&Snapshot) -> bool) {
        let mut changes = self.handle.subscribe();
        let reached = timeout(Duration::from_hours(10), changes.wait_for(|snapshot| condition(snapshot)));
        assert!(reached.await.is_ok_and(|changed| changed.is_ok()), "never: {what}");
    }

    async fn refused(&self) -> Option<String> {
        self.handle.engine().await.err().map(|error| error.code().to_owned())
    }

    async fn stop(self) {
        self.handle.stop().await;
        self.driver.await.unwrap();
    }
}
