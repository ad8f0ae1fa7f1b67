//! One source, one server, every transport: starts them, records them all into one file, and ends
//! them when each has had the time to catch up.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::lane::{Counter, Lane};
use crate::capture::{CaptureError, Committed, Header, Recorder, Tap};
use crate::model::{
    Clock, DEFAULT_TOPIC, Endpoint, EndpointError, ServerOptions, ServerOptionsError, Source,
    TransportKind,
};
use crate::server::{self, Server, ServerError};
use crate::session::Session;
use crate::transport::{self, TransportError};

/// How long lanes may take to open, and to catch up after the last message was published. They are
/// done in about a second; the rest is for machines that have other work.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same once the person wants it to end: two short polls.
const LAST_PATIENCE: Duration = Duration::from_millis(2500);

/// What a run is made with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    /// How long messages are published, in seconds.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub duration: Duration,
    /// Messages a second.
    pub rate: f64,
    /// Payload bytes of a message.
    pub size: usize,
}

fn as_seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What it was made with.
    pub settings: Settings,
    /// One a transport.
    pub lanes: Vec<Lane>,
    /// The file that holds every event of the run.
    #[serde(skip)]
    pub capture: PathBuf,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The built-in server could not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A setting is out of range.
    #[error(transparent)]
    Pace(#[from] ServerOptionsError),
    /// The recording could not be made.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A transport could not be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server's address is not one.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

impl CompareError {
    /// The likely cause and what to try.
    pub fn hint(&self) -> String {
        match self {
            Self::Capture(error) => error.hint().to_owned(),
            Self::Transport(error) => error.hint().unwrap_or_default(),
            // Their text says it already.
            Self::Server(_) | Self::Pace(_) | Self::Endpoint(_) => String::new(),
        }
    }
}

/// Counts every lane as the recorder commits it.
#[derive(Clone)]
struct Counters {
    lanes: Arc<Mutex<Vec<Counter>>>,
    grown: Arc<Notify>,
}

impl Counters {
    fn lock(&self) -> MutexGuard<'_, Vec<Counter>> {
        // A panic while counting would at worst have left an event uncounted.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the session of a lane ended.
    fn end(&self, lane: u16) {
        if let Some(counter) = self.lock().get_mut(usize::from(lane)) {
            counter.end();
        }
        self.grown.notify_one();
    }

    /// Resolves when `is_so` holds of every lane.
    async fn all(&self, is_so: impl Fn(&Counter) -> bool) {
        loop {
            let grown = self.grown.notified();
            if self.lock().iter().all(&is_so) {
                return;
            }
            grown.await;
        }
    }
}

impl Tap for Counters {
    fn committed(&mut self, batch: Committed<'_>) {
        if let Some(counter) = self.lock().get_mut(usize::from(batch.lane)) {
            for (n, event) in (batch.first_n..).zip(batch.events) {
                counter.take(n, event);
            }
        }
        self.grown.notify_one();
    }
}

/// Runs every transport side by side against a built-in server on a free port and records them
/// into the file that `place` gives them. `stop` ends the run early; the figures are then those of
/// the time it had.
///
/// # Errors
/// The server, the recording or a transport could not be set up.
pub async fn run(
    settings: Settings,
    place: impl FnOnce(&Header) -> Result<PathBuf, CaptureError>,
    stop: CancellationToken,
) -> Result<Comparison, CompareError> {
    // Before anything is started or made.
    let source =
        Source { rate: settings.rate, size: settings.size, ..Source::default() }.checked()?;
    let clock = Clock::start();
    let server = Server::start(ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..source.clone() },
        history: 10_000,
        ..ServerOptions::default()
    })
    .await?;
    let endpoints = server::endpoints(&server.url())?;
    let counters = Counters {
        lanes: Arc::new(Mutex::new(
            TransportKind::ALL.map(|kind| Counter::new(kind, clock.wall_ns())).into(),
        )),
        grown: Arc::default(),
    };
    let header = header(&endpoints, clock);
    let capture = place(&header)?;
    let recorder = Recorder::create(&capture, &header, Box::new(counters.clone()))?;
    let mut sessions = JoinSet::new();
    let hang_up = CancellationToken::new();
    for (lane, endpoint) in (0_u16..).zip(endpoints) {
        let transport = transport::build(&endpoint)?;
        let mut session = Session::new(endpoint, transport, clock, recorder.feed(lane));
        let (controls, said) = Session::controls(hang_up.clone());
        let counters = counters.clone();
        sessions.spawn(async move {
            session.run(&controls, said).await;
            counters.end(lane);
        });
    }
    // Whoever is not open by then shows it in the figures: the run is about this server alone.
    until(counters.all(Counter::was_open), &stop).await;
    server.set_source(source.clone())?;
    tokio::select! {
        () = tokio::time::sleep(settings.duration) => {}
        () = stop.cancelled() => {}
    }
    server.set_source(Source { rate: 0.0, ..source })?;
    server.settled().await;
    let sent = server.hub().last_id(DEFAULT_TOPIC);
    let last = i64::try_from(sent).unwrap_or(i64::MAX);
    // A lane that has not caught up by then shows what it lacks as lost.
    until(counters.all(|lane| lane.has_reached(last)), &stop).await;
    hang_up.cancel();
    while sessions.join_next().await.is_some() {}
    server.stop().await;
    recorder.finish("the comparison was done").await?;
    let lanes = counters.lock().iter().map(|counter| counter.lane(sent)).collect();
    Ok(Comparison { settings, lanes, capture })
}

/// Waits for what the lanes do, as long as it makes sense.
async fn until(done: impl Future<Output = ()>, stop: &CancellationToken) {
    let impatient = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_PATIENCE).await;
    };
    tokio::select! {
        () = done => {}
        () = impatient => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
}

fn header(endpoints: &[Endpoint], clock: Clock) -> Header {
    let mut endpoints = endpoints.iter();
    #[expect(clippy::expect_used, reason = "there is one endpoint a transport")]
    let first = endpoints.next().expect("at least one transport");
    endpoints.fold(Header::new(first, clock.wall_ns()), Header::beside)
}
