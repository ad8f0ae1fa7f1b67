//! What a transport has of the session it serves: a clock, a place for events, what the person
//! wants sent, and the wish to stop.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::model::{Clock, Dir, Event, Feed, FeedError, Kind, Meta, Say, TransportKind, Wire};

/// Events handed over at once, at most.
const BATCH_EVENTS: usize = 1024;
/// Bytes handed over at once, about.
const BATCH_BYTES: usize = 1 << 20;

/// What is wanted of an open connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Send this.
    Say(Say),
    /// End it, politely.
    Stop,
}

/// What the endpoint's options want sent by themselves: once open, and perhaps again and again.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// Sent in order, each time the connection opens.
    pub messages: Vec<String>,
    /// Time after which they are all sent again.
    pub every: Option<Duration>,
}

/// The session's side of an attempt.
pub struct Link {
    clock: Clock,
    feed: Arc<dyn Feed>,
    said: mpsc::Receiver<Say>,
    stop: CancellationToken,
    outbox: Outbox,
    due: VecDeque<Say>,
    repeat: Option<Interval>,
    batch: Vec<Event>,
    batch_bytes: usize,
    attempt: u32,
    is_open: bool,
    gap_since: Option<u64>,
    chosen: Option<(TransportKind, String)>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("attempt", &self.attempt)
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// A link for a session that has not made an attempt yet.
    pub fn new(
        clock: Clock,
        feed: Arc<dyn Feed>,
        said: mpsc::Receiver<Say>,
        stop: CancellationToken,
        outbox: Outbox,
    ) -> Self {
        Self {
            clock,
            feed,
            said,
            stop,
            outbox,
            due: VecDeque::new(),
            repeat: None,
            batch: Vec::new(),
            batch_bytes: 0,
            attempt: 0,
            is_open: false,
            gap_since: None,
            chosen: None,
        }
    }

    /// Begins attempt number `attempt`; its events carry that number. `gap_since` is when the last
    /// connection was lost, if this attempt cannot go on from there.
    pub fn begin(&mut self, attempt: u32, gap_since: Option<u64>) {
        self.attempt = attempt;
        self.gap_since = gap_since;
        self.is_open = false;
        self.due.clear();
        self.repeat = None;
    }

    /// Nanoseconds since the session began.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Nanoseconds since the session began at `instant`.
    pub fn at(&self, instant: Instant) -> u64 {
        self.clock.at(instant)
    }

    /// The session's clock, for what takes the time by itself.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether [`Link::opened`] was called in this attempt.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Takes an event. Waits only when a whole batch is full and the recorder is behind; until
    /// [`Link::flush`] it may stay in memory, so a transport flushes before it waits for its peer.
    ///
    /// # Errors
    /// The recording has ended.
    pub async fn push(&mut self, mut event: Event) -> Result<(), FeedError> {
        event.attempt = self.attempt;
        self.batch_bytes += event.weight();
        self.batch.push(event);
        if self.batch.len() >= BATCH_EVENTS || self.batch_bytes >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Hands over what [`Link::push`] has gathered.
    ///
    /// # Errors
    /// The recording has ended.
    pub async fn flush(&mut self) -> Result<(), FeedError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch_bytes = 0;
        let room = Vec::with_capacity(self.batch.len().next_power_of_two().min(BATCH_EVENTS));
        let batch = std::mem::replace(&mut self.batch, room);
        self.feed.send(batch).await
    }

    /// Notes which transport was chosen and why, for every `open` event from then on.
    pub fn chose(&mut self, transport: TransportKind, why: String) {
        self.chosen = Some((transport, why));
    }

    /// Says that messages may flow from now on, with the handshake or the response head, and lets
    /// the endpoint's own sends begin.
    ///
    /// # Errors
    /// The recording has ended.
    pub async fn opened(&mut self, meta: Meta) -> Result<(), FeedError> {
        self.opened_after(meta, Wire::Unknown).await
    }

    /// The same after a handshake that took this much on the wire and is told by no other event.
    ///
    /// # Errors
    /// The recording has ended.
    pub async fn opened_after(&mut self, mut meta: Meta, wire: Wire) -> Result<(), FeedError> {
        self.is_open = true;
        if let Some(since) = self.gap_since.take() {
            let seconds = self.now().saturating_sub(since) as f64 / 1e9;
            meta.cause = Some(format!(
                "back after {seconds:.1} s without a cursor: what was sent meanwhile may be missing, or come again"
            ));
        }
        if let Some((transport, why)) = &self.chosen {
            meta.transport = Some(*transport);
            meta.chosen = Some(why.clone());
        }
        self.due = self.outbox.messages.iter().cloned().map(Say::Text).collect();
        self.repeat = self.outbox.every.filter(|_| !self.outbox.messages.is_empty()).map(|every| {
            let mut interval = interval_at(tokio::time::Instant::now() + every, every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
            interval
        });
        let event = Event::new(self.now(), Dir::Local, Kind::Open).with_meta(meta).with_wire(wire);
        self.push(event).await?;
        self.flush().await
    }

    /// Waits for what is wanted next. Safe to drop and call again.
    pub async fn wanted(&mut self) -> Wanted {
        loop {
            if self.stop.is_cancelled() {
                return Wanted::Stop;
            }
            if let Some(say) = self.due.pop_front() {
                return Wanted::Say(say);
            }
            tokio::select! {
                () = self.stop.cancelled() => return Wanted::Stop,
                Some(say) = self.said.recv() => return Wanted::Say(say),
                () = tick(&mut self.repeat) => {
                    self.due = self.outbox.messages.iter().cloned().map(Say::Text).collect();
                }
            }
        }
    }

    /// Resolves when the connection should end.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        self.stop.clone().cancelled_owned()
    }

    /// Whether the connection should end.
    pub fn should_stop(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Runs `work` unless the connection should end first.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            result = work => Some(result),
        }
    }
}

async fn tick(repeat: &mut Option<Interval>) {
    match repeat {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}
