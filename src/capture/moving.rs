//! Moves the file of a running recording: by renaming it, or, onto another file system, by copying
//! its events while the recording goes on and changing over at the end.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::error::{CaptureError, beside, wal_of};
use super::file::CaptureFile;
use super::header::Header;
use super::live::is_live;
use super::schema;
use super::writer::Writer;

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

/// What came of the attempt to rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The file is in its new place.
    Done,
    /// It cannot be renamed to there, only copied.
    NeedsCopy,
}

/// Makes an empty file at `path`, for its owner alone; an empty one that is there will do.
pub(super) fn claim(path: &Path) -> Result<(), CaptureError> {
    let error = match new_private(path) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if error.kind() == io::ErrorKind::AlreadyExists {
        let empty = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0);
        return if empty { Ok(()) } else { Err(CaptureError::Exists(path.to_owned())) };
    }
    Err(CaptureError::io(path, error))
}

pub(super) fn new_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Renames the file of a recording whose transaction is closed. Gives back the connection to go on
/// with; none only where neither place can be opened any more.
pub(super) fn rename(
    writer: &mut Writer,
    conn: Option<Connection>,
    to: &Path,
    replace: bool,
) -> (Option<Connection>, Result<Attempt, CaptureError>) {
    match may_write(&writer.path, to, replace) {
        Ok(true) => return (conn, Ok(Attempt::Done)),
        Ok(false) => {}
        Err(error) => return (conn, Err(error)),
    }
    let file = Arc::clone(&writer.file);
    file.closed_while(|| {
        let from = writer.path.clone();
        let moved = if writer.knobs.always_copy {
            drop(conn);
            Ok(Attempt::NeedsCopy)
        } else {
            fold_and_close(conn, &from).and_then(|alone| {
                if alone { place(&from, to, replace) } else { Ok(Attempt::NeedsCopy) }
            })
        };
        let at = if matches!(moved, Ok(Attempt::Done)) { to } else { &from };
        match writer.reopen(at) {
            Ok(conn) => (Some(at.to_owned()), (Some(conn), moved)),
            Err(error) => (Some(at.to_owned()), (None, Err(error))),
        }
    })
}

/// Whether the file is there already; an error where it must not go there.
fn may_write(from: &Path, to: &Path, replace: bool) -> Result<bool, CaptureError> {
    let Ok(found) = fs::metadata(to) else {
        return match to.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
                Err(CaptureError::NoFolder(to.to_owned()))
            }
            _ => Ok(false),
        };
    };
    if let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize())
        && from == to
    {
        return Ok(true);
    }
    if is_live(to) {
        return Err(CaptureError::Live(to.to_owned()));
    }
    if !found.is_file() {
        return Err(CaptureError::NotAFile(to.to_owned()));
    }
    if replace { Ok(false) } else { Err(CaptureError::Exists(to.to_owned())) }
}

/// Folds the journal into the file and closes it; `false` where another program still uses it, so
/// that the file does not stand alone.
fn fold_and_close(conn: Option<Connection>, path: &Path) -> Result<bool, CaptureError> {
    let Some(conn) = conn else { return Ok(false) };
    let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    if let Err((_, error)) = conn.close() {
        return Err(CaptureError::sqlite(path, error));
    }
    // The last connection takes the journal away, so one that is left has another user.
    Ok(matches!(busy, Ok(0)) && !wal_of(path).exists())
}

/// Gives the file at `from` the name `to`. A link, unlike a rename, never replaces anything.
fn place(from: &Path, to: &Path, replace: bool) -> Result<Attempt, CaptureError> {
    // A journal left there by some other file would be taken for this one's.
    for suffix in ["-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(to, suffix));
    }
    let placed = if replace { fs::rename(from, to) } else { rename_to_new(from, to) };
    match placed {
        Ok(()) => {
            sync_folder(to);
            Ok(Attempt::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(Attempt::NeedsCopy),
        Err(error) => Err(CaptureError::io(to, error)),
    }
}

fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).inspect_err(|_| {
            let _ = fs::remove_file(to);
        }),
        // Some file systems know no links.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
            ) && !to.exists() =>
        {
            fs::rename(from, to)
        }
        Err(error) => Err(error),
    }
}

/// Makes the new name last through a power cut, where the system can.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// A copy of a recording that goes on: everything but the last events.
pub(super) struct Copy {
    conn: Option<Connection>,
    part: PathBuf,
    to: PathBuf,
    replace: bool,
    next: i64,
}

/// Copies the events recorded at `from` beside `to`, on a thread of its own, until only a few are
/// left.
pub(super) async fn copy(
    from: PathBuf,
    to: PathBuf,
    replace: bool,
    progress: Arc<Progress>,
) -> Result<Copy, CaptureError> {
    let (reply, answer) = oneshot::channel();
    let place = to.clone();
    std::thread::Builder::new()
        .name(String::from("saving"))
        .spawn(move || {
            let _ = reply.send(Copy::make(&from, to, replace, &progress));
        })
        .map_err(|e| CaptureError::io(&place, e))?;
    answer.await.unwrap_or(Err(CaptureError::Ended))
}

impl Copy {
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
    fn complete(&mut self) -> Result<(), CaptureError> {
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

impl Drop for Copy {
    fn drop(&mut self) {
        self.conn = None;
        let _ = fs::remove_file(&self.part);
    }
}

/// Changes over to the copy. Gives back the connection to go on with.
pub(super) fn adopt(
    writer: &mut Writer,
    conn: Option<Connection>,
    mut copy: Copy,
) -> (Option<Connection>, Result<(), CaptureError>) {
    match may_write(&writer.path, &copy.to, copy.replace) {
        Ok(_) => {}
        Err(error) => return (conn, Err(error)),
    }
    if let Err(error) = copy.complete() {
        return (conn, Err(error));
    }
    let file = Arc::clone(&writer.file);
    let from = writer.path.clone();
    file.closed_while(|| match writer.reopen(&copy.to) {
        Ok(now) => {
            drop(conn);
            for suffix in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(beside(&from, suffix));
            }
            (Some(copy.to.clone()), (Some(now), Ok(())))
        }
        Err(error) => {
            writer.stay_at(&from);
            let _ = fs::remove_file(&copy.to);
            (None, (conn, Err(error)))
        }
    })
}

/// Writes down how the recording ended and leaves one plain file. What cannot be folded in stays
/// readable in the journal beside it.
pub(super) fn close_for_good(
    path: &Path,
    file: &CaptureFile,
    conn: Connection,
    ended: Option<&str>,
) {
    file.closed_while(|| {
        let close = || {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            if let Some(ended) = ended {
                Header::write_ended(&conn, ended)?;
            }
            // Without a journal beside it the file can be read from a place that takes no writing.
            conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
        };
        if let Err(error) = close() {
            tracing::warn!(%error, path = %path.display(), "the journal stays beside the file");
        }
        drop(conn);
        (None, ())
    });
}
