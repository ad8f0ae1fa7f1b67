//! Reads a session file: finished, still being written, or left behind by a crash.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::error::{CaptureError, beside, wal_of};
use super::header::Header;
use super::parts::{Columns, Parts};
use super::row::{self, COLUMNS, Recorded};
use super::schema::{APPLICATION_ID, USER_VERSION, open_to_read};
use crate::model::Event;

/// Rows read under one look at the file; a chunk takes a few milliseconds, after which a writer
/// may fold its journal away and a caller may change its mind.
const CHUNK: i64 = 2048;
/// What SQLite takes for all rows there are.
const NO_LIMIT: i64 = -1;

/// A read-only connection to a session file.
pub struct Reader {
    conn: Connection,
    path: PathBuf,
    one: String,
    some: String,
    short: String,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the file at `path` without changing it.
    ///
    /// # Errors
    /// Says whether there is no such file, it is empty, of another kind or program, newer than
    /// this program, cut off, locked, or on a place where its journal cannot be read.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let found = std::fs::metadata(path).map_err(|e| CaptureError::io(path, e))?;
        if !found.is_file() {
            return Err(CaptureError::NotAFile(path.to_owned()));
        }
        if found.len() == 0 {
            return Err(CaptureError::Empty(path.to_owned()));
        }
        let conn = open_checked(path)?;
        let lane = if has_lane(&conn, path)? { "lane" } else { "0" };
        let one = format!("SELECT {COLUMNS}, {lane} FROM event WHERE n = ?1");
        let some = format!(
            "SELECT {COLUMNS}, {lane} FROM event WHERE n >= ?1 AND n <= ?2 ORDER BY n LIMIT ?3"
        );
        let short = some.replace("payload", "substr(payload, 1, ?4)");
        Ok(Self { conn, path: path.to_owned(), one, some, short })
    }

    /// What the file says about its recording.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn header(&self) -> Result<Header, CaptureError> {
        Header::read(&self.conn, &self.path)
    }

    /// How many events it holds at the moment: the number of the last one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, CaptureError> {
        let last: Option<i64> = self
            .conn
            .query_row("SELECT max(n) FROM event", [], |row| row.get(0))
            .map_err(|e| self.error(e))?;
        Ok(last.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// Event number `n`; `None` where the file has none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn event(&self, n: u64) -> Result<Option<Recorded>, CaptureError> {
        let query = || {
            let mut statement = self.conn.prepare_cached(&self.one)?;
            statement.query_row([signed(n)], row::read).optional()
        };
        query().map_err(|e| self.error(e))
    }

    /// Events whose numbers are in `range`, in order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn events(&self, range: Range<u64>) -> Result<Vec<Recorded>, CaptureError> {
        let mut events = Vec::new();
        self.each(range, |recorded| events.push(recorded))?;
        Ok(events)
    }

    /// Events whose numbers are in `range`, in order, each with at most the first `most` bytes of
    /// its payload: what a list shows costs the same however large the messages are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn previews(&self, range: Range<u64>, most: usize) -> Result<Vec<Recorded>, CaptureError> {
        let query = || {
            let mut statement = self.conn.prepare_cached(&self.short)?;
            let Some((first, last)) = bounds(&range) else { return Ok(Vec::new()) };
            let most = signed(most as u64);
            let rows = statement.query_map([first, last, NO_LIMIT, most], row::read)?;
            rows.collect::<Result<Vec<_>, rusqlite::Error>>()
        };
        query().map_err(|e| self.error(e))
    }

    /// Writes everything the file holds now into a new file at `path`.
    ///
    /// # Errors
    /// A file is there already, or the place takes no writing.
    pub fn copy_to(&self, path: &Path) -> Result<(), CaptureError> {
        let to = path.to_string_lossy();
        let copied = self.conn.execute("VACUUM INTO ?1", [to.as_ref()]);
        copied.map(drop).map_err(|e| CaptureError::sqlite(path, e))
    }

    /// Gives every event from number `from` on to `take`, in order, until it breaks or the last
    /// one that was there when the scan began. Returns the number after the last one it gave.
    ///
    /// # Errors
    /// The file cannot be read; events before the damage were given.
    pub fn scan(
        &self,
        from: u64,
        mut take: impl FnMut(u64, u16, &Event) -> ControlFlow<()>,
    ) -> Result<u64, CaptureError> {
        let end = self.count()?.saturating_add(1);
        let mut next = from.max(1);
        while next < end {
            match self.scan_chunk(next, end, &mut take)? {
                ControlFlow::Continue(after) => next = after,
                ControlFlow::Break(after) => return Ok(after),
            }
        }
        Ok(next)
    }

    /// One chunk of [`Reader::scan`]: gives some of the events in `from..end`, and returns where
    /// the next chunk begins, or where `take` broke off.
    pub(super) fn scan_chunk(
        &self,
        from: u64,
        end: u64,
        take: &mut impl FnMut(u64, u16, &Event) -> ControlFlow<()>,
    ) -> Result<ControlFlow<u64, u64>, CaptureError> {
        let mut query = || {
            let Some((first, last)) = bounds(&(from..end)) else {
                return Ok(ControlFlow::Continue(end));
            };
            let mut statement = self.conn.prepare_cached(&self.some)?;
            let mut rows = statement.query([first, last, CHUNK])?;
            let (mut count, mut next) = (0, from);
            while let Some(found) = rows.next()? {
                let found = row::read(found)?;
                count += 1;
                next = found.n.saturating_add(1);
                if take(found.n, found.lane, &found.event).is_break() {
                    return Ok(ControlFlow::Break(next));
                }
            }
            // Numbers may have gaps where another program wrote them, so that only a chunk that
            // is not full tells that there is no more.
            Ok(ControlFlow::Continue(if count < CHUNK { end } else { next }))
        };
        query().map_err(|e| self.error(e))
    }

    /// Gives parts of some of the events in `range`, and returns where the next chunk begins.
    pub(super) fn parts_chunk(
        &self,
        range: &Range<u64>,
        columns: Columns,
        take: &mut impl FnMut(&Parts<'_>),
    ) -> Result<u64, CaptureError> {
        let mut query = || {
            let Some((first, last)) = bounds(range) else { return Ok(range.end) };
            let mut statement = self.conn.prepare_cached(&columns.query())?;
            let mut rows = statement.query([first, last, CHUNK])?;
            let (mut count, mut next) = (0, range.start);
            while let Some(found) = rows.next()? {
                let parts = Parts::read(found)?;
                count += 1;
                next = parts.n.saturating_add(1);
                take(&parts);
            }
            // As in `scan_chunk`.
            Ok(if count < CHUNK { range.end } else { next })
        };
        query().map_err(|e| self.error(e))
    }

    fn each(&self, range: Range<u64>, mut take: impl FnMut(Recorded)) -> Result<(), CaptureError> {
        let mut query = || {
            let Some((first, last)) = bounds(&range) else { return Ok(()) };
            let mut statement = self.conn.prepare_cached(&self.some)?;
            let mut rows = statement.query([first, last, NO_LIMIT])?;
            while let Some(found) = rows.next()? {
                take(row::read(found)?);
            }
            Ok(())
        };
        query().map_err(|e| self.error(e))
    }

    fn error(&self, error: rusqlite::Error) -> CaptureError {
        CaptureError::sqlite(&self.path, error)
    }
}

/// A closed file may still ask for a journal; where the folder takes none it is read without.
fn open_checked(path: &Path) -> Result<Connection, CaptureError> {
    let open = |alone| {
        let conn = open_to_read(path, alone)?;
        check(&conn, path)?;
        Ok(conn)
    };
    match open(false) {
        Err(CaptureError::Sqlite { .. } | CaptureError::ReadOnly(_) | CaptureError::Denied(_))
            if !wal_of(path).exists() =>
        {
            open(true)
        }
        result => result,
    }
}

fn check(conn: &Connection, path: &Path) -> Result<(), CaptureError> {
    let pragma = |name| {
        conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(|error| explain(path, error))
    };
    let id = pragma("application_id")?;
    if id != APPLICATION_ID {
        return Err(CaptureError::Foreign { path: path.to_owned(), id });
    }
    let version = pragma("user_version")?;
    if version > USER_VERSION {
        return Err(CaptureError::Newer { path: path.to_owned(), version });
    }
    // SQLite compares the file's length with what it should be at the first real read.
    let tables: i64 = conn
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' \
             AND name IN ('event', 'session')",
            [],
            |row| row.get(0),
        )
        .map_err(|error| explain(path, error))?;
    if tables < 2 || version < 1 {
        return Err(CaptureError::Damaged(path.to_owned()));
    }
    Ok(())
}

/// A journal that cannot be read because its folder takes no writing looks like a file that does
/// not open.
fn explain(path: &Path, error: rusqlite::Error) -> CaptureError {
    let error = CaptureError::sqlite(path, error);
    let journal_alone = wal_of(path).exists() && !beside(path, "-shm").exists();
    match error {
        CaptureError::Sqlite { .. } | CaptureError::Denied(_) if journal_alone => {
            CaptureError::ReadOnly(path.to_owned())
        }
        error => error,
    }
}

/// Files made after the first draft of the format may lack the column.
fn has_lane(conn: &Connection, path: &Path) -> Result<bool, CaptureError> {
    conn.query_row(
        "SELECT count(*) FROM pragma_table_info('event') WHERE name = 'lane'",
        [],
        |row| row.get::<_, i64>(0),
    )
    .map(|count| count > 0)
    .map_err(|e| CaptureError::sqlite(path, e))
}

/// The first and the last number of `range` as SQLite counts them; `None` where it is empty.
fn bounds(range: &Range<u64>) -> Option<(i64, i64)> {
    let last = range.end.checked_sub(1).filter(|last| *last >= range.start)?;
    Some((signed(range.start), signed(last)))
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
