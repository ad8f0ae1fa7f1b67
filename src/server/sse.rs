//! `GET /sse`: server-sent events (WHATWG HTML, section 9.2).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;

use super::Shared;
use super::clients::Open;
use super::follow::{self, Follower, Step, too_slow};
use super::hub::Start;
use super::message::Message;
use super::query::Query;
use super::refusal::Refusal;
use super::visit::Visit;
use super::weather::{Outlook, Reader};
use crate::model::TransportKind;

/// Answers with an event stream that begins after the client's last event id, or now.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = Query::of(&uri)?;
    let start = query.start_of_events(&headers);
    let subscription = shared.hub.subscribe(&query.topic, start)?;
    let mut opening = format!("retry: {}\n\n", shared.options.retry.as_millis());
    if subscription.missed > 0 {
        let _ = write!(opening, ": {} messages are gone\n\n", subscription.missed);
    }
    if subscription.reset {
        opening.push_str(": ids have begun again\n\n");
    }
    let resumes = matches!(start, Start::After(id) if id > 0);
    let open = Open::stream(&visit, subscription.place(), resumes, visit.meter.end().clone());
    let follower = Follower {
        outlook: Outlook::new(visit.meter.link(), TransportKind::Sse),
        reader: Reader::new(subscription),
        heartbeat: shared.options.heartbeat,
        stop: shared.stop.clone(),
        open,
    };
    let say: fn(&Step) -> Bytes = if query.named { named } else { unnamed };
    Ok(follow::respond(follower, &headers, "text/event-stream", opening.into(), say))
}

fn named(step: &Step) -> Bytes {
    say(step, true)
}

fn unnamed(step: &Step) -> Bytes {
    say(step, false)
}

fn say(step: &Step, named: bool) -> Bytes {
    match step {
        Step::Messages(messages) => events(messages, named),
        Step::Quiet => Bytes::from_static(b": heartbeat\n\n"),
        Step::TooSlow(overrun) => Bytes::from(format!(": {}\n\n", too_slow(*overrun))),
        Step::Changed | Step::Over => Bytes::new(),
    }
}

fn events(messages: &[Arc<Message>], named: bool) -> Bytes {
    let mut bytes = Vec::with_capacity(messages.iter().map(|m| m.json.len() + 64).sum());
    for message in messages {
        let kind = if named { format!("event: {}\n", message.kind) } else { String::new() };
        bytes.extend_from_slice(format!("id: {}\n{kind}data: ", message.id).as_bytes());
        bytes.extend_from_slice(&message.json);
        bytes.extend_from_slice(b"\n\n");
    }
    bytes.into()
}
