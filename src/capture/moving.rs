//! Moves the file of a running recording: by renaming it, or by changing over to a copy where the
//! new place is on another file system.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::copy::Transfer;
use super::error::{CaptureError, beside, wal_of};
use super::file::CaptureFile;
use super::header::Header;
use super::live::is_recorded;
use super::writer::Writer;

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
    if is_recorded(to) {
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
pub(super) fn place(from: &Path, to: &Path, replace: bool) -> Result<Attempt, CaptureError> {
    if !replace && to.exists() {
        return Err(CaptureError::Exists(to.to_owned()));
    }
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

/// Changes over to the copy. Gives back the connection to go on with.
pub(super) fn adopt(
    writer: &mut Writer,
    conn: Option<Connection>,
    mut copy: Transfer,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What was found free may be taken by the time the file gets there.
    #[test]
    fn a_new_name_replaces_nothing_even_at_the_last_moment() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&from, "new")?;
        fs::write(&to, "old")?;
        assert!(matches!(place(&from, &to, false), Err(CaptureError::Exists(_))));
        assert_eq!((fs::read(&from)?, fs::read(&to)?), (b"new".to_vec(), b"old".to_vec()));
        assert!(matches!(place(&from, &to, true), Ok(Attempt::Done)));
        assert_eq!(fs::read(&to)?, b"new");
        assert!(!from.exists());
        Ok(())
    }
}
