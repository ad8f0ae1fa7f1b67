//! The opening handshake over HTTP/1.1 (RFC 6455, section 4.1): asks for the upgrade and keeps both
//! heads as they were on the wire.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, Parts};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;

use super::answer::{Answer, breach};
use super::offer::Offer;
use crate::model::Meta;
use crate::net::{Dialled, Recorded, Stream};
use crate::transport::TransportError;

/// How long the answer may take once the connection stands.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the body of a refusal may take after its head.
const BODY_PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a refusal's body that are kept.
const BODY: usize = 64 << 10;
/// Bytes of the heads that are kept each way.
const HEADS: usize = 64 << 10;

type Wire = TokioIo<Recorded<Stream>>;

/// A connection that has become a WebSocket.
pub(super) struct Opened {
    /// The connection.
    pub(super) stream: Stream,
    /// What came behind the answer in the same read.
    pub(super) early: Bytes,
    /// Both heads and how long everything took.
    pub(super) meta: Meta,
    /// What both heads took on the wire, in bytes.
    pub(super) wire: u64,
}

/// Asks for a WebSocket over a connection just `dialled` in an attempt that `began` then.
///
/// # Errors
/// [`TransportError::Refused`] for another answer than 101, [`TransportError::Handshake`] for one
/// that breaks RFC 6455, or what went wrong on the way.
pub(super) async fn shake(
    offer: &Offer,
    dialled: Dialled,
    began: Instant,
) -> Result<Opened, TransportError> {
    let mut meta = Meta {
        method: Some(String::from("GET")),
        timing: Some(dialled.timing),
        remote: Some(dialled.remote.to_string()),
        tls: dialled.tls,
        ..Meta::default()
    };
    let io = TokioIo::new(Recorded::new(dialled.stream, HEADS));
    let (mut sender, connection) = Builder::new()
        .title_case_headers(true)
        .handshake(io)
        .await
        .map_err(|error| TransportError::Http(error.to_string()))?;
    let mut exchange = Exchange { connection, done: false };
    let (headers, accept) = offer.headers();
    let sending = exchange.drive(sender.send_request(request(offer, headers)?));
    let answer = tokio::time::timeout(PATIENCE, sending).await;
    let arrived = Instant::now();
    match answer {
        Err(_) => Err(TransportError::TimedOut(PATIENCE)),
        Ok(Err(error)) => Err(unanswered(&error, exchange.parts().io.inner(), meta)),
        Ok(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            exchange.finish().await;
            let Parts { io, read_buf: early, .. } = exchange.parts();
            let io = io.into_inner();
            let wire = io.passed().saturating_sub(early.len() as u64);
            Answer::read(&io, &response).note(&mut meta, &io, began, arrived);
            match breach(response.headers(), &offer.subprotocols, &accept) {
                Some(cause) => Err(TransportError::Handshake(cause, Box::new(meta))),
                None => Ok(Opened { stream: io.into_inner(), early, meta, wire }),
            }
        }
        Ok(Ok(mut response)) => {
            let mut body = Vec::new();
            let collecting = exchange.drive(start_of(response.body_mut(), &mut body));
            // What has come by then is enough to tell why it was refused.
            let _ = tokio::time::timeout(BODY_PATIENCE, collecting).await;
            let io = exchange.parts().io.into_inner();
            let answer = Answer::read(&io, &response);
            answer.note(&mut meta, &io, began, arrived);
            Err(answer.refused(body.into(), meta.timing.unwrap_or_default()))
        }
    }
}

fn request(offer: &Offer, headers: HeaderMap) -> Result<Request<Empty<Bytes>>, TransportError> {
    let mut request = Request::get(offer.path.as_str())
        .body(Empty::new())
        .map_err(|error| TransportError::Options(format!("the address cannot be sent: {error}")))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// The HTTP connection, driven by whoever waits for something from it, so that no task outlives an
/// attempt.
struct Exchange {
    connection: Connection<Wire, Empty<Bytes>>,
    done: bool,
}

impl Exchange {
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            if !self.done && self.connection.poll_without_shutdown(cx).is_ready() {
                // Its error, if it had one, is the answer to the request; that is ready now.
                self.done = true;
                return work.as_mut().poll(cx);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until HTTP has let go of the connection.
    async fn finish(&mut self) {
        if !self.done {
            let _ = poll_fn(|cx| self.connection.poll_without_shutdown(cx)).await;
            self.done = true;
        }
    }

    fn parts(self) -> Parts<Wire> {
        self.connection.into_parts()
    }
}

/// Gathers at most [`BODY`] bytes.
async fn start_of(body: &mut Incoming, kept: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.into_data().unwrap_or_default();
        kept.extend(bytes.iter().take(BODY - kept.len()));
        if kept.len() >= BODY {
            return;
        }
    }
}

/// Why there is no answer that could be judged.
fn unanswered(error: &hyper::Error, io: &Recorded<Stream>, mut meta: Meta) -> TransportError {
    if error.is_parse() {
        let start = io.received().get(..32).unwrap_or(io.received());
        let start = start.escape_ascii();
        meta.timing = None;
        let cause = format!("the answer is not HTTP/1.1, it begins with “{start}”");
        return TransportError::Handshake(cause, Box::new(meta));
    }
    if error.is_incomplete_message() {
        let cause = "the server ended it without an answer to the handshake";
        return TransportError::Io(io::Error::new(io::ErrorKind::UnexpectedEof, cause));
    }
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(source) => TransportError::Io(io::Error::new(source.kind(), source.to_string())),
        None => TransportError::Http(error.to_string()),
    }
}
