//! The transaction that is being gathered: when it is due, what it tells once it is committed, and
//! how as much of it as possible is kept when the disk refuses.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::CaptureError;
use super::insert::Inserter;
use super::recorder::{BUDGET_KIB, Batch, Committed, Shared, Tap};
use super::redact::redact;
use crate::model::{Event, Kind, TransportKind};

/// A transaction is committed at this many events, …
const MOST_EVENTS: usize = 16 << 10;
/// … this many KiB, so that the other half of the budget fills up meanwhile, …
const MOST_KIB: usize = BUDGET_KIB as usize / 2;
/// … or this age, whichever comes first, …
const MOST_AGE: Duration = Duration::from_millis(50);
/// … and once nothing more is waiting, but not more often than this: every commit writes whole
/// pages, and a window does not paint more often either.
const LEAST_AGE: Duration = Duration::from_millis(8);

/// Numbers events, and tells of those that were committed.
pub(super) struct Ledger {
    tap: Box<dyn Tap>,
    next_n: u64,
    shared: Arc<Shared>,
    chosen: Vec<(u16, TransportKind)>,
}

impl Ledger {
    pub(super) fn new(tap: Box<dyn Tap>, shared: Arc<Shared>) -> Self {
        Self { tap, next_n: 1, shared, chosen: Vec::new() }
    }

    /// How many events were committed.
    pub(super) fn count(&self) -> u64 {
        self.next_n - 1
    }

    pub(super) fn failed(&mut self, error: &CaptureError) {
        self.tap.failed(error);
    }

    /// The transports that were chosen since this was asked last, by lane.
    pub(super) fn chosen(&mut self) -> Vec<(u16, TransportKind)> {
        mem::take(&mut self.chosen)
    }

    fn tell(&mut self, lane: u16, events: &[Event]) {
        let opens = events.iter().filter(|event| event.kind == Kind::Open);
        self.chosen.extend(opens.filter_map(|open| Some((lane, open.meta().transport?))));
        let first_n = self.next_n;
        self.next_n += events.len() as u64;
        self.shared.events.store(self.count(), Ordering::Release);
        self.tap.committed(Committed { first_n, lane, events });
    }
}

/// Events that were inserted but not committed yet, on a connection that does nothing else.
pub(super) struct Transaction<'conn> {
    conn: &'conn Connection,
    inserter: Inserter<'conn>,
    path: PathBuf,
    batches: Vec<Batch>,
    events: usize,
    kib: usize,
    since: Option<Instant>,
    last_commit: Option<Instant>,
}

impl<'conn> Transaction<'conn> {
    pub(super) fn new(conn: &'conn Connection, path: PathBuf) -> Result<Self, CaptureError> {
        let inserter = Inserter::new(conn).map_err(|e| CaptureError::sqlite(&path, e))?;
        let (batches, since, last_commit) = (Vec::new(), None, None);
        Ok(Self { conn, inserter, path, batches, events: 0, kib: 0, since, last_commit })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether it has to be committed before anything is added.
    pub(super) fn is_full(&self) -> bool {
        self.events >= MOST_EVENTS
            || self.kib >= MOST_KIB
            || self.since.is_some_and(|since| since.elapsed() >= MOST_AGE)
    }

    /// How long it may wait for more when nothing is waiting; `None` when it is due.
    pub(super) fn rest(&self) -> Option<Duration> {
        LEAST_AGE.checked_sub(self.last_commit?.elapsed())
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// The disk refuses; what could be kept was committed.
    pub(super) fn put(&mut self, mut batch: Batch, to: &mut Ledger) -> Result<(), CaptureError> {
        batch.events.iter_mut().for_each(redact);
        let begun =
            if self.is_empty() { self.conn.execute_batch("BEGIN IMMEDIATE") } else { Ok(()) };
        let first_n = to.next_n + self.events as u64;
        let put = begun.and_then(|()| insert(&mut self.inserter, first_n, &batch));
        self.since.get_or_insert_with(Instant::now);
        self.events += batch.events.len();
        self.kib += batch.room.num_permits();
        self.batches.push(batch);
        put.or_else(|error| self.salvage(&error, to))
    }

    /// Commits what was added and tells of it.
    ///
    /// # Errors
    /// As [`Transaction::put`].
    pub(super) fn commit(&mut self, to: &mut Ledger) -> Result<(), CaptureError> {
        if self.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.conn.execute_batch("COMMIT") {
            return self.salvage(&error, to);
        }
        self.last_commit = Some(Instant::now());
        for batch in self.take() {
            to.tell(batch.lane, &batch.events);
            // The budget counts what is in memory, so the memory is given back first.
            drop(batch.events);
            drop(batch.room);
        }
        Ok(())
    }

    /// After a failed transaction: writes its events again in ever smaller ones, until not a
    /// single one goes in any more. Recording goes on where they all did.
    fn salvage(&mut self, error: &rusqlite::Error, to: &mut Ledger) -> Result<(), CaptureError> {
        tracing::warn!(%error, path = %self.path.display(), "a transaction failed");
        roll_back(self.conn);
        for batch in self.take() {
            let mut rest = batch.events.as_slice();
            let mut size = rest.len();
            while !rest.is_empty() {
                let (part, after) = rest.split_at(size.min(rest.len()));
                match self.write_alone(to.next_n, batch.lane, part) {
                    Ok(()) => {
                        to.tell(batch.lane, part);
                        rest = after;
                    }
                    Err(error) if part.len() == 1 => {
                        return Err(CaptureError::sqlite(&self.path, error));
                    }
                    Err(_) => size = part.len() / 2,
                }
            }
        }
        Ok(())
    }

    /// Writes some events in a transaction of their own.
    fn write_alone(&mut self, first_n: u64, lane: u16, events: &[Event]) -> rusqlite::Result<()> {
        let written = self
            .conn
            .execute_batch("BEGIN IMMEDIATE")
            .and_then(|()| insert_events(&mut self.inserter, first_n, lane, events))
            .and_then(|()| self.conn.execute_batch("COMMIT"));
        if written.is_err() {
            roll_back(self.conn);
        }
        written
    }

    fn take(&mut self) -> Vec<Batch> {
        (self.events, self.kib, self.since) = (0, 0, None);
        mem::take(&mut self.batches)
    }
}

fn insert(inserter: &mut Inserter<'_>, first_n: u64, batch: &Batch) -> rusqlite::Result<()> {
    insert_events(inserter, first_n, batch.lane, &batch.events)
}

fn insert_events(
    inserter: &mut Inserter<'_>,
    first_n: u64,
    lane: u16,
    events: &[Event],
) -> rusqlite::Result<()> {
    (first_n..).zip(events).try_for_each(|(n, event)| inserter.insert(n, lane, event))
}

/// SQLite rolls back by itself after some errors, and not after others.
fn roll_back(conn: &Connection) {
    if !conn.is_autocommit() {
        let _ = conn.execute_batch("ROLLBACK");
    }
}
