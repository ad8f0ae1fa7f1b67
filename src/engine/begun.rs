//! A live session that is about to run: its file, its recorder, its observer and its reader. Making
//! one touches the disk, so it is made beside the core.

use std::path::Path;
use std::sync::Arc;

use super::observer::Observer;
use super::viewer;
use super::watch::{News, Watch};
use crate::capture::{CaptureError, CaptureFile, Committed, Header, Recorder, Tap, place};
use crate::model::{Clock, Endpoint, Event, SessionId};
use crate::session::Session;
use crate::transport;

/// What happened, and what to try.
pub(super) type Explained = (String, Option<String>);

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

/// A session that is being recorded and has not run yet.
pub(super) struct Begun {
    pub(super) id: SessionId,
    pub(super) endpoint: Endpoint,
    pub(super) clock: Clock,
    pub(super) watch: Arc<Watch>,
    pub(super) recorder: Recorder,
    pub(super) session: Session,
}

impl Begun {
    /// Makes the file in `folder` and everything that works on it. Blocks for some milliseconds.
    pub(super) fn new(
        id: SessionId,
        endpoint: Endpoint,
        folder: &Path,
        news: News,
    ) -> Result<Self, Explained> {
        let transport =
            transport::build(&endpoint).map_err(|error| (error.to_string(), error.hint()))?;
        let clock = Clock::start();
        let watch = Watch::new(Observer::new(clock.wall_ns(), &endpoint.options), news);
        let recorder = record(&endpoint, clock, folder, &watch)
            .map_err(|error| (error.to_string(), Some(error.hint().to_owned())))?;
        start_viewer(&watch, &recorder.file(), &endpoint)?;
        let session = Session::new(endpoint.clone(), transport, clock, recorder.feed(0));
        Ok(Self { id, endpoint, clock, watch, recorder, session })
    }
}

fn record(
    endpoint: &Endpoint,
    clock: Clock,
    folder: &Path,
    watch: &Arc<Watch>,
) -> Result<Recorder, CaptureError> {
    let header = Header::new(endpoint, clock.wall_ns());
    let path = place::new_file(folder, &header)?;
    Recorder::create(&path, &header, Box::new(Observe { watch: Arc::clone(watch) }))
}

/// Starts the thread that reads the file for the window.
pub(super) fn start_viewer(
    watch: &Arc<Watch>,
    file: &Arc<CaptureFile>,
    endpoint: &Endpoint,
) -> Result<(), Explained> {
    let url = endpoint.url.clone();
    viewer::start(Arc::clone(watch), Arc::clone(file), url).map_err(|error| {
        let hint = "The system is short of threads or memory; close other programs";
        (format!("the session's reader could not start: {error}"), Some(hint.to_owned()))
    })
}
