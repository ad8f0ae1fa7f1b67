//! The comparison of the window, the lesson it may be, and the scale run: one of each at a time,
//! and the last one for as long as nobody begins another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio_util::sync::CancellationToken;

use super::begun::Explained;
use super::snapshot::CompareView;
use super::work::{Done, Work};
use crate::capture::place;
use crate::compare::{
    self, CompareError, Comparison, Lesson, LessonSummary, RunView, Running, ScaleView, Target,
};
use crate::model::{Needs, RunSetup, Source, TransportKind};
use crate::server::Control;

/// How long the program waits for a comparison when it ends.
const GOODBYE: Duration = Duration::from_secs(4);

/// Held by whoever steers the server for a comparison, until source and network are as before.
pub(super) type Turn = OwnedMutexGuard<()>;

/// What a start brings: what runs, `None` where it was given up, or what was wrong.
pub(super) type Begun = Result<Option<(Running, Turn)>, Explained>;

#[derive(Default)]
enum Run {
    #[default]
    None,
    /// What ends it, what it shows meanwhile, and what there was before.
    Beginning(CancellationToken, Arc<RunView>, Option<Arc<RunView>>),
    Running(Running, CancellationToken, Turn),
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
    /// Rises with each start; what others bring is not of the present run.
    generation: u64,
    /// Starts and ends that are not through.
    under_way: usize,
    /// Two comparisons never steer the server at once.
    turn: Arc<Mutex<()>>,
    /// Asked for while no run could take them.
    needs: Option<Needs>,
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

    /// Whether no comparison has anything of the server.
    pub(super) fn is_free(&self) -> bool {
        self.under_way == 0 && !matches!(self.run, Run::Running(..))
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
        let before = self.leave(work);
        self.generation += 1;
        self.under_way += 1;
        self.needs = None;
        let (generation, turn) = (self.generation, Arc::clone(&self.turn));
        let stop = CancellationToken::new();
        let starting = start(stop.clone());
        // Nobody takes a run that is being prepared for one that is not there.
        let view = RunView { setup: Arc::new(setup), ..RunView::default() };
        self.run = Run::Beginning(stop.clone(), Arc::new(view), before);
        work.spawn(async move {
            let turn = turn.lock_owned().await;
            let begun = tokio::select! {
                begun = starting => match begun {
                    Ok(running) => Ok(Some((running, turn))),
                    Err(error) => Err((error.to_string(), Some(error.hint()))),
                },
                () = stop.cancelled() => Ok(None),
            };
            Done::RunBegun(generation, Box::new(begun))
        });
    }

    /// Takes what a start brought; what went wrong, if it did.
    pub(super) fn begun(
        &mut self,
        generation: u64,
        begun: Begun,
        work: &Work,
    ) -> Option<Explained> {
        self.under_way -= 1;
        let is_present = generation == self.generation;
        match (begun, std::mem::take(&mut self.run)) {
            (Ok(Some((running, turn))), Run::Beginning(stop, ..)) if is_present => {
                self.capture = Some(running.capture().to_owned());
                if let Some(needs) = self.needs.take() {
                    running.set_needs(needs);
                }
                self.run = Run::Running(running, stop, turn);
                None
            }
            (begun, Run::Beginning(_, _, before)) if is_present => {
                self.run = before.map_or(Run::None, Run::Over);
                begun.err()
            }
            (begun, present) => {
                self.run = present;
                if let Ok(Some((running, turn))) = begun {
                    self.see_off(running, turn, work);
                }
                None
            }
        }
    }

    /// Asks the comparison to end.
    pub(super) fn stop(&mut self) {
        if let Run::Beginning(stop, ..) | Run::Running(_, stop, _) = &self.run {
            stop.cancel();
        }
    }

    /// Makes room for another; what was shown last.
    fn leave(&mut self, work: &Work) -> Option<Arc<RunView>> {
        self.stop();
        match std::mem::take(&mut self.run) {
            Run::Running(running, _, turn) => {
                let last = Arc::new(running.view());
                self.see_off(running, turn, work);
                Some(last)
            }
            Run::Beginning(_, _, before) => before,
            Run::Ending(last) | Run::Over(last) => Some(last),
            Run::None => None,
        }
    }

    /// Lets a run come to its end that nobody looks at any more.
    fn see_off(&mut self, running: Running, turn: Turn, work: &Work) {
        self.under_way += 1;
        work.spawn(async move {
            running.done().await;
            drop(turn);
            Done::RunLeft
        });
    }

    /// One that was seen off has left.
    pub(super) fn left(&mut self) {
        self.under_way -= 1;
    }

    /// Looks whether the comparison is over, and has its last figures brought then.
    pub(super) fn look(&mut self, work: &Work) {
        let last = match &self.run {
            Run::Running(running, ..) if running.is_done() => Arc::new(running.view()),
            _ => return,
        };
        let before = std::mem::replace(&mut self.run, Run::Ending(last));
        if let Run::Running(running, _, turn) = before {
            let generation = self.generation;
            self.under_way += 1;
            work.spawn(async move {
                let comparison = running.done().await;
                drop(turn);
                Done::RunOver(generation, Box::new(comparison))
            });
        }
    }

    /// Takes the last figures.
    pub(super) fn over(&mut self, generation: u64, comparison: Comparison) {
        self.under_way -= 1;
        if generation != self.generation || !matches!(self.run, Run::Ending(_)) {
            return;
        }
        let needs = self.needs.take().unwrap_or(comparison.view.setup.needs);
        self.run = Run::Over(Arc::new(comparison.view));
        self.judge(needs);
    }

    /// Judges by these needs.
    pub(super) fn set_needs(&mut self, needs: Needs) {
        match &self.run {
            Run::Running(running, ..) => running.set_needs(needs),
            Run::Over(_) => self.judge(needs),
            Run::None | Run::Beginning(..) | Run::Ending(_) => self.needs = Some(needs),
        }
    }

    /// Judges what is over anew.
    fn judge(&mut self, needs: Needs) {
        if let Run::Over(view) = &mut self.run {
            *view = Arc::new(RunView::clone(view).with_needs(needs));
        }
    }

    /// Changes what a comparison sends; `false` where there is none to tell.
    pub(super) fn set_source(&self, source: &Source) -> Option<Result<(), String>> {
        let Run::Running(running, ..) = &self.run else { return None };
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

    /// Ends everything with the program, within reason.
    pub(super) async fn close(&mut self) {
        self.stop_scale();
        self.stop();
        if let Run::Running(running, ..) = std::mem::take(&mut self.run)
            && tokio::time::timeout(GOODBYE, running.done()).await.is_err()
        {
            tracing::warn!("the comparison had not ended after {GOODBYE:?}");
        }
    }

    /// What a report is written from.
    pub(super) fn reported(&self) -> Option<(Arc<RunView>, Option<Arc<ScaleView>>)> {
        let view = self.view();
        view.run.map(|run| (run, view.scale))
    }

    pub(super) fn view(&self) -> CompareView {
        let scale = self.scale.as_ref().map(|scale| Arc::new(scale.view.borrow().clone()));
        let run = match &self.run {
            Run::Running(running, ..) => Some(Arc::new(running.view())),
            Run::Beginning(_, view, _) | Run::Ending(view) | Run::Over(view) => {
                Some(Arc::clone(view))
            }
            Run::None => None,
        };
        let found = scale.as_deref().filter(|scale| !scale.rows.is_empty());
        CompareView {
            run: match (run, found) {
                (Some(run), Some(scale)) => {
                    Some(Arc::new(Arc::unwrap_or_clone(run).with_scale(scale)))
                }
                (run, _) => run,
            },
            lessons: Arc::clone(&self.lessons),
            scale,
            capture: self.capture.clone(),
        }
    }
}
