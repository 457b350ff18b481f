//! The heartbeat: renews our lease on a server for as long as there is a way to it.
//!
//! ```text
//!            ┌──────────── interval, or a pause after a failure ◀───────────┐
//!            ▼                                                              │
//!   lease surely over? ──no──▶ renew ──▶ renewed, or failed ────────────────┘
//!            │                   ├─▶ "destroying" ───────────────────────────▶ Destroying
//!           yes                  └─▶ no answer although it was urgent ─▶ close the link
//!            └───────────────────────────────────────────────────▶ close the link ─▶ LinkLost
//! ```

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use super::{LeaseError, Owner, lease, pauses::Pauses};
use crate::{
    clock::{Clock, Moment},
    error::DockBridgeError,
    server::{EngineLink, ForeignLease},
};

/// How long an urgent renewal may take. A connection that has survived the computer's sleep answers at once; on one that
/// has not, Docker clients hang until it is closed.
const URGENT_BOUND: Duration = Duration::from_secs(5);

/// How the heartbeat is doing.
#[derive(Debug, Clone, Default)]
pub struct HeartbeatStatus {
    /// When the last renewal succeeded.
    pub last: Option<Moment>,
    /// Until when our lease lasts at least.
    pub until: Option<Moment>,
    /// How many renewals have failed since then.
    pub failures: u32,
    /// The last of these failures, and when it was.
    pub error: Option<(Arc<LeaseError>, Timestamp)>,
    /// Who else held a lease at the last renewal.
    pub others: Vec<ForeignLease>,
}

/// Why there are no more heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeartbeatEnd {
    /// The way to the server has ended, by itself or because the heartbeat has closed it.
    LinkLost,
    /// The server has begun to destroy itself.
    Destroying,
}

/// Renews `owner`'s lease over `link` at once and then every interval, until there is no more to renew.
///
/// - `span` says for how long the lease is taken at that moment; while that is less than a second nothing is renewed.
/// - A notice through `urgent` means that the computer has slept or is about to: the lease is renewed at once. Where no
///   answer comes within 5 s, or the lease has surely run out by `clock`, the link is closed, so that old connections
///   break instead of hanging. A server that answers with a failure has been reached, so its link is left open.
/// - `status` is told of every success, and of every failure that it goes on after.
///
/// It may be dropped at any time; a renewal under way may still take effect.
pub async fn beat(
    link: Arc<dyn EngineLink>,
    owner: Owner,
    interval: Duration,
    span: impl Fn() -> Duration + Send + Sync,
    clock: Arc<dyn Clock>,
    urgent: Arc<Notify>,
    status: watch::Sender<HeartbeatStatus>,
) -> HeartbeatEnd {
    let mut heart = Heart { owner, clock, status, pauses: Pauses::new(), over: None };
    let mut hurry = false;
    loop {
        let span = span();
        // The monitor counts whole seconds. A life that is used up is the lifecycle's to end, over this very link.
        let pause = if span.as_secs() == 0 {
            interval
        } else {
            if heart.is_surely_over() {
                tracing::warn!("the server's lease has run out: closing the connection to it");
                link.close().await;
                return HeartbeatEnd::LinkLost;
            }
            let sent = heart.clock.now();
            let bound = if hurry { URGENT_BOUND } else { lease::BOUND };
            let renewal = tokio::select! {
                biased;
                _ = link.closed() => return HeartbeatEnd::LinkLost,
                // What was under way before the computer slept need not end; a second notice waits for the first.
                () = urgent.notified(), if !hurry => {
                    heart.may_last(span);
                    hurry = true;
                    continue;
                }
                renewal = lease::renew_within(&*link, &heart.owner, span, bound) => renewal,
            };
            match renewal {
                Ok(others) => {
                    heart.renewed(sent, span, others);
                    interval
                }
                Err(LeaseError::Destroying) => {
                    tracing::warn!("the server is destroying itself, because its lease had run out");
                    return HeartbeatEnd::Destroying;
                }
                Err(error) => {
                    let reached = error.answered();
                    let pause = heart.failed(error, span);
                    if hurry && !reached {
                        tracing::warn!("the server does not answer any more: closing the connection to it");
                        link.close().await;
                        return HeartbeatEnd::LinkLost;
                    }
                    pause
                }
            }
        };
        hurry = tokio::select! {
            biased;
            _ = link.closed() => return HeartbeatEnd::LinkLost,
            () = urgent.notified() => true,
            () = sleep(pause) => false,
        };
    }
}

/// What is known of the lease.
struct Heart {
    owner: Owner,
    clock: Arc<dyn Clock>,
    status: watch::Sender<HeartbeatStatus>,
    pauses: Pauses,
    /// When the lease has run out at the latest. It lies behind the status' `until`, since nobody knows when the server has
    /// written it, and whether it has when the answer was lost. `None` where it never gave one.
    over: Option<Moment>,
}

impl Heart {
    /// Whether no lease of ours can last any more.
    fn is_surely_over(&self) -> bool {
        self.over.is_some_and(|over| over.is_past(self.clock.now()))
    }

    /// The server may have written a lease of `span` until now, but has not said so.
    fn may_last(&mut self, span: Duration) {
        let latest = self.clock.now() + span;
        self.over = self.over.map(|over| over.later(latest));
    }

    /// The renewal that was `sent` then has succeeded.
    fn renewed(&mut self, sent: Moment, span: Duration, others: Vec<ForeignLease>) {
        let now = self.clock.now();
        self.over = Some(now + span);
        self.pauses = Pauses::new();
        let status =
            HeartbeatStatus { last: Some(now), until: Some(sent + span), others, ..HeartbeatStatus::default() };
        let before = self.status.send_replace(status);
        if before.failures > 0 {
            tracing::info!(failures = before.failures, "the server's lease is renewed again");
        }
    }

    /// A renewal has failed. Returns how long to wait for the next.
    fn failed(&mut self, error: LeaseError, span: Duration) -> Duration {
        if !error.answered() {
            self.may_last(span);
        }
        let now = self.clock.now();
        let mut left = Duration::ZERO;
        self.status.send_modify(|status| {
            status.failures = status.failures.saturating_add(1);
            // Said once; those that follow are in the status.
            if status.failures == 1 {
                let error = DockBridgeError::from(error.clone()).in_one_line();
                tracing::warn!(error, "the server's lease could not be renewed");
            }
            left = status.until.map_or(Duration::ZERO, |until| until.since(now));
            status.error = Some((Arc::new(error), now.wall));
        });
        self.pauses.next(left)
    }
}

#[cfg(test)]
mod tests;
