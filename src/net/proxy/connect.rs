//! HTTP proxies: CONNECT (RFC 9110, section 9.3.6).

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Refusal;
use crate::net::{Bar, Target};

/// Bytes of a refusal's body that are shown.
const SHOWN: usize = 300;
/// How long the body of a refusal may take after its head.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// Makes `stream` a way to `target`.
pub(super) async fn open<S>(
    stream: S,
    target: &Target,
    authorization: Option<String>,
) -> Result<S, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(target, authorization)?;
    let (mut sender, mut connection) = Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let sent = drive(&mut connection, sender.send_request(request)).await;
    let mut response = sent.map_err(|error| failed(&error))?;
    if !response.status().is_success() {
        let mut start = Vec::new();
        let reading = drive(&mut connection, start_of(response.body_mut(), &mut start));
        // What has come by then is enough.
        let _ = tokio::time::timeout(BODY_PATIENCE, reading).await;
        return Err(refused(&response, &start));
    }
    poll_fn(|cx| connection.poll_without_shutdown(cx)).await.map_err(|error| failed(&error))?;
    let parts = connection.into_parts();
    if !parts.read_buf.is_empty() {
        let cause = "it said more than its answer before anything was asked through it";
        return Err(Refusal::new(Bar::Foreign, cause));
    }
    Ok(parts.io.into_inner())
}

fn request(
    target: &Target,
    authorization: Option<String>,
) -> Result<Request<Empty<Bytes>>, Refusal> {
    let address = target.to_string();
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&address)
        .header("host", &address)
        .header("user-agent", concat!("wirescope/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = authorization {
        request = request.header("proxy-authorization", authorization);
    }
    request
        .body(Empty::new())
        .map_err(|error| Refusal::new(Bar::Beyond, format!("it cannot be asked for: {error}")))
}

/// Runs `work` and the connection it waits for, which nobody else drives.
async fn drive<S, T>(
    connection: &mut Connection<TokioIo<S>, Empty<Bytes>>,
    work: impl Future<Output = T>,
) -> T
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut work = pin!(work);
    let mut is_done = false;
    poll_fn(|cx| {
        if let Poll::Ready(result) = work.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        if !is_done && connection.poll_without_shutdown(cx).is_ready() {
            is_done = true;
            return work.as_mut().poll(cx);
        }
        Poll::Pending
    })
    .await
}

async fn start_of(body: &mut Incoming, kept: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.into_data().unwrap_or_default();
        kept.extend(bytes.iter().take(SHOWN.saturating_sub(kept.len())));
        if kept.len() >= SHOWN {
            return;
        }
    }
}

fn refused(response: &Response<Incoming>, body: &[u8]) -> Refusal {
    let status = response.status();
    let sent = response.extensions().get::<hyper::ext::ReasonPhrase>();
    let reason = sent.map(|phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned());
    let reason = reason.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().to_owned());
    let cause = refusal(status.as_u16(), &reason, body);
    let bar = match status.as_u16() {
        401 | 407 => Bar::Credentials,
        502..=504 => Bar::Beyond,
        400..=499 => Bar::Rules,
        100..=399 => Bar::Foreign,
        _ => Bar::Broken,
    };
    Refusal::new(bar, cause)
}

/// What a proxy answered, with the beginning of the body on one line.
pub(in crate::net) fn refusal(status: u16, reason: &str, body: &[u8]) -> String {
    let head = format!("it answered {status} {reason}");
    match words(body).as_str() {
        "" => head.trim_end().to_owned(),
        body => format!("{}: {body}", head.trim_end()),
    }
}

fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..SHOWN).unwrap_or(body));
    let text = text.trim_end_matches('\u{fffd}');
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ")
}

fn failed(error: &hyper::Error) -> Refusal {
    if error.is_parse() {
        return Refusal::new(Bar::Foreign, "what it answered is no HTTP");
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Refusal::new(Bar::Broken, "it ended the connection without an answer");
    }
    let source =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Refusal::new(Bar::Broken, format!("the connection to it broke: {source}"))
}
