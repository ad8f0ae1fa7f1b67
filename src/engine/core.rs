//! The one task that owns everything: it carries out commands, takes what slow work brings, and
//! publishes a snapshot when something changed: what the window asked for at once, events that came
//! in at most thirty times a second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::comparing::Comparing;
use super::handle::Port;
use super::serving::Serving;
use super::snapshot::{Notice, RecentCapture, Severity, Snapshot};
use super::tracked::Tracked;
use super::watch::{News, Select};
use super::work::{Done, Work};
use super::workshop::{After, Then};
use crate::capture::CaptureError;
use crate::model::{Command, Say, SessionId};

/// Called whenever there is a new snapshot.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Shortest time between two snapshots for events alone.
const FRAME: Duration = Duration::from_millis(33);
/// Time between two snapshots while something runs but says nothing: rates fall, silence grows.
const PULSE: Duration = Duration::from_millis(500);
/// The same while transports are compared.
const BEAT: Duration = Duration::from_millis(150);
/// Notices kept; the oldest goes first.
const NOTICES: usize = 8;
/// Outcomes of slow work waiting to be taken, at most.
const DONE: usize = 64;

pub(super) struct Core {
    port: Port,
    waker: Waker,
    pub(super) folder: Arc<Path>,
    pub(super) news: News,
    pub(super) work: Work,
    done: mpsc::Receiver<Done>,
    pub(super) sessions: Vec<Tracked>,
    next_id: u32,
    pub(super) serving: Serving,
    pub(super) comparing: Comparing,
    /// What is done as soon as the server runs.
    pub(super) after: Vec<After>,
    /// What is done as soon as no comparison has anything of the server.
    pub(super) then: Vec<Then>,
    /// This program, which runs a server of its own for a scale run.
    pub(super) program: Option<PathBuf>,
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
            news: News::default(),
            serving: Serving::default(),
            comparing: Comparing::new(),
            after: Vec::new(),
            then: Vec::new(),
            program: std::env::current_exe().ok(),
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
        let mut published = Instant::now();
        loop {
            tokio::select! {
                () = quit.cancelled() => break,
                command = self.port.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                Some(done) = self.done.recv() => self.take(done),
                () = self.news.answer() => {}
                () = self.news.events(), if published.elapsed() >= FRAME => {}
                () = tokio::time::sleep_until((published + FRAME).into()),
                    if published.elapsed() < FRAME => continue,
                () = tokio::time::sleep(PULSE), if self.has_pulse() => {}
                () = tokio::time::sleep(BEAT), if self.comparing.has_pulse() => {}
            }
            while let Ok(command) = self.port.commands.try_recv() {
                self.obey(command);
            }
            while let Ok(done) = self.done.try_recv() {
                self.take(done);
            }
            self.publish();
            published = Instant::now();
        }
        self.close().await;
    }

    fn has_pulse(&self) -> bool {
        self.serving.is_running() || self.sessions.iter().any(Tracked::has_pulse)
    }

    fn publish(&mut self) {
        self.comparing.look(&self.work);
        let sessions = self.sessions.iter_mut().map(|session| Arc::new(session.view())).collect();
        self.port.publish(Snapshot {
            sessions,
            server: self.serving.view(),
            compare: self.comparing.view(),
            recents: Arc::clone(&self.recents),
            notices: self.notices.clone(),
        });
        (self.waker)();
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Connect(endpoint) => self.connect(vec![*endpoint]),
            Command::Disconnect(id) => self.with(id, |session, _| session.disconnect()),
            Command::Reconnect(id) => self.reconnect(id),
            Command::Close(id) => self.close_session(id),
            Command::Send(id, say) => self.say(id, say),
            Command::SendFile(id, path) => self.work.read(id, path),
            Command::SendFileDialog(id) => self.work.ask_send(id),
            Command::Filter(id, filter) => {
                self.with(id, |session, _| session.want(|wants| wants.filter = Some(filter)));
            }
            Command::View(id, rows) => {
                self.with(id, |session, _| session.want(|wants| wants.rows = Some(rows)));
            }
            Command::Select(id, n) => {
                self.with(id, |session, _| session.want(|wants| wants.select = Some(Select(n))));
            }
            Command::ReadAs(id, decoder) => {
                self.with(id, |session, _| session.read_otherwise(|how| how.decoder = decoder));
            }
            Command::Schema(id, Some(path)) => self.work.read_schema(id, path),
            Command::Schema(id, None) => {
                self.with(id, |session, _| session.read_otherwise(|how| how.schema = None));
            }
            Command::SchemaDialog(id) => self.work.ask_schema(id),
            Command::SchemaMessage(id, name) => {
                self.with(id, |session, _| session.read_otherwise(|how| how.name_message(name)));
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
            Command::StopServer => self.once_free(Then::StopServer),
            Command::RestartServer(restart) => self.serving.restart(restart, &self.work),
            Command::SetSource(source) => self.set_source(source),
            Command::SetNetwork(network) => self.serving.set_network(*network),
            Command::OpenRoom(open) => self.once_free(Then::OpenRoom(open)),
            Command::Publish { topic, text } => self.publish_message(&topic, &text),
            Command::CutClient(client) => self.serving.cut(client),
            Command::CutAll => self.serving.cut_all(),
            Command::Demo => self.with_server(After::Demo),
            Command::StartRun(setup) => self.start_run(setup),
            Command::RunLesson(id) => self.with_server(After::Lesson(id)),
            Command::StopRun => self.comparing.stop(),
            Command::SetNeeds(needs) => self.comparing.set_needs(needs),
            Command::StartScale(clients) => self.scale(clients),
            Command::StopScale => self.comparing.stop_scale(),
            Command::ReportDialog => self.work.ask_report(),
            Command::Report(path) => self.write_report(path),
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
            Done::SendPicked(id, path) => self.work.read(id, path),
            Done::Read(id, Ok(content)) => self.say(id, Say::Binary(content)),
            Done::Read(_, Err(why)) => {
                let hint = Some("Choose another file, or send its content in parts");
                self.tell(Severity::Error, &why, hint);
            }
            Done::SchemaPicked(id, path) => self.work.read_schema(id, path),
            Done::Schema(id, Ok(file)) => self.with(id, |session, _| {
                session.read_otherwise(|how| how.schema = Some(Arc::new(file)));
            }),
            Done::Schema(_, Err(error)) => {
                self.tell(Severity::Error, &sentence(&error.to_string()), Some(error.hint()));
            }
            Done::Saved(id, result) => self.saved(id, result),
            Done::Closed(result) | Done::Deleted(result) => {
                self.report(result);
                self.work.list_recents();
            }
            Done::Recents(recents) => self.recents = recents,
            Done::ServerStarted(result) => self.server_started(*result),
            Done::ServerStopped => self.server_stopped(),
            Done::ServerRestarted(result) => self.serving.restarted(result, &self.work),
            Done::RunBegun(generation, begun) => self.run_begun(generation, *begun),
            Done::RunOver(generation, comparison) => self.run_over(generation, *comparison),
            Done::RunLeft => self.run_left(),
            Done::ScaleOver => {}
            Done::ReportPicked(path) => self.write_report(path),
            Done::ReportWritten(result) => self.report_written(result),
            Done::Begun(sessions) => self.begun(sessions),
        }
    }

    pub(super) fn report(&mut self, result: Result<(), CaptureError>) {
        if let Err(error) = result {
            self.tell(Severity::Error, &sentence(&error.to_string()), Some(error.hint()));
        }
    }

    pub(super) fn tell(&mut self, severity: Severity, text: &str, hint: Option<&str>) {
        if self.notices.len() == NOTICES {
            self.notices.remove(0);
        }
        let (id, hint) = (self.next_notice, hint.map(str::to_owned));
        self.notices.push(Notice { id, severity, text: text.to_owned(), hint });
        self.next_notice += 1;
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Tracked> {
        self.sessions.iter().find(|session| session.id() == id)
    }

    pub(super) fn with(&mut self, id: SessionId, act: impl FnOnce(&mut Tracked, &Work)) {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.id() == id) {
            act(session, &self.work);
        }
    }

    pub(super) fn new_id(&mut self) -> SessionId {
        let id = SessionId(self.next_id);
        self.next_id += 1;
        id
    }

    async fn close(mut self) {
        // Nobody takes outcomes any more, so nobody is to wait for that.
        self.done.close();
        for session in self.sessions.drain(..) {
            session.close(&self.work);
        }
        self.comparing.close().await;
        self.serving.close().await;
        self.work.finish().await;
    }
}

/// The first letter in upper case: a message from inside becomes a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
