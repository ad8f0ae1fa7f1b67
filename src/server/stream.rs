//! `GET /stream`: newline-delimited JSON in a response that does not end. A blank line is a
//! heartbeat.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

use super::Shared;
use super::clients::Open;
use super::follow::{Follower, Step};
use super::message::Message;
use super::query::Query;
use super::refusal::Refusal;
use super::visit::Visit;

/// Answers with the messages after `since`, or from now on, one a line. The response ends when the
/// client is too slow or the server stops.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = Query::of(&uri)?;
    let subscription = shared.hub.subscribe(&query.topic, query.start())?;
    let resumes = query.since.is_some_and(|id| id > 0);
    let open = Open::stream(&visit, subscription.place(), resumes, visit.meter.end().clone());
    let follower = Follower {
        subscription,
        heartbeat: shared.options.heartbeat,
        stop: shared.stop.clone(),
        open,
    };
    let lines = stream::unfold(follower, |mut follower| async {
        let bytes = match follower.step().await {
            Step::Messages(messages) => lines(&messages),
            Step::Quiet => Bytes::from_static(b"\n"),
            // The format has no place for words; the gap shows in the ids when the client returns.
            Step::TooSlow(_) | Step::Over => return None,
        };
        Some((Ok::<_, Infallible>(bytes), follower))
    });
    let head = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-cache"),
        (super::routes::X_ACCEL_BUFFERING, "no"),
    ];
    Ok((head, Body::from_stream(lines)).into_response())
}

fn lines(messages: &[Arc<Message>]) -> Bytes {
    let mut bytes = Vec::with_capacity(messages.iter().map(|m| m.json.len() + 1).sum());
    for message in messages {
        bytes.extend_from_slice(&message.json);
        bytes.push(b'\n');
    }
    bytes.into()
}
