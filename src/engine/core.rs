//! The one task that owns everything: it carries out commands, takes what slow work brings, and
//! publishes a snapshot when something changed, at most sixty times a second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::handle::Port;
use super::live::Tracked;
use super::serving::Serving;
use super::snapshot::{Notice, RecentCapture, Severity, Snapshot};
use super::watch::Select;
use super::work::{Done, Work};
use crate::capture::{CaptureError, place};
use crate::model::{Command, Endpoint, SessionId, TransportKind};

/// Called whenever there is a new snapshot.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Shortest time between two snapshots.
const FRAME: Duration = Duration::from_millis(16);
/// Time between two snapshots while something runs but says nothing: rates fall, silence grows.
const PULSE: Duration = Duration::from_millis(500);
/// Notices kept; the oldest goes first.
const NOTICES: usize = 8;
/// Outcomes of slow work waiting to be taken, at most.
const DONE: usize = 64;

pub(super) struct Core {
    port: Port,
    waker: Waker,
    folder: Arc<Path>,
    changed: Arc<Notify>,
    work: Work,
    done: mpsc::Receiver<Done>,
    sessions: Vec<Tracked>,
    next_id: u32,
    serving: Serving,
    recents: Arc<[RecentCapture]>,
    notices: Vec<Notice>,
    next_notice: u64,
}

impl Core {
    pub(super) fn new(port: Port, folder: Arc<Path>, waker: Waker) -> Self {
        let (sender, done) = mpsc::channel(DONE);
        let work = Work::new(sender, Arc::clone(&folder));
        Self {
            port,
            waker,
            folder,
            changed: Arc::new(Notify::new()),
            serving: Serving::default(),
            work,
            done,
            sessions: Vec::new(),
            next_id: 1,
            recents: Arc::default(),
            notices: Vec::new(),
            next_notice: 1,
        }
    }

    /// Works until `quit`, then ends every session and the server, and closes every recording.
    pub(super) async fn run(mut self, quit: CancellationToken) {
        self.work.list_recents();
        loop {
            tokio::select! {
                () = quit.cancelled() => break,
                command = self.port.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                Some(done) = self.done.recv() => self.take(done),
                () = self.changed.notified() => {}
                () = tokio::time::sleep(PULSE), if self.has_pulse() => {}
            }
            while let Ok(command) = self.port.commands.try_recv() {
                self.obey(command);
            }
            while let Ok(done) = self.done.try_recv() {
                self.take(done);
            }
            self.publish();
            tokio::time::sleep(FRAME).await;
        }
        self.close().await;
    }

    fn has_pulse(&self) -> bool {
        self.serving.is_running() || self.sessions.iter().any(Tracked::has_pulse)
    }

    fn publish(&mut self) {
        let sessions = self.sessions.iter_mut().map(|session| Arc::new(session.view())).collect();
        self.port.publish(Snapshot {
            sessions,
            server: self.serving.view(),
            recents: Arc::clone(&self.recents),
            notices: self.notices.clone(),
        });
        (self.waker)();
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Connect(endpoint) => self.connect(*endpoint),
            Command::Disconnect(id) => self.with(id, |session, _| session.disconnect()),
            Command::Reconnect(id) => self.with(id, Tracked::reconnect),
            Command::Close(id) => self.close_session(id),
            Command::Send(id, say) => {
                let sent = self.session(id).is_some_and(|session| session.say(say));
                if !sent {
                    self.tell(
                        Severity::Error,
                        "The message was not sent",
                        Some("The session is not open, or too much is waiting to be sent"),
                    );
                }
            }
            Command::Filter(id, filter) => {
                self.with(id, |session, _| session.want(|wants| wants.filter = Some(filter)));
            }
            Command::View(id, rows) => {
                self.with(id, |session, _| session.want(|wants| wants.rows = Some(rows)));
            }
            Command::Select(id, n) => {
                self.with(id, |session, _| session.want(|wants| wants.select = Some(Select(n))));
            }
            Command::Open(path) => self.open(path),
            Command::OpenDialog => self.work.ask_open(),
            Command::SaveAs { session, path, replace } => {
                self.with(session, |session, work| session.save_as(&path, replace, work));
            }
            Command::SaveDialog(id) => {
                let name = self.session(id).map(Tracked::file_name);
                if let Some(name) = name {
                    self.work.ask_save(id, name);
                }
            }
            Command::Delete(path) => self.work.delete(path),
            Command::StartServer(options) => self.serving.start(*options, false, &self.work),
            Command::StopServer => self.serving.stop(&self.work),
            Command::Demo => self.demo(),
            Command::Dismiss(id) => self.notices.retain(|notice| notice.id != id),
        }
    }

    fn take(&mut self, done: Done) {
        match done {
            Done::Over(id, session, end) => self.with(id, |tracked, _| tracked.over(session, &end)),
            Done::Opened(result) => self.opened(result),
            Done::OpenPicked(path) => self.open(path),
            Done::SavePicked(session, path) => {
                // The dialog has asked already whether a file that is there may be replaced.
                self.with(session, |session, work| session.save_as(&path, true, work));
            }
            Done::Saved(id, result) => self.saved(id, result),
            Done::Closed(result) | Done::Deleted(result) => {
                self.report(result);
                self.work.list_recents();
            }
            Done::Recents(recents) => self.recents = recents,
            Done::ServerStarted(result) => self.server_started(*result),
            Done::ServerStopped(hub) => self.serving.stopped(hub),
        }
    }

    fn connect(&mut self, endpoint: Endpoint) {
        let id = self.new_id();
        match Tracked::connect(id, endpoint, &self.folder, Arc::clone(&self.changed), &self.work) {
            Ok(session) => {
                self.sessions.push(session);
                self.work.list_recents();
            }
            Err((text, hint)) => self.tell(Severity::Error, &text, hint.as_deref()),
        }
    }

    fn open(&mut self, path: PathBuf) {
        let changed = Arc::clone(&self.changed);
        self.work.open(path, changed);
    }

    fn opened(&mut self, result: Result<Vec<super::live::Opened>, CaptureError>) {
        match result {
            Ok(lanes) => {
                for opened in lanes {
                    let id = self.new_id();
                    self.sessions.push(Tracked::opened(id, opened));
                }
            }
            Err(error) => self.report(Err(error)),
        }
    }

    fn close_session(&mut self, id: SessionId) {
        if let Some(at) = self.sessions.iter().position(|session| session.id() == id) {
            self.sessions.remove(at).close(&self.work);
        }
    }

    fn saved(&mut self, id: SessionId, result: Result<PathBuf, CaptureError>) {
        self.with(id, |session, _| session.saved(result.is_ok()));
        match result {
            Ok(path) => {
                self.tell(Severity::Info, &format!("Saved to {}", path.display()), None);
                self.work.remember(path);
            }
            Err(error) => self.report(Err(error)),
        }
    }

    fn demo(&mut self) {
        match self.serving.url() {
            Some(url) => self.connect_demo(&url),
            None => self.serving.start(self.serving.options(), true, &self.work),
        }
    }

    fn server_started(&mut self, result: super::serving::Started) {
        if let Some(url) = self.serving.started(result) {
            self.connect_demo(&url);
        }
    }

    fn connect_demo(&mut self, base: &str) {
        let paths = ["ws", "sse", "poll", "short"];
        for (transport, path) in TransportKind::ALL.into_iter().zip(paths) {
            match Endpoint::parse(&format!("{base}/{path}")) {
                Ok(endpoint) => self.connect(endpoint.over(transport)),
                Err(error) => self.tell(Severity::Error, &error.to_string(), None),
            }
        }
    }

    fn report(&mut self, result: Result<(), CaptureError>) {
        if let Err(error) = result {
            self.tell(Severity::Error, &sentence(&error.to_string()), Some(error.hint()));
        }
    }

    fn tell(&mut self, severity: Severity, text: &str, hint: Option<&str>) {
        if self.notices.len() == NOTICES {
            self.notices.remove(0);
        }
        let (id, hint) = (self.next_notice, hint.map(str::to_owned));
        self.notices.push(Notice { id, severity, text: text.to_owned(), hint });
        self.next_notice += 1;
    }

    fn session(&self, id: SessionId) -> Option<&Tracked> {
        self.sessions.iter().find(|session| session.id() == id)
    }

    fn with(&mut self, id: SessionId, act: impl FnOnce(&mut Tracked, &Work)) {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.id() == id) {
            act(session, &self.work);
        }
    }

    fn new_id(&mut self) -> SessionId {
        let id = SessionId(self.next_id);
        self.next_id += 1;
        id
    }

    async fn close(mut self) {
        for session in self.sessions.drain(..) {
            session.close(&self.work);
        }
        self.serving.close().await;
        self.work.finish().await;
    }
}

/// The first letter in upper case: a message from inside becomes a sentence of its own.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The files in the place of unsaved recordings and those that were saved elsewhere.
pub(super) fn recents(folder: &Path) -> Arc<[RecentCapture]> {
    place::recents(folder).into_iter().map(|recent| shown(recent, folder)).collect()
}

fn shown(recent: place::Recent, folder: &Path) -> RecentCapture {
    let modified = recent.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = recent.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (what, title, events, was_cut_off) = match &recent.content {
        Ok(content) => {
            let lanes = &content.header.lanes;
            let what = match lanes.as_slice() {
                [lane] => {
                    TransportKind::from_word(&lane.transport).map_or("Auto", |t| t.label()).into()
                }
                lanes => format!("{} transports", lanes.len()),
            };
            let title = lanes.first().map(|lane| lane.title.clone()).unwrap_or_default();
            let was_cut_off = !content.header.has_ended() && !content.is_recorded;
            (what, title, content.events, was_cut_off)
        }
        Err(error) => (String::from("cannot be opened"), error.to_string(), 0, false),
    };
    RecentCapture {
        is_saved: recent.path.parent() != Some(folder),
        path: recent.path,
        name,
        what,
        title,
        events,
        bytes: recent.bytes,
        modified_wall_ns: i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX),
        was_cut_off,
    }
}
