//! The driver with a cloud whose answers the test gives.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use jiff::Timestamp;
use ssh_docker_proxy::{BoxedStream, SshError};
use tokio::sync::{Mutex, Notify};

use super::*;
use crate::server::{EngineLink, LinkFuture, ServerInfo, ServerStatus, VolumeInfo, VolumeStatus};

/// A link that is lost when the test says so.
#[derive(Default)]
struct FakeLink {
    lost: Notify,
}

impl EngineLink for FakeLink {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(async { Ok(Box::new(tokio::io::duplex(64).0) as BoxedStream) })
    }

    fn run<'a>(
        &'a self,
        _: &'a str,
        _: &'a [u8],
        _: Duration,
    ) -> LinkFuture<'a, Result<ssh_docker_proxy::ExecOutput, SshError>> {
        Box::pin(async { Err(SshError::Ended { cause: "the test runs nothing".to_owned() }) })
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        Box::pin(async { self.lost.notify_one() })
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(async {
            self.lost.notified().await;
            SshError::Ended { cause: "the test says so".to_owned() }
        })
    }
}

/// Answers with what was queued; without anything queued a provisioning waits to be cancelled.
#[derive(Default)]
struct FakeCloud {
    provisions: Mutex<Vec<Result<(), bool>>>,
    searches: Mutex<Vec<Search>>,
    link: Arc<FakeLink>,
    panics: AtomicBool,
    /// A search waits for `found`.
    searching: AtomicBool,
    found: Notify,
    indestructible: AtomicBool,
    provisioned: AtomicU32,
    destroyed: AtomicU32,
}

impl FakeCloud {
    fn engine(&self) -> Engine {
        Engine {
            server: ServerInfo {
                id: "1".to_owned(),
                name: "srv".to_owned(),
                status: ServerStatus::Running,
                ip_address: "198.51.100.1".to_owned(),
                volume_id: "2".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                metadata: std::collections::BTreeMap::new(),
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
}

impl ServerManager for FakeCloud {
    async fn provision(&self, _: &Phases, cancel: &CancellationToken) -> Result<Engine, Failure> {
        self.provisioned.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let planned = self.provisions.lock().await.pop();
        assert!(!self.panics.load(Ordering::SeqCst), "the test wants a provisioning that ends abnormally");
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

    async fn search(&self, _: &CancellationToken) -> Result<Search, DockBridgeError> {
        if self.searching.load(Ordering::SeqCst) {
            self.found.notified().await;
        }
        Ok(self.searches.lock().await.pop().unwrap_or(Search::Gone))
    }

    async fn reconnect(&self, cancel: &CancellationToken) -> Result<Search, DockBridgeError> {
        self.search(cancel).await
    }

    async fn forget(&self) -> Result<(), DockBridgeError> {
        Ok(())
    }

    async fn destroy(&self) -> Result<Ended, DockBridgeError> {
        if self.indestructible.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Err(ServerError::NotGone { name: "srv".to_owned(), after: Duration::from_secs(1) }.into());
        }
        self.destroyed.fetch_add(1, Ordering::SeqCst);
        Ok(Ended::Destroyed)
    }
}

fn started(cloud: FakeCloud) -> (Arc<FakeCloud>, Handle, tokio::task::JoinHandle<()>) {
    let cloud = Arc::new(cloud);
    let (driver, handle) = Driver::new(cloud.clone());
    (cloud, handle, tokio::spawn(driver.run(false)))
}

fn planned(outcomes: &[Result<(), bool>]) -> FakeCloud {
    let provisions = outcomes.iter().rev().copied().collect();
    FakeCloud { provisions: Mutex::new(provisions), ..FakeCloud::default() }
}

#[tokio::test(start_paused = true)]
async fn twenty_requests_share_one_server() {
    let (cloud, handle, driver) = started(planned(&[Ok(())]));
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let handle = handle.clone();
        requests.spawn(async move { handle.engine().await.is_ok() });
    }
    assert!(requests.join_all().await.into_iter().all(|ok| ok));
    assert_eq!(cloud.provisioned.load(Ordering::SeqCst), 1);
    handle.stop().await;
    driver.await.unwrap();
    assert_eq!(cloud.destroyed.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_reaches_everybody_who_waits_and_the_next_request_tries_again() {
    let (cloud, handle, driver) = started(planned(&[Err(true), Ok(())]));
    let (one, two) = tokio::join!(handle.engine(), handle.engine());
    for result in [one, two] {
        assert_eq!(result.err().map(|error| error.code().to_owned()).as_deref(), Some("no_server_type_available"));
    }
    let again = handle.engine().await.err().map(|error| error.code().to_owned());
    assert_eq!(
        again.as_deref(),
        Some("no_server_type_available"),
        "no server a second for a client that asks in a loop"
    );
    tokio::time::advance(crate::lifecycle::machine::BRAKE).await;
    assert!(handle.engine().await.is_ok());
    assert_eq!(cloud.provisioned.load(Ordering::SeqCst), 2);
    assert_eq!(cloud.destroyed.load(Ordering::SeqCst), 1, "what was left half-made is destroyed first");
    assert!(handle.snapshot().last_error.is_none());
    handle.stop().await;
    driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_server_is_replaced_for_those_who_wait() {
    let (cloud, handle, driver) = started(planned(&[Ok(()), Ok(())]));
    let (first, _) = handle.engine().await.ok().unwrap();
    let mut changes = handle.subscribe();
    cloud.link.lost.notify_one();
    changes.wait_for(|snapshot| snapshot.engine.is_none()).await.unwrap();
    let (second, _) = handle.engine().await.ok().unwrap();
    assert!(second > first);
    assert_eq!(cloud.provisioned.load(Ordering::SeqCst), 2);
    handle.stop().await;
    driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_a_provisioning_short_and_leaves_nothing() {
    let (cloud, handle, driver) = started(FakeCloud::default());
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.engine().await.err().map(|error| error.code().to_owned()) }
    });
    let mut changes = handle.subscribe();
    changes.wait_for(|snapshot| matches!(snapshot.machine.state, State::Provisioning { .. })).await.unwrap();
    handle.stop().await;
    driver.await.unwrap();
    assert_eq!(waiting.await.unwrap().as_deref(), Some("stopping"));
    assert_eq!(cloud.destroyed.load(Ordering::SeqCst), 1);
    assert_eq!(handle.engine().await.err().map(|error| error.code().to_owned()).as_deref(), Some("ended"));
}

#[tokio::test(start_paused = true)]
async fn a_server_on_record_is_taken_over_at_the_start() {
    let cloud = Arc::new(FakeCloud::default());
    let found = Search::Found(Box::new(cloud.engine()));
    cloud.searches.lock().await.push(found);
    let (driver, handle) = Driver::new(cloud.clone());
    let driver = tokio::spawn(driver.run(true));
    assert!(handle.engine().await.is_ok());
    assert_eq!(cloud.provisioned.load(Ordering::SeqCst), 0);
    handle.stop().await;
    driver.await.unwrap();
    assert_eq!(cloud.destroyed.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_ends_abnormally_is_cleaned_up_once() {
    let (cloud, handle, driver) = started(FakeCloud::default());
    cloud.panics.store(true, Ordering::SeqCst);
    let refused = handle.engine().await.err().map(|error| error.code().to_owned());
    assert_eq!(refused.as_deref(), Some("abnormal_end"));
    handle.stop().await;
    driver.await.unwrap();
    assert_eq!(cloud.destroyed.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_provisioned_for_somebody_who_has_gone_away() {
    let (cloud, handle, driver) = started(planned(&[Ok(()), Ok(())]));
    assert!(handle.engine().await.is_ok());
    let mut changes = handle.subscribe();
    // Whoever asks while the server is looked for waits; this one leaves before it is known to be gone.
    cloud.searching.store(true, Ordering::SeqCst);
    cloud.link.lost.notify_one();
    changes.wait_for(|snapshot| snapshot.engine.is_none()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), handle.engine()).await.is_err());
    cloud.searching.store(false, Ordering::SeqCst);
    cloud.found.notify_one();
    changes.wait_for(|snapshot| snapshot.machine.state == State::Absent).await.unwrap();
    assert_eq!(cloud.provisioned.load(Ordering::SeqCst), 1);
    handle.stop().await;
    driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_server_that_cannot_be_destroyed() {
    let (cloud, handle, driver) = started(planned(&[Err(true)]));
    cloud.indestructible.store(true, Ordering::SeqCst);
    assert!(handle.engine().await.is_err());
    let refused = handle.engine().await.err().map(|error| error.code().to_owned());
    assert_eq!(refused.as_deref(), Some("server_not_gone"));
    cloud.indestructible.store(false, Ordering::SeqCst);
    handle.stop().await;
    driver.await.unwrap();
    assert!(cloud.destroyed.load(Ordering::SeqCst) >= 1);
}
