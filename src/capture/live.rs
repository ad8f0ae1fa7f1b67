//! Which files are being recorded, so that none of them is replaced, deleted or opened past SQLite
//! by mistake, or taken for one that a crash left behind.
//!
//! Other processes are told by a lock on the journal, which lasts as long as the recording and ends
//! with its process, however that ends. SQLite locks the file and its index, never the journal, so
//! neither is in the way of the other.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::wal_of;

/// Attempts to lock a journal, a millisecond apart.
const TRIES: u32 = 50;

static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether this process is recording into the file at `path`.
pub fn is_live(path: &Path) -> bool {
    let path = canonical(path);
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).contains(&path)
}

/// Whether this or another process is recording into the file at `path`.
pub(super) fn is_recorded(path: &Path) -> bool {
    is_live(path) || is_held(&wal_of(path))
}

/// Whether a recording holds this journal. Elsewhere than on Unix a lock would keep SQLite from
/// writing, so there is none, and the system itself keeps open files from being deleted.
pub(super) fn is_held(journal: &Path) -> bool {
    cfg!(unix)
        && File::open(journal)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Marks a file as being recorded for as long as it exists.
#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
    journal: Option<File>,
}

impl Mark {
    /// Marks the file at `path`, which exists.
    pub(super) fn new(path: &Path) -> Self {
        let path = canonical(path);
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Self { path, journal: None }
    }

    /// Tells other processes as well, now that there is a journal.
    pub(super) fn hold_journal(&mut self) {
        // A lock of our own would be in the way as much as that of others.
        self.journal = None;
        if cfg!(unix) {
            // Where the file system knows no such locks others cannot be told.
            self.journal = File::open(wal_of(&self.path)).ok().filter(lock);
        }
    }
}

/// Locks a journal. Whoever asks whether it is held holds it as well, for a moment.
fn lock(journal: &File) -> bool {
    for _ in 0..TRIES {
        match journal.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            Err(TryLockError::Error(_)) => return false,
        }
    }
    false
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = live.iter().position(|path| *path == self.path) {
            live.swap_remove(at);
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
