//! `GET /poll` and `GET /short`: polling with a cursor (RFC 6202). The long poll is held until
//! there is a message newer than `since`; the short poll is answered at once.
//!
//! A poll without `since` is answered at once too, with no messages and the id to go on from, so
//! that a client loses nothing between its first poll and its second. A `since` ahead of the topic
//! means that ids have begun again: the answer holds what there is, and `"reset":true`. Where
//! messages after `since` are gone, `"missed"` says how many.

use std::pin::pin;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::clients::Entry;
use super::hub::{HubError, Start};
use super::message::Message;
use super::query::Query;
use super::refusal::Refusal;
use super::visit::Visit;
use super::weather::{Mangling, Outlook, Reader, Turn};
use crate::model::TransportKind;

/// Messages in an answer, at most; the next poll goes on.
const MOST: usize = 1000;
/// Bytes of messages in an answer, more or less.
const MOST_BYTES: usize = 1 << 20;

/// A poll that is being answered.
struct Poll {
    visit: Visit,
    query: Query,
    reader: Reader,
    client: Arc<Entry>,
}

/// Answers as soon as there is a message after `since`, or with 204 after the hold.
pub(super) async fn long(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let mut outlook = Outlook::new(visit.meter.link(), TransportKind::LongPoll);
    let mut poll = Poll::begin(&shared, visit, &uri)?;
    // A part of the buffer that the head was read into, which is not to wait here.
    drop(uri);
    if poll.query.since.is_none() || poll.reader.subscription.reset {
        let messages = poll.take(&shared, outlook.mangling())?;
        return Ok(poll.answer(&shared, &messages));
    }
    let mut hold = pin!(tokio::time::sleep(shared.options.hold));
    loop {
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => return Ok(nothing()),
            turn = outlook.turn() => if turn == Turn::End { return Ok(nothing()) },
            () = poll.reader.ready() => {}
            () = hold.as_mut() => return Ok(nothing()),
        }
        // What is there may be left out, or held back until the next comes.
        let messages = poll.take(&shared, outlook.mangling())?;
        if !messages.is_empty() {
            return Ok(poll.answer(&shared, &messages));
        }
    }
}

/// Answers at once.
pub(super) async fn short(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let how = Outlook::new(visit.meter.link(), TransportKind::ShortPoll).mangling();
    let mut poll = Poll::begin(&shared, visit, &uri)?;
    let messages = poll.take(&shared, how)?;
    Ok(poll.answer(&shared, &messages))
}

impl Poll {
    fn begin(shared: &Shared, visit: Visit, uri: &Uri) -> Result<Self, Refusal> {
        let query = Query::of(uri)?;
        let subscription = shared.hub.subscribe(&query.topic, query.start())?;
        let resumes = query.since.is_some_and(|since| since > 0);
        let client = visit.meter.polled(&visit, subscription.place(), resumes);
        Ok(Self { visit, query, reader: Reader::new(subscription), client })
    }

    /// What is new and gets through.
    fn take(&mut self, shared: &Shared, how: Mangling) -> Result<Vec<Arc<Message>>, HubError> {
        let mut messages = self.reader.release(how);
        loop {
            if let Ok(taken) = self.reader.take(how, MOST, MOST_BYTES) {
                messages.extend(taken);
                break;
            }
            // So many came since it was woken that the first are gone: begin at the oldest.
            let after = Start::After(self.reader.subscription.cursor());
            self.reader.subscription = shared.hub.subscribe(&self.query.topic, after)?;
            self.client.polled(self.reader.subscription.place(), self.visit.tab.clone());
        }
        if self.reader.holds_back() {
            // Perhaps this answer was full, and the next message is there.
            messages.extend(self.reader.take(how, 1, 1).unwrap_or_default());
        }
        Ok(messages)
    }

    fn answer(&self, shared: &Shared, messages: &[Arc<Message>]) -> Response {
        for message in messages {
            self.sent(shared, message.json.len());
        }
        let json = envelope(messages, &self.reader);
        let head =
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        (head, json).into_response()
    }

    fn sent(&self, shared: &Shared, bytes: usize) {
        shared.tallies.of(self.visit.carrier).sent(bytes);
        self.client.delivered();
        if let Some(tab) = &self.visit.tab {
            tab.sent(bytes);
        }
    }
}

fn nothing() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

fn envelope(messages: &[Arc<Message>], reader: &Reader) -> Vec<u8> {
    let mut json =
        Vec::with_capacity(64 + messages.iter().map(|m| m.json.len() + 1).sum::<usize>());
    json.extend_from_slice(b"{\"messages\":[");
    for (place, message) in messages.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        json.extend_from_slice(&message.json);
    }
    json.extend_from_slice(format!("],\"lastId\":{}", reader.cursor()).as_bytes());
    let subscription = &reader.subscription;
    if subscription.missed > 0 {
        json.extend_from_slice(format!(",\"missed\":{}", subscription.missed).as_bytes());
    }
    if subscription.reset {
        json.extend_from_slice(b",\"reset\":true");
    }
    json.push(b'}');
    json
}
