//! The client that finds its way by itself: WebSocket, otherwise SSE, otherwise long poll, and up
//! again later.
//!
//! A way is good once it *delivers*: it is open and a message came, or something that keeps it alive
//! (a ping or pong, a comment or `retry:` of an event stream). Being open is not enough, since a
//! proxy that buffers lets a response begin and then holds it back. A way that has not delivered
//! within the deadline is left for the next one; the last has nobody to be left for. One that
//! delivered and is lost later is tried again first, as the loss says nothing about the way. Where
//! the host itself cannot be reached no other way would help, so the way stays.
//!
//! From a lower way the higher ones are probed beside it, later and later; only when a probe
//! delivered does the client change over. It goes on after the last message it has, or before the
//! first after what was there when it began, so nothing is missed or comes again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::base::Follows;
use super::place::{Dropped, Followed, Place};
use crate::model::{Clock, Dir, Event, Feed, Heartbeat, Kind, Meta, TransportKind};
use crate::session::Session;
use crate::transport::{self, Link, Outbox, Outcome, Transport, TransportError};

/// The ways, the best first.
const WAYS: [TransportKind; 3] =
    [TransportKind::Websocket, TransportKind::Sse, TransportKind::LongPoll];
/// How long a probe that has delivered may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// The wait between probes is doubled so often at most.
const DOUBLINGS: u32 = 4;

/// When the fallback changes its mind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// How long a way may take to deliver.
    pub(super) deadline: Duration,
    /// How long to stay on a lower way before the higher ones are probed; doubled each time.
    pub(super) upgrade: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(5), upgrade: Duration::from_secs(30) }
    }
}

/// A client on one of its ways.
pub(super) struct Fallback {
    follows: Follows,
    times: Times,
    place: Arc<Place>,
    /// Where notes go that are made beside an attempt.
    feed: Arc<dyn Feed>,
    /// Which of [`WAYS`] is on.
    way: usize,
    /// Why the ways before it are not.
    why: String,
    /// Probes that failed since the last way that lasted.
    probes: u32,
    /// When the higher ways are probed next, however often the connection is lost meanwhile.
    next_probe: Option<Instant>,
    retry_after: Option<Duration>,
}

/// What ended an attempt.
enum Ended {
    /// The transport itself.
    By(Box<Outcome>),
    /// It did not deliver in time.
    Overdue,
    /// A higher way works.
    Better(usize),
}

impl Fallback {
    /// A client that has not tried anything. `feed` is where its session's events go, and takes note
    /// of the `place` they lead to.
    pub(super) fn new(
        follows: Follows,
        times: Times,
        place: Arc<Place>,
        feed: Arc<dyn Feed>,
    ) -> Self {
        let why = String::from("it is the first to be tried");
        let (probes, next_probe, retry_after) = (0, None, None);
        Self { follows, times, place, feed, way: 0, why, probes, next_probe, retry_after }
    }

    fn since(&self) -> Option<u64> {
        self.place.id().filter(|_| self.follows.options.resume)
    }

    /// The transport of one of the ways, going on where the client is.
    fn transport(&self, way: usize) -> Result<Box<dyn Transport>, TransportError> {
        let mut endpoint = self.follows.endpoint(WAYS[way], self.since());
        // A silent WebSocket has to give a sign within the deadline as well.
        let every = (self.times.deadline / 3).max(Duration::from_millis(1));
        endpoint.options.heartbeat = Some(Heartbeat { every, patience: self.times.deadline });
        transport::build(&endpoint)
    }

    async fn once(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let kind = WAYS[self.way];
        link.chose(kind, format!("{}, because {}", kind.label(), self.why));
        let signs = self.place.signs();
        let mut transport = self.transport(self.way)?;
        let ended = self.attempt_of(transport.as_mut(), link, signs).await;
        self.retry_after = transport.retry_after();
        // What it knows better, as a poll that was answered without a message does.
        if let Some(id) = transport.cursor().and_then(|cursor| cursor.parse().ok()) {
            self.place.go_on_after(id);
        }
        drop(transport);
        link.flush().await?;
        let delivered = self.place.signs() > signs;
        let outcome = match ended {
            Ended::Better(way) => return self.change_to(way, link).await,
            Ended::Overdue => {
                let words = overdue(kind, link.is_open(), self.times.deadline);
                return self.fall(words, link).await;
            }
            Ended::By(outcome) => *outcome,
        };
        match outcome {
            outcome if delivered => Ok(outcome),
            Outcome::Lost(error) if is_of_the_host(&error) => Ok(Outcome::Lost(error)),
            Outcome::Lost(error) | Outcome::Finished(error) if self.has_lower() => {
                self.note_fall(&error.to_string(), link).await?;
                Ok(Outcome::Again(error))
            }
            outcome => {
                // The last resort failed as well: begin again from the top.
                self.go_to(0);
                self.why = String::from("every way failed, so all are tried again");
                Ok(outcome)
            }
        }
    }

    async fn attempt_of(
        &mut self,
        transport: &mut dyn Transport,
        link: &mut Link,
        signs: u64,
    ) -> Ended {
        let began = Instant::now();
        let deadline = began + self.times.deadline;
        let (clock, attempt) = (link.clock(), link.attempt());
        let has_lower = self.has_lower();
        let place = Arc::clone(&self.place);
        let delivers = async {
            let in_time = tokio::time::timeout_at(deadline, place.more_than(signs)).await.is_ok();
            if in_time || !has_lower {
                std::future::pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            biased;
            outcome = transport.attempt(link) => Ended::By(Box::new(outcome)),
            () = delivers => Ended::Overdue,
            way = self.better(clock, attempt, signs) => Ended::Better(way),
        };
        if self.way == 0 && began.elapsed() >= self.wait() {
            self.probes = 0;
        }
        ended
    }

    /// Resolves with the first higher way that delivers.
    async fn better(&mut self, clock: Clock, attempt: u32, signs: u64) -> usize {
        if self.way == 0 {
            return std::future::pending().await;
        }
        self.place.more_than(signs).await;
        loop {
            let due = self.next_probe.unwrap_or_else(|| Instant::now() + self.wait());
            self.next_probe = Some(due);
            tokio::time::sleep_until(due).await;
            // Before the probes: where the connection is lost during one, the next waits as well.
            self.next_probe = Some(Instant::now() + self.wait());
            for (way, kind) in WAYS.into_iter().enumerate().take(self.way) {
                match self.probe(way, clock).await {
                    Ok(()) => return way,
                    Err(words) => {
                        let words = format!("{} still does not work: {words}", kind.label());
                        let meta = Meta { cause: Some(words), ..Meta::default() };
                        let mut note = Event::new(clock.now(), Dir::Local, Kind::Note);
                        note.attempt = attempt;
                        // Where the recording has ended the attempt ends by itself.
                        let _ = self.feed.send(vec![note.with_meta(meta)]).await;
                    }
                }
            }
            self.probes = (self.probes + 1).min(DOUBLINGS);
            self.next_probe = None;
        }
    }

    /// Whether a way delivers by now, tried beside the one that is on. What it brings is dropped.
    async fn probe(&self, way: usize, clock: Clock) -> Result<(), String> {
        let kind = WAYS[way];
        let mut transport = self.transport(way).map_err(|error| error.to_string())?;
        let place = Arc::new(Place::default());
        let feed = Arc::new(Followed::new(Arc::new(Dropped), Arc::clone(&place)));
        let stop = CancellationToken::new();
        let (_, said) = Session::controls(stop.clone());
        let mut link = Link::new(clock, feed, said, stop.clone(), Outbox::default());
        link.begin(1, None);
        let found = {
            let mut attempt = transport.attempt(&mut link);
            let found = tokio::select! {
                outcome = &mut attempt => Err(words_of(&outcome)),
                () = place.more_than(0) => Ok(()),
                () = tokio::time::sleep(self.times.deadline) => Err(String::new()),
            };
            stop.cancel();
            if found.is_ok() {
                // A goodbye that is not answered is none of our business.
                let _ = tokio::time::timeout(GOODBYE, attempt).await;
            }
            found
        };
        let is_open = link.is_open();
        found.map_err(|words| match words.as_str() {
            "" => overdue(kind, is_open, self.times.deadline),
            _ => words,
        })
    }

    fn wait(&self) -> Duration {
        self.times.upgrade.saturating_mul(1 << self.probes.min(DOUBLINGS))
    }

    fn go_to(&mut self, way: usize) {
        self.way = way;
        self.next_probe = None;
    }

    fn has_lower(&self) -> bool {
        self.way + 1 < WAYS.len()
    }

    async fn change_to(&mut self, way: usize, link: &mut Link) -> Result<Outcome, TransportError> {
        let (from, to) = (WAYS[self.way].label(), WAYS[way].label());
        let words = format!("{to} works again, so {from} is left");
        note(link, words.clone()).await?;
        self.go_to(way);
        self.why = String::from("it works again");
        // Until it has proved itself, the next fall is to be longer.
        self.probes = (self.probes + 1).min(DOUBLINGS);
        Ok(Outcome::Again(told(words, "Nothing is wrong; the better way is free again")))
    }

    async fn fall(&mut self, words: String, link: &mut Link) -> Result<Outcome, TransportError> {
        self.note_fall(&words, link).await?;
        Ok(Outcome::Again(told(
            words,
            "Something on the way may hold responses back or swallow frames; look for proxies",
        )))
    }

    async fn note_fall(&mut self, words: &str, link: &mut Link) -> Result<(), TransportError> {
        let from = WAYS[self.way].label();
        self.go_to(self.way + 1);
        self.why = format!("{from} does not work: {words}");
        note(link, format!("{}; going on with {}", self.why, WAYS[self.way].label())).await
    }
}

async fn note(link: &mut Link, words: String) -> Result<(), TransportError> {
    let meta = Meta { cause: Some(words), ..Meta::default() };
    Ok(link.push(Event::new(link.now(), Dir::Local, Kind::Note).with_meta(meta)).await?)
}

fn told(cause: String, hint: &str) -> TransportError {
    TransportError::Told {
        cause,
        hint: hint.to_owned(),
        is_final: false,
        retry_after: None,
        meta: Box::default(),
        body: bytes::Bytes::new(),
    }
}

fn overdue(kind: TransportKind, is_open: bool, deadline: Duration) -> String {
    let time = humantime::format_duration(deadline);
    if is_open {
        format!("{} opened, but nothing came within {time}", kind.label())
    } else {
        format!("{} did not open within {time}", kind.label())
    }
}

fn words_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Lost(error) | Outcome::Again(error) | Outcome::Finished(error) => {
            error.to_string()
        }
        Outcome::Stopped | Outcome::Unrecorded => String::from("it was ended"),
    }
}

/// Whether it would fail over every way.
fn is_of_the_host(error: &TransportError) -> bool {
    matches!(error, TransportError::Dial(_) | TransportError::Feed(_))
}

impl Transport for Fallback {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        async move { self.once(link).await.unwrap_or_else(Outcome::Lost) }.boxed()
    }

    fn cursor(&self) -> Option<String> {
        self.since().map(|id| id.to_string())
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
