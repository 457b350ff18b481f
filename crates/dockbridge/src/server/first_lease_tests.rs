//! A monitor that comes late, one that never comes, and one that has given the server up.

use std::sync::Mutex;

use ssh_docker_proxy::{BoxedStream, ExecOutput, SshError};

use super::*;
use crate::server::LinkFuture;

/// A command, what it was given, and when it came.
type Call = (String, String, Duration);

/// The exit status of a call, by its number and its command.
type Answer = dyn Fn(usize, &str) -> i32 + Send + Sync;

/// A server that answers by a script.
struct Scripted {
    answer: Box<Answer>,
    calls: Mutex<Vec<Call>>,
    began: Instant,
    closed: CancellationToken,
}

impl Scripted {
    fn new(answer: impl Fn(usize, &str) -> i32 + Send + Sync + 'static) -> Arc<Self> {
        let (calls, began, closed) = (Mutex::default(), Instant::now(), CancellationToken::new());
        Arc::new(Self { answer: Box::new(answer), calls, began, closed })
    }

    fn calls(&self, word: &str) -> Vec<Call> {
        self.calls.lock().unwrap().iter().filter(|(command, ..)| command.contains(word)).cloned().collect()
    }
}

fn ended() -> SshError {
    SshError::Ended { cause: "cut".to_owned() }
}

impl EngineLink for Scripted {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(async { Err(ended()) })
    }

    fn run<'a>(
        &'a self,
        command: &'a str,
        stdin: &'a [u8],
        _: Duration,
    ) -> LinkFuture<'a, Result<ExecOutput, SshError>> {
        let mut calls = self.calls.lock().unwrap();
        let status = (self.answer)(calls.len(), command);
        let given = String::from_utf8(stdin.to_vec()).unwrap();
        calls.push((command.to_owned(), given, self.began.elapsed()));
        Box::pin(async move { Ok(ExecOutput { status, stdout: Vec::new(), stderr: Vec::new() }) })
    }

    fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(async {
            self.closed.cancelled().await;
            ended()
        })
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        Box::pin(async { self.closed.cancel() })
    }
}

const URL: &str = "https://api.example/v1/servers/7";
const TOKEN: &str = "tokenthatmustnotleak";

fn terms() -> Terms {
    let deletion = Deletion { url: URL.to_owned(), token: TOKEN.parse().unwrap() };
    Terms {
        owner: Owner::new("0123456789ab", "laptop"),
        span: Arc::new(|| Duration::from_mins(5)),
        interval: Duration::from_secs(30),
        deletion: Some(deletion),
        missing: watch::Sender::new(None),
        shared: Arc::new(|| {}),
    }
}

/// Waits for the task's own end.
async fn finished(mut lease: FirstLease) {
    let bound = Duration::from_hours(1);
    tokio::time::timeout(bound, lease.tasks.join_next()).await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_comes_a_moment_late_is_waited_for() {
    let link = Scripted::new(|call, _| if call < 3 { 127 } else { 0 });
    let lease = FirstLease::take(link.clone(), terms());
    let mut watch = lease.watch();
    assert_eq!(watch.tried().await, Standing::Failed);
    assert_eq!(watch.taken().await, Standing::Held);
    watch.engine_is_up();
    finished(lease).await;
    let renewals = link.calls("'renew' '0123456789ab' 'laptop' '300'");
    assert_eq!(renewals.len(), 4);
    assert!(renewals[3].2 < Duration::from_secs(1), "{renewals:?}");
    let tokens = link.calls("'token'");
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].1, format!("{URL}\n{TOKEN}\n"));
    assert!(link.calls("").iter().all(|(command, ..)| !command.contains(TOKEN)));
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_engine_is_installed() {
    let link = Scripted::new(|_, _| 0);
    let lease = FirstLease::take(link.clone(), terms());
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(link.calls("'renew'").len(), 4);
    assert_eq!(link.calls("'token'").len(), 1, "the credentials are handed over once");
    lease.watch().engine_is_up();
    finished(lease).await;
    assert_eq!(link.calls("'renew'").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn without_a_monitor_it_goes_on_at_the_pace_of_renewals_until_the_link_ends() {
    let link = Scripted::new(|_, _| 127);
    let lease = FirstLease::take(link.clone(), terms());
    lease.watch().engine_is_up();
    tokio::time::sleep(Duration::from_mins(10)).await;
    let renewals = link.calls("'renew'");
    let late = renewals.iter().filter(|(.., at)| *at > MONITOR_BOUND + Duration::from_secs(1)).count();
    assert!((18..=20).contains(&late), "{late}");
    assert_eq!(link.calls("'token'").len(), 0, "credentials are for servers with a monitor alone");
    link.close().await;
    finished(lease).await;
}

#[tokio::test(start_paused = true)]
async fn credentials_that_did_not_arrive_are_handed_over_again() {
    let link = Scripted::new(|call, command| i32::from(command.contains("'token'") && call < 4));
    let lease = FirstLease::take(link.clone(), terms());
    let mut watch = lease.watch();
    assert_eq!(watch.tried().await, Standing::Held);
    watch.engine_is_up();
    finished(lease).await;
    assert_eq!(link.calls("'token'").last().unwrap().1, format!("{URL}\n{TOKEN}\n"));
    assert!(link.calls("'token'").len() > 1);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_missing_for_long_are_known_to_be_until_they_arrive() {
    let works = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let link = Scripted::new({
        let works = works.clone();
        move |_, command| i32::from(command.contains("'token'") && !works.load(std::sync::atomic::Ordering::SeqCst))
    });
    let terms = terms();
    let missing = terms.missing.subscribe();
    let lease = FirstLease::take(link, terms);
    lease.watch().engine_is_up();
    tokio::time::sleep(MONITOR_BOUND / 2).await;
    assert!(missing.borrow().is_none(), "a moment is no news");
    tokio::time::sleep(MONITOR_BOUND).await;
    assert!(missing.borrow().is_some());
    works.store(true, std::sync::atomic::Ordering::SeqCst);
    finished(lease).await;
    assert!(missing.borrow().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_destroys_itself_is_given_nothing() {
    let link = Scripted::new(|_, _| 3);
    let lease = FirstLease::take(link.clone(), terms());
    let mut watch = lease.watch();
    assert_eq!(watch.tried().await, Standing::Destroying);
    watch.destroying().await;
    finished(lease).await;
    assert_eq!(link.calls("").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_monitor_has_no_leases() {
    let lease = FirstLease::none();
    assert_eq!(lease.watch().tried().await, Standing::Held);
    lease.end().await;
}
