//! A lesson while it runs: which step is on, what is to be done now, what was measured. It is told
//! the time by the run, and does nothing itself.

use std::sync::Arc;

use super::{Act, Lesson, measured};
use crate::compare::{HerdView, LessonView, RunView, Stage, StepView, StreamsView};
use crate::model::{Network, Source};

/// What there is to measure at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The lanes.
    pub run: RunView,
    /// The herds that steps have asked for so far, in their order; the last one is there.
    pub herds: Vec<Arc<HerdView>>,
    /// The pages with many streams, likewise.
    pub streams: Vec<Arc<StreamsView>>,
}

/// A lesson that runs. Whoever runs it calls [`Timeline::advance`] a few times a second, does what
/// that answers, and does what [`Timeline::undo`] answers however it ended.
#[derive(Debug)]
pub struct Timeline {
    lesson: Lesson,
    network: Network,
    source: Source,
    /// Steps that have begun.
    begun: usize,
    /// What it was like when the present step began.
    before: Option<Moment>,
    measured: Vec<Option<String>>,
    herds: Vec<Arc<HerdView>>,
    streams: Vec<Arc<StreamsView>>,
    elapsed_s: f64,
    is_over: bool,
}

impl Timeline {
    /// A lesson that has not begun, on a server that has this network and this source now.
    pub fn new(lesson: &Lesson, network: Network, source: Source) -> Self {
        let measured = vec![None; lesson.steps.len()];
        Self {
            lesson: lesson.clone(),
            network,
            source,
            begun: 0,
            before: None,
            measured,
            herds: Vec::new(),
            streams: Vec::new(),
            elapsed_s: 0.0,
            is_over: false,
        }
    }

    /// Takes what it is like now; the time is that of the run. Answers what is to be done now.
    pub fn advance(&mut self, now: &Moment) -> Vec<Act> {
        if now.run.stage == Stage::Opening || self.is_over {
            return Vec::new();
        }
        self.elapsed_s = now.run.elapsed_s;
        self.herds.clone_from(&now.herds);
        self.streams.clone_from(&now.streams);
        // A run that is late does what it missed, in order: a later act may need an earlier one.
        let mut due = Vec::new();
        while let Some(step) = self.lesson.steps.get(self.begun) {
            if step.at.as_secs_f64() > self.elapsed_s || now.run.stage != Stage::Running {
                break;
            }
            due.extend(step.acts.iter().cloned());
            self.measure(now);
            self.before = Some(now.clone());
            self.begun += 1;
        }
        if now.run.stage == Stage::Done {
            self.measure(now);
            self.is_over = true;
        }
        due
    }

    /// Tells of the present step what was measured in it.
    fn measure(&mut self, now: &Moment) {
        let Some(on) = self.begun.checked_sub(1) else { return };
        if let (Some(step), Some(before)) = (self.lesson.steps.get(on), &self.before) {
            self.measured[on] = measured(step, before, now);
        }
    }

    /// Whether the run is over and everything was measured.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// What makes the server as it was before.
    pub fn undo(&self) -> [Act; 2] {
        [Act::Network(Box::new(self.network.clone())), Act::Source(self.source.clone())]
    }

    /// What there is to show.
    pub fn view(&self) -> LessonView {
        let steps = self.lesson.steps.iter().zip(&self.measured);
        LessonView {
            lesson: self.lesson.summary.clone(),
            steps: steps
                .map(|(step, measured)| StepView {
                    at_s: step.at.as_secs_f64(),
                    what: step.what.clone(),
                    watch: step.watch.clone(),
                    measured: measured.clone(),
                })
                .collect(),
            step: self.begun.saturating_sub(1),
            elapsed_s: self.elapsed_s,
            herds: self.herds.clone(),
            streams: self.streams.clone(),
        }
    }
}
