//! A session file that was opened: one session for each of its lanes, read in the background while
//! its beginning shows already.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::begun::start_viewer;
use super::observer::Observer;
use super::watch::{News, Watch};
use crate::capture::{CaptureError, CaptureFile, Header, Lane, place};
use crate::model::{Endpoint, Event, Options, TransportKind};

/// Events observed together, at most.
const BATCH_EVENTS: usize = 4096;
/// Bytes of events observed together, about.
const BATCH_BYTES: usize = 1 << 20;

/// A lane of a file, being read.
pub(super) struct Opened {
    pub(super) file: Arc<CaptureFile>,
    pub(super) watch: Arc<Watch>,
    pub(super) endpoint: Endpoint,
    pub(super) transport: Option<TransportKind>,
    pub(super) title: String,
    pub(super) start_wall_ns: i64,
    /// Secrets were blanked out in the file, and are missing from the endpoint.
    pub(super) lacks_secrets: bool,
}

/// Opens a file and begins to read it. What it is recorded to be connected to cannot have its
/// secrets any more, which were never written.
pub(super) fn open(path: &Path, folder: &Path, news: &News) -> Result<Vec<Opened>, CaptureError> {
    let file = CaptureFile::open(path)?;
    let header = file.header()?;
    if let Err(error) = place::remember(folder, path) {
        tracing::warn!(%error, "the file will not be listed among the recent ones");
    }
    let lanes: Vec<Opened> =
        header.lanes.iter().map(|lane| opened(&file, path, &header, lane, news)).collect();
    let mut watches = Vec::with_capacity(lanes.len());
    for lane in &lanes {
        // Without a viewer the index is still shown; the error says why rows stay empty.
        if let Err((text, hint)) = start_viewer(&lane.watch, &file, &lane.endpoint) {
            lane.watch.shown().damage = Some((text, hint.unwrap_or_default()));
        }
        watches.push(Arc::clone(&lane.watch));
    }
    std::thread::Builder::new()
        .name("file reader".into())
        .spawn(move || read(&file, &watches))
        .map_err(|source| CaptureError::Io { path: path.to_owned(), source: Arc::new(source) })?;
    Ok(lanes)
}

fn opened(
    file: &Arc<CaptureFile>,
    path: &Path,
    header: &Header,
    lane: &Lane,
    news: &News,
) -> Opened {
    let transport = TransportKind::from_word(&lane.transport);
    let (endpoint, lacks_secrets) = endpoint(header, lane, transport).without_redacted();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Opened {
        file: Arc::clone(file),
        watch: Watch::new(Observer::new(header.start_ns, &endpoint.options), news.clone()),
        endpoint,
        transport,
        title: if header.lanes.len() > 1 { lane.title.clone() } else { name },
        start_wall_ns: header.start_ns,
        lacks_secrets,
    }
}

/// What the lane was connected to; a file that does not say can still be looked at.
fn endpoint(header: &Header, lane: &Lane, transport: Option<TransportKind>) -> Endpoint {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    let unknown = || url::Url::parse("http://unknown.invalid/").expect("a valid URL");
    let url = Endpoint::parse(&lane.url).map_or_else(|_| unknown(), |endpoint| endpoint.url);
    let options = header.endpoint.as_ref().map_or_else(Options::default, |e| e.options.clone());
    Endpoint { url, transport, options }
}

/// Events of one lane on their way to its observer.
#[derive(Default)]
struct Batch {
    events: Vec<(u64, Event)>,
    bytes: usize,
}

impl Batch {
    fn hand_over(&mut self, watch: &Watch) {
        let borrowed: Vec<(u64, &Event)> =
            self.events.iter().map(|(n, event)| (*n, event)).collect();
        if !borrowed.is_empty() {
            watch.take(&borrowed);
        }
        self.events.clear();
        self.bytes = 0;
    }
}

/// Observes every event of a file until it is over or every lane was closed.
fn read(file: &CaptureFile, watches: &[Arc<Watch>]) {
    let mut batches: Vec<Batch> = watches.iter().map(|_| Batch::default()).collect();
    let result = file.scan(1, |n, lane, event| {
        let lane = usize::from(lane);
        if let (Some(batch), Some(watch)) = (batches.get_mut(lane), watches.get(lane)) {
            batch.bytes += event.weight();
            batch.events.push((n, event.clone()));
            if batch.events.len() >= BATCH_EVENTS || batch.bytes >= BATCH_BYTES {
                batch.hand_over(watch);
                if watches.iter().all(|watch| watch.is_closed()) {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    });
    for (watch, batch) in watches.iter().zip(&mut batches) {
        batch.hand_over(watch);
        if let Err(error) = &result {
            watch.shown().damage = Some((error.to_string(), error.hint().to_owned()));
            watch.changed();
        }
    }
}
