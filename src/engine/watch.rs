//! What a session's recorder, its reader and the engine share: observed events, what the window
//! wants to see, and what was read for it. Locks are held for moments, and never by the window.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::observer::Observer;
use super::reading::Reading;
use super::snapshot::{Matches, Selected};
use crate::analysis::tokens::Assembled;
use crate::model::{Event, Filter};

/// The event the detail is to show, by number, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Select(pub(super) Option<u64>);

/// What the window wants to see of a session.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Rows on the screen, by position in what passes the filter.
    pub(super) rows: Option<Range<usize>>,
    /// The event in the detail, or none.
    pub(super) select: Option<Select>,
    /// A filter to set.
    pub(super) filter: Option<Filter>,
    /// How payloads are to be read.
    pub(super) reading: Option<Reading>,
    /// Events were added.
    pub(super) grown: bool,
    /// The session is being closed.
    pub(super) closed: bool,
}

/// What was read for the window.
#[derive(Debug, Default, Clone)]
pub(super) struct Shown {
    pub(super) filter: Filter,
    pub(super) matches: Option<Matches>,
    pub(super) rows: HashMap<u64, Arc<Event>>,
    pub(super) selected: Option<Arc<Selected>>,
    /// The answer that it is part of.
    pub(super) assembled: Option<Arc<Assembled>>,
    /// Why what was wanted last could not be read, and what to try.
    pub(super) error: Option<(String, String)>,
    /// Why not all of the file could be read, and what to try.
    pub(super) damage: Option<(String, String)>,
}

/// Tells the core that there is something new to show.
#[derive(Debug, Clone, Default)]
pub(super) struct News {
    events: Arc<Notify>,
    answer: Arc<Notify>,
}

impl News {
    /// Resolves when events came in; nobody reads more than some thirty screens a second.
    pub(super) async fn events(&self) {
        self.events.notified().await;
    }

    /// Resolves when something the window waits for is there.
    pub(super) async fn answer(&self) {
        self.answer.notified().await;
    }
}

/// One session, as its threads share it.
#[derive(Debug)]
pub(super) struct Watch {
    observer: Mutex<Observer>,
    wants: Mutex<Wants>,
    bell: Condvar,
    shown: Mutex<Shown>,
    news: News,
}

impl Watch {
    /// `news` is told whenever there is something new to show.
    pub(super) fn new(observer: Observer, news: News) -> Arc<Self> {
        Arc::new(Self {
            observer: Mutex::new(observer),
            wants: Mutex::default(),
            bell: Condvar::new(),
            shown: Mutex::default(),
            news,
        })
    }

    pub(super) fn observer(&self) -> MutexGuard<'_, Observer> {
        lock(&self.observer)
    }

    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        lock(&self.shown)
    }

    /// Takes events that are in the file by now, each with its number.
    pub(super) fn take(&self, batch: &[(u64, &Event)]) {
        {
            let mut observer = self.observer();
            for (n, event) in batch {
                observer.take(*n, event);
            }
            observer.keep_newest(batch);
        }
        self.want(|wants| wants.grown = true);
        self.grown();
    }

    /// Says what is wanted, and wakes the reader.
    pub(super) fn want(&self, change: impl FnOnce(&mut Wants)) {
        change(&mut lock(&self.wants));
        self.bell.notify_one();
    }

    /// Waits until something is wanted; does not wait when there is `more` to do anyway.
    pub(super) fn next_wants(&self, more: bool) -> Wants {
        let mut wants = lock(&self.wants);
        while !more
            && wants.rows.is_none()
            && wants.select.is_none()
            && wants.filter.is_none()
            && wants.reading.is_none()
            && !wants.grown
            && !wants.closed
        {
            wants = self.bell.wait(wants).unwrap_or_else(PoisonError::into_inner);
        }
        let closed = wants.closed;
        Wants { closed, ..std::mem::replace(&mut *wants, Wants { closed, ..Wants::default() }) }
    }

    /// Whether the session was closed, so that nobody wants anything any more.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.wants).closed
    }

    /// Says that there is more of what is shown already: events, or matches of a filter.
    pub(super) fn grown(&self) {
        self.news.events.notify_one();
    }

    /// Says that something the window waits for is there.
    pub(super) fn changed(&self) {
        self.news.answer.notify_one();
    }
}

/// A thread that panicked while it held one of these left at worst an event uncounted.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
