//! Bodies of requests: JSON, of a limited size, in a limited time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Shared;
use super::refusal::Refusal;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read before it is refused. A client that is cut off
/// while it sends may never see the answer.
const COURTESY: usize = 8 << 20;

/// Reads a body that says it is JSON, of at most `most` bytes.
///
/// # Errors
/// It says that it is something else, is larger, too slow, breaks off, or the server stops.
pub(super) async fn json(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Vec<u8>, Refusal> {
    must_be_json(headers)?;
    tokio::select! {
        body = tokio::time::timeout(PATIENCE, read(body, most)) => body.map_err(|_| {
            let sentence = format!("the body took longer than {} s", PATIENCE.as_secs());
            Refusal::new(StatusCode::REQUEST_TIMEOUT, sentence)
        })?,
        () = shared.stop.cancelled() => {
            let sentence = "the server is being stopped";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, sentence))
        }
    }
}

/// A form or plain text is what a page can send anywhere without asking, so it is refused.
fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let media = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let sentence = "what is posted here is JSON: send Content-Type: application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence))
}

async fn read(body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
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
    if kept.len() > most { Err(too_large(most)) } else { Ok(kept) }
}

fn too_large(most: usize) -> Refusal {
    let sentence = format!("a body has at most {most} bytes here");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
}
