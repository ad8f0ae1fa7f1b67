//! `POST /publish`: a JSON object becomes a message that goes to every client of the topic.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};

use super::message::Draft;
use super::query::Query;
use super::refusal::Refusal;
use super::tally::Carrier;
use super::visit::Visit;
use super::{Shared, body};

/// Publishes the body and answers with the id it got.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let query = Query::of(&uri)?;
    // Before the body, which is most of the work.
    visit.meter.publishes()?;
    let body = body::json(&shared, &headers, body, shared.limits.message).await?;
    let draft = Draft::object(&body).map_err(|e| Refusal::bad_request(e.to_string()))?;
    let id = shared.hub.publish(&query.topic, &draft)?;
    shared.tallies.of(Carrier::Publish).received(body.len());
    let head = [(header::CONTENT_TYPE, "application/json")];
    Ok((head, format!("{{\"id\":{id}}}")).into_response())
}
