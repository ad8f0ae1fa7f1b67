//! Which path is answered by what, and what every request goes through first: counting, the guard
//! against web pages from elsewhere, CORS.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use super::ledger::Tab;
use super::meter::Meter;
use super::refusal::Refusal;
use super::room::Pass;
use super::tally::Carrier;
use super::visit::Visit;
use super::{Shared, guard, page, poll, publish, query, report, sse, stats, stream, weather, ws};

/// Asks nginx and those who learnt from it not to hold a stream back.
pub(super) const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Every path and what it is for.
const PATHS: [(&str, &str); 12] = [
    ("GET  /", "the page that runs every transport in the browser"),
    (
        "GET  /ws",
        "WebSocket; {\"type\":\"join\",\"room\":R}, {\"type\":\"message\",\"room\":R,\"text\":T}",
    ),
    (
        "GET  /sse",
        "event stream; resumes after Last-Event-ID or ?lastEventId=; without types with ?named=off",
    ),
    ("GET  /poll?since=N", "long poll"),
    ("GET  /short?since=N", "short poll"),
    ("GET  /stream?since=N", "newline-delimited JSON"),
    ("POST /publish", "a JSON object goes to every client"),
    ("GET  /stats", "numbers per transport, as JSON; of one client with ?client=NAME"),
    ("GET  /metrics", "the same for Prometheus"),
    ("GET  /topics", "the topics there are, with the messages of each so far"),
    ("GET  /clock", "the server's time, to compare clocks by"),
    ("POST /report", "what a browser measured, for the list of clients"),
];

/// The service that answers every request.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/page/{name}", get(page::asset))
        .route("/clock", get(page::clock))
        .route("/report", post(report::handle))
        .route("/ws", any(ws::handle))
        .route("/sse", get(sse::handle))
        .route("/poll", get(poll::long))
        .route("/short", get(poll::short))
        .route("/stream", get(stream::handle))
        .route("/publish", post(publish::handle))
        .route("/stats", get(stats::numbers))
        .route("/topics", get(stats::topics))
        .route("/metrics", get(stats::metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), gate))
        .with_state(shared)
}

async fn gate(
    State(shared): State<Arc<Shared>>,
    Extension(meter): Extension<Arc<Meter>>,
    mut request: Request,
    next: Next,
) -> Response {
    let carrier = Carrier::of_path(request.uri().path());
    let tally = shared.tallies.of(carrier);
    let admitted = admit(&shared, &request).and_then(|()| named(&shared, carrier, &request));
    let comes_in = admitted.is_ok() && brings_token(&request);
    // Of those who are turned away no account is kept.
    let tab = admitted.as_ref().ok().cloned().flatten();
    let visit = Visit::begin(&meter, carrier, tab, request.headers());
    request.extensions_mut().insert(visit);
    tally.requests.add(1);
    let method = request.method().clone();
    let publishes = carrier == Carrier::Publish;
    let mut response = match admitted {
        Err(refusal) if is_at_door(&shared, &request) => page::door(&refusal),
        Err(refusal) => refusal.into_response(),
        Ok(_) if method == Method::OPTIONS => options(publishes),
        Ok(_) => weather::pass(&meter, carrier.transport(), request, next).await,
    };
    // The body of the request, if any.
    meter.claim();
    if response.status().is_client_error() || response.status().is_server_error() {
        tally.errors.add(1);
    }
    let reads = !publishes && matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    if reads && shared.weather.lets_pages_read(carrier.transport()) {
        let anyone = HeaderValue::from_static("*");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    }
    if comes_in
        && let Some(room) = &shared.room
        && let Ok(cookie) = HeaderValue::try_from(room.cookie())
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether a person opens the page without the token.
fn is_at_door(shared: &Shared, request: &Request) -> bool {
    let (uri, headers) = (request.uri(), request.headers());
    page::looks_at_it(request.method(), uri, headers)
        && shared.room.as_ref().is_some_and(|room| room.admit(uri, headers).is_err())
}

/// Whether this opens the page with the token, so that its browser is to remember it.
fn brings_token(request: &Request) -> bool {
    let uri = request.uri();
    uri.path() == "/" && query::parameter(uri, "join").is_some()
}

fn admit(shared: &Shared, request: &Request) -> Result<(), Refusal> {
    let host = guard::host(request.uri(), request.headers())?;
    let (uri, headers) = (request.uri(), request.headers());
    if shared.addr.ip().is_loopback() {
        guard::meant_for_loopback(host.as_ref())?;
    } else {
        guard::meant_for_room(host.as_ref())?;
    }
    let pass = shared.room.as_ref().map(|room| room.admit(uri, headers)).transpose()?;
    if guard::writes(request.method(), uri.path()) {
        // A browser sends its cookie for a page on another port of this machine, too.
        guard::origin_may_write(host.as_ref(), headers, pass != Some(Pass::Cookie))?;
    }
    Ok(())
}

/// The account of whoever asks, where it says who it is. Asking for an account is none of its
/// requests.
fn named(
    shared: &Shared,
    carrier: Carrier,
    request: &Request,
) -> Result<Option<Arc<Tab>>, Refusal> {
    if carrier == Carrier::Other {
        return Ok(None);
    }
    let name = query::client(request.uri())?;
    Ok(name.map(|name| shared.ledger.request(&name)))
}

/// The answer to what a browser asks before it lets a page send a header of its own. None is
/// allowed where something is published, so a page from elsewhere is stopped before it sends.
fn options(publishes: bool) -> Response {
    if publishes {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, "POST")]).into_response();
    }
    let head = [
        (header::ALLOW, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Cache-Control, Last-Event-ID"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, head).into_response()
}

async fn not_found(request: Request) -> Refusal {
    let path = request.uri().path();
    let sentence = format!("There is nothing at {path}. The paths are:\n{}", listing().trim_end());
    Refusal::new(StatusCode::NOT_FOUND, sentence)
}

async fn not_allowed(request: Request) -> Refusal {
    let (method, path) = (request.method(), request.uri().path());
    let right = if matches!(path, "/publish" | "/report") { "POST" } else { "GET" };
    let sentence = format!("{method} is not for {path}; use {right}");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, sentence)
}

fn listing() -> String {
    let mut list = String::new();
    for (path, what) in PATHS {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "  {path:<22}{what}");
    }
    list.push_str("All take ?client=NAME, to be counted by that name, and ?topic=NAME.\n");
    list
}
