//! Finds out which transport an `http` or `https` address speaks: asks once, and goes on with the
//! very answer that tells.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choose::{Choice, choose};
use super::ending::{Ending, may_repeat};
use super::exchange::{Asked, plain_ask, refused, send, wrong_type};
use super::hop::{Hop, hop};
use super::poll::{Poll, Rhythm};
use super::sse::Sse;
use super::stream::Stream;
use super::{Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, TransportKind};
use crate::net::{Answer, Ask, Http};

/// What is asked for, in order of preference.
const ACCEPT: &str = "text/event-stream, application/x-ndjson, application/json;q=0.9, */*;q=0.1";
/// What an answer has to be.
const WANTED: &str = "text/event-stream or JSON";
/// The longest that is waited for an answer.
const LONGEST: Duration = Duration::from_mins(5);

/// An endpoint whose answer decides.
#[derive(Debug)]
pub struct Auto {
    endpoint: Endpoint,
    ask: Ask,
    chosen: Option<Chosen>,
}

#[derive(Debug)]
enum Chosen {
    Sse(Box<Sse>),
    Stream(Box<Stream>),
    Poll(Box<Poll>),
}

impl Chosen {
    fn kind(&self) -> TransportKind {
        match self {
            Self::Sse(_) => TransportKind::Sse,
            Self::Stream(_) => TransportKind::Stream,
            Self::Poll(_) => TransportKind::LongPoll,
        }
    }

    fn transport(&mut self) -> &mut dyn Transport {
        match self {
            Self::Sse(sse) => sse.as_mut(),
            Self::Stream(stream) => stream.as_mut(),
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
            Self::Stream(stream) => Ok(stream.follow(link, http, asked).await),
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
    if let Err(error) = Poll::new(endpoint, Rhythm::Long) {
        Stream::new(endpoint).map_err(|_| error)?;
    }
    let mut ask = plain_ask(endpoint)?;
    ask.offer("accept", ACCEPT);
    ask.offer("cache-control", "no-cache");
    if let Some(id) = &endpoint.options.last_event_id {
        ask.offer("last-event-id", id);
    }
    Ok(Box::new(Auto { endpoint: endpoint.clone(), ask, chosen: None }))
}

impl Auto {
    async fn decide(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let options = &self.endpoint.options;
        let http = Http::new(&self.endpoint.url, options)?;
        let ask = self.ask.clone();
        let began = Instant::now();
        let mut asked = send(link, &http, &ask).await?;
        let mut answer = loop {
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
        let choosing = choose(&self.endpoint, &ask.method, &mut answer, began.elapsed());
        let choosing = tokio::time::timeout(LONGEST.saturating_sub(began.elapsed()), choosing);
        let Some(choice) = link.unless_stopped(choosing).await else { return Ok(Outcome::Stopped) };
        let choice = match choice.unwrap_or(Err(TransportError::TimedOut(LONGEST))) {
            Ok(choice) => choice,
            Err(error) => {
                link.push(answer.event(link.now())).await?;
                return Err(error);
            }
        };
        let Some((choice, reason)) = choice else {
            link.push(answer.event(link.now())).await?;
            let wrong = link.unless_stopped(wrong(answer)).await;
            return wrong.map_or(Ok(Outcome::Stopped), Err);
        };
        let asks_elsewhere =
            matches!(&choice, Choice::Poll(Some(dialect)) if dialect.recognise.greeting);
        let chosen = made(&self.endpoint, choice)?;
        let kind = chosen.kind();
        link.chose(kind, format!("{}, because {reason}", kind.label()));
        // All but an event stream say where they begin in their own way, which this request could
        // not know.
        let must_ask_again = kind != TransportKind::Sse
            && options.last_event_id.is_some()
            && may_repeat(&ask.method)
            || asks_elsewhere;
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

/// The transport that a choice stands for.
fn made(endpoint: &Endpoint, choice: Choice) -> Result<Chosen, TransportError> {
    let is_named = endpoint.options.dialect.is_some();
    Ok(match choice {
        Choice::Sse => Chosen::Sse(Box::new(Sse::new(endpoint)?)),
        Choice::Stream => Chosen::Stream(Box::new(stream(endpoint)?)),
        Choice::Poll(Some(dialect)) if !is_named => {
            Chosen::Poll(Box::new(Poll::with_dialect(endpoint, Rhythm::Long, *dialect)?))
        }
        Choice::Poll(_) => Chosen::Poll(Box::new(Poll::new(endpoint, Rhythm::Long)?)),
    })
}

/// A stream in the dialect that was named, if that is one of streams.
fn stream(endpoint: &Endpoint) -> Result<Stream, TransportError> {
    let mut plain = endpoint.clone();
    plain.options.dialect = None;
    Stream::new(endpoint).or_else(|_| Stream::new(&plain))
}

async fn wrong(answer: Answer) -> TransportError {
    if answer.status == 200 { wrong_type(answer, WANTED).await } else { refused(answer).await }
}

impl Transport for Auto {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &mut self.chosen {
                Some(chosen) => chosen.transport().attempt(link).await,
                None => match self.decide(link).await {
                    Ok(outcome) => outcome,
                    Err(error) => Ending::default().outcome(error, &self.ask.method, false),
                },
            }
        })
    }

    fn cursor(&self) -> Option<String> {
        match &self.chosen {
            Some(Chosen::Sse(sse)) => sse.cursor(),
            Some(Chosen::Stream(stream)) => stream.cursor(),
            Some(Chosen::Poll(poll)) => poll.cursor(),
            None => self.endpoint.options.last_event_id.clone(),
        }
    }

    fn forget(&mut self) {
        if let Some(chosen) = &mut self.chosen {
            chosen.transport().forget();
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match &self.chosen {
            Some(Chosen::Sse(sse)) => sse.retry_after(),
            _ => None,
        }
    }
}
