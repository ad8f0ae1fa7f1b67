//! Work that takes longer than a moment: files, dialogs, ends of sessions. It runs beside the core
//! and brings its outcome back through one bounded queue.

use std::future::Future;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::begun::{Begun, Explained};
use super::comparing;
use super::dialog;
use super::opened::{self, Opened};
use super::reading::{SchemaError, SchemaFile};
use super::recents::recents;
use super::serving::Started;
use super::snapshot::RecentCapture;
use super::watch::News;
use crate::capture::{CaptureError, place};
use crate::compare::report::{self, ReportMeta};
use crate::compare::{Comparison, RunView, ScaleView};
use crate::model::SessionId;
use crate::server::ServerError;
use crate::session::{End, Session};

/// How long everything may take to end when the program does.
const GOODBYE: Duration = Duration::from_secs(5);

/// Largest file that is sent, in bytes.
const LARGEST: u64 = 64 << 20;

/// What slow work brings.
pub(super) enum Done {
    /// Sessions are being recorded, or why they are not.
    Begun(Vec<Result<Begun, Explained>>),
    /// A session's run is over; it can be run again.
    Over(SessionId, Box<Session>, End),
    /// A session's recording was closed.
    Closed(Result<(), CaptureError>),
    /// A file was opened; one session a lane.
    Opened(Result<Vec<Opened>, CaptureError>),
    /// The person picked a file to open.
    OpenPicked(PathBuf),
    /// The person picked a place to save a session to.
    SavePicked(SessionId, PathBuf),
    /// The person picked a file to send.
    SendPicked(SessionId, PathBuf),
    /// The content of a file that is to be sent, or why there is none.
    Read(SessionId, Result<Bytes, String>),
    /// A recording was moved to where the person wants it.
    Saved(SessionId, Result<PathBuf, CaptureError>),
    /// The person picked a descriptor set.
    SchemaPicked(SessionId, PathBuf),
    /// A descriptor set was read for a session.
    Schema(SessionId, Result<SchemaFile, SchemaError>),
    /// A file was deleted.
    Deleted(Result<(), CaptureError>),
    /// The files there are.
    Recents(Arc<[RecentCapture]>),
    /// The built-in server listens, or cannot.
    ServerStarted(Box<Started>),
    /// The built-in server has stopped.
    ServerStopped,
    /// It listens again, or cannot.
    ServerRestarted(Result<(), ServerError>),
    /// The comparison of this generation runs, or cannot.
    RunBegun(u64, Box<comparing::Begun>),
    /// It is over.
    RunOver(u64, Box<Comparison>),
    /// One that gave way to another is.
    RunLeft,
    /// A scale run is over.
    ScaleOver,
    /// The person picked a place for a report.
    ReportPicked(PathBuf),
    /// A report was written, or not.
    ReportWritten(Result<PathBuf, Explained>),
}

/// Starts slow work.
#[derive(Debug, Clone)]
pub(super) struct Work {
    done: mpsc::Sender<Done>,
    tasks: TaskTracker,
    folder: Arc<Path>,
}

impl Work {
    pub(super) fn new(done: mpsc::Sender<Done>, folder: Arc<Path>) -> Self {
        Self { done, tasks: TaskTracker::new(), folder }
    }

    /// Runs `task` beside the core.
    pub(super) fn spawn(&self, task: impl Future<Output = Done> + Send + 'static) {
        let done = self.done.clone();
        self.tasks.spawn(async move {
            let outcome = task.await;
            // The core is gone only when the program ends.
            let _ = done.send(outcome).await;
        });
    }

    /// Runs `task`, which blocks, on a thread of its own.
    pub(super) fn block(&self, task: impl FnOnce() -> Done + Send + 'static) {
        let done = self.done.clone();
        self.tasks.spawn_blocking(move || {
            let outcome = task();
            // As above; and nobody waits for what is left in the queue then.
            let _ = done.blocking_send(outcome);
        });
    }

    pub(super) fn list_recents(&self) {
        let folder = Arc::clone(&self.folder);
        self.block(move || Done::Recents(recents(&folder)));
    }

    /// Lists a file that was saved elsewhere among the recent ones.
    pub(super) fn remember(&self, path: PathBuf) {
        let folder = Arc::clone(&self.folder);
        self.block(move || {
            if let Err(error) = place::remember(&folder, &path) {
                tracing::warn!(%error, "the file will not be listed among the recent ones");
            }
            Done::Recents(recents(&folder))
        });
    }

    pub(super) fn open(&self, path: PathBuf, news: News) {
        let folder = Arc::clone(&self.folder);
        self.block(move || Done::Opened(opened::open(&path, &folder, &news)));
    }

    pub(super) fn delete(&self, path: PathBuf) {
        self.block(move || Done::Deleted(place::delete(&path)));
    }

    pub(super) fn read_schema(&self, session: SessionId, path: PathBuf) {
        self.block(move || Done::Schema(session, SchemaFile::read(&path)));
    }

    /// Asks for a descriptor set with the system's dialog.
    pub(super) fn ask_schema(&self, session: SessionId) {
        self.pick(dialog::schema(), move |path| Done::SchemaPicked(session, path));
    }

    /// Asks for a file with the system's dialog.
    pub(super) fn ask_open(&self) {
        self.pick(dialog::open(), Done::OpenPicked);
    }

    /// Asks for a place with the system's dialog.
    pub(super) fn ask_save(&self, session: SessionId, name: String) {
        self.pick(dialog::save(name), move |path| Done::SavePicked(session, path));
    }

    /// Asks for a place for a report.
    pub(super) fn ask_report(&self) {
        self.pick(dialog::report(String::from("comparison.html")), Done::ReportPicked);
    }

    /// Writes a report: JSON where the name ends so, otherwise a web page.
    pub(super) fn write_report(
        &self,
        path: PathBuf,
        run: Arc<RunView>,
        scale: Option<Arc<ScaleView>>,
        meta: ReportMeta,
    ) {
        self.block(move || {
            let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
            let write = if is_json { report::json } else { report::html };
            let written = std::fs::write(&path, write(&run, scale.as_deref(), &meta));
            let explained = |error: std::io::Error| {
                let hint = "Choose a folder that is there and that you may write to";
                (format!("{} cannot be written: {error}", path.display()), Some(hint.to_owned()))
            };
            Done::ReportWritten(written.map_err(explained).map(|()| path))
        });
    }

    /// Asks for a file to send.
    pub(super) fn ask_send(&self, session: SessionId) {
        self.pick(dialog::send(), move |path| Done::SendPicked(session, path));
    }

    /// Reads a file that is to be sent.
    pub(super) fn read(&self, session: SessionId, path: PathBuf) {
        self.block(move || Done::Read(session, content(&path)));
    }

    fn pick(
        &self,
        dialog: impl Future<Output = Option<PathBuf>> + Send + 'static,
        then: impl FnOnce(PathBuf) -> Done + Send + 'static,
    ) {
        let done = self.done.clone();
        // Not tracked: a dialog that is still open must not keep the program from ending.
        tokio::spawn(async move {
            if let Some(path) = dialog.await {
                // As above.
                let _ = done.send(then(path)).await;
            }
        });
    }

    /// Waits until all work has ended, within reason.
    pub(super) async fn finish(self) {
        self.tasks.close();
        let Self { done, tasks, .. } = self;
        drop(done);
        if tokio::time::timeout(GOODBYE, tasks.wait()).await.is_err() {
            tracing::warn!("some work had not ended after {GOODBYE:?}");
        }
    }
}

/// What a file holds, as long as it is a file and not larger than a message may be.
fn content(path: &Path) -> Result<Bytes, String> {
    let shown = path.display();
    let wrong = |error: std::io::Error| format!("{shown} cannot be sent: {error}");
    let file = std::fs::File::open(path).map_err(wrong)?;
    // A pipe or a terminal might never end.
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(format!("{shown} cannot be sent: it is no file"));
    }
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content).map_err(wrong)?;
    if content.len() as u64 > LARGEST {
        return Err(format!("{shown} cannot be sent: it is larger than {} MiB", LARGEST >> 20));
    }
    Ok(content.into())
}
