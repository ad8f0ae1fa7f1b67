//! What a whole crowd has seen, counted without a lock that all of them share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::sync::OwnedSemaphorePermit;

use super::client::Watch;
use super::response::Trouble;

/// Histograms, each for some of the clients.
const SHARDS: usize = 8;
/// Longest latency that is told from longer ones, in microseconds.
const LONGEST: u64 = 120_000_000;

/// The counts of a crowd.
#[derive(Debug)]
pub(super) struct Tally {
    started: Instant,
    /// Clients that were opened, ever.
    opened: AtomicUsize,
    /// Clients that are open.
    open: AtomicUsize,
    /// Clients that could not be opened.
    refused: AtomicUsize,
    /// When the last one opened, in microseconds since the start.
    last_opened: AtomicU64,
    /// The first trouble a client had.
    trouble: Mutex<Option<String>>,
    /// First id that counts.
    from: AtomicU64,
    /// Messages with such an id that came, all clients together.
    delivered: AtomicU64,
    /// How many of them somebody waits for.
    goal: AtomicU64,
    /// Whether their latencies count.
    times: AtomicBool,
    latencies: [Mutex<Option<Histogram<u64>>>; SHARDS],
    changed: Notify,
}

impl Tally {
    pub(super) fn new() -> Arc<Self> {
        // An error only where the library refuses constants.
        let shard = |_| Mutex::new(Histogram::new_with_bounds(1, LONGEST, 3).ok());
        Arc::new(Self {
            started: Instant::now(),
            opened: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            last_opened: AtomicU64::new(0),
            trouble: Mutex::default(),
            from: AtomicU64::new(u64::MAX),
            delivered: AtomicU64::new(0),
            goal: AtomicU64::new(u64::MAX),
            times: AtomicBool::new(false),
            latencies: std::array::from_fn(shard),
            changed: Notify::new(),
        })
    }

    /// Clients that are open.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Clients that were opened, and those that could not be.
    pub(super) fn tried(&self) -> (usize, usize) {
        (self.opened.load(Ordering::SeqCst), self.refused.load(Ordering::SeqCst))
    }

    /// From the start until the last client was open.
    pub(super) fn setup(&self) -> Duration {
        Duration::from_micros(self.last_opened.load(Ordering::SeqCst))
    }

    /// The first trouble a client had.
    pub(super) fn trouble(&self) -> Option<String> {
        locked(&self.trouble).clone()
    }

    /// Counts messages with this id or a higher one, and forgets those so far.
    pub(super) fn count_from(&self, id: u64) {
        self.from.store(u64::MAX, Ordering::SeqCst);
        self.delivered.store(0, Ordering::SeqCst);
        self.from.store(id, Ordering::SeqCst);
    }

    /// Whether latencies count.
    pub(super) fn take_times(&self, times: bool) {
        self.times.store(times, Ordering::SeqCst);
    }

    /// Messages that count and came, all clients together.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::SeqCst)
    }

    /// Resolves when so many messages came.
    pub(super) async fn reaches(&self, goal: u64) {
        self.goal.store(goal, Ordering::SeqCst);
        while self.delivered() < goal {
            self.changed.notified().await;
        }
    }

    /// Resolves when so many clients were opened or could not be.
    pub(super) async fn has_tried(&self, clients: usize) {
        loop {
            let (opened, refused) = self.tried();
            if opened + refused >= clients {
                return;
            }
            self.changed.notified().await;
        }
    }

    /// All latencies that were taken, in microseconds.
    pub(super) fn latencies(&self) -> Option<Histogram<u64>> {
        let mut all = Histogram::new_with_bounds(1, LONGEST, 3).ok()?;
        for shard in &self.latencies {
            if let Some(some) = locked(shard).as_ref() {
                // Of the same bounds, so that it fits.
                let _ = all.add(some);
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

/// Nothing panics while it holds one of these locks.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one client adds to the tally.
#[derive(Debug)]
pub(super) struct Member {
    tally: Arc<Tally>,
    shard: usize,
    /// Lets another one be opened.
    turn: Option<OwnedSemaphorePermit>,
    is_open: bool,
    /// Highest id so far, so that nothing counts twice.
    last: u64,
}

impl Member {
    pub(super) fn new(tally: &Arc<Tally>, place: usize, turn: OwnedSemaphorePermit) -> Self {
        let tally = Arc::clone(tally);
        Self { tally, shard: place % SHARDS, turn: Some(turn), is_open: false, last: 0 }
    }

    /// It is over, by this.
    pub(super) fn ended(&self, trouble: &Trouble) {
        locked(&self.tally.trouble).get_or_insert_with(|| trouble.to_string());
    }
}

impl Watch for Member {
    fn opened(&mut self) {
        let since = u64::try_from(self.tally.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.tally.last_opened.fetch_max(since, Ordering::SeqCst);
        self.is_open = true;
        self.turn = None;
        self.tally.open.fetch_add(1, Ordering::SeqCst);
        self.tally.opened.fetch_add(1, Ordering::SeqCst);
        self.tally.changed.notify_one();
    }

    fn message(&mut self, id: u64, sent_us: u64, now_us: u64) {
        if id <= self.last {
            return;
        }
        self.last = id;
        let tally = &self.tally;
        if id < tally.from.load(Ordering::SeqCst) {
            return;
        }
        if tally.times.load(Ordering::Relaxed)
            && let Some(histogram) = locked(&tally.latencies[self.shard]).as_mut()
        {
            histogram.saturating_record(now_us.saturating_sub(sent_us).max(1));
        }
        let delivered = tally.delivered.fetch_add(1, Ordering::SeqCst) + 1;
        if delivered == tally.goal.load(Ordering::SeqCst) {
            tally.changed.notify_one();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.is_open {
            self.tally.open.fetch_sub(1, Ordering::SeqCst);
        } else {
            self.tally.refused.fetch_add(1, Ordering::SeqCst);
            self.tally.changed.notify_one();
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_counts_is_counted_once() {
        let gate = Arc::new(Semaphore::new(2));
        let tally = Tally::new();
        let turn = || Arc::clone(&gate).try_acquire_owned().expect("a turn");
        let mut first = Member::new(&tally, 0, turn());
        let second = Member::new(&tally, 1, turn());
        assert_eq!(gate.available_permits(), 0);
        first.opened();
        assert_eq!((tally.open(), tally.tried()), (1, (1, 0)));
        assert_eq!(gate.available_permits(), 1, "another may be opened");
        drop(second);
        tally.has_tried(2).await;
        assert_eq!((tally.open(), tally.tried()), (1, (1, 1)));

        first.message(4, 0, 9);
        tally.count_from(5);
        tally.take_times(true);
        for id in [5, 5, 4, 7, 6] {
            first.message(id, 1_000, 3_000);
        }
        assert_eq!(tally.delivered(), 2, "5 and 7, since what comes late or again does not count");
        tally.reaches(2).await;
        let latencies = tally.latencies().expect("two latencies");
        assert_eq!((latencies.len(), latencies.max() / 10), (2, 200));
        first.message(8, 9_000, 3_000);
        assert_eq!(tally.latencies().expect("three").min(), 1, "a clock that was set back");
        drop(first);
        assert_eq!((tally.open(), tally.tried()), (0, (1, 1)));
    }
}
