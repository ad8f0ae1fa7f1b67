//! Server-sent events (WHATWG HTML 9.2): one response that does not end, resumed with
//! `Last-Event-ID` when it does.

mod lines;
mod parser;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

pub use parser::{Parser, Piece, What};

use super::body::{Body, LONGEST, Next, head};
use super::ending::Ending;
use super::exchange::{Asked, plain_ask, refused, send, wrong_type};
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Dir, Endpoint, Event, Kind, Meta, TransportKind, Wire};
use crate::net::{Answer, Ask, Http};

/// Server-sent events in the registry.
pub const ENTRY: Entry =
    Entry { kind: TransportKind::Sse, schemes: ["http", "https"], build: Sse::build };

/// The media type of an event stream.
pub(super) const EVENT_STREAM: &str = "text/event-stream";
/// Least wait before a reconnection: `retry: 0` must not become a storm.
const LEAST_RETRY: Duration = Duration::from_millis(10);
/// Bytes of an id that is sent back, at most: a longer head is refused.
const LONGEST_ID: usize = 16 << 10;

/// An event stream, and what it resumes with.
#[derive(Debug)]
pub struct Sse {
    endpoint: Endpoint,
    ask: Ask,
    last_id: String,
    retry: Option<Duration>,
    ending: Ending,
}

impl Sse {
    /// An event stream at `endpoint` that has not been opened.
    ///
    /// # Errors
    /// The file of the body cannot be read.
    pub fn new(endpoint: &Endpoint) -> Result<Self, TransportError> {
        let mut ask = plain_ask(endpoint)?;
        ask.offer("accept", EVENT_STREAM);
        ask.offer("cache-control", "no-cache");
        let last_id = endpoint.options.last_event_id.clone().unwrap_or_default();
        Ok(Self {
            endpoint: endpoint.clone(),
            ask,
            last_id,
            retry: None,
            ending: Ending::default(),
        })
    }

    fn build(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Self::new(endpoint)?))
    }

    async fn once(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let http = Http::new(&self.endpoint.url, &self.endpoint.options)?;
        let mut ask = self.ask.clone();
        if can_be_sent(&self.last_id) {
            ask.set("last-event-id", &self.last_id);
        } else if !self.last_id.is_empty() {
            let cause = "the last id is too long for a header, or holds what none may; asking without it, so something may be missing or come again";
            let meta = Meta { cause: Some(cause.into()), ..Meta::default() };
            link.push(Event::new(link.now(), Dir::Local, Kind::Note).with_meta(meta)).await?;
        }
        let asked = send(link, &http, &ask).await?;
        Ok(self.follow(link, &http, asked).await)
    }

    /// Reads the answer to a request that is on its way, to the end of the connection.
    pub(super) async fn follow(&mut self, link: &mut Link, http: &Http, asked: Asked) -> Outcome {
        let result = self.answered(link, http, asked).await;
        let ending = std::mem::take(&mut self.ending);
        let knows_place = !self.last_id.is_empty() || self.retry.is_some();
        let lost = |error| ending.outcome(error, &self.ask.method, knows_place);
        result.unwrap_or_else(lost)
    }

    async fn answered(
        &mut self,
        link: &mut Link,
        http: &Http,
        asked: Asked,
    ) -> Result<Outcome, TransportError> {
        let Some(answer) = head(link, http, asked, |_| None).await? else {
            return Ok(Outcome::Stopped);
        };
        self.ask.jar = answer.ask.jar.clone();
        let Some(checked) = link.unless_stopped(accept(answer)).await else {
            return Ok(Outcome::Stopped);
        };
        let mut answer = match checked {
            Ok(answer) => answer,
            Err(error @ TransportError::Refused { status: 204, .. }) => {
                return Ok(Outcome::Finished(error));
            }
            Err(error) => return Err(error),
        };
        let resume_after = self.cursor();
        let request_headers = std::mem::take(&mut answer.request_headers);
        link.opened(Meta { request_headers, resume_after, ..answer.meta() }).await?;
        self.read(link, http, answer).await
    }

    async fn read(
        &mut self,
        link: &mut Link,
        http: &Http,
        answer: Answer,
    ) -> Result<Outcome, TransportError> {
        let mut body = Body::new(answer, http, &self.ask, &self.endpoint)?.of_lines();
        let limit = self.endpoint.options.max_message.min(LONGEST);
        let mut parser = Parser::new(limit, self.last_id.clone());
        let mut found = Vec::new();
        loop {
            let next = body.next(link).await;
            let now = link.now();
            let bytes = match next {
                Ok(Next::Chunk(bytes)) => bytes,
                Ok(Next::Stopped) => return Ok(Outcome::Stopped),
                Ok(Next::End) => return Err(over(link, now, &mut parser, None).await?),
                Err(error) => return Err(over(link, now, &mut parser, Some(error)).await?),
            };
            parser.feed(&bytes, &mut found);
            for piece in found.drain(..) {
                let event = body.sized(event(now, piece));
                self.ending.take(&event);
                link.push(event).await?;
            }
            // Only now: what was not handed over has to come again.
            parser.last_id().clone_into(&mut self.last_id);
            self.retry = parser.retry().or(self.retry);
        }
    }
}

impl Transport for Sse {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.once(link).await.unwrap_or_else(Outcome::Lost) })
    }

    fn cursor(&self) -> Option<String> {
        Some(self.last_id.clone()).filter(|id| !id.is_empty())
    }

    fn forget(&mut self) {
        self.last_id.clear();
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry.map(|asked| asked.max(LEAST_RETRY))
    }
}

/// Lets a stream pass; anything else is the error to end with (WHATWG HTML 9.2.3).
async fn accept(answer: Answer) -> Result<Answer, TransportError> {
    if answer.status != 200 {
        return Err(refused(answer).await);
    }
    if answer.media_type() != EVENT_STREAM || answer.encoding().is_some() {
        return Err(wrong_type(answer, EVENT_STREAM).await);
    }
    Ok(answer)
}

/// Shows what the end of the body left unfinished, and gives the error to end with: the one that
/// broke it, or that the server ended it.
async fn over(
    link: &mut Link,
    now: u64,
    parser: &mut Parser,
    broken: Option<TransportError>,
) -> Result<TransportError, TransportError> {
    let Some(piece) = parser.finish() else { return Ok(broken.unwrap_or(TransportError::Ended)) };
    let words = format!("the answer ended within an event, after {} bytes of it", piece.raw);
    link.push(event(now, piece)).await?;
    Ok(broken.unwrap_or_else(|| {
        TransportError::Io(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, words))
    }))
}

fn event(t_ns: u64, piece: Piece) -> Event {
    let plain = |kind| Event::new(t_ns, Dir::In, kind);
    let mut meta = Meta::default();
    let mut event = match piece.what {
        What::Event { name, id, data } => Event {
            name: name.map(String::into_boxed_str),
            id: id.map(String::into_boxed_str),
            ..plain(Kind::Event).with_payload(data)
        },
        What::Comment(text) => plain(Kind::Comment).with_payload(text),
        What::Retry(ms) => {
            meta.retry_ms = Some(ms);
            plain(Kind::Retry).with_payload(Bytes::from(ms.to_string()))
        }
        What::Violation { rule, line } => {
            meta.cause = Some(rule.to_owned());
            plain(Kind::Violation).with_payload(line)
        }
    };
    if piece.cut > 0 {
        meta.truncated = Some(piece.cut);
    }
    if meta != Meta::EMPTY {
        event = event.with_meta(meta);
    }
    if piece.raw > 0 {
        event.wire = Wire::Estimated(piece.raw);
    }
    event
}
/// Whether an id can be the value of a header field (RFC 9110, section 5.5) of bearable length.
fn can_be_sent(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && !id.bytes().any(|byte| byte.is_ascii_control())
}
