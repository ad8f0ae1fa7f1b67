//! The thread that writes: takes what was handed in into transactions, and in between does what
//! the recorder is asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::copy::Transfer;
use super::error::CaptureError;
use super::file::CaptureFile;
use super::header::Header;
use super::live::Mark;
use super::moving::{self, Attempt};
use super::recorder::{Message, Reply, Shared, Status, Summary, Tap};
use super::schema;
use super::transaction::{Ledger, Transaction};

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
    ledger: Ledger,
}

/// Why recording pauses.
enum Pause {
    Move { to: PathBuf, replace: bool, reply: Reply<Attempt> },
    Adopt(Box<Transfer>, Reply<()>),
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
        tap: Box<dyn Tap>,
        knobs: Knobs,
        (shared, file): (Arc<Shared>, Arc<CaptureFile>),
    ) -> Result<(Self, Connection), CaptureError> {
        moving::claim(path)?;
        let prepare = || {
            let conn = schema::create(path)?;
            header.write(&conn, path)?;
            schema::for_recording(&conn, path)?;
            limit(&conn, path, knobs)?;
            Ok(conn)
        };
        let conn = prepare().inspect_err(|_| {
            // It was empty before, and half a header is of no use to anybody.
            let _ = std::fs::remove_file(path);
        })?;
        let ledger = Ledger::new(tap, Arc::clone(&shared));
        let (path, mut mark) = (path.to_owned(), Mark::new(path));
        mark.hold_journal();
        Ok((Self { path, file, mark, knobs, shared, ledger }, conn))
    }

    /// Writes until the recording is finished or nobody holds it any more.
    pub(super) fn run(mut self, conn: Connection, queue: &Receiver<Message>) {
        let mut conn = Some(conn);
        loop {
            let pause = match &conn {
                Some(conn) if !self.has_failed() => self.record(conn, queue),
                conn => self.idle(conn.as_ref(), queue),
            };
            match pause {
                Pause::Failed(error) => self.fail(error),
                Pause::Move { to, replace, reply } => {
                    let (now, result) = moving::rename(&mut self, conn.take(), &to, replace);
                    conn = now;
                    self.fail_without(conn.as_ref(), &result);
                    let _ = reply.send(result);
                }
                Pause::Adopt(copy, reply) => {
                    let (now, result) = moving::adopt(&mut self, conn.take(), *copy);
                    conn = now;
                    self.fail_without(conn.as_ref(), &result);
                    let _ = reply.send(result);
                }
                Pause::Finish(ended, reply) => {
                    let result = self.finish(conn.take(), ended, queue);
                    let _ = reply.send(result);
                    return;
                }
            }
        }
    }

    /// Goes on with a connection to the file at `at`, which was moved there.
    pub(super) fn reopen(&mut self, at: &Path) -> Result<Connection, CaptureError> {
        self.stay_at(at);
        let conn = schema::reopen(at)?;
        schema::for_recording(&conn, at)?;
        self.mark.hold_journal();
        limit(&conn, at, self.knobs)?;
        Ok(conn)
    }

    pub(super) fn stay_at(&mut self, at: &Path) {
        at.clone_into(&mut self.path);
        self.mark = Mark::new(at);
        self.mark.hold_journal();
    }

    fn record(&mut self, conn: &Connection, queue: &Receiver<Message>) -> Pause {
        let mut transaction = match Transaction::new(conn, self.path.clone()) {
            Ok(transaction) => transaction,
            Err(error) => return Pause::Failed(error),
        };
        loop {
            let message = match next(queue, &transaction) {
                Next::Take(Message::Events(batch)) => {
                    if let Err(error) = transaction.put(batch, &mut self.ledger) {
                        return Pause::Failed(error);
                    }
                    continue;
                }
                Next::Take(message) => Some(message),
                Next::Commit => None,
            };
            let committed = transaction.commit(&mut self.ledger);
            if let Err(error) = committed {
                // What was asked for is answered as by any recording that has failed.
                self.fail(error);
            }
            self.file_chosen(conn);
            let pause = message.and_then(|message| self.pause_for(Some(conn), message));
            if let Some(pause) = pause {
                return pause;
            }
            if let Status::Failed(error) = self.shared.status() {
                return Pause::Failed(error);
            }
        }
    }

    /// Serves what can still be asked of a recording that failed.
    fn idle(&self, conn: Option<&Connection>, queue: &Receiver<Message>) -> Pause {
        loop {
            let message = queue.recv().unwrap_or_else(|_| abandoned());
            if let Some(pause) = self.pause_for(conn, message) {
                return pause;
            }
        }
    }

    /// The pause a message asks for; what needs none is done at once. What came before it was
    /// committed by now.
    fn pause_for(&self, conn: Option<&Connection>, message: Message) -> Option<Pause> {
        let standing = || match self.shared.status() {
            Status::Failed(error) => Err(error),
            Status::Recording | Status::Ended => Ok(()),
        };
        match message {
            // Only a recording that failed leaves events to this.
            Message::Events(_) => None,
            Message::Flush(reply) => {
                let _ = reply.send(standing());
                None
            }
            Message::Note(ended, reply) => {
                let written = conn.map_or(Ok(()), |conn| Header::write_ended(conn, &ended));
                let written = written.map_err(|e| CaptureError::sqlite(&self.path, e));
                let _ = reply.send(standing().and(written));
                None
            }
            Message::Move { to, replace, reply } => Some(Pause::Move { to, replace, reply }),
            Message::Adopt(copy, reply) => Some(Pause::Adopt(copy, reply)),
            Message::Finish(ended, reply) => Some(Pause::Finish(ended, reply)),
        }
    }

    fn has_failed(&self) -> bool {
        matches!(self.shared.status(), Status::Failed(_))
    }

    fn fail(&mut self, error: CaptureError) {
        if self.has_failed() {
            return;
        }
        self.shared.close();
        self.ledger.failed(&error);
        self.shared.set_status(Status::Failed(error));
    }

    /// A move that left no connection is the end of the recording, though not of the file.
    fn fail_without<T>(&mut self, conn: Option<&Connection>, result: &Result<T, CaptureError>) {
        if conn.is_none() {
            self.fail(result.as_ref().err().cloned().unwrap_or(CaptureError::Ended));
        }
    }

    fn finish(
        &mut self,
        conn: Option<Connection>,
        ended: Option<String>,
        queue: &Receiver<Message>,
    ) -> Result<Summary, CaptureError> {
        self.shared.close();
        if let Some(conn) = conn {
            if !self.has_failed()
                && let Err(error) = self.drain(&conn, queue)
            {
                self.fail(error);
            }
            let ended = match self.shared.status() {
                Status::Failed(error) => Some(format!("stopped: {error}")),
                Status::Recording | Status::Ended => ended,
            };
            moving::close_for_good(&self.path, &self.file, conn, ended.as_deref());
        }
        if let Status::Failed(error) = self.shared.status() {
            return Err(error);
        }
        self.shared.set_status(Status::Ended);
        Ok(Summary { path: self.path.clone(), events: self.ledger.count() })
    }

    /// Writes what was handed in before the feeds were closed.
    fn drain(&mut self, conn: &Connection, queue: &Receiver<Message>) -> Result<(), CaptureError> {
        let mut transaction = Transaction::new(conn, self.path.clone())?;
        while let Ok(message) = queue.try_recv() {
            if let Message::Events(batch) = message {
                transaction.put(batch, &mut self.ledger)?;
            }
        }
        transaction.commit(&mut self.ledger)?;
        drop(transaction);
        self.file_chosen(conn);
        Ok(())
    }

    /// Writes down which transports were chosen. The events say so as well, so it is no loss where
    /// the disk refuses.
    fn file_chosen(&mut self, conn: &Connection) {
        for (lane, chosen) in self.ledger.chosen() {
            if let Err(error) = Header::write_chosen(conn, lane, chosen) {
                tracing::warn!(%error, path = %self.path.display(), "the transport was not filed");
            }
        }
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

/// What to do next: take what is waiting, or commit once the transaction is due.
fn next(queue: &Receiver<Message>, transaction: &Transaction<'_>) -> Next {
    if transaction.is_empty() {
        return Next::Take(queue.recv().unwrap_or_else(|_| abandoned()));
    }
    if transaction.is_full() {
        return Next::Commit;
    }
    match queue.try_recv() {
        Ok(message) => return Next::Take(message),
        Err(TryRecvError::Disconnected) => return Next::Commit,
        Err(TryRecvError::Empty) => {}
    }
    let Some(rest) = transaction.rest() else { return Next::Commit };
    match queue.recv_timeout(rest) {
        Ok(message) => Next::Take(message),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Next::Commit,
    }
}

/// The end of a recording whose handle is gone. The handle asks for it itself, so this comes only
/// after a panic in between.
fn abandoned() -> Message {
    Message::Finish(None, oneshot::channel().0)
}

fn limit(conn: &Connection, path: &Path, knobs: Knobs) -> Result<(), CaptureError> {
    knobs.max_pages.map_or(Ok(()), |pages| schema::set(conn, path, "max_page_count", pages))
}
