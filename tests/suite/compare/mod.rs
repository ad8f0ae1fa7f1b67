//! Comparisons: what their figures say, against what was really done and counted elsewhere.

mod figures;
mod lesson;
mod other;
mod proof;

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wirescope::capture::{CaptureError, Header};
use wirescope::compare::{Comparison, Lane, Running, Target, start};
use wirescope::model::{LaneSpec, Retries, RunSetup, ServerOptions, Source, TransportKind, Way};
use wirescope::server::Server;

use super::support::peer::soon;

/// A server on a free port whose source rests.
pub async fn server() -> Server {
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        history: 10_000,
        ..ServerOptions::default()
    };
    Server::start(options).await.unwrap()
}

/// Lanes over these ways that come back within milliseconds.
pub fn lanes(ways: &[Way]) -> Vec<LaneSpec> {
    let quick = Duration::from_millis(20);
    let retries = Retries { most: 1000, first: quick, longest: quick, jitter: 0.0 };
    ways.iter().map(|way| LaneSpec { retries: Some(retries), ..LaneSpec::over(*way) }).collect()
}

/// So many messages a second, until it is stopped.
pub fn setup(rate: f64, lanes: Vec<LaneSpec>) -> RunSetup {
    let source = Source { rate, size: 64, ..Source::default() };
    RunSetup { source, lanes, ..RunSetup::default() }
}

pub const WEBSOCKET: Way = Way::Over(TransportKind::Websocket);
pub const SSE: Way = Way::Over(TransportKind::Sse);
pub const LONG_POLL: Way = Way::Over(TransportKind::LongPoll);
pub const SHORT_POLL: Way = Way::Over(TransportKind::ShortPoll);
pub const STREAM: Way = Way::Over(TransportKind::Stream);

/// A run into a folder of its own.
pub struct Begun {
    pub running: Running,
    pub stop: CancellationToken,
    folder: TempDir,
}

pub fn place(folder: &TempDir) -> impl FnOnce(&Header) -> Result<PathBuf, CaptureError> + use<> {
    let path = folder.path().join("run.wirescope");
    move |_| Ok(path)
}

impl Begun {
    pub async fn new(setup: RunSetup, target: Target) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        let running = start(setup, target, place(&folder), stop.clone()).await.unwrap();
        Self { running, stop, folder }
    }

    /// Waits until the lanes look like this.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Lane]) -> bool) {
        soon(what, async {
            loop {
                let figures: Vec<Lane> =
                    self.running.view().lanes.into_iter().map(|lane| lane.figures).collect();
                if is_so(&figures) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Stops it and waits for its figures; the folder of its file.
    pub async fn end(self) -> (Comparison, TempDir) {
        self.stop.cancel();
        (soon("the run ends", self.running.done()).await, self.folder)
    }
}
