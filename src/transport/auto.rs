//! Finds out which transport an `http` or `https` address speaks: asks once, and goes on with the
//! very answer that tells.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::exchange::{Asked, plain_ask, refused, send, wrong_type};
use super::hop::{Hop, hop};
use super::poll::{Dialect, Poll, Rhythm};
use super::sse::{EVENT_STREAM, Sse};
use super::{Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, TransportKind};
use crate::net::{Answer, Http};

/// What is asked for, in order of preference.
const ACCEPT: &str = "text/event-stream, application/json;q=0.9, */*;q=0.1";
/// What an answer has to be.
const WANTED: &str = "text/event-stream or JSON";
/// An answer that took longer was held, as a long poll is.
const HELD: Duration = Duration::from_secs(3);
/// The longest that is waited for an answer.
const LONGEST: Duration = Duration::from_mins(5);

/// An endpoint whose answer decides.
#[derive(Debug)]
pub struct Auto {
    endpoint: Endpoint,
    chosen: Option<Chosen>,
}

#[derive(Debug)]
enum Chosen {
    Sse(Box<Sse>),
    Poll(Box<Poll>),
}

impl Chosen {
    fn kind(&self) -> TransportKind {
        match self {
            Self::Sse(_) => TransportKind::Sse,
            Self::Poll(_) => TransportKind::LongPoll,
        }
    }

    fn transport(&mut self) -> &mut dyn Transport {
        match self {
            Self::Sse(sse) => sse.as_mut(),
            Self::Poll(poll) => poll.as_mut(),
        }
    }

    async fn follow(
        &mut self,
        link: &mut Link,
        http: &Http,
        asked: Asked,
    ) -> Result<Outcome, TransportError> {
        match self {
            Self::Sse(sse) => Ok(sse.follow(link, http, asked).await),
            Self::Poll(poll) => poll.follow(link, http, asked).await,
        }
    }
}

/// The transport for an `http` or `https` endpoint that names none.
///
/// # Errors
/// The dialect or the file of the body cannot be read.
pub fn build(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    // What cannot work is said before anything is asked.
    Poll::new(endpoint, Rhythm::Long)?;
    Ok(Box::new(Auto { endpoint: endpoint.clone(), chosen: None }))
}

impl Auto {
    async fn decide(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let options = &self.endpoint.options;
        let http = Http::new(&self.endpoint.url, options)?;
        let mut ask = plain_ask(&self.endpoint)?;
        ask.offer("accept", ACCEPT);
        ask.offer("cache-control", "no-cache");
        if let Some(id) = &options.last_event_id {
            ask.offer("last-event-id", id);
        }
        let began = Instant::now();
        let mut asked = send(link, &http, &ask).await?;
        let answer = loop {
            let asking = tokio::time::timeout(LONGEST, asked);
            let mut answer = match link.unless_stopped(asking).await {
                None => return Ok(Outcome::Stopped),
                Some(Err(_)) => return Err(TransportError::TimedOut(LONGEST)),
                Some(Ok(answer)) => answer?,
            };
            match hop(link, &http, &mut answer, None).await? {
                Hop::On(next) => asked = next,
                Hop::Stopped => return Ok(Outcome::Stopped),
                Hop::Here => break answer,
            }
        };
        let Some((chosen, reason)) = choose(&self.endpoint, &answer, began.elapsed())? else {
            link.push(answer.event(link.now())).await?;
            let wrong = link.unless_stopped(wrong(answer)).await;
            return wrong.map_or(Ok(Outcome::Stopped), Err);
        };
        let kind = chosen.kind();
        link.chose(kind, format!("{}, because {reason}", kind.label()));
        // A poll says where it begins in its own way, which this request could not know.
        let must_ask_again = kind == TransportKind::LongPoll && options.last_event_id.is_some();
        let chosen = self.chosen.insert(chosen);
        if must_ask_again {
            link.push(answer.event(link.now())).await?;
            drop(answer);
            return Ok(chosen.transport().attempt(link).await);
        }
        let outcome = chosen.follow(link, &http, async { Ok(answer) }.boxed()).await;
        if !link.is_open() {
            self.chosen = None;
        }
        outcome
    }
}

/// The transport that can read an answer, and why; `None` when there is none.
fn choose(
    endpoint: &Endpoint,
    answer: &Answer,
    took: Duration,
) -> Result<Option<(Chosen, String)>, TransportError> {
    let media_type = answer.media_type();
    let long = |dialect: &str| {
        let name = endpoint.options.dialect.as_deref().unwrap_or(dialect);
        let dialect = Dialect::load(name).map_err(|e| TransportError::Options(e.to_string()))?;
        let poll = Poll::with_dialect(endpoint, Rhythm::Long, dialect)?;
        Ok::<_, TransportError>(Chosen::Poll(Box::new(poll)))
    };
    let held = if took >= HELD {
        format!(" and was held for {} s", took.as_secs())
    } else {
        String::new()
    };
    let reason = format!("the answer is {media_type}{held}");
    Ok(Some(match answer.status {
        200 if media_type == EVENT_STREAM => (Chosen::Sse(Box::new(Sse::new(endpoint)?)), reason),
        200 if is_nchan(answer) => {
            (long("nchan")?, String::from("the answer has nchan's cursor, Last-Modified with Etag"))
        }
        200 if media_type.ends_with("/json") || media_type.ends_with("+json") => {
            (long("generic")?, reason)
        }
        status @ (204 | 408) => {
            let words = format!("the answer is {status} {}{held}", answer.reason);
            (long("generic")?, words)
        }
        _ => return Ok(None),
    }))
}

/// Static files have both fields too, but their entity tags are quoted (RFC 9110, section 8.8.3),
/// and nchan's never are.
fn is_nchan(answer: &Answer) -> bool {
    let is_bare = |etag: &str| !etag.is_empty() && !etag.contains('"');
    answer.header("last-modified").is_some() && answer.header("etag").is_some_and(is_bare)
}

async fn wrong(answer: Answer) -> TransportError {
    if answer.status == 200 { wrong_type(answer, WANTED).await } else { refused(answer).await }
}

impl Transport for Auto {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &mut self.chosen {
                Some(chosen) => chosen.transport().attempt(link).await,
                None => self.decide(link).await.unwrap_or_else(Outcome::Lost),
            }
        })
    }

    fn cursor(&self) -> Option<String> {
        match &self.chosen {
            Some(Chosen::Sse(sse)) => sse.cursor(),
            Some(Chosen::Poll(poll)) => poll.cursor(),
            None => self.endpoint.options.last_event_id.clone(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match &self.chosen {
            Some(Chosen::Sse(sse)) => sse.retry_after(),
            _ => None,
        }
    }
}
