//! Carries a lesson out: a run whose network, source and crowds change as the lesson's timeline
//! says, and which is measured step by step.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::board::Board;
use super::crowd::{Herd, Streams};
use super::error::CompareError;
use super::lesson::{Act, CrowdSpec, Lesson, Moment, Timeline};
use super::run::{Running, Target, start};
use super::side::Side;
use super::view::{HerdView, StreamsView};
use crate::capture::{CaptureError, Header};
use crate::model::Network;
use crate::server::Control;

/// How often it is looked whether a step is over.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a lesson on the built-in server, from a good network on, and records it into the file that
/// `place` gives. What it does to network and source is undone when it is over. Settings of the
/// server that the lesson is about ([`Lesson::server`]) are the caller's to see to: they are those of
/// a server when it starts.
///
/// # Errors
/// As [`start`].
pub async fn start_lesson(
    lesson: &Lesson,
    control: Control,
    place: impl FnOnce(&Header) -> Result<std::path::PathBuf, CaptureError>,
    stop: CancellationToken,
) -> Result<Running, CompareError> {
    let network = Borrowed::new(control.clone());
    let timeline = Timeline::new(lesson, Network::clone(&network.before), control.source());
    let target = Target::BuiltIn(control.clone());
    let mut running = start(lesson.setup(), target, place, stop).await?;
    let (board, side) = running.parts();
    board.state().lesson = Some(timeline.view());
    let teacher = Teacher {
        timeline,
        control,
        board,
        side,
        network,
        herds: Crowds::default(),
        streams: Crowds::default(),
        restarts: JoinSet::new(),
        stop: CancellationToken::new(),
    };
    running.set_teacher(AbortOnDropHandle::new(tokio::spawn(teacher.teach())));
    Ok(running)
}

/// The network, which is as it was before when this is dropped.
struct Borrowed {
    control: Control,
    before: Arc<Network>,
}

impl Borrowed {
    fn new(control: Control) -> Self {
        let before = control.network();
        control.set_network(Network::default());
        Self { control, before }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.control.set_network(Network::clone(&self.before));
    }
}

/// Crowds of one kind: what those before did, and the one that is there.
struct Crowds<C, V> {
    gone: Vec<Arc<V>>,
    here: Option<C>,
}

impl<C, V> Default for Crowds<C, V> {
    fn default() -> Self {
        Self { gone: Vec::new(), here: None }
    }
}

impl<C, V> Crowds<C, V> {
    /// The present one goes.
    fn leave(&mut self, view: impl FnOnce(&C) -> V) {
        if let Some(here) = self.here.take() {
            self.gone.push(Arc::new(view(&here)));
        }
    }

    fn views(&self, view: impl FnOnce(&C) -> V) -> Vec<Arc<V>> {
        let here = self.here.as_ref().map(|here| Arc::new(view(here)));
        self.gone.iter().cloned().chain(here).collect()
    }
}

/// Whoever does what a lesson says.
struct Teacher {
    timeline: Timeline,
    control: Control,
    board: Arc<Board>,
    side: Arc<Side>,
    network: Borrowed,
    herds: Crowds<Herd, HerdView>,
    streams: Crowds<Streams, StreamsView>,
    restarts: JoinSet<()>,
    /// Ends the crowds.
    stop: CancellationToken,
}

impl Teacher {
    async fn teach(mut self) {
        let _crowds = self.stop.clone().drop_guard();
        while !self.timeline.is_over() {
            let acts = self.timeline.advance(&self.moment());
            self.board.state().lesson = Some(self.timeline.view());
            for act in acts {
                self.carry_out(act).await;
            }
            if !self.timeline.is_over() {
                tokio::time::sleep(LOOK).await;
            }
        }
        while self.restarts.join_next().await.is_some() {}
        drop(self.network);
    }

    fn moment(&self) -> Moment {
        self.side.refresh(&self.board);
        Moment {
            run: self.board.whole_view(),
            herds: self.herds.views(Herd::view),
            streams: self.streams.views(Streams::view),
        }
    }

    async fn carry_out(&mut self, act: Act) {
        let done = match act {
            Act::Network(network) => {
                self.control.set_network(*network);
                Ok(())
            }
            Act::Source(source) => self.side.tell(source).map_err(|e| e.to_string()),
            Act::CutAll => {
                self.control.cut_all();
                Ok(())
            }
            Act::Restart(restart) => {
                let (control, board) = (self.control.clone(), Arc::clone(&self.board));
                // The next step may begin while it is down.
                self.restarts.spawn(async move {
                    if let Err(error) = control.restart(restart).await {
                        board.note(format!("The server did not restart: {error}"));
                    }
                });
                Ok(())
            }
            Act::Crowd(crowd) => self.gather(crowd).await,
        };
        if let Err(words) = done {
            self.board.note(words);
        }
    }

    async fn gather(&mut self, crowd: CrowdSpec) -> Result<(), String> {
        let base = self.side.base().map_err(|error| error.to_string())?;
        let url = base.path("", &[]);
        match crowd {
            CrowdSpec::Herd { clients, kind, comeback } => {
                self.herds.leave(Herd::view);
                let herd = Herd::start(url.as_str(), clients, kind, comeback, &self.stop).await;
                self.herds.here = Some(herd.map_err(|error| error.to_string())?);
            }
            CrowdSpec::Streams { streams, protocol } => {
                self.streams.leave(Streams::view);
                let page = Streams::open(url.as_str(), streams, protocol, &self.stop).await;
                self.streams.here = Some(page.map_err(|error| error.to_string())?);
            }
        }
        Ok(())
    }
}
