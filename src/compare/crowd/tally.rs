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
    /// When the last of them came, in microseconds since the start.
    last_came: AtomicU64,
    /// How many of them somebody waits for.
    goal: AtomicU64,
    /// What the goal is made of.
    due: Mutex<Due>,
    /// Whether their latencies count.
    times: AtomicBool,
    latencies: [Mutex<Option<Histogram<u64>>>; SHARDS],
    changed: Notify,
}

/// What somebody waits for: it becomes less when clients go.
#[derive(Debug, Default)]
struct Due {
    /// Messages for each client that is open.
    each: u64,
    /// Messages that came to clients that have gone since.
    gone: u64,
}

impl Due {
    fn goal(&self, open: usize) -> u64 {
        self.each.saturating_mul(open as u64).saturating_add(self.gone)
    }
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
            last_came: AtomicU64::new(0),
            goal: AtomicU64::new(u64::MAX),
            due: Mutex::default(),
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
        self.last_came.store(0, Ordering::SeqCst);
        *locked(&self.due) = Due::default();
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

    /// From `start` until the last message that counts came.
    pub(super) fn took(&self, start: Instant) -> Duration {
        let last = Duration::from_micros(self.last_came.load(Ordering::SeqCst));
        (self.started + last).saturating_duration_since(start)
    }

    /// Resolves when so many messages came to each client that is open, all clients together.
    pub(super) async fn reaches(&self, each: u64) {
        {
            let mut due = locked(&self.due);
            due.each = each;
            self.goal.store(due.goal(self.open()), Ordering::SeqCst);
        }
        while self.delivered() < self.goal.load(Ordering::SeqCst) {
            self.changed.notified().await;
        }
    }

    fn since_start(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
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
    /// Messages that count and came to it, and since which id they do.
    came: (u64, u64),
}

impl Member {
    pub(super) fn new(tally: &Arc<Tally>, place: usize, turn: OwnedSemaphorePermit) -> Self {
        let tally = Arc::clone(tally);
        Self {
            tally,
            shard: place % SHARDS,
            turn: Some(turn),
            is_open: false,
            last: 0,
            came: (0, 0),
        }
    }

    /// It is over, by this.
    pub(super) fn ended(&self, trouble: &Trouble) {
        locked(&self.tally.trouble).get_or_insert_with(|| trouble.to_string());
    }
}

impl Watch for Member {
    fn opened(&mut self) {
        self.tally.last_opened.fetch_max(self.tally.since_start(), Ordering::SeqCst);
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
        let from = tally.from.load(Ordering::SeqCst);
        if id < from {
            return;
        }
        let before = if self.came.1 == from { self.came.0 } else { 0 };
        self.came = (before + 1, from);
        tally.last_came.fetch_max(tally.since_start(), Ordering::SeqCst);
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
        let tally = &self.tally;
        if self.is_open {
            let mut due = locked(&tally.due);
            let open = tally.open.fetch_sub(1, Ordering::SeqCst) - 1;
            if self.came.1 == tally.from.load(Ordering::SeqCst) {
                due.gone += self.came.0;
            }
            tally.goal.store(due.goal(open), Ordering::SeqCst);
        } else {
            tally.refused.fetch_add(1, Ordering::SeqCst);
        }
        tally.changed.notify_one();
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_goes_is_not_waited_for_and_the_time_ends_with_the_last_message() {
        let gate = Arc::new(Semaphore::new(3));
        let tally = Tally::new();
        let turn = || Arc::clone(&gate).try_acquire_owned().expect("a turn");
        let mut members: Vec<_> = (0..3).map(|place| Member::new(&tally, place, turn())).collect();
        members.iter_mut().for_each(Member::opened);
        // What came to it before does not count.
        tally.count_from(1);
        members[0].message(1, 0, 0);
        tally.count_from(5);
        let start = Instant::now();
        for (member, last) in members.iter_mut().zip([5, 6, 7]) {
            (5..=last).for_each(|id| member.message(id, 0, 0));
        }
        let came = start.elapsed();
        let mut all = std::pin::pin!(tally.reaches(3));
        assert!(all.as_mut().now_or_never().is_none(), "two lack some");
        members.remove(0);
        assert!(all.as_mut().now_or_never().is_none(), "one lacks one");
        members.remove(0);
        all.await;
        assert_eq!(tally.delivered(), 6);
        while start.elapsed() < came * 2 {}
        assert!(tally.took(start) <= came, "waiting for nothing is not part of it");
        // Also where somebody begins to wait only now.
        tally.reaches(3).await;
        assert!(tally.reaches(4).now_or_never().is_none());
    }

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
