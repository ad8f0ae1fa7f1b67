//! What a transport has of the session it serves: a clock, a place for events, what the person
//! wants sent, and the wish to stop.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
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

/// What is sent again and again because the person asked for it.
struct Asked {
    say: Say,
    every: Duration,
    interval: Interval,
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
    /// What the person wants repeated. It is for as long as the session runs: a connection that is
    /// opened again begins with one such time of waiting.
    asked: Option<Asked>,
    batch: Vec<Event>,
    batch_bytes: usize,
    /// The batch that the feed is taking. Kept here and not in [`Link::flush`], so that it goes on
    /// its way also when whoever flushes is dropped while the recorder is behind.
    on_its_way: Option<BoxFuture<'static, Result<(), FeedError>>>,
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
            asked: None,
            batch: Vec::new(),
            batch_bytes: 0,
            on_its_way: None,
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
    /// Safe to drop: the event was taken.
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

    /// Hands over what [`Link::push`] has gathered. Safe to drop: what was not handed over by then
    /// is by the next call, in order.
    ///
    /// # Errors
    /// The recording has ended.
    pub async fn flush(&mut self) -> Result<(), FeedError> {
        self.taken().await?;
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch_bytes = 0;
        let room = Vec::with_capacity(self.batch.len().next_power_of_two().min(BATCH_EVENTS));
        let batch = std::mem::replace(&mut self.batch, room);
        let feed = Arc::clone(&self.feed);
        self.on_its_way = Some(Box::pin(async move { feed.send(batch).await }));
        self.taken().await
    }

    /// Waits until the feed has taken the batch on its way, if there is one.
    async fn taken(&mut self) -> Result<(), FeedError> {
        let Some(on_its_way) = &mut self.on_its_way else { return Ok(()) };
        let taken = on_its_way.await;
        self.on_its_way = None;
        taken
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
        self.repeat =
            self.outbox.every.filter(|_| !self.outbox.messages.is_empty()).map(interval_of);
        if let Some(asked) = &mut self.asked {
            asked.interval = interval_of(asked.every);
        }
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
                Some(say) = self.said.recv() => match say {
                    Say::Repeat(wanted) => self.repeat(wanted),
                    say => return Wanted::Say(say),
                },
                () = tick(self.repeat.as_mut()) => {
                    self.due = self.outbox.messages.iter().cloned().map(Say::Text).collect();
                }
                () = tick(self.asked.as_mut().map(|asked| &mut asked.interval)) => {
                    let say = self.asked.as_ref().map(|asked| asked.say.clone());
                    self.due.extend(say);
                }
            }
        }
    }

    /// Repeats this from now on, and nothing that was asked for before. What the options repeat
    /// goes on.
    fn repeat(&mut self, wanted: Option<(Box<Say>, Duration)>) {
        self.asked = wanted.and_then(|(say, every)| match *say {
            // There is no repeating a repetition.
            Say::Repeat(_) => None,
            say => Some(Asked { say, every, interval: interval_of(every) }),
        });
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
    pub fn unless_stopped<T, W: Future<Output = T>>(
        &self,
        work: W,
    ) -> impl Future<Output = Option<T>> + use<T, W> {
        let stop = self.stop.clone();
        async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => None,
                result = work => Some(result),
            }
        }
    }
}

/// Ticks `every` so often, first after one such time; ticks that come too late are left out.
fn interval_of(every: Duration) -> Interval {
    // The clock takes neither nothing nor eternity.
    let every = every.clamp(Duration::from_millis(1), Duration::from_hours(24 * 365));
    let mut interval = interval_at(tokio::time::Instant::now() + every, every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    interval
}

async fn tick(repeat: Option<&mut Interval>) {
    match repeat {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use tokio::sync::Semaphore;

    use super::*;

    /// Takes a batch for each permit, as a recorder does whose disk is slow.
    struct Slow {
        room: Semaphore,
        taken: Mutex<Vec<u64>>,
    }

    impl Feed for Slow {
        fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
            Box::pin(async move {
                self.room.acquire().await.map_err(|_| FeedError)?.forget();
                if let Ok(mut taken) = self.taken.lock() {
                    taken.extend(events.iter().map(|event| event.t_ns));
                }
                Ok(())
            })
        }
    }

    /// Takes everything at once.
    struct Sink;

    impl Feed for Sink {
        fn send(&self, _: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn what_is_repeated_is_replaced_ended_and_survives_a_reconnection() {
        let (say, said) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let mut link = Link::new(Clock::start(), Arc::new(Sink), said, stop, Outbox::default());
        let text = |text: &str| Say::Text(text.to_owned());
        let repeat = |say, every| Say::Repeat(Some((Box::new(say), every)));
        let millisecond = Duration::from_millis(1);
        assert!(link.opened(Meta::default()).await.is_ok());
        let _ = say.send(repeat(text("a"), millisecond)).await;
        for _ in 0..3 {
            assert_eq!(link.wanted().await, Wanted::Say(text("a")));
        }
        let _ = say.send(repeat(text("b"), Duration::ZERO)).await;
        while link.wanted().await == Wanted::Say(text("a")) {}
        link.begin(2, None);
        assert!(link.opened(Meta::default()).await.is_ok());
        for _ in 0..3 {
            assert_eq!(link.wanted().await, Wanted::Say(text("b")));
        }
        // Whatever comes first, nothing comes after the end but what is said.
        for end in [Say::Repeat(None), repeat(repeat(text("c"), millisecond), millisecond)] {
            let _ = say.send(repeat(text("b"), millisecond)).await;
            let _ = say.send(end).await;
            let _ = say.send(text("last")).await;
            while link.wanted().await == Wanted::Say(text("b")) {}
            assert!(link.asked.is_none() && link.due.is_empty());
        }
        let _ = say.send(repeat(text("never"), Duration::MAX)).await;
        let _ = say.send(text("and on")).await;
        assert_eq!(link.wanted().await, Wanted::Say(text("and on")));
    }

    #[test]
    fn dropping_a_flush_loses_nothing_and_keeps_the_order() {
        let slow = Arc::new(Slow { room: Semaphore::new(0), taken: Mutex::default() });
        let feed: Arc<dyn Feed> = slow.clone();
        let (_say, said) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let mut link = Link::new(Clock::start(), feed, said, stop, Outbox::default());
        let event = |t_ns| Event::new(t_ns, Dir::In, Kind::Text);
        let all = 0..BATCH_EVENTS as u64 + 2;
        for t_ns in all.clone() {
            let is_stuck = link.push(event(t_ns)).now_or_never().is_none();
            assert_eq!(is_stuck, t_ns + 1 == BATCH_EVENTS as u64, "{t_ns}");
        }
        assert_eq!(link.flush().now_or_never(), None, "the disk is slow");
        slow.room.add_permits(10);
        assert_eq!(link.flush().now_or_never(), Some(Ok(())));
        let taken = slow.taken.lock().map(|taken| taken.clone()).unwrap_or_default();
        assert_eq!(taken, all.collect::<Vec<_>>());
        slow.room.close();
        assert_eq!(link.push(event(0)).now_or_never(), Some(Ok(())));
        assert_eq!(link.flush().now_or_never(), Some(Err(FeedError)));
        assert_eq!(link.flush().now_or_never(), Some(Ok(())), "told once");
    }
}
