//! What can go wrong with a session file: each case says what happened, and its hint says why it
//! likely did and what to try.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;
use thiserror::Error;

use super::live::is_live;

/// Why a recording stopped, or a session file could not be opened, read or moved.
#[derive(Debug, Clone, Error)]
pub enum CaptureError {
    /// Nothing is there.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// A folder, a pipe or the like.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// No byte in it.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// Some other kind of file.
    #[error("{} is not a Wirescope capture", .0.display())]
    NotACapture(PathBuf),
    /// A SQLite database of some other program.
    #[error("{} is a database of another program (application id {id:#010x})", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The application id it carries.
        id: i32,
    },
    /// Written by a later Wirescope.
    #[error("{} was written by a newer Wirescope (format {version})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it carries.
        version: i32,
    },
    /// Some of it is missing or overwritten.
    #[error("{} is cut off or damaged", .0.display())]
    Damaged(PathBuf),
    /// Somebody else holds it.
    #[error("{} is in use elsewhere", .0.display())]
    Locked(PathBuf),
    /// No room left on the disk.
    #[error("the disk is full: {} cannot grow", .0.display())]
    Full(PathBuf),
    /// The place takes no writing at all.
    #[error("{} is on a read-only place", .0.display())]
    ReadOnly(PathBuf),
    /// The system does not allow it.
    #[error("access to {} was denied", .0.display())]
    Denied(PathBuf),
    /// The folder to write into is not there.
    #[error("there is no folder for {}", .0.display())]
    NoFolder(PathBuf),
    /// A file is there already and may not be replaced.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The place is taken by a recording of this or another Wirescope.
    #[error("{} is being recorded right now", .0.display())]
    Live(PathBuf),
    /// The person called it off.
    #[error("saving was cancelled")]
    Cancelled,
    /// The recording is over, so there is nothing to finish or to move.
    #[error("the recording has ended")]
    Ended,
    /// An input or output error of some other kind.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// SQLite refused for some other reason.
    #[error("{}: {source}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
}

impl CaptureError {
    /// The likely cause and what to try, in a sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "It may have been moved or deleted; check the path",
            Self::NotAFile(_) => "Choose a file that ends in .wirescope",
            Self::Empty(_) => {
                "Its recording never began or its copy was interrupted; copy it again"
            }
            Self::NotACapture(_) => {
                "Choose a file that ends in .wirescope; no other kind can be opened"
            }
            Self::Foreign { .. } => "Choose a file that Wirescope wrote",
            Self::Newer { .. } => "Update Wirescope, or read the file with sqlite3",
            Self::Damaged(_) => {
                "A copy or download may have been interrupted; fetch it again, together with the \
                 file of the same name that ends in -wal, if there is one"
            }
            Self::Locked(_) => {
                "Another program or another session has it open; close it there, or wait until it is done, and try again"
            }
            Self::Full(_) => {
                "What was recorded is kept; free some space or save the capture to another disk"
            }
            Self::ReadOnly(_) => {
                "Choose a place you can write to; to open a capture that was not closed, copy it \
                 there together with its -wal file"
            }
            Self::Denied(_) => "Check who owns the file and its folder, or choose another place",
            Self::NoFolder(_) => "Create the folder first, or choose another place",
            Self::Exists(_) => "Choose another name, or delete that file first",
            Self::Live(_) => "End that recording first, or choose another name",
            Self::Cancelled => "The recording goes on where it was",
            Self::Ended => "Open the file to see what was recorded",
            Self::Io { .. } | Self::Sqlite { .. } => {
                "What was recorded is kept; the disk may be failing or gone, try another place"
            }
        }
    }

    /// The error as it stands for this file.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => {
                    Self::NoFolder(path)
                }
                _ => Self::Missing(path),
            },
            io::ErrorKind::PermissionDenied => Self::Denied(path),
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full(path),
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            io::ErrorKind::IsADirectory => Self::NotAFile(path),
            io::ErrorKind::NotADirectory => Self::NoFolder(path),
            _ => Self::Io { path, source: Arc::new(error) },
        }
    }

    /// The error as it stands for this file.
    pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let owned = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(owned),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(owned),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(owned),
            Some(ErrorCode::NotADatabase) => Self::NotACapture(owned),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(owned),
            Some(ErrorCode::PermissionDenied) => Self::Denied(owned),
            Some(ErrorCode::CannotOpen) => Self::cannot_open(path, error),
            _ => Self::Sqlite { path: owned, source: Arc::new(error) },
        }
    }

    /// SQLite does not tell why a file does not open, so the file system is asked.
    fn cannot_open(path: &Path, error: rusqlite::Error) -> Self {
        match std::fs::metadata(path) {
            Err(error) => Self::io(path, error),
            Ok(found) if !found.is_file() => Self::NotAFile(path.to_owned()),
            Ok(_) => match may_be_read(path) {
                Err(error) => Self::io(path, error),
                // The file opens but its journal does not: the folder takes no writing.
                Ok(()) if wal_of(path).exists() => Self::ReadOnly(path.to_owned()),
                Ok(()) => Self::Sqlite { path: path.to_owned(), source: Arc::new(error) },
            },
        }
    }
}

/// Why the system does not open the file. One that is being recorded here is left alone: closing
/// it would drop the recorder's locks.
fn may_be_read(path: &Path) -> io::Result<()> {
    if is_live(path) { Ok(()) } else { std::fs::File::open(path).map(drop) }
}

/// Where SQLite keeps what is not yet part of the file itself.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The path with something appended to its last component.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_advise_only_what_there_is() {
        let path = || PathBuf::from("a.wirescope");
        let errors = [
            CaptureError::Missing(path()),
            CaptureError::NotAFile(path()),
            CaptureError::Empty(path()),
            CaptureError::NotACapture(path()),
            CaptureError::Foreign { path: path(), id: 1 },
            CaptureError::Newer { path: path(), version: 9 },
            CaptureError::Damaged(path()),
            CaptureError::Locked(path()),
            CaptureError::Full(path()),
            CaptureError::ReadOnly(path()),
            CaptureError::Denied(path()),
            CaptureError::NoFolder(path()),
            CaptureError::Exists(path()),
            CaptureError::Live(path()),
            CaptureError::Cancelled,
            CaptureError::Ended,
        ];
        for error in errors {
            let hint = error.hint();
            assert!(!hint.is_empty() && !hint.contains("may be replaced"), "{error}: {hint}");
            assert!(!hint.contains("import") && !hint.contains("export"), "{error}: {hint}");
        }
    }
}
