//! Which files this process is recording into, so that none of them is replaced, deleted or opened
//! past SQLite by mistake.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether this process is recording into the file at `path`.
pub fn is_live(path: &Path) -> bool {
    let path = canonical(path);
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).contains(&path)
}

/// Marks a file as being recorded for as long as it exists.
#[derive(Debug)]
pub(super) struct Mark(PathBuf);

impl Mark {
    /// Marks the file at `path`, which exists.
    pub(super) fn new(path: &Path) -> Self {
        let path = canonical(path);
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Self(path)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = live.iter().position(|path| *path == self.0) {
            live.swap_remove(at);
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
