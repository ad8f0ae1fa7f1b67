//! `POST /publish`: a JSON object becomes a message that goes to every client of the topic.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Shared;
use super::message::Draft;
use super::query::Query;
use super::refusal::Refusal;
use super::tally::Carrier;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read before it is refused. A client that is cut off
/// while it sends may never see the answer.
const COURTESY: usize = 8 << 20;

/// Publishes the body and answers with the id it got.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let query = Query::of(&uri)?;
    must_be_json(&headers)?;
    let body = tokio::select! {
        body = tokio::time::timeout(PATIENCE, read(body, shared.limits.message)) => {
            body.map_err(|_| {
                let sentence = format!("the body took longer than {} s", PATIENCE.as_secs());
                Refusal::new(StatusCode::REQUEST_TIMEOUT, sentence)
            })??
        }
        () = shared.stop.cancelled() => {
            let sentence = "the server is being stopped";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, sentence));
        }
    };
    let draft = Draft::object(&body).map_err(|e| Refusal::bad_request(e.to_string()))?;
    let id = shared.hub.publish(&query.topic, &draft)?;
    shared.tallies.of(Carrier::Publish).received(body.len());
    let head = [(header::CONTENT_TYPE, "application/json")];
    Ok((head, format!("{{\"id\":{id}}}")).into_response())
}

/// A form or plain text is what a page can send anywhere without asking, so it is refused.
fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let media = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let sentence = "a message is published as JSON: send Content-Type: application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence))
}

async fn read(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut kept = Vec::new();
    let mut body = Limited::new(body, most + COURTESY);
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(e) if e.is::<LengthLimitError>() => return Err(too_large(most)),
            Err(e) => return Err(Refusal::bad_request(format!("the body broke off: {e}"))),
        };
        let room = (most + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&data[..data.len().min(room)]);
    }
    if kept.len() > most { Err(too_large(most)) } else { Ok(kept.into()) }
}

fn too_large(most: usize) -> Refusal {
    let sentence = format!("a message has at most {most} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
}
