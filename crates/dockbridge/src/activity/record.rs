//! What is known of one connection, written without a lock while bytes move.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    time::Duration,
};

use super::kind::Kind;

/// A time of the clock's uptime, or never.
#[derive(Debug, Default)]
struct Stamp(AtomicU64);

impl Stamp {
    /// Moves the stamp forward. Two directions may do so at once, and the later time stays.
    fn raise(&self, uptime: Duration) {
        // Zero stands for never. 64 bits of nanoseconds are 584 years.
        let nanoseconds = u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(nanoseconds.saturating_add(1), Ordering::Relaxed);
    }

    fn get(&self) -> Option<Duration> {
        self.0.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_nanos)
    }
}

/// The atomic form of an optional [`Kind`].
#[derive(Debug, Default)]
struct KindCell(AtomicU8);

impl KindCell {
    fn set(&self, kind: Option<Kind>) {
        let code = match kind {
            None => 0,
            Some(Kind::Probe) => 1,
            Some(Kind::Watch) => 2,
            Some(Kind::Work) => 3,
        };
        // Whoever sees that a request has ended must see the time of its end as well, which is written before.
        self.0.store(code, Ordering::Release);
    }

    fn get(&self) -> Option<Kind> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Kind::Probe),
            2 => Some(Kind::Watch),
            _ => Some(Kind::Work),
        }
    }
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The request under way.
    kind: KindCell,
    /// Whether it has had a request that counts.
    counts: AtomicBool,
    last_request: Stamp,
    /// When it was opened or bytes last moved, probes included.
    last_moved: Stamp,
    /// When it was last used, probes excluded.
    last_use: Stamp,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Record {
    /// Of a connection that is opened now.
    pub(super) fn opened(now: Duration) -> Self {
        let record = Self::default();
        record.last_moved.raise(now);
        record
    }

    /// A request is under way from now on, in place of any other.
    pub(super) fn begin(&self, kind: Kind, now: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.last_request.raise(now);
        if kind.counts() {
            self.counts.store(true, Ordering::Relaxed);
            self.last_use.raise(now);
        }
        self.kind.set(Some(kind));
    }

    /// The request is complete.
    pub(super) fn finish(&self, now: Duration) {
        if self.kind.get().is_some_and(Kind::counts) {
            self.last_use.raise(now);
        }
        self.kind.set(None);
    }

    /// Bytes have moved.
    pub(super) fn bytes(&self, count: u64, now: Duration) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
        self.last_moved.raise(now);
        if self.kind.get().is_some_and(Kind::counts) {
            self.last_use.raise(now);
        }
    }

    /// Whether no server may be destroyed under it.
    pub(super) fn works(&self) -> bool {
        self.kind.get() == Some(Kind::Work)
    }

    /// When it was last used, if it counts.
    pub(super) fn last_use(&self) -> Option<Duration> {
        self.last_use.get().filter(|_| self.counts.load(Ordering::Relaxed))
    }
}

/// What several connections come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) last_request: Option<Duration>,
    pub(super) last_moved: Option<Duration>,
    pub(super) last_use: Option<Duration>,
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

impl Sum {
    /// Adds what is known of one more.
    pub(super) fn add(&mut self, record: &Record) {
        self.last_request = self.last_request.max(record.last_request.get());
        self.last_moved = self.last_moved.max(record.last_moved.get());
        self.last_use = self.last_use.max(record.last_use());
        self.requests += record.requests.load(Ordering::Relaxed);
        self.bytes += record.bytes.load(Ordering::Relaxed);
    }

    /// Adds one that has been closed now.
    pub(super) fn close(&mut self, record: &Record, now: Duration) {
        self.add(record);
        self.last_moved = self.last_moved.max(Some(now));
        if record.last_use().is_some() {
            self.last_use = self.last_use.max(Some(now));
        }
    }
}
