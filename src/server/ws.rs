//! `GET /ws`: the handshake of a WebSocket (RFC 6455, section 4.2) and the task that serves it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::clients::Open;
use super::hub::Subscription;
use super::meter::Meter;
use super::query::Query;
use super::refusal::Refusal;
use super::visit::Visit;
use super::weather::{Outlook, Pongs};
use crate::model::TransportKind;

mod socket;

use socket::Socket;

/// Bytes read at once, which every socket holds as long as it lives; small, since there may be
/// thousands, and clients say little.
const READ: usize = 1 << 10;
/// Bytes gathered before they are written; held by those who were sent much at once.
const WRITE: usize = 4 << 10;

/// Switches to a WebSocket that follows the topic after `since`, or from now on.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let accept = accept_key(&request)?;
    let query = Query::of(request.uri())?;
    let room = shared.hub.subscribe(&query.topic, query.start())?;
    let resumes = query.since.is_some_and(|since| since > 0);
    let leave = shared.stop.child_token();
    let open = Open::stream(&visit, room.place(), resumes, leave.clone());
    let upgrade = hyper::upgrade::on(&mut request);
    let meter = Arc::clone(&visit.meter);
    shared.tasks.spawn(serve(Arc::clone(&shared), meter, upgrade, room, open, leave));
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let head = response.headers_mut();
    head.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    head.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    head.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    // Chromium gives up when it offered subprotocols and none was taken.
    if let Some(protocol) = first_subprotocol(request.headers()) {
        head.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(response)
}

async fn serve(
    shared: Arc<Shared>,
    meter: Arc<Meter>,
    upgrade: OnUpgrade,
    room: Subscription,
    open: Open,
    leave: CancellationToken,
) {
    let end = meter.end().clone();
    let talk = async {
        // An error means that the connection broke before it was switched.
        let Ok(upgraded) = upgrade.await else { return };
        meter.upgraded();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(WRITE)
            .max_message_size(Some(shared.limits.message))
            .max_frame_size(Some(shared.limits.message));
        let io = Pongs::new(TokioIo::new(upgraded), Arc::clone(meter.link()));
        let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let outlook = Outlook::new(meter.link(), TransportKind::Websocket);
        Socket::new(meter, stream, room, open, leave, outlook).run().await;
    };
    tokio::select! {
        () = end.cancelled() => {}
        () = talk => {}
    }
}

/// What proves to the client that its handshake was understood.
fn accept_key(request: &Request) -> Result<HeaderValue, Refusal> {
    let headers = request.headers();
    let is_upgrade = has_token(headers, &header::UPGRADE, "websocket")
        && has_token(headers, &header::CONNECTION, "upgrade");
    if !is_upgrade || request.version() != Version::HTTP_11 || request.method() != Method::GET {
        let sentence = "this path speaks WebSocket: connect to it with a ws:// address";
        let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, sentence);
        return Err(refusal.with(header::UPGRADE, "websocket").with(header::CONNECTION, "Upgrade"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let sentence = "only version 13 of WebSocket is spoken here";
        let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, sentence);
        return Err(refusal.with(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    // 16 bytes in Base64.
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    accept
        .and_then(|accept| HeaderValue::from_str(&accept).ok())
        .ok_or_else(|| Refusal::bad_request("Sec-WebSocket-Key must be 16 bytes in Base64"))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let mut lists = headers.get_all(name).iter().filter_map(|list| list.to_str().ok());
    lists.any(|list| list.split(',').any(|word| word.trim().eq_ignore_ascii_case(token)))
}

fn first_subprotocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    HeaderValue::from_str(offered.split(',').next()?.trim()).ok()
}
