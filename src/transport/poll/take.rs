//! Takes a whole answer apart: was it news, nothing new, the end of a session, an error, or nothing
//! we can read.

use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::asking::Stage;
use super::cursor::{Cursor, Said};
use super::dialect::Dialect;
use super::fault::{Fault, has};
use super::path::checked;
use super::state::State;
use crate::model::{Dir, Event, Headers, Kind, Meta, Wire};
use crate::net::{Answer, Sizes, Whole};
use crate::transport::TransportError;
use crate::transport::exchange::{refused_with, retry_after, wrong_type_with};
use crate::transport::sse::EVENT_STREAM;

/// How much of a body that cannot be read is shown, in bytes.
const SHOWN: usize = 64 << 10;
/// What `Content-Type` should have been.
const JSON: &str = "JSON";
/// The same for dialects that take any body.
const ANY: &str = "a plain body that ends";

/// An answer whose body was read as far as it is wanted.
pub(super) struct Got {
    pub(super) answer: Answer,
    pub(super) body: Whole,
    pub(super) stage: Stage,
}

/// What an answer came to.
pub(super) enum Verdict {
    /// It could be read.
    Taken(Box<Taken>),
    /// It ends the attempt; these events tell of it. Their times are not set.
    Wrong(Vec<Event>, Box<TransportError>),
}

/// An answer that could be read. The times of its events are not set.
pub(super) struct Taken {
    pub(super) response: Event,
    pub(super) request_headers: Headers,
    /// Slices of the body that hold the messages.
    pub(super) pieces: Vec<Bytes>,
    /// What is to be said about the only message where it is the whole body.
    pub(super) body: Option<BodyMessage>,
    /// How much of the body came.
    pub(super) sizes: Sizes,
    /// Where the session stands from then on; `None` where it has to begin anew.
    pub(super) state: Option<State>,
    pub(super) note: Option<String>,
    /// It brought something that the next request will not bring again.
    pub(super) is_news: bool,
    /// There is more to be asked for at once.
    pub(super) is_more: bool,
    /// The wait it asks for.
    pub(super) wait: Option<Duration>,
}

/// What there is to say about a message that is a whole body.
pub(super) struct BodyMessage {
    /// Bytes that were left out of it.
    pub(super) cut: u64,
    /// The codings that were taken off it.
    pub(super) encoding: Option<String>,
}

/// What is known of an answer before its messages are looked for.
struct Context<'a> {
    dialect: &'a Dialect,
    state: &'a State,
    json: Option<&'a RawValue>,
}

impl Got {
    /// Reads the answer to a request that was made as the session stands in `state`.
    pub(super) fn read(self, dialect: &Dialect, state: &State) -> Verdict {
        // The body is shared, not copied, so that its JSON can be read while `self` is taken apart.
        let body = self.body.bytes.clone();
        let parsed = checked(&body);
        let json = parsed.as_ref().ok().copied();
        let context = Context { dialect, state, json };
        let fault = Fault::read(dialect, json);
        let status = fault.status.unwrap_or(self.answer.status);
        if state.is_known() && fault.is_restart(dialect, status) {
            return self.forgotten(state);
        }
        if dialect.empty.status.contains(&status) {
            return self.nothing_new(&context, fault.wait);
        }
        let is_good = status == 200 || self.stage.request(dialect).accept.contains(&status);
        if !is_good || fault.rule(dialect, status).is_some() {
            return self.refused(dialect, status, fault);
        }
        if self.answer.media_type() == EVENT_STREAM || self.answer.encoding().is_some() {
            let wanted = if dialect.wants_json() { JSON } else { ANY };
            return self.wrong(|answer, body| wrong_type_with(answer, wanted, &body));
        }
        if status != 200 || dialect.empty.blank && self.is_blank() {
            return self.nothing_new(&context, fault.wait);
        }
        if let (true, Err(error)) = (dialect.wants_json(), parsed) {
            return self.no_json(&error);
        }
        self.news(&context, fault.wait)
    }

    fn is_blank(&self) -> bool {
        self.body.excess == 0 && self.body.bytes.trim_ascii().is_empty()
    }

    fn no_json(self, error: &serde_json::Error) -> Verdict {
        let media_type = self.answer.media_type();
        if self.body.excess > 0 {
            let size = self.body.bytes.len() as u64 + self.body.excess;
            self.broken(&format!("an answer of {size} bytes is longer than the limit"))
        } else if media_type.ends_with("/json") || media_type.ends_with("+json") {
            self.broken(&format!("the answer is not the JSON it says it is (RFC 8259): {error}"))
        } else {
            self.wrong(|answer, body| wrong_type_with(answer, JSON, &body))
        }
    }

    fn said<'a>(&'a self, context: &Context<'a>) -> Said<'a> {
        let is_opening = self.stage == Stage::Open;
        Said { headers: &self.answer.headers, json: context.json, is_opening }
    }

    fn nothing_new(self, context: &Context<'_>, wait: Option<Duration>) -> Verdict {
        let said = self.said(context);
        let moved = context.state.cursor.after(context.dialect, &said, 0);
        let mut state = context.state.clone();
        let is_news = state.keep(context.dialect, &said);
        state.cursor = moved.to;
        self.without_messages(Some(state), moved.note, wait, is_news)
    }

    fn forgotten(self, state: &State) -> Verdict {
        let note = match state.cursor.text() {
            Some(old) => format!(
                "the server does not know the cursor “{old}” (any more); asking from the start, so \
                 something may be missing or come again"
            ),
            None => String::from(
                "the server does not know the session (any more); beginning a new one, so \
                 something may be missing",
            ),
        };
        self.without_messages(None, Some(note), None, false)
    }

    fn without_messages(
        self,
        state: Option<State>,
        note: Option<String>,
        wait: Option<Duration>,
        is_news: bool,
    ) -> Verdict {
        let sizes = self.answer.sizes();
        let wire = self.answer.head_bytes + sizes.received;
        let response = self.answer.event(0).with_payload(self.body.bytes);
        Verdict::Taken(Box::new(Taken {
            response: response.with_wire(Wire::Estimated(wire)),
            request_headers: self.answer.request_headers,
            pieces: Vec::new(),
            body: None,
            sizes,
            state,
            note,
            is_news,
            is_more: false,
            wait,
        }))
    }

    fn news(self, context: &Context<'_>, wait: Option<Duration>) -> Verdict {
        let &Context { dialect, state: before, json } = context;
        let (pieces, body) = self.pieces(dialect, json);
        let said = self.said(context);
        let moved = before.cursor.after(dialect, &said, pieces.len());
        let is_moved = moved.to != before.cursor;
        let is_fetch = |condition| json.is_some_and(|json| has(condition, json));
        let is_more = dialect.fetch.as_ref().and_then(|f| f.when.as_ref()).is_some_and(is_fetch);
        if dialect.empty.same && before.cursor.is_known() && !is_moved {
            let note = Some(String::from("nothing new: the cursor is still the same"));
            return self.without_messages(Some(before.clone()), note, wait, false);
        }
        let mut state = before.clone();
        state.keep(dialect, &said);
        let note = moved.note.or_else(|| gap(dialect, &before.cursor, json));
        let is_news = !pieces.is_empty() && (dialect.cursor.is_empty() || is_moved);
        state.cursor = moved.to;
        let sizes = self.answer.sizes();
        let inside: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let inside = sizes.on_wire(inside + body.as_ref().map_or(0, |body| body.cut));
        let around = self.answer.head_bytes + sizes.received.saturating_sub(inside);
        let mut response = self.answer.event(0).with_wire(Wire::Estimated(around));
        if pieces.is_empty() {
            response.payload = self.body.bytes;
        }
        Verdict::Taken(Box::new(Taken {
            response,
            request_headers: self.answer.request_headers,
            pieces,
            body,
            sizes,
            state: Some(state),
            note,
            is_news,
            is_more,
            wait,
        }))
    }

    /// The slices of the body that hold the messages, and what there is to say about the only one where it
    /// is the whole body.
    fn pieces(
        &self,
        dialect: &Dialect,
        json: Option<&RawValue>,
    ) -> (Vec<Bytes>, Option<BodyMessage>) {
        let body = &self.body.bytes;
        let own = self.stage.request(dialect).messages.as_ref();
        let paths = own.unwrap_or(&dialect.messages.json);
        let listed: Vec<Vec<&RawValue>> = json
            .map(|json| paths.iter().filter_map(|p| p.find(json)).collect())
            .unwrap_or_default();
        if !listed.is_empty() || own.is_some() || !dialect.messages.body {
            let slice = |json: &RawValue| body.slice_ref(json.get().as_bytes());
            return (listed.into_iter().flatten().map(slice).collect(), None);
        }
        let (cut, encoding) = (self.body.excess, self.answer.decoded_from());
        (vec![body.clone()], Some(BodyMessage { cut, encoding }))
    }

    fn wrong(self, error: impl FnOnce(Answer, Bytes) -> TransportError) -> Verdict {
        let response = self.answer.event(0).with_payload(self.body.bytes.clone());
        Verdict::Wrong(vec![response], Box::new(error(self.answer, self.body.bytes)))
    }

    fn refused(self, dialect: &Dialect, status: u16, mut fault: Fault) -> Verdict {
        if !fault.says_something() && fault.wait.is_none() && fault.rule(dialect, status).is_none()
        {
            return self.wrong(refused_with);
        }
        let http = format!("the server answered {} {}", self.answer.status, self.answer.reason);
        let cause = match fault.status {
            Some(told) if told != self.answer.status => format!("{http} with status {told} in it"),
            _ => http,
        };
        let asked = self.answer.header("retry-after").and_then(retry_after);
        fault.wait = fault.wait.or(asked);
        let meta = Meta { status: Some(status), ..self.answer.meta() };
        let shown = self.body.bytes.slice(..self.body.bytes.len().min(SHOWN));
        let error = fault.error(dialect, status, cause.trim_end(), meta, shown);
        self.wrong(|_, _| error)
    }

    fn broken(self, rule: &str) -> Verdict {
        let response = self.answer.event(0);
        let shown = self.body.bytes.slice(..self.body.bytes.len().min(SHOWN));
        let (violation, error) = violation(&shown, rule.to_owned());
        Verdict::Wrong(vec![response, violation], Box::new(error))
    }
}

/// What came against the rules, and how that ends the attempt. The time of the event is not set.
pub(super) fn violation(raw: &Bytes, rule: String) -> (Event, TransportError) {
    let shown = Bytes::copy_from_slice(&raw[..raw.len().min(SHOWN)]);
    let meta = Meta { cause: Some(rule.clone()), ..Meta::default() };
    let event = Event::new(0, Dir::In, Kind::Violation).with_payload(shown).with_meta(meta);
    (event, TransportError::Protocol(rule))
}

/// What an answer says about having left something out since `cursor`.
fn gap(dialect: &Dialect, cursor: &Cursor, json: Option<&RawValue>) -> Option<String> {
    let gap = dialect.gap.as_ref().filter(|_| cursor.is_known())?;
    has(&gap.has, json?).then(|| gap.say.clone())
}
