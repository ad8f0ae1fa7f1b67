//! Clients that all come back when their server does, each by the same policy: how many try at
//! once, and how long it takes until all are back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::base::{Base, BaseError};
use super::client::{Watch, attend};
use super::held::AT_A_TIME;
use super::kept::Kept;
use super::spec::Comeback;
use crate::compare::view::HerdView;
use crate::model::TransportKind;

/// A slice of time.
const SLICE: Duration = Duration::from_millis(100);
/// Slices that are kept: ten minutes.
const SLICES: usize = 6_000;

/// A running herd; dropped, it is gone.
#[derive(Debug)]
pub struct Herd {
    state: Arc<State>,
    _tasks: Kept,
}

#[derive(Debug)]
struct State {
    start: Instant,
    kind: TransportKind,
    comeback: Comeback,
    count: Mutex<Count>,
}

/// What happened so far. Times are since the start.
#[derive(Debug)]
struct Count {
    clients: usize,
    connected: usize,
    attempts: Vec<u32>,
    open: Vec<u32>,
    failed: u64,
    lost_at: Option<Duration>,
    back_after: Option<Duration>,
}

impl Herd {
    /// Opens `clients` of them, 128 at a time, at the server at `base`, as in
    /// `http://127.0.0.1:4100`; whoever is lost comes back as `comeback` says, until `stop`.
    ///
    /// # Errors
    /// [`BaseError`] where a herd cannot go there.
    pub async fn start(
        base: &str,
        clients: usize,
        kind: TransportKind,
        comeback: Comeback,
        stop: &CancellationToken,
    ) -> Result<Self, BaseError> {
        let base = Arc::new(Base::look_up(base).await?);
        let count = Mutex::new(Count::new(clients));
        let state = Arc::new(State { start: Instant::now(), kind, comeback, count });
        let gate = Arc::new(Semaphore::new(AT_A_TIME));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(roam(Arc::clone(&base), Arc::clone(&state), Arc::clone(&gate)));
        }
        Ok(Self { state, _tasks: Kept::new(tasks, stop) })
    }

    /// What it did so far. Cheap enough for ten times a second.
    pub fn view(&self) -> HerdView {
        let State { start, kind, comeback, .. } = &*self.state;
        let elapsed = start.elapsed();
        let mut count = self.state.lock();
        count.reach(elapsed);
        HerdView {
            transport: kind.word(),
            comeback: comeback.word(),
            label: comeback.label(),
            clients: count.clients,
            connected: count.connected,
            elapsed_s: elapsed.as_secs_f64(),
            slice_s: SLICE.as_secs_f64(),
            attempts: count.attempts.clone(),
            open: count.open.clone(),
            failed: count.failed,
            lost_at_s: count.lost_at.map(|at| at.as_secs_f64()),
            back_after_s: count.back_after.map(|after| after.as_secs_f64()),
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Count> {
        // Counting does not panic.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, what: impl FnOnce(&mut Count, Duration)) {
        let mut count = self.lock();
        // Taken under the lock, so that time does not run backwards.
        let at = self.start.elapsed();
        count.reach(at);
        what(&mut count, at);
    }
}

impl Count {
    fn new(clients: usize) -> Self {
        let (attempts, open) = (Vec::new(), Vec::new());
        let (lost_at, back_after) = (None, None);
        Self { clients, connected: 0, attempts, open, failed: 0, lost_at, back_after }
    }

    /// Fills the slices up to `at`.
    fn reach(&mut self, at: Duration) {
        let slices = at.as_millis() / SLICE.as_millis();
        let slices = usize::try_from(slices).unwrap_or(SLICES).saturating_add(1).min(SLICES);
        if self.open.len() < slices {
            let connected = u32::try_from(self.connected).unwrap_or(u32::MAX);
            self.open.resize(slices, connected);
            self.attempts.resize(slices, 0);
        }
    }

    fn attempt(&mut self, at: Duration) {
        if let Some(slice) = self.slice(at) {
            self.attempts[slice] += 1;
        }
    }

    fn opened(&mut self, at: Duration) {
        self.connected += 1;
        self.show(at);
        if self.connected == self.clients && self.back_after.is_none() {
            self.back_after = self.lost_at.map(|lost| at.saturating_sub(lost));
        }
    }

    fn lost(&mut self, at: Duration) {
        if self.connected == self.clients {
            (self.lost_at, self.back_after) = (Some(at), None);
        }
        self.connected = self.connected.saturating_sub(1);
        self.show(at);
    }

    fn show(&mut self, at: Duration) {
        if let Some(slice) = self.slice(at) {
            self.open[slice] = u32::try_from(self.connected).unwrap_or(u32::MAX);
        }
    }

    /// The slice of this time, which has been reached; `None` beyond those that are kept.
    fn slice(&self, at: Duration) -> Option<usize> {
        let slice = usize::try_from(at.as_millis() / SLICE.as_millis()).ok()?;
        (slice < self.open.len()).then_some(slice)
    }
}

/// One client of the herd.
async fn roam(base: Arc<Base>, state: Arc<State>, gate: Arc<Semaphore>) {
    // Never closed; with it open, the next one may be opened.
    let Ok(turn) = gate.acquire().await else { return };
    let mut watch = Roamer { state: &state, turn: Some(turn), is_open: false };
    let mut nth = 0;
    loop {
        attend(&base, state.kind, &mut watch).await;
        if std::mem::take(&mut watch.is_open) {
            state.count(Count::lost);
            nth = 0;
        } else {
            state.count(|count, _| count.failed += 1);
        }
        // Who was not let in the first time does not keep the others out.
        watch.turn = None;
        tokio::time::sleep(state.comeback.wait(nth, fastrand::f64())).await;
        nth = nth.saturating_add(1);
        state.count(Count::attempt);
    }
}

struct Roamer<'a, T> {
    state: &'a State,
    turn: Option<T>,
    is_open: bool,
}

impl<T> Watch for Roamer<'_, T> {
    fn opened(&mut self) {
        self.is_open = true;
        self.turn = None;
        self.state.count(Count::opened);
    }

    fn message(&mut self, _id: u64, _sent_us: u64, _now_us: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn outages_and_attempts_are_put_where_they_happened() {
        let mut count = Count::new(2);
        let mut happens = |ms, what: fn(&mut Count, Duration)| {
            count.reach(at(ms));
            what(&mut count, at(ms));
        };
        happens(10, Count::opened);
        happens(20, Count::opened);
        happens(350, Count::lost);
        happens(360, Count::lost);
        happens(380, Count::attempt);
        happens(381, Count::attempt);
        happens(520, Count::attempt);
        happens(530, Count::opened);
        happens(610, Count::opened);
        count.reach(at(700));
        assert_eq!(count.attempts, [0, 0, 0, 2, 0, 1, 0, 0]);
        assert_eq!(count.open, [2, 2, 2, 0, 0, 1, 2, 2]);
        assert_eq!((count.lost_at, count.back_after), (Some(at(350)), Some(at(260))));
        count.lost(at(710));
        assert_eq!((count.lost_at, count.back_after), (Some(at(710)), None));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut count = Count::new(1);
        let late = Duration::MAX;
        count.reach(late);
        count.opened(late);
        count.attempt(late);
        count.lost(late);
        assert_eq!((count.attempts.len(), count.open.len()), (SLICES, SLICES));
        assert_eq!(count.attempts.iter().sum::<u32>(), 0);
    }
}
