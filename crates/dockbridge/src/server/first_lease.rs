//! Our lease on a server from the login until the lifecycle's heartbeat takes over.
//!
//! Installing an engine may take minutes, and a server whose client dies meanwhile must not be left. So the lease is taken, and
//! the credentials for the server's own deletion are handed over, beside the wait for the engine, which they never prolong.

use std::{sync::Arc, time::Duration};

use hcloud_client::ApiToken;
use jiff::Timestamp;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::EngineLink;
use crate::keepalive::{self, LeaseError, Owner};

/// How long a failure is no news: the monitor may be started a moment after the SSH server.
const MONITOR_BOUND: Duration = Duration::from_secs(10);
/// The pause between two attempts in that time.
const MONITOR_PAUSE: Duration = Duration::from_millis(200);

/// What is taken, and what for.
#[derive(Clone)]
pub(super) struct Terms {
    /// Whose lease it is.
    pub(super) owner: Owner,
    /// How long it lasts if it is taken now.
    pub(super) span: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// Time between two renewals.
    pub(super) interval: Duration,
    /// What the server needs to delete itself, where it may.
    pub(super) deletion: Option<Deletion>,
    /// Told why the server cannot delete itself yet, while that is so.
    pub(super) missing: watch::Sender<MissingCredentials>,
    /// Called whenever others hold the server as well.
    pub(super) shared: Arc<dyn Fn() + Send + Sync>,
}

/// What a server needs to delete itself.
#[derive(Clone)]
pub(super) struct Deletion {
    /// Its URL in the API.
    pub(super) url: String,
    /// The token.
    pub(super) token: ApiToken,
}

/// Why a server that is to delete itself has not been given what it needs for that, and since when.
pub type MissingCredentials = Option<(Arc<LeaseError>, Timestamp)>;

/// What is known of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The first attempt is under way.
    Untried,
    /// No attempt has succeeded yet.
    Failed,
    /// It has been taken.
    Held,
    /// The server has begun to destroy itself.
    Destroying,
}

/// The task that takes the lease and keeps it. It ends by itself when others have taken over and all is done, and with the link.
pub(super) struct FirstLease {
    tasks: JoinSet<()>,
    watch: LeaseWatch,
}

/// Follows a [`FirstLease`].
#[derive(Clone)]
pub(super) struct LeaseWatch {
    standing: watch::Receiver<Standing>,
    engine_up: CancellationToken,
}

impl FirstLease {
    /// Begins to take the lease.
    pub(super) fn take(link: Arc<dyn EngineLink>, terms: Terms) -> Self {
        let (sender, standing) = watch::channel(Standing::Untried);
        let watch = LeaseWatch { standing, engine_up: CancellationToken::new() };
        let mut tasks = JoinSet::new();
        tasks.spawn(hold(link, terms, sender, watch.engine_up.clone()));
        Self { tasks, watch }
    }

    /// For a server without a monitor, on which there are no leases.
    pub(super) fn none() -> Self {
        let (_, standing) = watch::channel(Standing::Held);
        Self { tasks: JoinSet::new(), watch: LeaseWatch { standing, engine_up: CancellationToken::new() } }
    }

    /// The view of it for those who wait.
    pub(super) fn watch(&self) -> LeaseWatch {
        self.watch.clone()
    }

    /// Ends it, whatever it is at.
    pub(super) async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

impl LeaseWatch {
    /// What the first attempt has come to, or a later one.
    pub(super) async fn tried(&mut self) -> Standing {
        match self.standing.wait_for(|standing| *standing != Standing::Untried).await {
            Ok(standing) => *standing,
            // The task has ended with its link before it came to say anything.
            Err(_) => Standing::Failed,
        }
    }

    /// What the lease has come to once it is taken or refused: a monitor that is not there yet has 10 s to come.
    pub(super) async fn taken(&mut self) -> Standing {
        let settled = |standing: &Standing| matches!(standing, Standing::Held | Standing::Destroying);
        match timeout(MONITOR_BOUND, self.standing.wait_for(settled)).await {
            Ok(Ok(standing)) => *standing,
            Ok(Err(_)) | Err(_) => Standing::Failed,
        }
    }

    /// Completes only if the server destroys itself.
    pub(super) async fn destroying(&mut self) {
        if self.standing.wait_for(|standing| *standing == Standing::Destroying).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the engine answers and that others renew the lease from here on.
    pub(super) fn engine_is_up(&self) {
        self.engine_up.cancel();
    }
}

/// Takes the lease, hands the credentials over, and renews the lease until the engine is up. What has failed is tried again for
/// as long as there is a link: quickly at first, at the pace of renewals later.
async fn hold(
    link: Arc<dyn EngineLink>,
    terms: Terms,
    standing: watch::Sender<Standing>,
    engine_up: CancellationToken,
) {
    let patience = Instant::now() + MONITOR_BOUND;
    let (mut held, mut handed_over, mut warned) = (false, terms.deletion.is_none(), false);
    loop {
        let mut failure = None;
        if !held || !engine_up.is_cancelled() {
            match keepalive::renew(&*link, &terms.owner, (terms.span)()).await {
                Ok(others) => {
                    if !others.is_empty() {
                        (terms.shared)();
                    }
                    held = true;
                    standing.send_replace(Standing::Held);
                }
                Err(LeaseError::Destroying) => {
                    standing.send_replace(Standing::Destroying);
                    return;
                }
                Err(error) => failure = Some(error),
            }
        }
        if let Some(deletion) = terms.deletion.as_ref().filter(|_| held && !handed_over) {
            match keepalive::hand_over(&*link, &deletion.url, deletion.token.as_secret()).await {
                Ok(()) => {
                    handed_over = true;
                    terms.missing.send_replace(None);
                }
                Err(error) => failure = Some(error),
            }
        }
        if !held {
            standing.send_replace(Standing::Failed);
        }
        let pause = match &failure {
            None => terms.interval,
            Some(_) if Instant::now() < patience => MONITOR_PAUSE,
            Some(error) => {
                if !handed_over {
                    terms.missing.send_replace(Some((Arc::new(error.clone()), Timestamp::now())));
                }
                if !warned {
                    tracing::warn!(
                        %error,
                        "the server's lease or the credentials for its deletion could not be handed over yet: if this \
                         computer failed now, the server might be left and billed"
                    );
                    warned = true;
                }
                terms.interval
            }
        };
        let done = failure.is_none();
        tokio::select! {
            () = sleep(pause) => {}
            () = engine_up.cancelled(), if done => return,
            _ = link.closed() => return,
        }
    }
}

#[cfg(test)]
#[path = "first_lease_tests.rs"]
mod tests;
