//! What a run came to, as its table, its JSON and whoever asked for it have it.

use std::path::PathBuf;

use serde::Serialize;

use super::board::Board;
use super::lane::Lane;
use super::view::{LessonSummary, LessonView, RunView, StepView, Verdict};
use crate::model::Source;

/// What a run was made with.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Settings {
    /// How long messages were sent, in seconds.
    pub seconds: f64,
    /// Messages a second.
    pub rate: f64,
    /// Payload bytes of a message.
    pub size: usize,
    /// Messages that went out together.
    pub burst: u32,
    /// What they looked like.
    pub shape: &'static str,
    /// The other server's address, without what opens it; `None` for the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Settings {
    fn of(source: &Source, seconds: f64, url: Option<String>) -> Self {
        Self {
            seconds,
            rate: source.rate,
            size: source.size,
            burst: source.burst,
            shape: source.shape.word(),
            url,
        }
    }
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What it was made with.
    pub settings: Settings,
    /// One a lane, in the order that was asked for.
    pub lanes: Vec<Lane>,
    /// Things that went otherwise than asked for, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What follows from it; `None` where too little was measured.
    pub verdict: Option<Verdict>,
    /// The lesson it belonged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Taught>,
    /// Everything there is to show of it.
    #[serde(skip)]
    pub view: RunView,
    /// The file that holds every event of the run.
    #[serde(skip)]
    pub capture: PathBuf,
}

/// A lesson that was carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Taught {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What happened, and what was measured.
    pub steps: Vec<StepView>,
}

impl Taught {
    fn of(view: &LessonView) -> Self {
        let LessonSummary { id, title, .. } = view.lesson.clone();
        Self { id, title, steps: view.steps.clone() }
    }
}

/// What a run has come to by now.
pub(super) fn comparison(board: &Board, url: Option<String>, capture: PathBuf) -> Comparison {
    let view = board.view();
    let asked = view.setup.duration.map(|asked| asked.as_secs_f64());
    // It always takes a little longer than asked for.
    let seconds = asked.filter(|asked| view.elapsed_s >= *asked).unwrap_or(view.elapsed_s);
    let settings = Settings::of(&view.setup.source, seconds, url);
    Comparison {
        settings,
        lanes: view.lanes.iter().map(|lane| lane.figures.clone()).collect(),
        notes: view.notes.clone(),
        verdict: view.verdict.clone(),
        lesson: view.lesson.as_ref().map(Taught::of),
        view,
        capture,
    }
}
