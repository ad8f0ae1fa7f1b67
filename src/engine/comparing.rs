//! The comparison of the window, the lesson it may be, and the scale run: one of each at a time,
//! and the last one for as long as nobody begins another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::begun::Explained;
use super::snapshot::CompareView;
use super::work::{Done, Work};
use crate::capture::place;
use crate::compare::{
    self, CompareError, Comparison, Lesson, LessonSummary, RunView, Running, ScaleView, Target,
    verdict,
};
use crate::model::{Needs, RunSetup, Source, TransportKind};
use crate::server::Control;

/// What a start brings: what runs, and what ends it.
pub(super) type Begun = Result<(Running, CancellationToken), Explained>;

#[derive(Default)]
enum Run {
    #[default]
    None,
    /// Cancelled, it ends as soon as it has begun.
    Beginning(CancellationToken, Arc<RunView>),
    Running(Running, CancellationToken),
    /// It is over, and its last figures are being put together; what it showed last.
    Ending(Arc<RunView>),
    Over(Arc<RunView>),
}

/// A scale run and what ends it.
struct Scaling {
    view: watch::Receiver<ScaleView>,
    stop: CancellationToken,
}

/// Everything that compares.
#[derive(Default)]
pub(super) struct Comparing {
    run: Run,
    capture: Option<PathBuf>,
    lessons: Arc<[LessonSummary]>,
    scale: Option<Scaling>,
}

impl Comparing {
    pub(super) fn new() -> Self {
        let lessons = compare::lessons().iter().map(|lesson| lesson.summary.clone()).collect();
        Self { lessons, ..Self::default() }
    }

    /// Whether something goes on that changes by itself.
    pub(super) fn has_pulse(&self) -> bool {
        matches!(self.run, Run::Running(..))
            || self.scale.as_ref().is_some_and(|scale| scale.view.borrow().doing.is_some())
    }

    /// Begins a comparison; one that runs ends first.
    pub(super) fn start(
        &mut self,
        setup: RunSetup,
        target: Target,
        folder: Arc<Path>,
        work: &Work,
    ) {
        let asked = setup.clone();
        self.begin(work, asked, |stop| async move {
            compare::start(setup, target, |header| place::new_file(&folder, header), stop).await
        });
    }

    /// Begins a lesson on the built-in server; a comparison that runs ends first.
    pub(super) fn run_lesson(
        &mut self,
        lesson: &'static Lesson,
        control: Control,
        folder: Arc<Path>,
        work: &Work,
    ) {
        self.begin(work, lesson.setup(), |stop| async move {
            let place = |header: &_| place::new_file(&folder, header);
            compare::start_lesson(lesson, control, place, stop).await
        });
    }

    fn begin<F>(&mut self, work: &Work, setup: RunSetup, start: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<Running, CompareError>> + Send + 'static,
    {
        let before = self.end();
        let stop = CancellationToken::new();
        let starting = start(stop.clone());
        // Nobody takes a run that is being prepared for one that is not there.
        let view = RunView { setup: Arc::new(setup), ..RunView::default() };
        self.run = Run::Beginning(stop.clone(), Arc::new(view));
        work.spawn(async move {
            if let Some(before) = before {
                // Both would steer the same server.
                before.done().await;
            }
            let begun = starting.await.map(|running| (running, stop));
            Done::RunBegun(Box::new(begun.map_err(|error| (error.to_string(), Some(error.hint())))))
        });
    }

    /// Takes what a start brought; what went wrong, if it did.
    pub(super) fn begun(&mut self, begun: Begun) -> Option<Explained> {
        match begun {
            Ok((running, stop)) => {
                self.capture = Some(running.capture().to_owned());
                self.run = Run::Running(running, stop);
                None
            }
            Err(explained) => {
                self.run = Run::None;
                Some(explained)
            }
        }
    }

    /// Asks the comparison to end.
    pub(super) fn stop(&mut self) {
        if let Run::Beginning(stop, _) | Run::Running(_, stop) = &self.run {
            stop.cancel();
        }
    }

    /// Ends what runs; it is given back for whoever has to wait for it.
    fn end(&mut self) -> Option<Running> {
        self.stop();
        match std::mem::take(&mut self.run) {
            Run::Running(running, _) => Some(running),
            _ => None,
        }
    }

    /// Looks whether the comparison is over, and has its last figures brought then.
    pub(super) fn look(&mut self, work: &Work) {
        let last = match &self.run {
            Run::Running(running, _) if running.is_done() => Arc::new(running.view()),
            _ => return,
        };
        if let Run::Running(running, _) = std::mem::replace(&mut self.run, Run::Ending(last)) {
            work.spawn(async move { Done::RunOver(Box::new(running.done().await)) });
        }
    }

    /// Takes the last figures.
    pub(super) fn over(&mut self, comparison: Comparison) {
        self.run = Run::Over(Arc::new(comparison.view));
    }

    /// Judges by these needs.
    pub(super) fn set_needs(&mut self, needs: Needs) {
        match &mut self.run {
            Run::Running(running, _) => running.set_needs(needs),
            Run::Over(view) => {
                let scale = self.scale.as_ref().map(|scale| scale.view.borrow().clone());
                let mut changed = RunView::clone(view);
                Arc::make_mut(&mut changed.setup).needs = needs;
                let lanes: Vec<_> = view.lanes.iter().map(|lane| lane.figures.clone()).collect();
                changed.verdict = verdict(&needs, &view.setup.source, &lanes, scale.as_ref());
                *view = Arc::new(changed);
            }
            Run::None | Run::Beginning(..) | Run::Ending(_) => {}
        }
    }

    /// Changes what a comparison sends; `false` where there is none to tell.
    pub(super) fn set_source(&self, source: &Source) -> Option<Result<(), String>> {
        let Run::Running(running, _) = &self.run else { return None };
        Some(running.set_source(source.clone()).map_err(|error| error.to_string()))
    }

    /// Opens so many clients, one number after the other, over every transport.
    pub(super) fn scale(&mut self, clients: Vec<usize>, program: PathBuf, work: &Work) {
        self.stop_scale();
        let stop = CancellationToken::new();
        let (progress, view) = watch::channel(ScaleView::default());
        self.scale = Some(Scaling { view, stop: stop.clone() });
        work.spawn(async move {
            compare::scale(&clients, &TransportKind::ALL, &program, progress, stop).await;
            Done::ScaleOver
        });
    }

    pub(super) fn stop_scale(&self) {
        if let Some(scale) = &self.scale {
            scale.stop.cancel();
        }
    }

    /// Ends everything with the program.
    pub(super) async fn close(&mut self) {
        self.stop_scale();
        if let Some(running) = self.end() {
            running.done().await;
        }
    }

    /// What a report is written from.
    pub(super) fn reported(&self) -> Option<(Arc<RunView>, Option<Arc<ScaleView>>)> {
        let view = self.view();
        view.run.map(|run| (run, view.scale))
    }

    pub(super) fn view(&self) -> CompareView {
        CompareView {
            run: match &self.run {
                Run::Running(running, _) => Some(Arc::new(running.view())),
                Run::Beginning(_, view) | Run::Ending(view) | Run::Over(view) => {
                    Some(Arc::clone(view))
                }
                Run::None => None,
            },
            lessons: Arc::clone(&self.lessons),
            scale: self.scale.as_ref().map(|scale| Arc::new(scale.view.borrow().clone())),
            capture: self.capture.clone(),
        }
    }
}
