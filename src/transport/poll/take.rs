//! Takes an answer apart: was it news, nothing new, or nothing we can read.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::cursor::Cursor;
use super::dialect::Dialect;
use super::path::{JsonPath, checked};
use crate::model::{Dir, Event, Headers, Kind, Meta, Wire};
use crate::net::{Answer, Http, HttpError, Jar, Sizes, Whole};
use crate::transport::exchange::{Asked, refused_with, start_of_body, wrong_type_with};
use crate::transport::hop::{Hop, hop};
use crate::transport::sse::EVENT_STREAM;
use crate::transport::{Link, TransportError};

/// How much of a body that cannot be read is shown, in bytes.
const SHOWN: usize = 64 << 10;
/// What `Content-Type` should have been.
const JSON: &str = "JSON";
/// The same for dialects that take any body.
const ANY: &str = "a plain body that ends";

/// An answer whose body was read as far as it is wanted.
pub(super) struct Got {
    answer: Answer,
    body: Whole,
}

/// What an answer came to.
pub(super) enum Verdict {
    /// It could be read.
    Taken(Taken),
    /// It ends the attempt; these events tell of it. Their times are not set.
    Wrong(Vec<Event>, TransportError),
}

/// An answer that could be read. The times of its events are not set.
pub(super) struct Taken {
    pub(super) response: Event,
    pub(super) request_headers: Headers,
    pub(super) messages: Found,
    pub(super) cursor: Cursor,
    pub(super) note: Option<String>,
    /// It brought something that the next request will not bring again.
    pub(super) is_news: bool,
}

/// The messages of an answer. They become events one at a time: a body of many small ones would
/// grow a hundredfold if all of them were at once.
#[derive(Default)]
pub(super) struct Found {
    /// Slices of the body.
    texts: Vec<Bytes>,
    /// There is one, and it is the whole body.
    is_body: bool,
    /// Bytes that were left out of it.
    cut: u64,
    /// The codings of the one that is the whole body.
    encoding: Option<String>,
    /// How much of the body came.
    sizes: Sizes,
    id: Option<JsonPath>,
    cursor: Option<String>,
}

impl Found {
    /// What the messages took on their way.
    fn wire(&self) -> u64 {
        let bytes = self.texts.iter().map(|text| text.len() as u64).sum::<u64>() + self.cut;
        self.sizes.on_wire(bytes)
    }

    /// The messages as events at `t_ns`.
    pub(super) fn events(self, t_ns: u64) -> impl Iterator<Item = Event> {
        let Self { texts, is_body, cut, encoding, sizes, id, cursor } = self;
        texts.into_iter().map(move |text| {
            let own = id.as_ref().and_then(|path| path.texts(checked(&text).ok()?).pop());
            let wire = Wire::Estimated(sizes.on_wire(text.len() as u64 + cut));
            // Copied, because one slice would keep the whole answer in memory.
            let payload = if is_body { text } else { Bytes::copy_from_slice(&text) };
            let mut event =
                Event::new(t_ns, Dir::In, Kind::Message).with_payload(payload).with_wire(wire);
            event.id = own.as_deref().or(cursor.as_deref()).map(Into::into);
            let truncated = (cut > 0).then_some(cut);
            let compressed = encoding.as_ref().map(|_| sizes.received);
            let encoding = encoding.clone();
            let meta = Meta { truncated, encoding, compressed, ..Meta::default() };
            if meta == Meta::EMPTY { event } else { event.with_meta(meta) }
        })
    }
}

/// Waits for an answer and reads its body: whole where it may hold messages, at most `limit` bytes
/// of it kept, otherwise as much as is worth showing.
pub(super) async fn exchange(
    asked: Asked,
    dialect: &Dialect,
    limit: usize,
) -> Result<Got, HttpError> {
    let mut answer = asked.await?;
    let is_good = answer.status == 200 && answer.media_type() != EVENT_STREAM;
    let body = if is_good || dialect.empty.status.contains(&answer.status) {
        answer.whole(limit).await?
    } else {
        Whole { bytes: start_of_body(&mut answer).await, excess: 0 }
    };
    Ok(Got { answer, body })
}

impl Got {
    /// The cookies of the session.
    pub(super) fn jar(&self) -> Jar {
        self.answer.ask.jar.clone()
    }

    /// Asks on where the answer leads elsewhere.
    pub(super) async fn hop(
        &mut self,
        link: &mut Link,
        http: &Http,
    ) -> Result<Hop, TransportError> {
        hop(link, http, &mut self.answer, Some(self.body.bytes.clone())).await
    }

    /// Reads the answer to a request made with `cursor`.
    pub(super) fn read(self, dialect: &Dialect, cursor: &Cursor) -> Verdict {
        let status = self.answer.status;
        if dialect.empty.status.contains(&status) {
            return self.nothing_new(dialect, cursor);
        }
        if dialect.restart.status.contains(&status) && cursor.text().is_some() {
            return self.forgotten(cursor);
        }
        if status != 200 {
            return self.wrong(refused_with);
        }
        if self.answer.media_type() == EVENT_STREAM || self.answer.encoding().is_some() {
            let wanted = if dialect.wants_json() { JSON } else { ANY };
            return self.wrong(|answer, body| wrong_type_with(answer, wanted, &body));
        }
        if !dialect.wants_json() {
            return self.news(dialect, cursor, None);
        }
        // The body is shared, not copied, so that its JSON can be read while `self` is taken apart.
        let body = self.body.bytes.clone();
        match checked(&body) {
            Ok(json) => self.news(dialect, cursor, Some(json)),
            Err(_) if self.body.excess > 0 => {
                let size = self.body.bytes.len() as u64 + self.body.excess;
                self.broken(&format!("an answer of {size} bytes is longer than the limit"))
            }
            Err(error) if self.says_json() => self
                .broken(&format!("the answer is not the JSON it says it is (RFC 8259): {error}")),
            Err(_) => self.wrong(|answer, body| wrong_type_with(answer, JSON, &body)),
        }
    }

    fn says_json(&self) -> bool {
        let media_type = self.answer.media_type();
        media_type.ends_with("/json") || media_type.ends_with("+json")
    }

    fn nothing_new(self, dialect: &Dialect, cursor: &Cursor) -> Verdict {
        let moved = cursor.after(dialect, &self.answer, None, 0);
        self.without_messages(moved.to, moved.note)
    }

    fn forgotten(self, cursor: &Cursor) -> Verdict {
        let old = cursor.text().unwrap_or_default();
        let note = format!(
            "the server does not know the cursor “{old}” (any more); asking from the start, so \
             something may be missing or come again"
        );
        self.without_messages(cursor.forgotten(), Some(note))
    }

    fn without_messages(self, cursor: Cursor, note: Option<String>) -> Verdict {
        let wire = self.answer.head_bytes + self.answer.sizes().received;
        let response = self.answer.event(0).with_payload(self.body.bytes);
        Verdict::Taken(Taken {
            response: response.with_wire(Wire::Estimated(wire)),
            request_headers: self.answer.request_headers,
            messages: Found::default(),
            cursor,
            note,
            is_news: false,
        })
    }

    fn news(self, dialect: &Dialect, cursor: &Cursor, json: Option<&RawValue>) -> Verdict {
        let body = &self.body.bytes;
        let listed = json.and_then(|json| dialect.messages.json.iter().find_map(|p| p.find(json)));
        let is_body = listed.is_none() && dialect.messages.body;
        let (texts, cut) = match listed {
            Some(list) => {
                (list.iter().map(|json| body.slice_ref(json.get().as_bytes())).collect(), 0)
            }
            None if is_body => (vec![body.clone()], self.body.excess),
            None => (Vec::new(), 0),
        };
        let moved = cursor.after(dialect, &self.answer, json, texts.len());
        let is_news = !texts.is_empty() && (dialect.cursor.is_empty() || moved.to != *cursor);
        let is_empty = texts.is_empty();
        let id = dialect.messages.id.clone();
        let sizes = self.answer.sizes();
        let encoding = self.answer.decoded_from().filter(|_| is_body);
        let messages = Found { texts, is_body, cut, encoding, sizes, id, cursor: moved.to.text() };
        let around = self.answer.head_bytes + sizes.received.saturating_sub(messages.wire());
        let mut response = self.answer.event(0).with_wire(Wire::Estimated(around));
        if is_empty {
            response.payload = self.body.bytes;
        }
        Verdict::Taken(Taken {
            response,
            request_headers: self.answer.request_headers,
            messages,
            cursor: moved.to,
            note: moved.note,
            is_news,
        })
    }

    fn wrong(self, error: impl FnOnce(Answer, Bytes) -> TransportError) -> Verdict {
        let response = self.answer.event(0).with_payload(self.body.bytes.clone());
        Verdict::Wrong(vec![response], error(self.answer, self.body.bytes))
    }

    fn broken(self, rule: &str) -> Verdict {
        let response = self.answer.event(0);
        let shown = self.body.bytes.slice(..self.body.bytes.len().min(SHOWN));
        let meta = Meta { cause: Some(rule.to_owned()), ..Meta::default() };
        let violation = Event::new(0, Dir::In, Kind::Violation).with_payload(shown).with_meta(meta);
        let error = TransportError::Protocol(rule.to_owned());
        Verdict::Wrong(vec![response, violation], error)
    }
}
