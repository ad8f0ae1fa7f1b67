//! One response that does not end and whose parts are messages: newline-delimited JSON as of
//! Kubernetes, etcd and CouchDB, lines of text, JSON text sequences, or plain chunks.

mod records;
mod resume;
mod values;

use futures_util::future::BoxFuture;

pub use records::{Framing, Record, Records, What};

use super::body::{Body, LONGEST, Next, head};
use super::ending::Ending;
use super::exchange::{Asked, plain_ask, refused, send, start_of_body, wrong_type};
use super::sse::EVENT_STREAM;
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Dir, Endpoint, Event, Kind, Meta, TransportKind, Wire};
use crate::net::{Answer, Ask, Http};
use resume::{Resume, Told};

/// Streams in the registry.
pub const ENTRY: Entry =
    Entry { kind: TransportKind::Stream, schemes: ["http", "https"], build: Stream::build };

/// What is asked for, in order of preference.
const ACCEPT: &str =
    "application/x-ndjson, application/json-seq, application/json;q=0.9, */*;q=0.5";
/// What an answer has to be.
const WANTED: &str = "a stream of lines, JSON or chunks";
/// How much of what broke a rule is shown, in bytes.
const SHOWN: usize = 4096;

/// A stream, and where it goes on from.
#[derive(Debug)]
pub struct Stream {
    endpoint: Endpoint,
    ask: Ask,
    resume: Resume,
    ending: Ending,
}

impl Stream {
    /// A stream at `endpoint` that has not been opened.
    ///
    /// # Errors
    /// The dialect or the file of the body cannot be read.
    pub fn new(endpoint: &Endpoint) -> Result<Self, TransportError> {
        let mut ask = plain_ask(endpoint)?;
        ask.offer("accept", ACCEPT);
        ask.offer("cache-control", "no-cache");
        let resume = Resume::new(&endpoint.options)?;
        Ok(Self { endpoint: endpoint.clone(), ask, resume, ending: Ending::default() })
    }

    /// Whether there is a stream dialect of this name.
    pub(super) fn knows(dialect: &str) -> bool {
        Resume::named(Some(dialect)).is_ok()
    }

    fn build(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Self::new(endpoint)?))
    }

    async fn once(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        let http = Http::new(&self.endpoint.url, &self.endpoint.options)?;
        let asked = self.request(link, &http).await?;
        Ok(self.follow(link, &http, asked).await)
    }

    async fn request(&self, link: &mut Link, http: &Http) -> Result<Asked, TransportError> {
        let mut ask = self.ask.clone();
        self.resume.say(&mut ask);
        send(link, http, &ask).await
    }

    /// Reads the answer to a request that is on its way, to the end of the connection.
    pub(super) async fn follow(&mut self, link: &mut Link, http: &Http, asked: Asked) -> Outcome {
        let result = self.answered(link, http, asked).await;
        let ending = std::mem::take(&mut self.ending);
        let knows_place = self.resume.text().is_some();
        let lost = |error| ending.outcome(error, &self.ask.method, knows_place);
        result.unwrap_or_else(lost)
    }

    async fn answered(
        &mut self,
        link: &mut Link,
        http: &Http,
        asked: Asked,
    ) -> Result<Outcome, TransportError> {
        let note = |status| self.resume.is_gone(status);
        let Some(mut answer) = head(link, http, asked, note).await? else {
            return Ok(Outcome::Stopped);
        };
        if self.resume.is_gone(answer.status).is_some() {
            self.resume.go_on(None);
            // Read, so that the connection can be used again.
            if link.unless_stopped(start_of_body(&mut answer)).await.is_none() {
                return Ok(Outcome::Stopped);
            }
            let asked = self.request(link, http).await?;
            let Some(again) = head(link, http, asked, |_| None).await? else {
                return Ok(Outcome::Stopped);
            };
            answer = again;
        }
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
        let resume_after = self.resume.text();
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
        let framing = Framing::of(&answer.media_type());
        let limit = self.endpoint.options.max_message.min(LONGEST);
        let mut records = Records::new(framing, limit);
        let mut body = Body::new(answer, http, &self.ask, &self.endpoint)?;
        let mut found = Vec::new();
        loop {
            let next = body.next(link).await;
            let now = link.now();
            match next {
                Ok(Next::Chunk(bytes)) => records.feed(&bytes, &mut found),
                Ok(Next::Stopped) => return Ok(Outcome::Stopped),
                Ok(Next::End) => {
                    if let Some(last) = records.finish() {
                        self.hand_over(link, body.sized(event(now, last))).await?;
                    }
                    return Err(TransportError::Ended);
                }
                Err(error) => {
                    if let Some(last) = records.finish() {
                        link.push(cut_off(now, last)).await?;
                    }
                    return Err(error);
                }
            }
            for record in found.drain(..) {
                self.hand_over(link, body.sized(event(now, record))).await?;
            }
        }
    }

    /// Tells of a record; then, and only then, moves the cursor.
    async fn hand_over(&mut self, link: &mut Link, mut event: Event) -> Result<(), TransportError> {
        self.ending.take(&event);
        let is_whole = event.kind == Kind::Message && event.meta.is_none();
        let told = if is_whole { self.resume.read(&event.payload) } else { None };
        match &told {
            Some(Told::Here(place)) => event.id = Some(place.as_str().into()),
            Some(Told::Gone(words)) => {
                event = event.with_meta(Meta { cause: Some(words.clone()), ..Meta::default() });
            }
            None => {}
        }
        link.push(event).await?;
        match told {
            Some(Told::Here(place)) => self.resume.go_on(Some(place)),
            Some(Told::Gone(_)) => self.resume.go_on(None),
            None => {}
        }
        Ok(())
    }
}

impl Transport for Stream {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.once(link).await.unwrap_or_else(Outcome::Lost) })
    }

    fn cursor(&self) -> Option<String> {
        self.resume.text()
    }

    fn forget(&mut self) {
        self.resume.go_on(None);
    }
}

/// Lets a stream pass; anything else is the error to end with.
async fn accept(answer: Answer) -> Result<Answer, TransportError> {
    if answer.status != 200 {
        return Err(refused(answer).await);
    }
    if answer.media_type() == EVENT_STREAM || answer.encoding().is_some() {
        return Err(wrong_type(answer, WANTED).await);
    }
    Ok(answer)
}

fn event(t_ns: u64, record: Record) -> Event {
    let plain = |kind| Event::new(t_ns, Dir::In, kind).with_wire(Wire::Estimated(record.raw));
    match record.what {
        What::Blank => plain(Kind::Comment),
        What::Message(bytes, 0) => plain(Kind::Message).with_payload(bytes),
        What::Message(bytes, cut) => {
            let meta = Meta { truncated: Some(cut), ..Meta::default() };
            plain(Kind::Message).with_payload(bytes).with_meta(meta)
        }
        What::Broken(bytes, rule) => {
            let meta = Meta { cause: Some(rule.to_owned()), ..Meta::default() };
            let shown = bytes.slice(..bytes.len().min(SHOWN));
            plain(Kind::Violation).with_payload(shown).with_meta(meta)
        }
    }
}

/// A message within which the connection broke.
fn cut_off(t_ns: u64, record: Record) -> Event {
    let rule = "the body ended within this message (RFC 9112, section 8)";
    let bytes = match record.what {
        What::Message(bytes, _) | What::Broken(bytes, _) => bytes,
        What::Blank => bytes::Bytes::new(),
    };
    event(t_ns, Record { what: What::Broken(bytes, rule), raw: record.raw })
}
