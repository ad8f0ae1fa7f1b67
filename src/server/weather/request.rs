//! What happens to a request before it is answered as it should be: it waits, fails, or loses its
//! `Upgrade`.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Link, polls};
use crate::model::{BlockedUpgrade, CutHow, Failure, TransportKind};
use crate::server::meter::Meter;
use crate::server::refusal::Refusal;

/// Lets a request through to `next`, as the weather allows.
pub(in crate::server) async fn pass(
    meter: &Meter,
    kind: Option<TransportKind>,
    mut request: Request,
    next: Next,
) -> Response {
    let link = meter.link();
    // A later version has many requests at a time on a connection, and no `Connection` header.
    let shared = request.version() > Version::HTTP_11;
    let is_first = link.begin(kind, shared);
    let Some(kind) = kind else { return next.run(request).await };
    let _waiting = link.request();
    if is_first {
        wait(link, kind, &meter.shared().stop).await;
    }
    let mut response = match bar(link, kind, &mut request) {
        Some(barred) => barred,
        None => next.run(request).await,
    };
    if !shared && is_last(link, kind) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Lets the first request of a connection wait, as long as is asked for at the time.
async fn wait(link: &Link, kind: TransportKind, stop: &CancellationToken) {
    let began = Instant::now();
    let mut changes = link.weather().now.subscribe();
    loop {
        let slow = changes.borrow_and_update().of(kind).slow_accept;
        if slow.is_zero() {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(began + slow) => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// The answer of a network that does not let the request through; otherwise the request goes on,
/// perhaps with less in it than there was.
fn bar(link: &Link, kind: TransportKind, request: &mut Request) -> Option<Response> {
    let now = link.now();
    let impairment = now.of(kind);
    if let Some(failure) = impairment.fail {
        let number = link.weather().count_request(kind);
        if number.is_multiple_of(u64::from(failure.every.get())) {
            return Some(failed(failure, number));
        }
    }
    let blocked = impairment.blocked_upgrade.filter(|_| kind == TransportKind::Websocket)?;
    if !request.headers().contains_key(header::UPGRADE) {
        return None;
    }
    let refusal = match blocked {
        BlockedUpgrade::Stripped => {
            request.headers_mut().remove(header::UPGRADE);
            request.headers_mut().remove(header::CONNECTION);
            return None;
        }
        BlockedUpgrade::BadRequest => {
            Refusal::bad_request("a proxy that is there on purpose takes no Upgrade")
        }
        BlockedUpgrade::UpgradeRequired => {
            let sentence = "a proxy that is there on purpose lets no WebSocket through";
            Refusal::new(StatusCode::UPGRADE_REQUIRED, sentence)
                .with(header::UPGRADE, "websocket")
                .with(header::CONNECTION, "Upgrade")
        }
    };
    Some(refusal.into_response())
}

fn failed(failure: Failure, number: u64) -> Response {
    let sentence = format!("request {number} of this transport fails, as was asked for");
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = Refusal::new(status, sentence).into_response();
    if let Some(after) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
    }
    response
}

/// Whether a poll is the last of its connection: what is cut cleanly says so in an answer.
fn is_last(link: &Link, kind: TransportKind) -> bool {
    if !polls(kind) {
        return false;
    }
    let clean = |how| how == CutHow::Clean;
    let (now, at) = (link.now(), Instant::now());
    let cut = now.of(kind).cut.filter(|cut| clean(cut.how));
    let cut = cut.and_then(|_| now.cut_at(kind, link.began()));
    let idle = now.of(kind).idle.filter(|idle| clean(idle.how));
    let idle = idle.map(|idle| link.last_passed() + idle.after);
    cut.is_some_and(|cut| cut <= at) || idle.is_some_and(|idle| idle <= at)
}
