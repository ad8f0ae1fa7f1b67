//! The handle that everyone who reads a capture shares: it knows where the file is, also after it
//! was moved, and holds the one connection that reads it.

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::{CaptureError, beside, wal_of};
use super::header::Header;
use super::live::is_recorded;
use super::parts::{Columns, Parts};
use super::reader::Reader;
use super::row::Recorded;
use crate::model::Event;

/// A session file, wherever it is at the moment. Its methods block for as long as a read takes,
/// or a move of the file.
///
/// Where both locks are held, the reader's was taken first; where the file is can be asked while
/// somebody reads.
#[derive(Debug)]
pub struct CaptureFile {
    reader: Mutex<Option<Reader>>,
    path: Mutex<PathBuf>,
}

impl CaptureFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(path: &Path) -> Result<Arc<Self>, CaptureError> {
        let reader = Some(Reader::open(path)?);
        Ok(Arc::new(Self { reader: Mutex::new(reader), path: Mutex::new(path.to_owned()) }))
    }

    /// A handle to a file that is opened when it is first read.
    pub(super) fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self { reader: Mutex::default(), path: Mutex::new(path.to_owned()) })
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        lock(&self.path).clone()
    }

    /// What the file says about its recording.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn header(&self) -> Result<Header, CaptureError> {
        self.read(Reader::header)
    }

    /// How many events it holds at the moment.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn count(&self) -> Result<u64, CaptureError> {
        self.read(Reader::count)
    }

    /// Event number `n`; `None` where the file has none.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn event(&self, n: u64) -> Result<Option<Recorded>, CaptureError> {
        self.read(|reader| reader.event(n))
    }

    /// Events whose numbers are in `range`, in order.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn events(&self, range: Range<u64>) -> Result<Vec<Recorded>, CaptureError> {
        self.read(|reader| reader.events(range))
    }

    /// As [`Reader::previews`].
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn previews(&self, range: Range<u64>, most: usize) -> Result<Vec<Recorded>, CaptureError> {
        self.read(|reader| reader.previews(range, most))
    }

    /// How large it is in bytes, what is still in its journal included; 0 where it is gone.
    pub fn size(&self) -> u64 {
        let path = self.path();
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        size(&path) + size(&wal_of(&path))
    }

    /// Copies a file that nobody is recording into to `to`. A file that is there is replaced only
    /// where `replace` allows it, and only once the copy is whole.
    ///
    /// # Errors
    /// A file is there, it is being recorded, or the place takes no writing.
    pub fn copy_to(&self, to: &Path, replace: bool) -> Result<(), CaptureError> {
        if is_recorded(to) {
            return Err(CaptureError::Live(to.to_owned()));
        }
        if to.exists() && !replace {
            return Err(CaptureError::Exists(to.to_owned()));
        }
        if same_file(&self.path(), to) {
            return Ok(());
        }
        let aside = beside(to, &format!(".{:08x}", fastrand::u32(..)));
        // With a connection of its own: a large file takes long, and others read meanwhile.
        Reader::open(&self.path())
            .and_then(|reader| reader.copy_to(&aside))
            .and_then(|()| std::fs::rename(&aside, to).map_err(|e| CaptureError::io(to, e)))
            .inspect_err(|_| drop(std::fs::remove_file(&aside)))
    }

    /// As [`Reader::scan`], letting others read and the file be moved in between.
    ///
    /// # Errors
    /// The file cannot be opened or read; events before the damage were given.
    pub fn scan(
        &self,
        from: u64,
        mut take: impl FnMut(u64, u16, &Event) -> ControlFlow<()>,
    ) -> Result<u64, CaptureError> {
        let end = self.count()?.saturating_add(1);
        let mut next = from.max(1);
        while next < end {
            match self.read(|reader| reader.scan_chunk(next, end, &mut take))? {
                ControlFlow::Continue(after) => next = after,
                ControlFlow::Break(after) => return Ok(after),
            }
        }
        Ok(next)
    }

    /// Gives parts of the events whose numbers are in `range` to `take`, in order, letting others
    /// read and the file be moved in between.
    ///
    /// # Errors
    /// The file cannot be opened or read; events before the damage were given.
    pub fn parts(
        &self,
        mut range: Range<u64>,
        columns: Columns,
        mut take: impl FnMut(&Parts<'_>),
    ) -> Result<(), CaptureError> {
        while !range.is_empty() {
            range.start = self.read(|reader| reader.parts_chunk(&range, columns, &mut take))?;
        }
        Ok(())
    }

    /// Runs `work` on the reader, opening it where that has not happened yet.
    ///
    /// # Errors
    /// The file cannot be opened, or what `work` says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, CaptureError>,
    ) -> Result<T, CaptureError> {
        match &mut *lock(&self.reader) {
            Some(reader) => work(reader),
            none => work(none.insert(Reader::open(&self.path())?)),
        }
    }

    /// Closes the reader, keeps everyone from opening it, and runs `relocate`, which answers with
    /// the file's new place if it has one.
    pub(super) fn closed_while<T>(&self, relocate: impl FnOnce() -> (Option<PathBuf>, T)) -> T {
        let mut reader = lock(&self.reader);
        *reader = None;
        let (path, result) = relocate();
        if let Some(path) = path {
            *lock(&self.path) = path;
        }
        result
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A reader that panicked left nothing half-done: it only reads.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
