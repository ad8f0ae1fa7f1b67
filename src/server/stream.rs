//! `GET /stream`: newline-delimited JSON in a response that does not end. A blank line is a
//! heartbeat.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;

use super::Shared;
use super::clients::Open;
use super::follow::{self, Follower, Step};
use super::message::Message;
use super::query::Query;
use super::refusal::Refusal;
use super::visit::Visit;
use super::weather::{Outlook, Reader};
use crate::model::TransportKind;

/// Answers with the messages after `since`, or from now on, one a line. The response ends when the
/// client is too slow or the server stops.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = Query::of(&uri)?;
    let subscription = shared.hub.subscribe(&query.topic, query.start())?;
    let resumes = query.since.is_some_and(|id| id > 0);
    let open = Open::stream(&visit, subscription.place(), resumes, visit.meter.end().clone());
    let follower = Follower {
        outlook: Outlook::new(visit.meter.link(), TransportKind::Stream),
        reader: Reader::new(subscription),
        heartbeat: shared.options.heartbeat,
        stop: shared.stop.clone(),
        open,
    };
    Ok(follow::respond(follower, &headers, "application/x-ndjson", Bytes::new(), say))
}

fn say(step: &Step) -> Bytes {
    match step {
        Step::Messages(messages) => lines(messages),
        Step::Quiet => Bytes::from_static(b"\n"),
        // The format has no place for words; the gap shows in the ids when the client returns.
        Step::TooSlow(_) | Step::Changed | Step::Over => Bytes::new(),
    }
}

fn lines(messages: &[Arc<Message>]) -> Bytes {
    let mut bytes = Vec::with_capacity(messages.iter().map(|m| m.json.len() + 1).sum());
    for message in messages {
        bytes.extend_from_slice(&message.json);
        bytes.push(b'\n');
    }
    bytes.into()
}
