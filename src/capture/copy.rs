//! Copies a recording that goes on, onto a file system it cannot be renamed to. Events are only ever
//! added, so all but the last ones can be copied while more come in.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::error::{CaptureError, beside};
use super::moving::{Attempt, new_private, place};
use super::schema;

/// Events copied between two looks at whether it was called off.
const STEP: i64 = 16 << 10;
/// Events that may be left for the changeover, during which nothing else is recorded.
const REST: u64 = 64 << 10;
/// Rounds after which the changeover comes even if more is left: a recording that grows as fast as
/// it is copied has to wait for a moment.
const ROUNDS: u32 = 16;

/// How far a copy is, in events, and the wish to call it off.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// A copy that has not begun.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Events copied, and events there are; both zero while nothing is being copied.
    pub fn get(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Calls it off; the recording goes on in its old place.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), CaptureError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(CaptureError::Cancelled) } else { Ok(()) }
    }
}

/// A copy of a recording that goes on: everything but the last events.
pub(super) struct Transfer {
    conn: Option<Connection>,
    part: PathBuf,
    pub(super) to: PathBuf,
    pub(super) replace: bool,
    next: i64,
}

/// Copies the events recorded at `from` beside `to`, on a thread of its own, until only a few are
/// left.
pub(super) async fn copy(
    from: PathBuf,
    to: PathBuf,
    replace: bool,
    progress: Arc<Progress>,
) -> Result<Transfer, CaptureError> {
    let (reply, answer) = oneshot::channel();
    let place = to.clone();
    std::thread::Builder::new()
        .name(String::from("saving"))
        .spawn(move || {
            let _ = reply.send(Transfer::make(&from, to, replace, &progress));
        })
        .map_err(|e| CaptureError::io(&place, e))?;
    answer.await.unwrap_or(Err(CaptureError::Ended))
}

impl Transfer {
    fn make(
        from: &Path,
        to: PathBuf,
        replace: bool,
        progress: &Progress,
    ) -> Result<Self, CaptureError> {
        let part = beside(&to, &format!(".{:08x}.part", fastrand::u32(..)));
        new_private(&part).map_err(|e| CaptureError::io(&to, e))?;
        let mut copy = Self { conn: None, part, to, replace, next: 1 };
        let conn = schema::create(&copy.part).map_err(|error| copy.of_target(error))?;
        // A copy that is interrupted is thrown away, and a complete one synced as a whole.
        let begin = || {
            conn.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
            conn.execute("ATTACH ?1 AS live", [from.to_string_lossy()])
        };
        begin().map_err(|error| copy.error(error))?;
        copy.conn = Some(conn);
        for _ in 0..ROUNDS {
            if copy.round(progress)? < REST {
                break;
            }
        }
        Ok(copy)
    }

    /// Copies all events that are there now; returns how many came meanwhile.
    fn round(&mut self, progress: &Progress) -> Result<u64, CaptureError> {
        let end = self.last()?;
        progress.total.store(end, Ordering::Relaxed);
        while self.next.cast_unsigned() <= end {
            progress.check()?;
            self.step(end)?;
            progress.done.store(self.next.cast_unsigned() - 1, Ordering::Relaxed);
        }
        Ok(self.last()?.saturating_sub(end))
    }

    fn last(&self) -> Result<u64, CaptureError> {
        let Some(conn) = &self.conn else { return Ok(0) };
        conn.query_row("SELECT max(n) FROM live.event", [], |row| row.get::<_, Option<i64>>(0))
            .map(|last| last.unwrap_or(0).cast_unsigned())
            .map_err(|error| self.error(error))
    }

    /// Copies some of the events up to number `last`. Those after it may not be there yet.
    fn step(&mut self, last: u64) -> Result<(), CaptureError> {
        let Some(conn) = &self.conn else { return Ok(()) };
        let end = self.next.saturating_add(STEP).min(last.cast_signed().saturating_add(1));
        conn.prepare_cached(
            "INSERT INTO main.event SELECT * FROM live.event WHERE n >= ?1 AND n < ?2 ORDER BY n",
        )
        .and_then(|mut statement| statement.execute(params![self.next, end]))
        .map_err(|error| self.error(error))?;
        self.next = end;
        Ok(())
    }

    /// Copies what is left while nothing is being recorded, and gives the copy its name.
    pub(super) fn complete(&mut self) -> Result<(), CaptureError> {
        let end = self.last()?;
        while self.next.cast_unsigned() <= end {
            self.step(end)?;
        }
        if let Some(conn) = self.conn.take() {
            conn.execute_batch(
                "INSERT OR REPLACE INTO main.session SELECT * FROM live.session; DETACH live;",
            )
            .map_err(|error| self.error(error))?;
            conn.close().map_err(|(_, error)| self.error(error))?;
        }
        let sync = || OpenOptions::new().write(true).open(&self.part)?.sync_all();
        sync().map_err(|e| CaptureError::io(&self.to, e))?;
        match place(&self.part, &self.to, self.replace)? {
            Attempt::Done => Ok(()),
            Attempt::NeedsCopy => Err(CaptureError::ReadOnly(self.to.clone())),
        }
    }

    /// The error as the person sees it, who knows nothing of a part.
    fn of_target(&self, error: CaptureError) -> CaptureError {
        match error {
            CaptureError::Full(_) => CaptureError::Full(self.to.clone()),
            CaptureError::ReadOnly(_) => CaptureError::ReadOnly(self.to.clone()),
            CaptureError::Denied(_) => CaptureError::Denied(self.to.clone()),
            error => error,
        }
    }

    fn error(&self, error: rusqlite::Error) -> CaptureError {
        CaptureError::sqlite(&self.to, error)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.conn = None;
        let _ = fs::remove_file(&self.part);
    }
}
