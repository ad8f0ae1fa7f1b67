//! Makes attempts until the person, the peer or the backoff ends it, and tells each step as an
//! event, so that a recording holds the whole story.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Asked, Backoff};
use crate::model::{Clock, Dir, Endpoint, Event, Feed, FeedError, Kind, Meta, Say};
use crate::transport::{Link, Outbox, Outcome, Transport, TransportError};

/// How long a transport may take to say goodbye after it was asked to stop.
const GOODBYE: Duration = Duration::from_secs(2);
/// Messages waiting to be sent, at most.
const SAID: usize = 64;

/// Why a session is over.
#[derive(Debug)]
pub enum End {
    /// The person ended it.
    Stopped,
    /// The peer is done and wants no reconnection.
    Finished,
    /// It was refused, or tried often enough.
    GaveUp(Box<TransportError>),
    /// There is no recording any more to put events into.
    Unrecorded,
}

/// What others hold of a running session.
#[derive(Debug, Clone)]
pub struct Controls {
    /// Things to send.
    pub say: mpsc::Sender<Say>,
    /// Ends the session.
    pub stop: CancellationToken,
    /// Ends the wait before the next attempt, with [`Notify::notify_one`]. Does nothing while there
    /// is no wait.
    pub hurry: Arc<Notify>,
}

/// A session: a transport with its cursor, and how many attempts it has made.
pub struct Session {
    endpoint: Endpoint,
    transport: Box<dyn Transport>,
    clock: Clock,
    feed: Arc<dyn Feed>,
    attempts: u32,
    /// When the last connection was lost, in nanoseconds since the session began.
    lost_ns: Option<u64>,
    goodbye: Duration,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("endpoint", &self.endpoint)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session that has not made an attempt.
    pub fn new(
        endpoint: Endpoint,
        transport: Box<dyn Transport>,
        clock: Clock,
        feed: Arc<dyn Feed>,
    ) -> Self {
        Self { endpoint, transport, clock, feed, attempts: 0, lost_ns: None, goodbye: GOODBYE }
    }

    /// The means to steer the next [`Session::run`], and its receiving end.
    pub fn controls(stop: CancellationToken) -> (Controls, mpsc::Receiver<Say>) {
        let (say, said) = mpsc::channel(SAID);
        (Controls { say, stop, hurry: Arc::new(Notify::new()) }, said)
    }

    /// Connects, and connects again, until it is over. Can be called again afterwards: the cursor
    /// and the count of attempts go on.
    pub async fn run(&mut self, controls: &Controls, said: mpsc::Receiver<Say>) -> End {
        let options = &self.endpoint.options;
        let outbox = Outbox { messages: options.send.clone(), every: options.every };
        let mut link =
            Link::new(self.clock, Arc::clone(&self.feed), said, controls.stop.clone(), outbox);
        let mut backoff = Backoff::new(options.retries);
        match self.attempts_until_over(controls, &mut link, &mut backoff).await {
            Ok(end) => end,
            Err(FeedError) => End::Unrecorded,
        }
    }

    async fn attempts_until_over(
        &mut self,
        controls: &Controls,
        link: &mut Link,
        backoff: &mut Backoff,
    ) -> Result<End, FeedError> {
        loop {
            self.attempts += 1;
            let resume_after = self.transport.cursor();
            link.begin(self.attempts, self.lost_ns.filter(|_| resume_after.is_none()));
            let url = Some(self.endpoint.url.to_string());
            tell(link, Kind::Connecting, Meta { url, resume_after, ..Meta::default() }).await?;
            link.flush().await?;
            let outcome = tokio::select! {
                outcome = self.transport.attempt(link) => outcome,
                // What it has pushed by then stays in the link and is handed over with its end.
                () = overdue(&controls.stop, self.goodbye) => Outcome::Stopped,
            };
            if link.is_open() {
                backoff.reset();
                self.lost_ns = Some(link.now());
            }
            let error = match outcome {
                Outcome::Unrecorded | Outcome::Lost(TransportError::Feed(_)) => {
                    return Ok(End::Unrecorded);
                }
                Outcome::Stopped => {
                    over(link, by_you(), Bytes::new()).await?;
                    return Ok(End::Stopped);
                }
                Outcome::Finished(error) => {
                    over(link, error.meta(), error.body()).await?;
                    return Ok(End::Finished);
                }
                Outcome::Lost(error) => error,
            };
            over(link, error.meta(), error.body()).await?;
            if !self.wait_for_next(controls, link, backoff, &error).await? {
                return Ok(if controls.stop.is_cancelled() {
                    End::Stopped
                } else {
                    End::GaveUp(Box::new(error))
                });
            }
        }
    }

    /// Waits as the backoff says; `false` when there is to be no further attempt.
    ///
    /// How the attempt ended was told before. If the person ends the session during the wait, one
    /// more `closed` says so, whether or not the attempt had been open: whoever follows the story
    /// would wait for the next attempt for ever.
    async fn wait_for_next(
        &mut self,
        controls: &Controls,
        link: &mut Link,
        backoff: &mut Backoff,
        error: &TransportError,
    ) -> Result<bool, FeedError> {
        if error.is_final() || controls.stop.is_cancelled() {
            return Ok(false);
        }
        let asked = Asked { first: self.transport.retry_after(), least: error.retry_after() };
        let Some(delay) = backoff.next(fastrand::f64(), asked) else { return Ok(false) };
        // A hurry from before, while it was open or connecting, is none for this wait.
        let _ = controls.hurry.notified().now_or_never();
        let meta = Meta {
            cause: Some(error.to_string()),
            delay_ms: u64::try_from(delay.as_millis()).ok(),
            retry: Some(backoff.count()),
            resume_after: self.transport.cursor(),
            ..Meta::default()
        };
        tell(link, Kind::Retrying, meta).await?;
        link.flush().await?;
        tokio::select! {
            biased;
            () = controls.stop.cancelled() => {
                tell(link, Kind::Closed, by_you()).await?;
                link.flush().await?;
                Ok(false)
            }
            () = controls.hurry.notified() => Ok(true),
            () = tokio::time::sleep(delay) => Ok(true),
        }
    }
}

fn by_you() -> Meta {
    Meta { cause: Some(String::from("disconnected by you")), ..Meta::default() }
}

async fn tell(link: &mut Link, kind: Kind, meta: Meta) -> Result<(), FeedError> {
    let event = Event::new(link.now(), Dir::Local, kind).with_meta(meta);
    link.push(event).await
}

/// Tells the end of an attempt: `closed` where it had been open, otherwise `failed`.
async fn over(link: &mut Link, meta: Meta, body: Bytes) -> Result<(), FeedError> {
    let kind = if link.is_open() { Kind::Closed } else { Kind::Failed };
    let event = Event::new(link.now(), Dir::Local, kind).with_meta(meta).with_payload(body);
    link.push(event).await?;
    link.flush().await
}

/// Resolves when a transport that was asked to stop should have done so.
async fn overdue(stop: &CancellationToken, goodbye: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(goodbye).await;
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::model::Retries;

    /// What one attempt of a scripted transport does.
    enum Act {
        /// Ends without having been open.
        Fail,
        /// Opens, runs this, and is lost.
        OpenThen(Box<dyn Fn() + Send + Sync>),
        /// Opens, hands over that many messages, never ends, and tells when it is dropped.
        Flood(u64, Dropped),
    }

    struct Dropped(Arc<Notify>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    struct Scripted(VecDeque<Act>);

    impl Transport for Scripted {
        fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
            let lost = || Outcome::Lost(TransportError::Ended);
            Box::pin(async move {
                match self.0.pop_front() {
                    None | Some(Act::Fail) => lost(),
                    Some(Act::OpenThen(run)) => {
                        let _ = link.opened(Meta::default()).await;
                        run();
                        lost()
                    }
                    Some(Act::Flood(count, _dropped)) => {
                        let _ = link.opened(Meta::default()).await;
                        for t_ns in 0..count {
                            let _ = link.push(Event::new(t_ns, Dir::In, Kind::Text)).await;
                        }
                        std::future::pending().await
                    }
                }
            })
        }
    }

    /// Keeps events as long as there are permits for their batches.
    struct Kept {
        room: Semaphore,
        events: Mutex<Vec<Event>>,
        grown: Notify,
    }

    impl Feed for Kept {
        fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
            Box::pin(async move {
                self.room.acquire().await.map_err(|_| FeedError)?.forget();
                if let Ok(mut kept) = self.events.lock() {
                    kept.extend(events);
                }
                self.grown.notify_one();
                Ok(())
            })
        }
    }

    impl Kept {
        fn with_room(batches: usize) -> Arc<Self> {
            Arc::new(Self {
                room: Semaphore::new(batches),
                events: Mutex::default(),
                grown: Notify::new(),
            })
        }

        fn kinds(&self) -> Vec<&'static str> {
            let events = self.events.lock().map(|events| events.clone()).unwrap_or_default();
            events.iter().map(|event| event.kind.word()).collect()
        }

        async fn until_last(&self, kind: Kind) {
            while self.kinds().last() != Some(&kind.word()) {
                self.grown.notified().await;
            }
        }
    }

    fn session(acts: impl IntoIterator<Item = Act>, kept: &Arc<Kept>) -> Session {
        #[expect(clippy::expect_used, reason = "a constant that parses")]
        let mut endpoint = Endpoint::parse("ws://host.test/").expect("a valid URL");
        let hour = Duration::from_hours(1);
        endpoint.options.retries = Retries { most: 5, first: hour, longest: hour, jitter: 0.0 };
        let transport = Box::new(Scripted(acts.into_iter().collect()));
        let feed: Arc<dyn Feed> = kept.clone();
        Session::new(endpoint, transport, Clock::start(), feed)
    }

    #[tokio::test]
    async fn a_hurry_counts_only_while_there_is_a_wait() {
        let kept = Kept::with_room(100);
        let (controls, said) = Session::controls(CancellationToken::new());
        let hurry = Arc::clone(&controls.hurry);
        let pressed = Act::OpenThen(Box::new(move || hurry.notify_one()));
        let mut session = session([pressed, Act::Fail], &kept);
        let steer = async {
            kept.until_last(Kind::Retrying).await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(kept.kinds(), ["connecting", "open", "closed", "retrying"]);
            controls.hurry.notify_one();
            while kept.kinds().len() < 7 {
                kept.grown.notified().await;
            }
            assert_eq!(kept.kinds()[4..], ["connecting", "failed", "retrying"]);
            controls.stop.cancel();
        };
        let (end, ()) = tokio::join!(session.run(&controls, said), steer);
        assert!(matches!(end, End::Stopped), "{end:?}");
    }

    #[tokio::test]
    async fn ending_a_wait_is_told_once_and_as_closed() {
        for (act, ended) in [(Act::Fail, "failed"), (Act::OpenThen(Box::new(|| {})), "closed")] {
            let kept = Kept::with_room(100);
            let (controls, said) = Session::controls(CancellationToken::new());
            let mut session = session([act], &kept);
            let steer = async {
                kept.until_last(Kind::Retrying).await;
                controls.stop.cancel();
            };
            let (end, ()) = tokio::join!(session.run(&controls, said), steer);
            assert!(matches!(end, End::Stopped), "{end:?}");
            let kinds = kept.kinds();
            assert_eq!(kinds[kinds.len() - 3..], [ended, "retrying", "closed"]);
            let events = kept.events.lock().map(|events| events.clone()).unwrap_or_default();
            let cause = events.last().and_then(|event| event.meta().cause.clone());
            assert_eq!(cause.as_deref(), Some("disconnected by you"));
        }
    }

    #[tokio::test]
    async fn an_attempt_lost_while_it_is_stopped_is_told_once() {
        let kept = Kept::with_room(100);
        let (controls, said) = Session::controls(CancellationToken::new());
        let stop = controls.stop.clone();
        let mut session = session([Act::OpenThen(Box::new(move || stop.cancel()))], &kept);
        let end = session.run(&controls, said).await;
        assert!(matches!(end, End::Stopped), "{end:?}");
        assert_eq!(kept.kinds(), ["connecting", "open", "closed"]);
    }

    #[tokio::test]
    async fn what_a_slow_disk_holds_up_survives_the_goodbye() {
        // Room for `connecting` and `open`, none for the messages.
        let kept = Kept::with_room(2);
        let (controls, said) = Session::controls(CancellationToken::new());
        let dropped = Arc::new(Notify::new());
        let mut session = session([Act::Flood(1500, Dropped(Arc::clone(&dropped)))], &kept);
        session.goodbye = Duration::ZERO;
        let steer = async {
            kept.until_last(Kind::Open).await;
            controls.stop.cancel();
            dropped.notified().await;
            kept.room.add_permits(100);
        };
        let (end, ()) = tokio::join!(session.run(&controls, said), steer);
        assert!(matches!(end, End::Stopped), "{end:?}");
        let events = kept.events.lock().map(|events| events.clone()).unwrap_or_default();
        let messages: Vec<u64> =
            events.iter().filter(|e| e.kind == Kind::Text).map(|e| e.t_ns).collect();
        assert_eq!(messages, (0..1024).collect::<Vec<_>>(), "all that was pushed");
        assert_eq!(kept.kinds().last(), Some(&"closed"));
    }
}
