//! One session on the window's list: a live one with its recorder and its run, or one that was
//! read from a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::begun::Begun;
use super::opened::Opened;
use super::reading::Reading;
use super::snapshot::{Origin, Recording, Rows, Sending, SessionView};
use super::watch::{Wants, Watch};
use super::work::{Done, Work};
use crate::analysis::Phase;
use crate::capture::{CaptureError, CaptureFile, Progress, Recorder, Status};
use crate::model::{Clock, Endpoint, Say, SessionId, TransportKind};
use crate::session::{Controls, End, Session};

/// Time between two looks at the size of a file.
const MEASURE: Duration = Duration::from_millis(500);
/// How long the end of a run is waited for before its recording is closed. A transport may take
/// two seconds to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// A session on the list.
pub(super) struct Tracked {
    id: SessionId,
    origin: Origin,
    endpoint: Arc<Endpoint>,
    transport: Option<TransportKind>,
    title: Arc<str>,
    start_wall_ns: i64,
    clock: Option<Clock>,
    watch: Arc<Watch>,
    file: Arc<CaptureFile>,
    reading: Reading,
    size: Option<(Instant, u64)>,
    recorder: Option<Arc<Recorder>>,
    is_saved: bool,
    saving: Option<Arc<Progress>>,
    run: Option<Run>,
    /// While it does not run but could again.
    resting: Option<Box<Session>>,
    /// What is sent again and again.
    repeats: Option<(Say, Duration)>,
    /// The attempt in which it was said whether pings are answered, and what; the next attempt
    /// begins as the options say.
    answers: Option<(u32, bool)>,
}

/// A session's run.
struct Run {
    controls: Controls,
    /// Cancelled when it is over.
    over: CancellationToken,
}

impl Tracked {
    /// A live session, which connects from now on.
    pub(super) fn begun(begun: Begun, work: &Work) -> Self {
        let Begun { id, endpoint, clock, watch, recorder, session } = begun;
        let mut tracked = Self {
            id,
            origin: Origin::Live,
            transport: endpoint.resolved(),
            title: endpoint.title().into(),
            endpoint: Arc::new(endpoint),
            start_wall_ns: clock.wall_ns(),
            clock: Some(clock),
            watch,
            file: recorder.file(),
            reading: Reading::default(),
            size: None,
            recorder: Some(Arc::new(recorder)),
            is_saved: false,
            saving: None,
            run: None,
            resting: Some(Box::new(session)),
            repeats: None,
            answers: None,
        };
        tracked.reconnect(work);
        tracked
    }

    /// A session of a file that is being read.
    pub(super) fn opened(id: SessionId, opened: Opened) -> Self {
        Self {
            id,
            origin: Origin::File,
            endpoint: Arc::new(opened.endpoint),
            transport: opened.transport,
            title: opened.title.into(),
            start_wall_ns: opened.start_wall_ns,
            clock: None,
            watch: opened.watch,
            file: opened.file,
            reading: Reading::default(),
            size: None,
            recorder: None,
            is_saved: true,
            saving: None,
            run: None,
            resting: None,
            repeats: None,
            answers: None,
        }
    }

    pub(super) fn id(&self) -> SessionId {
        self.id
    }

    /// Whether time alone changes what is shown.
    pub(super) fn has_pulse(&self) -> bool {
        self.run.is_some() || self.saving.is_some()
    }

    pub(super) fn want(&self, change: impl FnOnce(&mut Wants)) {
        self.watch.want(change);
    }

    /// Changes how payloads are read, and reads the one in the detail so.
    pub(super) fn read_otherwise(&mut self, change: impl FnOnce(&mut Reading)) {
        change(&mut self.reading);
        let reading = self.reading.clone();
        self.want(|wants| wants.reading = Some(reading));
    }

    /// Why its recording stopped, if it did.
    pub(super) fn failure(&self) -> Option<CaptureError> {
        match self.recorder.as_ref()?.status() {
            Status::Failed(error) => Some(error),
            Status::Recording | Status::Ended => None,
        }
    }

    /// Hands something over to be sent; `false` when it cannot be.
    pub(super) fn say(&mut self, say: Say) -> bool {
        let Phase::Open { attempt, .. } = self.watch.observer().story.phase else { return false };
        let Some(run) = &self.run else { return false };
        let (answers, repeats) = match &say {
            Say::AnswerPings(answers) => (Some((attempt, *answers)), None),
            Say::Repeat(wanted) => {
                (None, Some(wanted.as_ref().map(|(say, every)| (Say::clone(say), *every))))
            }
            _ => (None, None),
        };
        let sent = run.controls.say.try_send(say).is_ok();
        if sent {
            self.answers = answers.or(self.answers);
            self.repeats = repeats.unwrap_or_else(|| self.repeats.take());
        }
        sent
    }

    pub(super) fn disconnect(&mut self) {
        if let Some(run) = &self.run {
            run.controls.stop.cancel();
        }
    }

    /// Connects again, or ends the wait before the next attempt.
    pub(super) fn reconnect(&mut self, work: &Work) {
        if let Some(run) = &self.run {
            run.controls.hurry.notify_one();
        }
        let Some(mut session) = self.resting.take() else { return };
        let (controls, said) = Session::controls(CancellationToken::new());
        let over = CancellationToken::new();
        self.run = Some(Run { controls: controls.clone(), over: over.clone() });
        let id = self.id;
        work.spawn(async move {
            let _over = over.drop_guard();
            let end = session.run(&controls, said).await;
            Done::Over(id, session, end)
        });
    }

    /// Takes the end of a run.
    pub(super) fn over(&mut self, session: Box<Session>, end: &End) {
        tracing::debug!(?end, title = %self.title, "the session's run is over");
        self.run = None;
        self.resting = Some(session);
        self.repeats = None;
    }

    /// The name of the file it is recorded into.
    pub(super) fn file_name(&self) -> String {
        let path = self.file.path();
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Moves a live recording to `path`, or copies the file of an opened one there.
    pub(super) fn save_as(&mut self, path: &Path, replace: bool, work: &Work) {
        let (id, to) = (self.id, path.to_owned());
        let progress = Progress::new();
        self.saving = Some(Arc::clone(&progress));
        let Some(recorder) = &self.recorder else {
            let file = Arc::clone(&self.file);
            work.block(move || Done::Saved(id, file.copy_to(&to, replace).map(|()| to)));
            return;
        };
        let recorder = Arc::clone(recorder);
        work.spawn(async move {
            Done::Saved(id, recorder.save_as(&to, replace, &progress).await.map(|()| to))
        });
    }

    /// Saving has ended; well, where the recording is now in the place the person chose.
    pub(super) fn saved(&mut self, result: &Result<PathBuf, CaptureError>) {
        self.is_saved |= result.is_ok();
        self.saving = None;
    }

    /// Ends it and closes its recording, beside the core: the run first, so that its goodbye and
    /// what came last are in the file.
    pub(super) fn close(self, work: &Work) {
        let Some(recorder) = self.recorder else {
            self.watch.want(|wants| wants.closed = true);
            return;
        };
        work.spawn(async move {
            if let Some(run) = self.run {
                run.controls.stop.cancel();
                // What takes longer is cut off by the end of the recording.
                let _ = tokio::time::timeout(GOODBYE, run.over.cancelled()).await;
            }
            // Why it cannot be flushed is what finishing says, too.
            let _ = recorder.flush().await;
            let ended = how_it_ended(&self.watch);
            let closed = recorder.finish(&ended).await;
            self.watch.want(|wants| wants.closed = true);
            Done::Closed(closed.map(drop))
        });
    }

    /// What the window sees of it now.
    pub(super) fn view(&mut self) -> SessionView {
        let failure = self.failure();
        let shown = self.watch.shown().clone();
        let unreadable = shown.damage.or(shown.error);
        let recording = self.recording(failure.as_ref(), unreadable);
        let mut observer = self.watch.observer();
        let last_ns = observer.index.last().map_or(0, |entry| entry.t_ns);
        let now_ns = self.clock.as_ref().map_or(last_ns, Clock::now);
        let mut rows = shown.rows;
        rows.extend(observer.newest().map(|(n, event)| (*n, Arc::clone(event))));
        let phase = match failure {
            Some(error) if self.run.is_none() => stopped(&error, last_ns),
            _ => observer.story.phase.clone(),
        };
        let is_live = phase.is_open() && self.clock.is_some();
        let sending = self.sending(&phase);
        SessionView {
            id: self.id,
            origin: self.origin.clone(),
            endpoint: Arc::clone(&self.endpoint),
            title: Arc::clone(&self.title),
            transport: observer.story.transport.or(self.transport),
            clock: self.clock,
            start_wall_ns: self.start_wall_ns,
            now_ns,
            phase,
            insecure: observer.story.insecure,
            silent_ns: is_live.then(|| observer.traffic.silent_for(now_ns)).flatten(),
            index: observer.index.clone(),
            filter: shown.filter,
            matches: shown.matches,
            rows: Rows::new(rows),
            reading: self.reading.clone(),
            selected: shown.selected,
            assembled: shown.assembled,
            stats: observer.stats(now_ns),
            series: observer.series(),
            recording,
            sending,
        }
    }

    fn sending(&self, phase: &Phase) -> Sending {
        let answers = match (phase, self.answers) {
            (Phase::Open { attempt, .. }, Some((of, answers))) if of == *attempt => answers,
            _ => self.endpoint.options.answer_pings,
        };
        Sending { repeats: self.repeats.clone(), withholds_pongs: !answers }
    }

    fn recording(
        &mut self,
        failure: Option<&CaptureError>,
        unreadable: Option<(String, String)>,
    ) -> Recording {
        let failed = failure.map(|error| (error.to_string(), error.hint().to_owned()));
        Recording {
            path: self.file.path(),
            bytes: self.bytes(),
            is_saved: self.is_saved,
            is_running: self.recorder.is_some() && failed.is_none(),
            error: failed.or(unreadable),
            saving: self.saving.as_ref().map(|progress| progress.get()),
        }
    }

    /// The file's size, as it was a moment ago.
    fn bytes(&mut self) -> u64 {
        match self.size {
            Some((at, bytes)) if at.elapsed() < MEASURE => bytes,
            _ => self.size.insert((Instant::now(), self.file.size())).1,
        }
    }
}

/// How a session whose recording stopped looks: nothing more of it can be kept, so it was ended.
fn stopped(error: &CaptureError, at_ns: u64) -> Phase {
    Phase::Ended {
        at_ns,
        was_open: true,
        status: None,
        code: None,
        cause: format!("recording stopped: {error}"),
        hint: Some(error.hint().to_owned()),
        n: 0,
    }
}

fn how_it_ended(watch: &Watch) -> String {
    match &watch.observer().story.phase {
        Phase::Ended { cause, .. } => cause.clone(),
        _ => String::from("disconnected by you"),
    }
}
