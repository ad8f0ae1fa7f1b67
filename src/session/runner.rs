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
                if !self.endpoint.options.resume {
                    self.transport.forget();
                }
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
                Outcome::Again(error) => {
                    over(link, error.meta(), error.body()).await?;
                    if controls.stop.is_cancelled() {
                        return Ok(End::Stopped);
                    }
                    continue;
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
mod tests;
