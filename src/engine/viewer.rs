//! The thread that reads a session's file for the window: rows on the screen, the event in the
//! detail, and what passes a filter. A slow disk delays what is shown, never the window.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use url::Url;

use super::observer::PREVIEW;
use super::reading::{self, Reading};
use super::search::Search;
use super::snapshot::{Entry, Selected};
use super::watch::{Select, Shown, Watch};
use super::{Chunks, answer};
use crate::capture::{CaptureError, CaptureFile};
use crate::model::{Event, Filter};

/// Rows read at most for a screen and its surroundings.
const ROWS: usize = 600;

/// Starts the thread; it ends when the session is closed.
///
/// # Errors
/// The system gives no further thread.
pub(super) fn start(watch: Arc<Watch>, file: Arc<CaptureFile>, url: Url) -> std::io::Result<()> {
    let viewer = Viewer {
        watch,
        file,
        url,
        screen: 0..0,
        search: None,
        reading: Reading::default(),
        selected: None,
        edition: 0,
    };
    std::thread::Builder::new().name("viewer".into()).spawn(move || viewer.run()).map(drop)
}

struct Viewer {
    watch: Arc<Watch>,
    file: Arc<CaptureFile>,
    url: Url,
    screen: Range<usize>,
    search: Option<Search>,
    reading: Reading,
    /// The event in the detail, by number.
    selected: Option<u64>,
    /// Counts what was put together for the detail.
    edition: u64,
}

impl Viewer {
    fn run(mut self) {
        let mut more = false;
        loop {
            let wants = self.watch.next_wants(more);
            if wants.closed {
                return;
            }
            let index = self.watch.observer().index.clone();
            if let Some(filter) = wants.filter {
                self.set_filter(filter);
            }
            let is_read_anew = wants.reading.is_some() && self.selected.is_some();
            self.reading = wants.reading.unwrap_or(self.reading);
            if let Some(Select(select)) = wants.select {
                self.selected = select;
                self.show_selected(&index);
            } else if is_read_anew {
                self.show_selected(&index);
            } else if wants.grown {
                self.show_answer();
            }
            if let Some(screen) = wants.rows {
                self.screen = screen;
            }
            match self.search(&index) {
                Ok(unfinished) => more = unfinished,
                Err(error) => {
                    more = false;
                    self.show(|_| {}, Some(&error));
                }
            }
            self.show_rows(&index);
        }
    }

    /// What cannot be understood changes nothing: the window says why where it is typed.
    fn set_filter(&mut self, filter: Filter) {
        self.search = match Search::new(&filter) {
            Ok(search) => search,
            Err(error) => return tracing::debug!(%error, "the filter stays as it was"),
        };
        let matches = self.search.as_ref().map(|search| search.found.clone());
        {
            let mut shown = self.watch.shown();
            shown.filter = filter;
            shown.matches = matches;
        }
        self.watch.changed();
    }

    /// Publishes a change of what is shown, and why reading failed where it did.
    fn show(&self, change: impl FnOnce(&mut Shown), error: Option<&CaptureError>) {
        {
            let mut shown = self.watch.shown();
            change(&mut shown);
            shown.error = error.map(|error| (error.to_string(), error.hint().to_owned()));
        }
        self.watch.changed();
    }

    /// Searches the next slice; `true` when there is more to search.
    fn search(&mut self, index: &Chunks<Entry>) -> Result<bool, CaptureError> {
        let Some(search) = &mut self.search else { return Ok(false) };
        if search.is_done(index) {
            return Ok(false);
        }
        search.step(&self.file, index)?;
        self.watch.shown().matches = Some(search.found.clone());
        self.watch.grown();
        Ok(!search.is_done(index))
    }

    /// Brings the rows on the screen and half as many on either side, from memory where they are
    /// there already.
    fn show_rows(&self, index: &Chunks<Entry>) {
        let margin = (self.screen.len() / 2).max(20);
        let from = self.screen.start.saturating_sub(margin);
        let to = self.screen.end.saturating_add(margin).min(from + ROWS);
        let at = |position: usize| match &self.search {
            Some(search) => search.found.at.get(position).and_then(|at| index.get(at as usize)),
            None => index.get(position),
        };
        let known = self.known_rows();
        let mut rows: HashMap<u64, Arc<Event>> = HashMap::new();
        let mut missing = Vec::new();
        for n in (from..to).map_while(at).map(|entry| entry.n) {
            match known.get(&n) {
                Some(event) => drop(rows.insert(n, Arc::clone(event))),
                None => missing.push(n),
            }
        }
        if missing.is_empty() {
            self.watch.shown().rows = rows;
            return;
        }
        match self.read_rows(&missing) {
            Ok(read) => {
                rows.extend(read);
                self.show(|shown| shown.rows = rows, None);
            }
            Err(error) => self.show(|_| {}, Some(&error)),
        }
    }

    fn known_rows(&self) -> HashMap<u64, Arc<Event>> {
        let mut known = self.watch.shown().rows.clone();
        let observer = self.watch.observer();
        known.extend(observer.newest().map(|(n, event)| (*n, Arc::clone(event))));
        known
    }

    fn read_rows(&self, missing: &[u64]) -> Result<Vec<(u64, Arc<Event>)>, CaptureError> {
        let mut rows = Vec::with_capacity(missing.len());
        for run in runs(missing) {
            let read = self.file.previews(run, PREVIEW)?;
            rows.extend(read.into_iter().map(|found| (found.n, Arc::new(found.event))));
        }
        Ok(rows)
    }

    fn show_selected(&mut self, index: &Chunks<Entry>) {
        self.edition += 1;
        let selected = self.selected.map(|n| {
            let assembled = answer::assemble(&self.watch, &self.file, index, n)?;
            Ok::<_, CaptureError>((self.select(index, n)?, assembled))
        });
        match selected.transpose() {
            Ok(Some((selected, assembled))) => self.show(
                |shown| {
                    shown.selected = Some(selected);
                    shown.assembled = assembled;
                },
                None,
            ),
            nothing => self.show(
                |shown| {
                    shown.selected = None;
                    shown.assembled = None;
                },
                nothing.err().as_ref(),
            ),
        }
    }

    /// Shows what was added to the answer that the chosen event is part of.
    fn show_answer(&self) {
        let Some(n) = self.watch.shown().selected.as_ref().map(|selected| selected.n) else {
            return;
        };
        if let Some(assembled) = answer::growing(&self.watch, n) {
            self.watch.shown().assembled = Some(assembled);
        }
    }

    fn select(&self, index: &Chunks<Entry>, n: u64) -> Result<Arc<Selected>, CaptureError> {
        let found = self.file.event(n)?;
        let damaged = || CaptureError::Damaged(self.file.path());
        let event = found.map(|found| found.event).ok_or_else(damaged)?;
        let at = position_of(index, n);
        let entry = at.and_then(|at| index.get(at));
        let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| index.get(at));
        let (handshake, seq) = {
            let observer = self.watch.observer();
            (observer.handshake(event.attempt), observer.sequence_number(&event))
        };
        let opening = handshake
            .and_then(|n| position_of(index, n))
            .and_then(|at| reading::opening(index, at, &self.file));
        let handshake = handshake.map(|n| self.file.event(n)).transpose()?.flatten();
        let opened = handshake.as_ref().map(|found| &found.event);
        Ok(Arc::new(Selected {
            n,
            edition: self.edition,
            decoded: self.reading.decode(&event, opened, opening.as_ref(), &self.url),
            latency_ms: entry.and_then(|entry| entry.latency_ms()),
            seq,
            since_previous_ns: before.map(|before| event.t_ns.saturating_sub(before.t_ns)),
            handshake: handshake.map(|found| found.event),
            event,
        }))
    }
}

/// Where the event with this number is; numbers grow along the index.
pub(super) fn position_of(index: &Chunks<Entry>, n: u64) -> Option<usize> {
    let (mut low, mut high) = (0, index.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match index.get(middle)?.n.cmp(&n) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Numbers in ascending order as ranges without gaps.
fn runs(numbers: &[u64]) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for &n in numbers {
        match runs.last_mut() {
            Some(run) if run.end == n => run.end += 1,
            _ => runs.push(n..n + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Kind};

    #[test]
    fn neighbours_become_one_run() {
        assert_eq!(runs(&[1, 2, 3, 7, 9, 10]), [1..4, 7..8, 9..11]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn numbers_with_gaps_are_found() {
        let mut index = Chunks::default();
        for n in (1..20_000).step_by(3) {
            let entry = Entry {
                n,
                t_ns: 0,
                size: 0,
                latency_us: 0,
                attempt: 1,
                dir: Dir::In,
                kind: Kind::Text,
            };
            index.push(entry);
        }
        assert_eq!(position_of(&index, 1), Some(0));
        assert_eq!(position_of(&index, 3001), Some(1000));
        assert_eq!(position_of(&index, 3002), None);
    }
}
