//! The recorder as others hold it: a place to hand events in, what became of them, and the
//! commands that end a recording or move its file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::copy::{self, Progress, Transfer};
use super::error::CaptureError;
use super::file::CaptureFile;
use super::header::Header;
use super::moving::Attempt;
use super::writer::{Knobs, Writer};
use crate::model::{Event, Feed, FeedError};

/// Memory that events may take between being handed in and being committed, in KiB. Enough for
/// the writer to fill one transaction while the next one gathers; more would only be lost by a
/// crash.
pub(super) const BUDGET_KIB: u32 = 4 << 10;

/// Events of one lane that were committed together, in order.
#[derive(Debug, Clone, Copy)]
pub struct Committed<'a> {
    /// Number of the first; the others follow without gaps.
    pub first_n: u64,
    /// Which of the file's sessions they belong to.
    pub lane: u16,
    /// The events as they were recorded.
    pub events: &'a [Event],
}

/// Looks at events once they are in the file. Runs on the recorder's thread, so a slow tap slows
/// the recording, and through it the socket, down; it must not call the recorder.
pub trait Tap: Send {
    /// These were committed, right after those of the call before.
    fn committed(&mut self, batch: Committed<'_>);

    /// The recording stopped; everything committed so far is kept.
    fn failed(&mut self, _error: &CaptureError) {}
}

/// Looks at nothing.
impl Tap for () {
    fn committed(&mut self, _batch: Committed<'_>) {}
}

/// How a recording is doing.
#[derive(Debug, Clone, Default)]
pub enum Status {
    /// It takes events.
    #[default]
    Recording,
    /// It stopped, and says why; what was committed is kept.
    Failed(CaptureError),
    /// It was finished.
    Ended,
}

/// What a finished recording left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Where the file is.
    pub path: PathBuf,
    /// How many events it holds.
    pub events: u64,
}

/// What the writer thread is asked for, in the order it was asked.
pub(super) enum Message {
    Events(Batch),
    Flush(Reply<()>),
    Note(String, Reply<()>),
    Move {
        to: PathBuf,
        replace: bool,
        reply: Reply<Attempt>,
    },
    Adopt(Box<Transfer>, Reply<()>),
    /// Without a word on how it ended when the recorder was dropped.
    Finish(Option<String>, Reply<Summary>),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, CaptureError>>;

/// Events on their way to the file, and the memory they were granted.
pub(super) struct Batch {
    pub(super) lane: u16,
    pub(super) events: Vec<Event>,
    pub(super) room: OwnedSemaphorePermit,
}

/// What the recorder, its feeds and the writer thread share.
pub(super) struct Shared {
    pub(super) room: Arc<Semaphore>,
    pub(super) events: AtomicU64,
    queue: Mutex<Queue>,
    status: Mutex<Status>,
}

struct Queue {
    sender: Sender<Message>,
    /// Events are queued under the same lock that ends this, so none slips in after the last look.
    takes_events: bool,
}

impl Shared {
    /// Takes no further events and wakes everyone who waits to hand some in.
    pub(super) fn close(&self) {
        lock(&self.queue).takes_events = false;
        self.room.close();
    }

    pub(super) fn set_status(&self, status: Status) {
        *lock(&self.status) = status;
    }

    pub(super) fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    fn ask(&self, message: Message) {
        // Where nobody listens any more the reply is dropped with it, which is an answer.
        let _ = lock(&self.queue).sender.send(message);
    }

    /// Queues a batch that was granted its memory.
    pub(super) fn hand_in(&self, batch: Batch) -> Result<(), FeedError> {
        let queue = lock(&self.queue);
        if !queue.takes_events {
            return Err(FeedError);
        }
        queue.sender.send(Message::Events(batch)).map_err(|_| FeedError)
    }
}

/// A recording. Dropping it without [`Recorder::finish`] commits everything but leaves the file
/// saying that it was still being recorded.
pub struct Recorder {
    pub(super) shared: Arc<Shared>,
    file: Arc<CaptureFile>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("file", &self.file)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Begins a recording at `path`, where there is no file yet or an empty one
    /// ([`place::new_file`](super::place::new_file) makes one). Blocks for some milliseconds.
    ///
    /// # Errors
    /// A file is there, the folder is not, or the place takes no writing.
    pub fn create(path: &Path, header: &Header, tap: Box<dyn Tap>) -> Result<Self, CaptureError> {
        Self::create_with(path, header, tap, Knobs::default())
    }

    pub(super) fn create_with(
        path: &Path,
        header: &Header,
        tap: Box<dyn Tap>,
        knobs: Knobs,
    ) -> Result<Self, CaptureError> {
        let (sender, queue) = mpsc::channel();
        let shared = Arc::new(Shared {
            room: Arc::new(Semaphore::new(BUDGET_KIB as usize)),
            events: AtomicU64::new(0),
            queue: Mutex::new(Queue { sender, takes_events: true }),
            status: Mutex::default(),
        });
        let file = CaptureFile::new(path);
        let (writer, conn) =
            Writer::create(path, header, tap, knobs, (Arc::clone(&shared), Arc::clone(&file)))?;
        let thread = std::thread::Builder::new()
            .name(String::from("recorder"))
            .spawn(move || writer.run(conn, &queue))
            .map_err(|e| CaptureError::io(path, e))?;
        Ok(Self { shared, file, thread: Some(thread) })
    }

    /// Where the events of session number `lane` in the file go.
    pub fn feed(&self, lane: u16) -> Arc<dyn Feed> {
        Arc::new(Lane { shared: Arc::clone(&self.shared), number: lane })
    }

    /// The file, for reading; it stays the same handle when the file is moved.
    pub fn file(&self) -> Arc<CaptureFile> {
        Arc::clone(&self.file)
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// How many events were committed.
    pub fn count(&self) -> u64 {
        self.shared.events.load(Ordering::Acquire)
    }

    /// Resolves when everything handed in before was committed and the tap has seen it.
    ///
    /// # Errors
    /// Why the recording stopped.
    pub async fn flush(&self) -> Result<(), CaptureError> {
        self.ask(Message::Flush).await
    }

    /// Writes down how the session in it ended, while the recording stays open for its next
    /// connection, which is noted as [`RECORDING`](super::RECORDING).
    ///
    /// # Errors
    /// Why it could not be written.
    pub async fn note(&self, ended: &str) -> Result<(), CaptureError> {
        let ended = ended.to_owned();
        self.ask(|reply| Message::Note(ended, reply)).await
    }

    /// Moves the file to `path` and goes on recording there. On the same file system that is a
    /// matter of milliseconds; onto another one the events are copied while the recording goes on
    /// where it was, `progress` tells how far it is and can call it off. Whatever goes wrong, the
    /// recording goes on in its old place.
    ///
    /// # Errors
    /// A file is there and `replace` does not allow to replace it, it is being recorded into
    /// itself, or the place takes no writing.
    pub async fn save_as(
        &self,
        path: &Path,
        replace: bool,
        progress: &Arc<Progress>,
    ) -> Result<(), CaptureError> {
        let to = path.to_owned();
        match self.ask(|reply| Message::Move { to, replace, reply }).await? {
            Attempt::Done => return Ok(()),
            Attempt::NeedsCopy => {}
        }
        let copy = copy::copy(self.file.path(), path.to_owned(), replace, Arc::clone(progress));
        let copy = copy.await?;
        self.ask(|reply| Message::Adopt(Box::new(copy), reply)).await
    }

    /// Commits everything handed in, writes down how it ended, and leaves one plain file. Events
    /// handed in later are refused. A second call says that the recording has ended.
    ///
    /// # Errors
    /// Why not everything could be written; the file is closed all the same.
    pub async fn finish(&self, ended: &str) -> Result<Summary, CaptureError> {
        let ended = Some(ended.to_owned());
        self.ask(|reply| Message::Finish(ended, reply)).await
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T, CaptureError> {
        let (reply, answer) = oneshot::channel();
        self.shared.ask(message(reply));
        answer.await.unwrap_or(Err(CaptureError::Ended))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let (reply, _) = oneshot::channel();
        self.shared.ask(Message::Finish(None, reply));
        if let Some(thread) = self.thread.take() {
            // It has said on its own what went wrong.
            let _ = thread.join();
        }
    }
}

/// The feed of one lane.
struct Lane {
    shared: Arc<Shared>,
    number: u16,
}

impl Feed for Lane {
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        Box::pin(async move {
            let bytes: usize = events.iter().map(Event::weight).sum();
            // A message larger than the whole budget goes alone.
            let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, BUDGET_KIB);
            let room = Arc::clone(&self.shared.room);
            let room = room.acquire_many_owned(kib).await.map_err(|_| FeedError)?;
            self.shared.hand_in(Batch { lane: self.number, events, room })
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic happens under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
