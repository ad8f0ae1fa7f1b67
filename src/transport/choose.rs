//! Which transport can read an answer, and why: by its status, its fields, and the beginning of its
//! body.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::TransportError;
use super::ending::may_repeat;
use super::poll::Dialect;
use super::sse::EVENT_STREAM;
use super::stream::{Framing, Records, Stream, What};
use crate::model::Endpoint;
use crate::net::{Answer, HttpError};

/// An answer that took longer was held, as a long poll is.
const HELD: Duration = Duration::from_secs(3);
/// A body that says nothing for so long after a whole message has not ended on purpose.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the beginning of a body that is no JSON is waited for in all, however it trickles.
const BEGINNING: Duration = Duration::from_secs(3);
/// Bytes of a body that are looked at, at most: by then a dialect has given itself away.
const START: usize = 64 << 10;

/// What an answer is to be read with.
#[derive(Debug)]
pub(super) enum Choice {
    /// It is an event stream.
    Sse,
    /// It goes on, and its parts are messages.
    Stream,
    /// It ends, and the next one follows; in this dialect, if it gave one away.
    Poll(Option<Box<Dialect>>),
}

/// What can read an answer that took so long to come, and why, as said after “because”; `None` when
/// nothing can. The body is as unread as before.
pub(super) async fn choose(
    endpoint: &Endpoint,
    method: &str,
    answer: &mut Answer,
    took: Duration,
) -> Result<Option<(Choice, String)>, TransportError> {
    let media_type = answer.media_type();
    let held = match took {
        took if took >= HELD => format!(" and was held for {} s", took.as_secs()),
        _ => String::new(),
    };
    let is_repeated = may_repeat(method);
    let reason = format!("the answer is {media_type}{held}");
    let named = named_of_polls(endpoint).filter(|_| media_type != EVENT_STREAM);
    if let Some(name) = named.filter(|_| matches!(answer.status, 200 | 204 | 408)) {
        return Ok(Some((Choice::Poll(None), format!("the dialect “{name}” is one of polls"))));
    }
    Ok(match answer.status {
        200 if media_type == EVENT_STREAM => Some((Choice::Sse, reason)),
        200 if is_of_messages(&media_type) => Some((Choice::Stream, reason)),
        200 if is_json(&media_type) && !is_repeated => {
            Some((Choice::Stream, format!("{reason}, and a {method} is not sent again by itself")))
        }
        200 if is_json(&media_type) => Some(json(endpoint, answer, reason).await?),
        200 if is_repeated => recognised(answer).await,
        status @ (204 | 408) if is_repeated => {
            let words = format!("the answer is {status} {}{held}", answer.reason);
            Some((Choice::Poll(None), words))
        }
        _ => None,
    })
}

/// The dialect that was named, if it is one of polls alone.
fn named_of_polls(endpoint: &Endpoint) -> Option<&str> {
    let name = endpoint.options.dialect.as_deref()?;
    (!Stream::knows(name)).then_some(name)
}

/// The poll dialect that an answer gives away which is no JSON: by its fields, or by how its body
/// begins.
async fn recognised(answer: &mut Answer) -> Option<(Choice, String)> {
    let found = match Dialect::recognised(200, &answer.headers, b"") {
        None => {
            let start = beginning(answer).await;
            let found = Dialect::recognised(200, &answer.headers, &start);
            answer.put_back(start);
            found
        }
        found => found,
    };
    found.map(|(dialect, because)| (Choice::Poll(Some(Box::new(dialect))), because))
}

/// What came of a body before it paused, ended, broke or was enough.
async fn beginning(answer: &mut Answer) -> Bytes {
    let mut start = BytesMut::new();
    let enough = tokio::time::Instant::now() + BEGINNING;
    while start.len() < START
        && let pause = tokio::time::Instant::now() + PAUSE
        && let Ok(Ok(Some(chunk))) =
            tokio::time::timeout_at(pause.min(enough), answer.chunk()).await
    {
        start.extend_from_slice(&chunk);
    }
    start.freeze()
}

/// Whether a type says that its body is one message after the other.
fn is_of_messages(media_type: &str) -> bool {
    let is_framed = matches!(Framing::of(media_type), Framing::Lines | Framing::Sequence);
    is_framed && media_type != "text/plain"
}

fn is_json(media_type: &str) -> bool {
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

/// Tells a JSON document from JSON that goes on, which says the same of itself.
async fn json(
    endpoint: &Endpoint,
    answer: &mut Answer,
    reason: String,
) -> Result<(Choice, String), TransportError> {
    if let Some(wish) = wish(endpoint) {
        return Ok((Choice::Stream, format!("{reason}, and the address asks for {wish}")));
    }
    let (start, goes_on) = look(answer).await?;
    answer.put_back(start.clone());
    if let Some(how) = goes_on {
        return Ok((Choice::Stream, format!("{reason}, {how}")));
    }
    Ok(match Dialect::recognised(200, &answer.headers, &start) {
        Some((dialect, because)) => (Choice::Poll(Some(Box::new(dialect))), because),
        None => (Choice::Poll(None), reason),
    })
}

/// What the address itself asks for, where that is a stream: a watch of Kubernetes, a feed of
/// CouchDB.
fn wish(endpoint: &Endpoint) -> Option<String> {
    let mut pairs = endpoint.url.query_pairs();
    pairs.find_map(|(name, value)| match (&*name, &*value) {
        ("watch", "1" | "true") | ("feed", "continuous") => Some(format!("{name}={value}")),
        _ => None,
    })
}

/// Reads the beginning of a body, and says how it goes on after a whole message if it does.
async fn look(answer: &mut Answer) -> Result<(Bytes, Option<&'static str>), HttpError> {
    let mut start = BytesMut::new();
    let has_length = answer.header("content-length").is_some();
    let mut records = Records::new(Framing::Json, START);
    let mut found = Vec::new();
    let mut messages = 0;
    while start.len() < START {
        let next = answer.chunk();
        let chunk = if messages > 0 && !has_length {
            let Ok(chunk) = tokio::time::timeout(PAUSE, next).await else {
                return Ok((start.freeze(), Some("and stays open after its first message")));
            };
            chunk?
        } else {
            next.await?
        };
        let Some(chunk) = chunk else { break };
        start.extend_from_slice(&chunk);
        records.feed(&chunk, &mut found);
        let is_message = |what: &What| matches!(what, What::Message(..));
        messages += found.drain(..).filter(|record| is_message(&record.what)).count();
        // A list of things is one document as long as it ends.
        if messages > 1 && !has_length && !is_list(&start) {
            return Ok((start.freeze(), Some("one JSON text after the other")));
        }
    }
    Ok((start.freeze(), None))
}

fn is_list(start: &[u8]) -> bool {
    start.trim_ascii_start().first() == Some(&b'[')
}
