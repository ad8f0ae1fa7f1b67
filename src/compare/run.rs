//! One source, one server, every lane: starts them, records them all into one file, and ends them
//! when each has had the time to catch up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::base::{self, Follows};
use super::board::{Board, Counting};
use super::counter::{Counter, Ledger};
use super::error::{CompareError, MOST_LANES};
use super::outcome::{self, Comparison};
use super::side::Side;
use super::view::{LessonView, RunView, Stage};
use super::way;
use crate::capture::{CaptureError, Header, Recorder};
use crate::model::{Clock, Needs, RunSetup, Source};
use crate::server::Control;

/// How long lanes may take to open, and to catch up after the last message was sent. They are done
/// in about a second; the rest is for machines that have other work.
const PATIENCE: Duration = Duration::from_secs(30);
/// A lane that is open and to which nothing has come for so long has caught up as far as it ever
/// will, where the network is bad.
const QUIET: Duration = Duration::from_secs(5);
/// The same once the person wants it to end: two short polls.
const LAST_PATIENCE: Duration = Duration::from_millis(2500);
/// How often it is looked what the server has counted: the built-in one, another one.
const LOOKS: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// How often the last count is looked for: until it says the same twice.
const LAST_LOOKS: u32 = 20;
/// The time between these.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// How long a server may take to say what it has counted, and how long is looked for the last count.
const ANSWER: Duration = Duration::from_secs(2);

/// The server that a run goes against.
#[derive(Debug, Clone)]
pub enum Target {
    /// The built-in one, through its handle.
    BuiltIn(Control),
    /// Another one, by its base address, perhaps with `?join=TOKEN`.
    Other(String),
}

/// A run that is on its way. Dropped, it ends at once and the server's source is as it was.
#[derive(Debug)]
pub struct Running {
    board: Arc<Board>,
    side: Arc<Side>,
    capture: PathBuf,
    task: AbortOnDropHandle<Comparison>,
    /// Carries out the lesson the run belongs to.
    teacher: Option<AbortOnDropHandle<()>>,
}

/// Opens every lane of `setup` against `target`, records them into the file that `place` gives, and
/// sends messages for as long as the setup says, or until `stop`. Needs a tokio runtime.
///
/// The built-in server's source is taken over for that time, so that others who follow it hear the
/// same messages; only those of the run count.
///
/// # Errors
/// [`CompareError`]: nothing was begun.
pub async fn start(
    setup: RunSetup,
    target: Target,
    place: impl FnOnce(&Header) -> Result<PathBuf, CaptureError>,
    stop: CancellationToken,
) -> Result<Running, CompareError> {
    if setup.lanes.len() > MOST_LANES {
        return Err(CompareError::TooManyLanes(setup.lanes.len()));
    }
    if setup.lanes.is_empty() {
        return Err(CompareError::NoLanes);
    }
    let side = Arc::new(Box::pin(Side::reach(target, &setup)).await?);
    let clock = Clock::start();
    let follows = follows(&side, &setup)?;
    let pairs = || setup.lanes.iter().zip(&follows);
    let mut endpoints = pairs().map(|(spec, follows)| way::endpoint(spec, follows));
    let Some(first) = endpoints.next() else { return Err(CompareError::NoLanes) };
    let header =
        endpoints.fold(Header::new(&first, clock.wall_ns()), |header, next| header.beside(&next));
    let counters =
        pairs().map(|(spec, follows)| Counter::new(spec, clock.wall_ns(), &follows.options));
    let board = Board::new(setup.clone(), clock, counters.collect());
    let capture = place(&header)?;
    let recorder = Recorder::create(&capture, &header, Box::new(Counting(Arc::clone(&board))))?;
    let hang_up = CancellationToken::new();
    let newest = side.newest();
    let mut sessions = JoinSet::new();
    for (lane, (spec, follows)) in (0_u16..).zip(pairs()) {
        let mut session = way::session(spec, follows, newest, clock, recorder.feed(lane))?;
        let (controls, said) = crate::session::Session::controls(hang_up.clone());
        let board = Arc::clone(&board);
        sessions.spawn(async move {
            session.run(&controls, said).await;
            board.end(lane);
        });
    }
    let clients = follows.into_iter().map(|follows| follows.client).collect();
    let run = Run {
        duration: setup.duration,
        board: Arc::clone(&board),
        side: Arc::clone(&side),
        clients,
        recorder,
        sessions,
        hang_up,
        stop,
        capture: capture.clone(),
    };
    let task = AbortOnDropHandle::new(tokio::spawn(run.drive()));
    Ok(Running { board, side, capture, task, teacher: None })
}

impl Running {
    /// How it looks now. Cheap enough for ten times a second.
    pub fn view(&self) -> RunView {
        self.side.refresh(&self.board);
        self.board.view()
    }

    /// The file it is recorded into.
    pub fn capture(&self) -> &Path {
        &self.capture
    }

    /// Judges by these needs from now on.
    pub fn set_needs(&self, needs: Needs) {
        self.board.set_needs(needs);
    }

    /// Changes what is sent, for as long as the run lasts. Once that is over, while lanes still catch
    /// up, it is what the source does after the run.
    ///
    /// # Errors
    /// The source cannot work; it goes on as before.
    pub fn set_source(&self, source: Source) -> Result<(), CompareError> {
        self.side.tell(source)
    }

    /// What a lesson watches and changes.
    pub(super) fn parts(&self) -> (Arc<Board>, Arc<Side>) {
        (Arc::clone(&self.board), Arc::clone(&self.side))
    }

    /// Somebody carries out a lesson for as long as the run lasts.
    pub(super) fn set_teacher(&mut self, teacher: AbortOnDropHandle<()>) {
        self.teacher = Some(teacher);
    }

    /// The lesson it belongs to, as it stands now.
    pub fn lesson(&self) -> Option<LessonView> {
        self.board.state().lesson.clone()
    }

    /// Whether it is over.
    pub fn is_done(&self) -> bool {
        self.task.is_finished()
    }

    /// Resolves when it is over, with what it came to.
    pub async fn done(self) -> Comparison {
        let Self { board, side, capture, task, teacher } = self;
        match task.await {
            Ok(comparison) => match teacher {
                None => comparison,
                Some(teacher) => {
                    // It only has to measure the last step and to undo what it did.
                    let _ = teacher.await;
                    outcome::comparison(&board, side.url(), capture)
                }
            },
            // It panicked, which is a defect; what was counted by then is still true.
            Err(error) => {
                board.state().error = Some((error.to_string(), String::new()));
                outcome::comparison(&board, side.url(), capture)
            }
        }
    }
}

/// What a run in its task has.
struct Run {
    duration: Option<Duration>,
    board: Arc<Board>,
    side: Arc<Side>,
    clients: Vec<String>,
    recorder: Recorder,
    sessions: JoinSet<()>,
    hang_up: CancellationToken,
    stop: CancellationToken,
    capture: PathBuf,
}

impl Run {
    async fn drive(mut self) -> Comparison {
        let (board, side) = (Arc::clone(&self.board), Arc::clone(&self.side));
        let clients = self.clients.clone();
        let watching = watch(&board, &side, &clients);
        tokio::select! {
            () = self.send_and_catch_up() => {}
            error = side.gone() => self.break_off(&error).await,
            never = watching => match never {}
        }
        // Before the goodbyes, which are not what messages cost.
        look(&board, &side, &clients).await;
        board.each(Counter::hang_up);
        self.hang_up.cancel();
        while self.sessions.join_next().await.is_some() {}
        // Whatever it has not said by then was not counted.
        let _ = tokio::time::timeout(ANSWER, last_look(&board, &side, &clients)).await;
        if let Err(error) = self.recorder.finish("the comparison was done").await {
            let words = (error.to_string(), error.hint().to_owned());
            board.state().error.get_or_insert(words);
        }
        let view = board.view();
        side.notes(view.sent, view.elapsed_s).into_iter().for_each(|note| board.note(note));
        board.state().stage = Stage::Done;
        outcome::comparison(&board, side.url(), self.capture)
    }

    async fn send_and_catch_up(&self) {
        let (board, side) = (&*self.board, &*self.side);
        // Whoever is not open by then shows it in the figures.
        self.until(board.all(Counter::was_open)).await;
        let before = side.before().await;
        // What was used until now, and so not for these messages.
        look(board, side, &self.clients).await;
        board.each(|lane| lane.begin(number(before)));
        {
            let mut state = board.state();
            state.stage = Stage::Running;
            state.began_ns = Some(board.clock().now());
            state.before = before;
        }
        let over = async {
            tokio::select! {
                () = sleep(self.duration) => {}
                () = self.stop.cancelled() => {}
            }
        };
        let sending = side.send(board.clock(), over).await;
        let last = side.settle().await;
        let ended = board.clock().now();
        {
            let mut state = board.state();
            if let Err(error) = sending {
                state.error.get_or_insert((error.to_string(), error.hint()));
            }
            state.stage = Stage::CatchingUp;
            state.ended_ns = Some(ended);
            state.sent = side.sent(before);
        }
        board.each(|lane| lane.end_with(number(last)));
        // A lane that has not caught up by then shows what it lacks as lost.
        self.until(self.caught_up(number(last), ended)).await;
    }

    /// The server is gone: what was measured until now is all there is.
    async fn break_off(&self, error: &CompareError) {
        let (board, side) = (&*self.board, &*self.side);
        // The source ends with its server, but not in the same instant.
        side.settle().await;
        let mut state = board.state();
        state.error.get_or_insert((error.to_string(), error.hint()));
        if state.stage == Stage::Running {
            state.stage = Stage::CatchingUp;
            state.ended_ns = Some(board.clock().now());
            state.sent = side.sent(state.before);
        }
    }

    /// Resolves when every lane has what it will ever have.
    async fn caught_up(&self, last: i64, ended: u64) {
        let board = &*self.board;
        if !self.side.is_bad() {
            return board.all(|lane| lane.has_reached(last)).await;
        }
        loop {
            let quiet = board.clock().now().saturating_sub(nanos(QUIET));
            let is_done = |lane: &Counter| {
                lane.has_reached(last) || quiet >= ended && lane.is_quiet_since(quiet)
            };
            let looked = tokio::time::timeout(LOOKS[0], board.all(is_done));
            if looked.await.is_ok() {
                return;
            }
        }
    }

    /// Waits for what the lanes do, as long as it makes sense.
    async fn until(&self, done: impl Future<Output = ()>) {
        let impatient = async {
            self.stop.cancelled().await;
            tokio::time::sleep(LAST_PATIENCE).await;
        };
        tokio::select! {
            () = done => {}
            () = impatient => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
    }
}

/// Keeps the board up to date with what the server says.
async fn watch(board: &Board, side: &Side, clients: &[String]) -> std::convert::Infallible {
    let every = LOOKS[usize::from(matches!(side, Side::Other(_)))];
    loop {
        look(board, side, clients).await;
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = board.any_due() => {}
        }
    }
}

async fn look(board: &Board, side: &Side, clients: &[String]) -> Vec<Option<Ledger>> {
    let due = board.due();
    let asked = clients.iter().map(|client| tokio::time::timeout(ANSWER, side.ledger(client)));
    let answers = join_all(asked).await;
    let ledgers: Vec<_> = answers.into_iter().map(|answer| answer.ok().flatten()).collect();
    board.sample(&ledgers, &due);
    side.refresh(board);
    ledgers
}

/// Looks until the server has counted the last bytes of connections that are over.
async fn last_look(board: &Board, side: &Side, clients: &[String]) {
    let mut before = look(board, side, clients).await;
    for _ in 0..LAST_LOOKS {
        tokio::time::sleep(LAST_LOOK).await;
        let now = look(board, side, clients).await;
        if std::mem::replace(&mut before, now) == before {
            return;
        }
    }
}

/// What each lane follows. The server counts a lane by its name, which no other run has.
fn follows(side: &Side, setup: &RunSetup) -> Result<Vec<Follows>, CompareError> {
    let (base, run) = (side.base()?, random_name());
    let follows = setup.lanes.iter().enumerate().map(|(at, spec)| Follows {
        base: base.clone(),
        topic: side.topic().to_owned(),
        client: format!("run-{run}-{}-{}", at + 1, spec.way.word()),
        options: base::options(spec, side.ts_path()),
    });
    Ok(follows.collect())
}

/// A few letters that no other run is likely to have.
pub(super) fn random_name() -> String {
    std::iter::repeat_with(fastrand::lowercase).take(8).collect()
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
