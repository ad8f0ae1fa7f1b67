//! One session on the window's list: a live one with its recorder and its run, or one that was
//! read from a file.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::observer::Observer;
use super::snapshot::{Origin, Recording, Rows, SessionView};
use super::viewer;
use super::watch::{Wants, Watch};
use super::work::{Done, Work};
use crate::analysis::Phase;
use crate::capture::{
    CaptureError, CaptureFile, Committed, Header, Progress, Recorder, Status, Tap, place,
};
use crate::model::{Clock, Endpoint, Event, Options, Say, SessionId, TransportKind};
use crate::session::{Controls, End, Session};
use crate::transport;

/// Events of a file that are observed before the next look whether it was closed.
const READ: usize = 4096;

/// Passes what was recorded on to the session's observer.
struct Observe {
    watch: Arc<Watch>,
}

impl Tap for Observe {
    fn committed(&mut self, batch: Committed<'_>) {
        let numbered: Vec<(u64, &Event)> = (batch.first_n..).zip(batch.events).collect();
        self.watch.take(&numbered);
    }

    fn failed(&mut self, _error: &CaptureError) {
        self.watch.changed();
    }
}

/// A lane of a file, read.
pub(super) struct Opened {
    file: Arc<CaptureFile>,
    watch: Arc<Watch>,
    endpoint: Endpoint,
    transport: Option<TransportKind>,
    title: String,
    start_wall_ns: i64,
}

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
    recorder: Option<Arc<Recorder>>,
    is_saved: bool,
    saving: Option<Arc<Progress>>,
    /// While it runs.
    controls: Option<Controls>,
    /// While it does not run but could again.
    resting: Option<Box<Session>>,
}

type Explained = (String, Option<String>);

impl Tracked {
    /// Begins to record and to connect.
    pub(super) fn connect(
        id: SessionId,
        endpoint: Endpoint,
        folder: &Path,
        changed: Arc<Notify>,
        work: &Work,
    ) -> Result<Self, Explained> {
        let transport =
            transport::build(&endpoint).map_err(|error| (error.to_string(), error.hint()))?;
        let clock = Clock::start();
        let observer = Observer::new(clock.wall_ns(), &endpoint.options);
        let watch = Watch::new(observer, changed);
        let explained = |error: CaptureError| (error.to_string(), Some(error.hint().to_owned()));
        let tap = Box::new(Observe { watch: Arc::clone(&watch) });
        let header = Header::new(&endpoint, clock.wall_ns());
        let path = place::new_file(folder, &header).map_err(explained)?;
        let recorder = Recorder::create(&path, &header, tap).map_err(explained)?;
        let file = recorder.file();
        start_viewer(&watch, &file)?;
        let session = Session::new(endpoint.clone(), transport, clock, recorder.feed(0));
        let mut tracked = Self {
            id,
            origin: Origin::Live,
            transport: endpoint.transport,
            title: endpoint.title().into(),
            endpoint: Arc::new(endpoint),
            start_wall_ns: clock.wall_ns(),
            clock: Some(clock),
            watch,
            file,
            recorder: Some(Arc::new(recorder)),
            is_saved: false,
            saving: None,
            controls: None,
            resting: Some(Box::new(session)),
        };
        tracked.reconnect(work);
        Ok(tracked)
    }

    /// A session of a file that was read.
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
            recorder: None,
            is_saved: true,
            saving: None,
            controls: None,
            resting: None,
        }
    }

    pub(super) fn id(&self) -> SessionId {
        self.id
    }

    /// Whether time alone changes what is shown.
    pub(super) fn has_pulse(&self) -> bool {
        self.controls.is_some()
    }

    pub(super) fn want(&self, change: impl FnOnce(&mut Wants)) {
        self.watch.want(change);
    }

    /// Hands something over to be sent; `false` when it cannot be.
    pub(super) fn say(&self, say: Say) -> bool {
        let is_open = self.watch.observer().story.phase.is_open();
        is_open && self.controls.as_ref().is_some_and(|c| c.say.try_send(say).is_ok())
    }

    pub(super) fn disconnect(&mut self) {
        if let Some(controls) = &self.controls {
            controls.stop.cancel();
        }
    }

    /// Connects again, or ends the wait before the next attempt.
    pub(super) fn reconnect(&mut self, work: &Work) {
        if let Some(controls) = &self.controls {
            controls.hurry.notify_one();
        }
        let Some(mut session) = self.resting.take() else { return };
        let (controls, said) = Session::controls(CancellationToken::new());
        self.controls = Some(controls.clone());
        let id = self.id;
        work.spawn(async move {
            let end = session.run(&controls, said).await;
            Done::Over(id, session, end)
        });
    }

    /// Takes the end of a run.
    pub(super) fn over(&mut self, session: Box<Session>, end: &End) {
        tracing::debug!(?end, title = %self.title, "the session's run is over");
        self.controls = None;
        self.resting = Some(session);
    }

    /// The name of the file it is recorded into.
    pub(super) fn file_name(&self) -> String {
        let path = self.file.path();
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Moves a live recording to `path`, or copies the file of an opened one there.
    pub(super) fn save_as(&mut self, path: &Path, replace: bool, work: &Work) {
        let (id, to) = (self.id, path.to_owned());
        let Some(recorder) = &self.recorder else {
            let file = Arc::clone(&self.file);
            work.block(move || Done::Saved(id, file.copy_to(&to, replace).map(|()| to)));
            return;
        };
        let (recorder, progress) = (Arc::clone(recorder), Progress::new());
        self.saving = Some(Arc::clone(&progress));
        work.spawn(async move {
            Done::Saved(id, recorder.save_as(&to, replace, &progress).await.map(|()| to))
        });
    }

    /// Saving has ended; well, where the recording is now in the place the person chose.
    pub(super) fn saved(&mut self, well: bool) {
        self.is_saved |= well;
        self.saving = None;
    }

    /// Ends it and closes its recording, beside the core.
    pub(super) fn close(self, work: &Work) {
        self.want(|wants| wants.closed = true);
        if let Some(controls) = &self.controls {
            controls.stop.cancel();
        }
        let ended = self.how_it_ended();
        if let Some(recorder) = self.recorder {
            work.spawn(async move { Done::Closed(recorder.finish(&ended).await.map(drop)) });
        }
    }

    fn how_it_ended(&self) -> String {
        match &self.watch.observer().story.phase {
            Phase::Ended { cause, .. } => cause.clone(),
            _ => String::from("disconnected by you"),
        }
    }

    /// What the window sees of it now.
    pub(super) fn view(&mut self) -> SessionView {
        let shown = self.watch.shown().clone();
        let recording = self.recording(shown.error);
        let mut observer = self.watch.observer();
        let now_ns = match (&self.clock, observer.index.last()) {
            (Some(clock), _) => clock.now(),
            (None, last) => last.map_or(0, |entry| entry.t_ns),
        };
        let mut rows = shown.rows;
        rows.extend(observer.newest().map(|(n, event)| (*n, Arc::clone(event))));
        let is_live = observer.story.phase.is_open() && self.clock.is_some();
        let silent_ns = is_live.then(|| observer.traffic.silent_for(now_ns)).flatten();
        SessionView {
            id: self.id,
            origin: self.origin.clone(),
            endpoint: Arc::clone(&self.endpoint),
            title: Arc::clone(&self.title),
            transport: observer.story.transport.or(self.transport),
            clock: self.clock,
            start_wall_ns: self.start_wall_ns,
            now_ns,
            phase: observer.story.phase.clone(),
            insecure: observer.story.insecure,
            silent_ns,
            index: observer.index.clone(),
            filter: shown.filter,
            matches: shown.matches,
            rows: Rows::new(rows),
            selected: shown.selected,
            stats: observer.stats(now_ns),
            series: observer.series(),
            recording,
        }
    }

    fn recording(&self, unreadable: Option<(String, String)>) -> Recording {
        let failed = self.recorder.as_ref().and_then(|recorder| match recorder.status() {
            Status::Failed(error) => Some((error.to_string(), error.hint().to_owned())),
            Status::Recording | Status::Ended => None,
        });
        Recording {
            path: self.file.path(),
            bytes: self.file.size(),
            is_saved: self.is_saved,
            is_running: self.recorder.is_some() && failed.is_none(),
            error: failed.or(unreadable),
            saving: self.saving.as_ref().map(|progress| progress.get()),
        }
    }
}

fn start_viewer(watch: &Arc<Watch>, file: &Arc<CaptureFile>) -> Result<(), Explained> {
    viewer::start(Arc::clone(watch), Arc::clone(file)).map_err(|error| {
        let hint = "The system is short of threads or memory; close other programs";
        (format!("the session's reader could not start: {error}"), Some(hint.to_owned()))
    })
}

/// Opens a file; one session for each of its lanes, being read from now on.
pub(super) fn open(
    path: &Path,
    folder: &Path,
    changed: &Arc<Notify>,
) -> Result<Vec<Opened>, CaptureError> {
    let file = CaptureFile::open(path)?;
    let header = file.header()?;
    if let Err(error) = place::remember(folder, path) {
        tracing::warn!(%error, "the file will not be listed among the recent ones");
    }
    let lanes: Vec<Opened> = header
        .lanes
        .iter()
        .map(|lane| {
            let endpoint = lane_endpoint(&header, &lane.url);
            let options = endpoint.as_ref().map(|e| e.options.clone()).unwrap_or_default();
            let observer = Observer::new(header.start_ns, &options);
            Opened {
                file: Arc::clone(&file),
                watch: Watch::new(observer, Arc::clone(changed)),
                transport: TransportKind::from_word(&lane.transport),
                title: title(path, &header, &lane.title),
                start_wall_ns: header.start_ns,
                endpoint: endpoint.unwrap_or_else(unknown_endpoint),
            }
        })
        .collect();
    let watches: Vec<Arc<Watch>> = lanes.iter().map(|lane| Arc::clone(&lane.watch)).collect();
    for watch in &watches {
        // Without a viewer the index is still shown; the error says why rows stay empty.
        if let Err((text, hint)) = start_viewer(watch, &file) {
            watch.shown().error = Some((text, hint.unwrap_or_default()));
        }
    }
    let reading = Arc::clone(&file);
    std::thread::spawn(move || read(&reading, &watches));
    Ok(lanes)
}

/// Observes every event of a file, batch by batch, so that its beginning shows at once.
fn read(file: &CaptureFile, watches: &[Arc<Watch>]) {
    let mut batches: Vec<Vec<(u64, Event)>> = watches.iter().map(|_| Vec::new()).collect();
    let result = file.scan(1, |n, lane, event| {
        if let (Some(batch), Some(watch)) =
            (batches.get_mut(usize::from(lane)), watches.get(usize::from(lane)))
        {
            batch.push((n, event.clone()));
            if batch.len() >= READ {
                observe(watch, batch);
            }
        }
        ControlFlow::Continue(())
    });
    for (watch, batch) in watches.iter().zip(&mut batches) {
        observe(watch, batch);
        if let Err(error) = &result {
            watch.shown().error = Some((error.to_string(), error.hint().to_owned()));
            watch.changed();
        }
    }
}

fn observe(watch: &Watch, batch: &mut Vec<(u64, Event)>) {
    let borrowed: Vec<(u64, &Event)> = batch.iter().map(|(n, event)| (*n, event)).collect();
    watch.take(&borrowed);
    batch.clear();
}

fn lane_endpoint(header: &Header, url: &str) -> Option<Endpoint> {
    let mut endpoint = Endpoint::parse(url).ok()?;
    if let Some(recorded) = &header.endpoint {
        endpoint.options = recorded.options.clone();
        endpoint.transport = recorded.transport;
    }
    Some(endpoint)
}

/// A file that does not say what it was connected to can still be looked at.
fn unknown_endpoint() -> Endpoint {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    let url = url::Url::parse("http://unknown.invalid/").expect("a valid URL");
    Endpoint { url, transport: None, options: Options::default() }
}

fn title(path: &Path, header: &Header, lane: &str) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if header.lanes.len() > 1 { lane.to_owned() } else { name }
}
