//! Where a run keeps what it knows of itself, for whoever wants to look: the recorder counts into
//! it, the run says how far it is, and views are made from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::counter::{Counter, Ledger, Mark};
use super::lane::Lane;
use super::verdict::verdict;
use super::view::{LessonView, RunView, Stage};
use crate::capture::{CaptureError, Committed, Tap};
use crate::model::{Clock, Needs, Network, RunSetup, Source};

/// Slices of series that are copied for one view, more or less: a series that is long waits for its
/// turn, so that no view takes longer than a frame of the window can spare.
const COPIED: usize = 1500;
/// Changes of the network that are remembered.
const CHANGES: usize = 64;

/// How far the rate may be from what was asked for without being told otherwise.
const LEEWAY: f64 = 0.05;

/// What a run knows of itself.
#[derive(Debug)]
pub(super) struct Board {
    clock: Clock,
    lanes: Mutex<Vec<Counter>>,
    /// Something was counted.
    grown: Notify,
    state: Mutex<State>,
}

/// What is not counted.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) setup: Arc<RunSetup>,
    pub(super) stage: Stage,
    /// When messages began to count, and stopped to be sent.
    pub(super) began_ns: Option<u64>,
    pub(super) ended_ns: Option<u64>,
    /// Number of the last message before the run.
    pub(super) before: u64,
    pub(super) sent: u64,
    /// The network from which second on, as in [`RunView::network`].
    network: Vec<(f64, Arc<Network>)>,
    pub(super) notes: Vec<String>,
    pub(super) error: Option<(String, String)>,
    pub(super) lesson: Option<LessonView>,
}

impl Board {
    pub(super) fn new(setup: RunSetup, clock: Clock, lanes: Vec<Counter>) -> Arc<Self> {
        let state = State {
            setup: Arc::new(setup),
            stage: Stage::Opening,
            began_ns: None,
            ended_ns: None,
            before: 0,
            sent: 0,
            network: Vec::new(),
            notes: Vec::new(),
            error: None,
            lesson: None,
        };
        let (lanes, state) = (Mutex::new(lanes), Mutex::new(state));
        Arc::new(Self { clock, lanes, grown: Notify::new(), state })
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Says something about the run, once.
    pub(super) fn note(&self, words: String) {
        let mut state = self.state();
        if !state.notes.contains(&words) {
            state.notes.push(words);
        }
    }

    /// Notes what the network is like now, as long as that makes a difference to the run.
    pub(super) fn sample_network(&self, now: Arc<Network>) {
        let at_ns = self.clock.now();
        let mut state = self.state();
        let at_s = match state.began_ns {
            _ if state.stage == Stage::Done => return,
            Some(began) => at_ns.saturating_sub(began) as f64 / 1e9,
            None => {
                // What was before the run is not of it.
                state.network.clear();
                0.0
            }
        };
        if state.network.last().is_some_and(|(_, last)| *last == now) {
            return;
        }
        if state.network.len() < CHANGES {
            state.network.push((at_s, now));
            return;
        }
        drop(state);
        let words = "The network changed more often than is remembered; only the first";
        self.note(format!("{words} {CHANGES} are in the report"));
    }

    pub(super) fn set_needs(&self, needs: Needs) {
        let mut state = self.state();
        let setup = RunSetup { needs, ..RunSetup::clone(&state.setup) };
        state.setup = Arc::new(setup);
    }

    /// Does something to every lane.
    pub(super) fn each(&self, what: impl FnMut(&mut Counter)) {
        lock(&self.lanes).iter_mut().for_each(what);
        self.grown.notify_waiters();
    }

    /// Notes that the session of a lane ended.
    pub(super) fn end(&self, lane: u16) {
        if let Some(counter) = lock(&self.lanes).get_mut(usize::from(lane)) {
            counter.end();
        }
        self.grown.notify_waiters();
    }

    /// For what each lane needs to know what the server has counted.
    pub(super) fn due(&self) -> Vec<Option<Mark>> {
        lock(&self.lanes).iter().map(Counter::due).collect()
    }

    /// Resolves when a lane needs to know that.
    pub(super) async fn any_due(&self) {
        self.until(|lanes| lanes.iter().any(|lane| lane.due().is_some())).await;
    }

    /// Notes what the server has counted for each lane, and what was due before it was asked.
    pub(super) fn sample(&self, ledgers: &[Option<Ledger>], due: &[Option<Mark>]) {
        let now = self.clock.now();
        for (lane, (ledger, due)) in lock(&self.lanes).iter_mut().zip(ledgers.iter().zip(due)) {
            lane.sample(now, *ledger, *due);
        }
    }

    /// Resolves when `is_so` holds of every lane.
    pub(super) async fn all(&self, is_so: impl Fn(&Counter) -> bool) {
        self.until(|lanes| lanes.iter().all(&is_so)).await;
    }

    async fn until(&self, is_so: impl Fn(&[Counter]) -> bool) {
        loop {
            let mut grown = std::pin::pin!(self.grown.notified());
            // Before the look, so that nothing is missed in between.
            grown.as_mut().enable();
            if is_so(&lock(&self.lanes)) {
                return;
            }
            grown.await;
        }
    }

    /// How everything looks now; series may lag behind a little.
    pub(super) fn view(&self) -> RunView {
        let most = if self.state().stage == Stage::Done { usize::MAX } else { COPIED };
        self.view_with(most)
    }

    /// How everything looks now, to the last slice.
    pub(super) fn whole_view(&self) -> RunView {
        self.view_with(usize::MAX)
    }

    fn view_with(&self, most: usize) -> RunView {
        let state = self.state().clone();
        let now = self.clock.now();
        let mut lanes = lock(&self.lanes);
        share(&mut lanes, most);
        let lanes: Vec<_> =
            lanes.iter_mut().map(|lane| lane.view(now, state.sent, state.stage)).collect();
        let figures: Vec<Lane> = lanes.iter().map(|lane| lane.figures.clone()).collect();
        let until = state.ended_ns.unwrap_or(now);
        let elapsed = state.began_ns.map_or(0, |began| until.saturating_sub(began));
        let source = really(&state.setup.source, state.sent, elapsed as f64 / 1e9);
        let verdict = verdict(&state.setup.needs, &source, &figures, None);
        RunView {
            setup: state.setup,
            stage: state.stage,
            elapsed_s: elapsed as f64 / 1e9,
            sent: state.sent,
            lanes,
            verdict,
            network: state.network,
            notes: state.notes,
            lesson: state.lesson,
            error: state.error,
        }
    }
}

/// The source as it was in truth, where it did clearly other than asked for.
pub(super) fn really(asked: &Source, sent: u64, seconds: f64) -> Source {
    let (wanted, sent) = (asked.rate * seconds / asked.topics.len().max(1) as f64, sent as f64);
    // A burst that was due just now, or is just not due yet.
    let leeway = (wanted * LEEWAY).max(f64::from(asked.burst));
    let rate =
        if seconds < 1.0 || (sent - wanted).abs() <= leeway { asked.rate } else { sent / seconds };
    Source { rate, ..asked.clone() }
}

/// Shares the series that lag behind most, until about so many slices are copied.
fn share(lanes: &mut [Counter], most: usize) {
    let mut behind: Vec<&mut Counter> =
        lanes.iter_mut().filter(|lane| lane.unshared() > 0).collect();
    behind.sort_by_key(|lane| std::cmp::Reverse(lane.lag()));
    let mut copied = 0;
    for lane in behind {
        copied += lane.unshared();
        lane.share();
        if copied >= most {
            return;
        }
    }
}

/// What the recorder calls.
pub(super) struct Counting(pub(super) Arc<Board>);

impl Tap for Counting {
    fn committed(&mut self, batch: Committed<'_>) {
        if let Some(counter) = lock(&self.0.lanes).get_mut(usize::from(batch.lane)) {
            for (n, event) in (batch.first_n..).zip(batch.events) {
                counter.take(n, event);
            }
        }
        self.0.grown.notify_waiters();
    }

    fn failed(&mut self, error: &CaptureError) {
        self.0.state().error = Some((error.to_string(), error.hint().to_owned()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while counting would at worst have left an event uncounted.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::model::{Dir, Event, Kind, LaneSpec, Options, Way};

    /// A board whose lanes have been watched for so long that their series are full.
    fn long_board() -> Arc<Board> {
        let counter = |way| Counter::new(&LaneSpec::over(way), 0, &Options::default());
        let lanes = Way::ALL.into_iter().map(counter).collect();
        let board = Board::new(RunSetup::default(), Clock::start(), lanes);
        for lane in 0..6 {
            let events: Vec<Event> = (0..900).map(|k| at(k * 100_000_000)).collect();
            Counting(Arc::clone(&board)).committed(Committed { first_n: 1, lane, events: &events });
        }
        board
    }

    fn at(t_ns: u64) -> Event {
        Event::new(t_ns, Dir::In, Kind::Event).with_payload(r#"{"id":1}"#)
    }

    #[test]
    fn no_view_copies_everything_and_none_stays_behind() {
        let board = long_board();
        let fresh = |view: &RunView| {
            view.lanes.iter().filter(|lane| lane.series.buckets.len() == 900).count()
        };
        let views: Vec<usize> = (0..4).map(|_| fresh(&board.view())).collect();
        assert_eq!(views, [2, 4, 6, 6]);
        // What did not change is not copied again.
        let (before, after) = (board.view(), board.view());
        for (before, after) in before.lanes.iter().zip(&after.lanes) {
            assert!(Arc::ptr_eq(&before.series, &after.series));
            assert!(Arc::ptr_eq(&before.distribution, &after.distribution));
        }
    }

    #[test]
    fn the_network_is_remembered_as_it_was_during_the_run() {
        let board = Board::new(RunSetup::default(), Clock::start(), Vec::new());
        let delayed = |ms: usize| {
            Arc::new(Network::parse([format!("delay={ms}ms").as_str()]).unwrap_or_default())
        };
        let words = |board: &Board| -> Vec<String> {
            board.view().network.iter().flat_map(|(_, network)| network.lists()).collect()
        };
        board.sample_network(delayed(1));
        board.sample_network(delayed(2));
        assert_eq!(words(&board), ["delay=2ms"], "what was before it is not of it");
        board.state().began_ns = Some(board.clock().now());
        for ms in [2, 3, 3, 2] {
            board.sample_network(delayed(ms));
        }
        assert_eq!(words(&board), ["delay=2ms", "delay=3ms", "delay=2ms"]);
        let network = board.view().network;
        assert!(network[0].0 == 0.0 && network[1].0 > 0.0 && network[1].0 <= network[2].0);
        (0..CHANGES).for_each(|ms| board.sample_network(delayed(ms)));
        let view = board.view();
        assert_eq!((view.network.len(), view.notes.len()), (CHANGES, 1));
        let board = Board::new(RunSetup::default(), Clock::start(), Vec::new());
        board.state().stage = Stage::Done;
        board.sample_network(delayed(1));
        assert!(board.view().network.is_empty(), "what is undone after it is not of it either");
    }

    #[test]
    fn the_rate_is_that_of_what_was_really_sent() {
        let asked = Source { rate: 100.0, ..Source::default() };
        for (sent, seconds, rate) in
            [(0, 0.1, 100.0), (980, 10.0, 100.0), (400, 10.0, 40.0), (2000, 10.0, 200.0)]
        {
            let found = really(&asked, sent, seconds).rate;
            assert!((found - rate).abs() < 1e-9, "{sent} in {seconds} s: {found}");
        }
        let burst = Source { rate: 10.0, burst: 100, ..Source::default() };
        let found = really(&burst, 200, 10.0).rate;
        assert!((found - 10.0).abs() < 1e-9, "one more was due at the end: {found}");
        let board = long_board();
        {
            let mut state = board.state();
            (state.began_ns, state.ended_ns, state.sent) = (Some(0), Some(10_000_000_000), 420);
            state.setup = Arc::new(RunSetup { source: asked, ..RunSetup::default() });
        }
        board.each(|lane| {
            lane.begin(0);
            for (n, id) in (1..).zip(1..=420) {
                let message = Event::new(n, Dir::In, Kind::Event);
                lane.take(n, &message.with_payload(format!(r#"{{"id":{id},"ts":0}}"#)));
            }
        });
        let summary = board.view().verdict.map(|verdict| verdict.summary).unwrap_or_default();
        assert!(summary.contains("42 msg/s"), "{summary}");
    }

    #[test]
    fn a_lesson_and_the_end_see_everything() {
        let whole = |view: &RunView| view.lanes.iter().all(|l| l.series.buckets.len() == 900);
        assert!(whole(&long_board().whole_view()));
        let board = long_board();
        board.state().stage = Stage::Done;
        assert!(whole(&board.view()));
    }
}
