//! One TCP connection as the weather sees it: what it is used for, since when, whether bytes pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::{Now, Weather, polls};
use crate::model::TransportKind;

/// No transport: the connection is used for something else, or nobody knows yet.
const NONE: u8 = u8::MAX;

/// Differs where what is done to a connection may: changes of the weather, the transport, and when
/// its stream began.
pub(super) type Version = (u64, u8, u64);

/// What is done to a connection is what is done to the transport it was asked for last.
#[derive(Debug)]
pub(in crate::server) struct Link {
    weather: Arc<Weather>,
    /// Among those that are woken by a change.
    place: usize,
    kind: AtomicU8,
    began: Instant,
    /// When the stream it carries did, in microseconds since then.
    stream: AtomicU64,
    /// A request has come.
    asked: AtomicBool,
    /// Requests without an answer yet.
    waiting: AtomicU32,
    /// When the last byte passed, in milliseconds since the beginning; kept where it matters.
    passed: AtomicU64,
    /// Whoever reads or writes.
    waker: AtomicWaker,
}

impl Link {
    pub(in crate::server) fn new(weather: &Arc<Weather>) -> Arc<Self> {
        let new = |link: &std::sync::Weak<Self>| Self {
            weather: Arc::clone(weather),
            place: weather.links().add(link.clone()),
            kind: AtomicU8::new(NONE),
            began: Instant::now(),
            stream: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            waiting: AtomicU32::new(0),
            passed: AtomicU64::new(0),
            waker: AtomicWaker::new(),
        };
        Arc::new_cyclic(new)
    }

    /// From now on it is used for this; whether that is the first request of all. On a connection
    /// that carries several requests at a time (`shared`), one for no transport changes nothing.
    pub(in crate::server) fn begin(&self, kind: Option<TransportKind>, shared: bool) -> bool {
        if kind.is_none() && shared {
            return !self.asked.swap(true, Ordering::Relaxed);
        }
        let streams = kind.is_some_and(|kind| !polls(kind));
        if streams {
            let since = self.began.elapsed().as_micros();
            self.stream.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        let kind = kind.map_or(NONE, |kind| kind as u8);
        if self.kind.swap(kind, Ordering::AcqRel) != kind || streams {
            // What is done to it may be something else now, such as an end that comes soon.
            self.wake();
        }
        !self.asked.swap(true, Ordering::Relaxed)
    }

    /// A request that waits for its answer as long as what this returns lives.
    pub(super) fn request(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    pub(super) fn is_waited_on(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    pub(super) fn kind(&self) -> Option<TransportKind> {
        let kind = usize::from(self.kind.load(Ordering::Acquire));
        TransportKind::ALL.get(kind).copied()
    }

    /// How often the weather changed.
    pub(super) fn changes(&self) -> u64 {
        self.weather.changes.load(Ordering::Acquire)
    }

    /// Something else whenever what is done to the connection may be.
    pub(super) fn version(&self) -> Version {
        let kind = self.kind.load(Ordering::Acquire);
        (self.changes(), kind, self.stream.load(Ordering::Relaxed))
    }

    pub(super) fn now(&self) -> Arc<Now> {
        self.weather.now()
    }

    pub(super) fn weather(&self) -> &Arc<Weather> {
        &self.weather
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Since when it has been used for this: a stream counts from its request, since its connection
    /// may have carried others, or nothing; polls from the connection that they share.
    pub(super) fn since(&self, kind: TransportKind) -> Instant {
        if polls(kind) {
            return self.began;
        }
        self.began + Duration::from_micros(self.stream.load(Ordering::Relaxed))
    }

    /// A byte passed, one way or the other.
    pub(super) fn passed(&self, at: Instant) {
        let since = at.saturating_duration_since(self.began).as_millis();
        self.passed.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// When the last byte passed, as far as it was kept.
    pub(super) fn last_passed(&self) -> Instant {
        let since = self.passed.load(Ordering::Relaxed);
        self.began + Duration::from_millis(since)
    }

    /// Whoever reads or writes next wants to hear of changes.
    pub(super) fn listen(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.weather.links().remove(self.place);
    }
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting(Arc<Link>);

impl Drop for Waiting {
    fn drop(&mut self) {
        // The answer passes next, and must not be too late because it was long in coming.
        self.0.passed(Instant::now());
        self.0.waiting.fetch_sub(1, Ordering::Release);
        self.0.wake();
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::sync::{Mutex, PoisonError, mpsc};
    use std::task::{Wake, Waker};
    use std::thread;

    use super::*;
    use crate::model::Network;

    /// A task that ends as soon as it is woken, and lets go of its connection.
    struct Leaves(Mutex<Option<Arc<Link>>>);

    impl Wake for Leaves {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    #[test]
    fn a_change_of_weather_outlives_connections_that_end_in_it() {
        let weather = Arc::new(Weather::new(Network::default()));
        for _ in 0..3 {
            let link = Link::new(&weather);
            let task = Arc::new(Leaves(Mutex::new(Some(Arc::clone(&link)))));
            link.listen(&Waker::from(task));
        }
        let (done, over) = mpsc::channel();
        let changing = Arc::clone(&weather);
        thread::spawn(move || {
            changing.set(Network::default());
            done.send(())
        });
        over.recv_timeout(Duration::from_secs(30)).expect("a change that comes to an end");
        assert_eq!(weather.links().free.len(), 3);
    }

    #[test]
    fn connections_come_and_go_while_the_weather_changes() {
        let weather = Arc::new(Weather::new(Network::default()));
        let (done, over) = mpsc::channel();
        let work: [fn(&Arc<Weather>); 2] =
            [|weather| drop(Link::new(weather)), |weather| weather.set(Network::default())];
        for once in work {
            let (weather, done) = (Arc::clone(&weather), done.clone());
            thread::spawn(move || {
                for _ in 0..20_000 {
                    once(&weather);
                }
                done.send(())
            });
        }
        for _ in work {
            over.recv_timeout(Duration::from_mins(1)).expect("no deadlock");
        }
    }
}
