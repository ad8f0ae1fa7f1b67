//! Polling: one request after another, held by the server until it has something to say (long
//! poll, RFC 6202) or sent at regular intervals (short poll). A dialect tells how to read answers.

mod cursor;
mod dialect;
mod pace;
mod path;
mod take;

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

pub use dialect::{
    CursorPart, Dialect, DialectError, Empty, Fold, Messages, Recognise, Restart, Source, Target,
    Timeout,
};
pub use path::JsonPath;

use super::exchange::{Asked, Composer, plain_ask, send};
use super::hop::Hop;
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, Meta, TransportKind};
use crate::net::{Ask, Http};
use cursor::Cursor;
use pace::Pace;
use take::{Taken, Verdict, exchange};

/// Long poll in the registry.
pub const LONG: Entry =
    Entry { kind: TransportKind::LongPoll, schemes: ["http", "https"], build: build_long };
/// Short poll in the registry.
pub const SHORT: Entry =
    Entry { kind: TransportKind::ShortPoll, schemes: ["http", "https"], build: build_short };

/// The dialect unless another is chosen.
const USUAL: &str = "generic";
/// How long the answer to a short poll may take.
const SHORT_PATIENCE: Duration = Duration::from_secs(30);

/// How requests follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Each is held by the server; the next follows at once.
    Long,
    /// One each [`crate::model::Options::interval`].
    Short,
}

/// A polled endpoint, and where it goes on from.
#[derive(Debug)]
pub struct Poll {
    endpoint: Endpoint,
    rhythm: Rhythm,
    dialect: Dialect,
    ask: Ask,
    cursor: Cursor,
}

fn build_long(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    Ok(Box::new(Poll::new(endpoint, Rhythm::Long)?))
}

fn build_short(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    Ok(Box::new(Poll::new(endpoint, Rhythm::Short)?))
}

impl Poll {
    /// A poll of `endpoint` in the dialect its options name.
    ///
    /// # Errors
    /// The dialect or the file of the body cannot be read.
    pub fn new(endpoint: &Endpoint, rhythm: Rhythm) -> Result<Self, TransportError> {
        let name = endpoint.options.dialect.as_deref().unwrap_or(USUAL);
        let dialect = Dialect::load(name).map_err(|e| TransportError::Options(e.to_string()))?;
        Self::with_dialect(endpoint, rhythm, dialect)
    }

    /// A poll of `endpoint` in this dialect.
    ///
    /// # Errors
    /// The file of the body cannot be read.
    pub fn with_dialect(
        endpoint: &Endpoint,
        rhythm: Rhythm,
        dialect: Dialect,
    ) -> Result<Self, TransportError> {
        let mut ask = plain_ask(endpoint)?;
        let accept = if dialect.wants_json() { "application/json, */*;q=0.5" } else { "*/*" };
        ask.offer("accept", accept);
        let cursor = Cursor::from_text(&dialect, endpoint.options.last_event_id.as_deref());
        Ok(Self { endpoint: endpoint.clone(), rhythm, dialect, ask, cursor })
    }

    fn patience(&self) -> Duration {
        match self.rhythm {
            Rhythm::Long => self.dialect.timeout.hold.saturating_add(self.dialect.timeout.slack),
            Rhythm::Short => SHORT_PATIENCE,
        }
    }

    fn pace(&self) -> Pace {
        let interval = self.endpoint.options.interval;
        match self.rhythm {
            Rhythm::Long => Pace::held(interval),
            Rhythm::Short => Pace::Regular(interval),
        }
    }

    async fn once(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let http = Http::new(&self.endpoint.url, &self.endpoint.options)?;
        let asked = self.request(link, &http).await?;
        self.follow(link, &http, asked).await
    }

    async fn request(&self, link: &mut Link, http: &Http) -> Result<Asked, TransportError> {
        let mut ask = self.ask.clone();
        self.cursor.say(&self.dialect, &mut ask);
        send(link, http, &ask).await
    }

    /// Reads the answer to a request that is on its way, and asks on until it breaks.
    pub(super) async fn follow(
        &mut self,
        link: &mut Link,
        http: &Http,
        mut asked: Asked,
    ) -> Result<Outcome, TransportError> {
        let mut composer = Composer::new(http.clone(), &self.ask, &self.endpoint)?;
        let mut pace = self.pace();
        let patience = self.patience();
        let limit = self.endpoint.options.max_message;
        loop {
            let began = Instant::now();
            let answered = tokio::time::timeout(patience, exchange(asked, &self.dialect, limit));
            let Some(got) = composer.alongside(link, answered).await? else {
                return Ok(Outcome::Stopped);
            };
            let mut got = got.map_err(|_| TransportError::TimedOut(patience))??;
            self.ask.jar = got.jar();
            match got.hop(link, http).await? {
                Hop::On(next) => {
                    asked = next;
                    continue;
                }
                Hop::Stopped => return Ok(Outcome::Stopped),
                Hop::Here => {}
            }
            let taken = match got.read(&self.dialect, &self.cursor) {
                Verdict::Taken(taken) => taken,
                Verdict::Wrong(events, error) => {
                    for mut event in events {
                        event.t_ns = link.now();
                        link.push(event).await?;
                    }
                    return Err(error);
                }
            };
            let (wait, words) = pace.next(began.elapsed(), taken.is_news);
            self.hand_over(link, taken, wait, words).await?;
            let sleeping = tokio::time::sleep(wait);
            if !wait.is_zero() && composer.alongside(link, sleeping).await?.is_none() {
                return Ok(Outcome::Stopped);
            }
            asked = self.request(link, http).await?;
        }
    }

    /// Tells of an answer and its messages; then, and only then, moves the cursor.
    async fn hand_over(
        &mut self,
        link: &mut Link,
        taken: Taken,
        wait: Duration,
        words: Option<String>,
    ) -> Result<(), TransportError> {
        let now = link.now();
        let mut response = taken.response;
        if let Some(meta) = response.meta.as_deref_mut() {
            if words.is_some() {
                meta.delay_ms = u64::try_from(wait.as_millis()).ok();
            }
            let notes: Vec<String> = taken.note.into_iter().chain(words).collect();
            meta.cause = Some(notes.join("; ")).filter(|cause| !cause.is_empty());
        }
        response.t_ns = now;
        let head = response.meta().clone();
        link.push(response).await?;
        if !link.is_open() {
            let resume_after = self.cursor.text();
            let request_headers = taken.request_headers;
            let open = Meta { resume_after, request_headers, cause: None, delay_ms: None, ..head };
            link.opened(open).await?;
        }
        for message in taken.messages.events(now) {
            link.push(message).await?;
        }
        link.flush().await?;
        self.cursor = taken.cursor;
        Ok(())
    }
}

impl Transport for Poll {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.once(link).await.unwrap_or_else(Outcome::Lost) })
    }

    fn cursor(&self) -> Option<String> {
        self.cursor.text()
    }
}
