//! The thread that writes: gathers what was handed in into transactions, tells the tap what was
//! committed, and keeps all it can when the disk refuses.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::CaptureError;
use super::file::CaptureFile;
use super::header::Header;
use super::insert::Inserter;
use super::live::Mark;
use super::moving;
use super::recorder::{BUDGET_KIB, Batch, Committed, Message, Reply, Shared, Status, Summary, Tap};
use super::redact::redact;
use super::schema;
use crate::model::Event;

/// A transaction is committed at this many events, …
const MOST_EVENTS: usize = 16 << 10;
/// … this many KiB, so that the other half of the budget fills up meanwhile, …
const MOST_KIB: usize = BUDGET_KIB as usize / 2;
/// … or this age, whichever comes first, …
const MOST_AGE: Duration = Duration::from_millis(50);
/// … and once nothing more is waiting, but not more often than this: every commit writes whole
/// pages, and a window does not paint more often either.
const LEAST_AGE: Duration = Duration::from_millis(8);

/// What tests turn to make the disk refuse.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Knobs {
    /// Pages the file may have at most.
    pub(super) max_pages: Option<i64>,
    /// Treat every place as one on another file system.
    pub(super) always_copy: bool,
}

/// The writing side of a recording.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) file: Arc<CaptureFile>,
    pub(super) mark: Mark,
    pub(super) knobs: Knobs,
    shared: Arc<Shared>,
    next_n: u64,
    last_commit: Option<Instant>,
}

/// The events of the transaction that is open.
#[derive(Default)]
struct Open {
    batches: Vec<Batch>,
    events: usize,
    kib: usize,
    since: Option<Instant>,
}

/// Why recording pauses.
enum Pause {
    Move { to: PathBuf, replace: bool, reply: Reply<moving::Attempt> },
    Adopt(Box<moving::Copy>, Reply<()>),
    Finish(Option<String>, Reply<Summary>),
    Failed(CaptureError),
}

/// What to do next.
enum Next {
    Take(Message),
    Commit,
}

impl Writer {
    /// Makes the file and everything to write it with.
    pub(super) fn create(
        path: &Path,
        header: &Header,
        knobs: Knobs,
        shared: Arc<Shared>,
        file: Arc<CaptureFile>,
    ) -> Result<(Self, Connection), CaptureError> {
        moving::claim(path)?;
        let conn = schema::create(path)?;
        header.write(&conn, path)?;
        schema::for_recording(&conn, path)?;
        if let Some(pages) = knobs.max_pages {
            schema::set(&conn, path, "max_page_count", pages)?;
        }
        let (path, mark) = (path.to_owned(), Mark::new(path));
        Ok((Self { path, file, mark, knobs, shared, next_n: 1, last_commit: None }, conn))
    }

    /// Writes until the recording is finished or nobody holds it any more.
    pub(super) fn run(
        mut self,
        conn: Connection,
        queue: &Receiver<Message>,
        mut tap: Box<dyn Tap>,
    ) {
        let mut conn = Some(conn);
        loop {
            let pause = match &conn {
                Some(conn) if !self.has_failed() => self.record(conn, queue, &mut *tap),
                _ => self.idle(queue),
            };
            match pause {
                Pause::Failed(error) => self.fail(error, &mut *tap),
                Pause::Move { to, replace, reply } => {
                    let (now, result) = moving::rename(&mut self, conn.take(), &to, replace);
                    conn = now;
                    self.fail_without(conn.as_ref(), &result, &mut *tap);
                    let _ = reply.send(result);
                }
                Pause::Adopt(copy, reply) => {
                    let (now, result) = moving::adopt(&mut self, conn.take(), *copy);
                    conn = now;
                    self.fail_without(conn.as_ref(), &result, &mut *tap);
                    let _ = reply.send(result);
                }
                Pause::Finish(ended, reply) => {
                    let result = self.finish(conn.take(), ended, queue, &mut *tap);
                    let _ = reply.send(result);
                    return;
                }
            }
        }
    }

    fn record(&mut self, conn: &Connection, queue: &Receiver<Message>, tap: &mut dyn Tap) -> Pause {
        let mut inserter = match Inserter::new(conn) {
            Ok(inserter) => inserter,
            Err(error) => return Pause::Failed(CaptureError::sqlite(&self.path, error)),
        };
        let mut open = Open::default();
        loop {
            let message = match self.next(queue, &open) {
                Next::Take(Message::Events(batch)) => {
                    if let Err(error) = self.put(conn, &mut inserter, &mut open, batch, tap) {
                        return Pause::Failed(error);
                    }
                    continue;
                }
                Next::Take(message) => Some(message),
                Next::Commit => None,
            };
            if let Err(error) = self.commit(conn, &mut inserter, &mut open, tap) {
                if let Some(Message::Finish(ended, reply)) = message {
                    self.fail(error, tap);
                    return Pause::Finish(ended, reply);
                }
                // The other commands are refused by dropping them.
                return Pause::Failed(error);
            }
            match message.map(pause_for) {
                Some(Some(pause)) => return pause,
                Some(None) | None => {}
            }
        }
    }

    /// What to do next: take what is waiting, or commit once the transaction is due.
    fn next(&self, queue: &Receiver<Message>, open: &Open) -> Next {
        // The recorder's handle holds a sender for as long as this thread runs.
        let gone = || Next::Take(Message::Finish(None, tokio::sync::oneshot::channel().0));
        if open.batches.is_empty() {
            return queue.recv().map_or_else(|_| gone(), Next::Take);
        }
        if open.is_full() {
            return Next::Commit;
        }
        match queue.try_recv() {
            Ok(message) => return Next::Take(message),
            Err(TryRecvError::Disconnected) => return Next::Commit,
            Err(TryRecvError::Empty) => {}
        }
        let rest = self.last_commit.and_then(|at| LEAST_AGE.checked_sub(at.elapsed()));
        let Some(rest) = rest else { return Next::Commit };
        match queue.recv_timeout(rest) {
            Ok(message) => Next::Take(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Next::Commit,
        }
    }

    /// Adds a batch to the transaction.
    fn put(
        &mut self,
        conn: &Connection,
        inserter: &mut Inserter<'_>,
        open: &mut Open,
        mut batch: Batch,
        tap: &mut dyn Tap,
    ) -> Result<(), CaptureError> {
        batch.events.iter_mut().for_each(redact);
        let begun =
            if open.batches.is_empty() { conn.execute_batch("BEGIN IMMEDIATE") } else { Ok(()) };
        let first_n = self.next_n + open.events as u64;
        let put = begun.and_then(|()| insert_all(inserter, first_n, batch.lane, &batch.events));
        open.add(batch);
        put.or_else(|error| self.salvage(conn, inserter, open, error, tap))
    }

    /// Commits the transaction and tells the tap.
    fn commit(
        &mut self,
        conn: &Connection,
        inserter: &mut Inserter<'_>,
        open: &mut Open,
        tap: &mut dyn Tap,
    ) -> Result<(), CaptureError> {
        if open.batches.is_empty() {
            return Ok(());
        }
        if let Err(error) = conn.execute_batch("COMMIT") {
            return self.salvage(conn, inserter, open, error, tap);
        }
        self.last_commit = Some(Instant::now());
        for batch in open.take() {
            self.tell(batch.lane, &batch.events, tap);
            // The budget counts what is in memory, so it is given back with the memory.
            drop(batch.events);
            drop(batch.room);
        }
        Ok(())
    }

    /// After a failed transaction: writes its events again in ever smaller ones, until not a
    /// single one goes in any more. Recording goes on where they all did.
    fn salvage(
        &mut self,
        conn: &Connection,
        inserter: &mut Inserter<'_>,
        open: &mut Open,
        error: rusqlite::Error,
        tap: &mut dyn Tap,
    ) -> Result<(), CaptureError> {
        tracing::warn!(%error, path = %self.path.display(), "a transaction failed");
        roll_back(conn);
        for batch in open.take() {
            let mut rest = batch.events.as_slice();
            let mut size = rest.len();
            while !rest.is_empty() {
                let (part, after) = rest.split_at(size.min(rest.len()));
                match write_alone(conn, inserter, self.next_n, batch.lane, part) {
                    Ok(()) => {
                        self.tell(batch.lane, part, tap);
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

    fn tell(&mut self, lane: u16, events: &[Event], tap: &mut dyn Tap) {
        let first_n = self.next_n;
        self.next_n += events.len() as u64;
        self.shared.events.store(self.next_n - 1, Ordering::Release);
        tap.committed(Committed { first_n, lane, events });
    }

    /// Serves what can still be asked of a recording that failed.
    fn idle(&self, queue: &Receiver<Message>) -> Pause {
        let error = match self.shared.status() {
            Status::Failed(error) => error,
            Status::Recording | Status::Ended => CaptureError::Ended,
        };
        loop {
            match queue.recv() {
                Ok(Message::Flush(reply)) => drop(reply.send(Err(error.clone()))),
                Ok(Message::Events(_)) => {}
                Ok(message) => {
                    if let Some(pause) = pause_for(message) {
                        return pause;
                    }
                }
                Err(_) => return Pause::Finish(None, tokio::sync::oneshot::channel().0),
            }
        }
    }

    fn has_failed(&self) -> bool {
        matches!(self.shared.status(), Status::Failed(_))
    }

    fn fail(&mut self, error: CaptureError, tap: &mut dyn Tap) {
        self.shared.close();
        tap.failed(&error);
        self.shared.set_status(Status::Failed(error));
    }

    /// A move that left no connection is the end of the recording, though not of the file.
    fn fail_without<T>(
        &mut self,
        conn: Option<&Connection>,
        result: &Result<T, CaptureError>,
        tap: &mut dyn Tap,
    ) {
        if conn.is_none() && !self.has_failed() {
            let error = result.as_ref().err().cloned().unwrap_or(CaptureError::Ended);
            self.fail(error, tap);
        }
    }

    fn finish(
        &mut self,
        conn: Option<Connection>,
        ended: Option<String>,
        queue: &Receiver<Message>,
        tap: &mut dyn Tap,
    ) -> Result<Summary, CaptureError> {
        self.shared.close();
        let mut failure = match self.shared.status() {
            Status::Failed(error) => Some(error),
            Status::Recording | Status::Ended => None,
        };
        if let Some(conn) = conn {
            if failure.is_none()
                && let Err(error) = self.drain(&conn, queue, tap)
            {
                self.fail(error.clone(), tap);
                failure = Some(error);
            }
            let ended = match &failure {
                Some(error) => Some(format!("stopped: {error}")),
                None => ended,
            };
            moving::close_for_good(&self.path, &self.file, conn, ended.as_deref());
        }
        if let Some(error) = failure {
            return Err(error);
        }
        self.shared.set_status(Status::Ended);
        Ok(Summary { path: self.path.clone(), events: self.next_n - 1 })
    }

    /// Writes what was handed in before the feeds were closed.
    fn drain(
        &mut self,
        conn: &Connection,
        queue: &Receiver<Message>,
        tap: &mut dyn Tap,
    ) -> Result<(), CaptureError> {
        let failed = |e| CaptureError::sqlite(&self.path, e);
        let mut inserter = Inserter::new(conn).map_err(failed)?;
        let mut open = Open::default();
        while let Ok(message) = queue.try_recv() {
            if let Message::Events(batch) = message {
                self.put(conn, &mut inserter, &mut open, batch, tap)?;
            }
        }
        self.commit(conn, &mut inserter, &mut open, tap)
    }
}

impl Drop for Writer {
    /// A tap that panics ends the recording as well; those who hand events in must not wait for
    /// ever.
    fn drop(&mut self) {
        self.shared.close();
        if matches!(self.shared.status(), Status::Recording) {
            self.shared.set_status(Status::Ended);
        }
    }
}

impl Open {
    fn add(&mut self, batch: Batch) {
        self.since.get_or_insert_with(Instant::now);
        self.events += batch.events.len();
        self.kib += batch.room.num_permits();
        self.batches.push(batch);
    }

    fn is_full(&self) -> bool {
        self.events >= MOST_EVENTS
            || self.kib >= MOST_KIB
            || self.since.is_some_and(|since| since.elapsed() >= MOST_AGE)
    }

    fn take(&mut self) -> Vec<Batch> {
        mem::take(self).batches
    }
}

/// The pause a message asks for; a flush is done once what came before it was committed.
fn pause_for(message: Message) -> Option<Pause> {
    match message {
        Message::Flush(reply) => {
            let _ = reply.send(Ok(()));
            None
        }
        Message::Events(_) => None,
        Message::Move { to, replace, reply } => Some(Pause::Move { to, replace, reply }),
        Message::Adopt(copy, reply) => Some(Pause::Adopt(copy, reply)),
        Message::Finish(ended, reply) => Some(Pause::Finish(ended, reply)),
    }
}

fn insert_all(
    inserter: &mut Inserter<'_>,
    first_n: u64,
    lane: u16,
    events: &[Event],
) -> rusqlite::Result<()> {
    (first_n..).zip(events).try_for_each(|(n, event)| inserter.insert(n, lane, event))
}

fn write_alone(
    conn: &Connection,
    inserter: &mut Inserter<'_>,
    first_n: u64,
    lane: u16,
    events: &[Event],
) -> rusqlite::Result<()> {
    let written = conn
        .execute_batch("BEGIN IMMEDIATE")
        .and_then(|()| insert_all(inserter, first_n, lane, events))
        .and_then(|()| conn.execute_batch("COMMIT"));
    if written.is_err() {
        roll_back(conn);
    }
    written
}

/// SQLite rolls back by itself after some errors, and not after others.
fn roll_back(conn: &Connection) {
    if !conn.is_autocommit() {
        let _ = conn.execute_batch("ROLLBACK");
    }
}
