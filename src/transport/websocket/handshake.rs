//! The opening handshake over HTTP/1.1 (RFC 6455, section 4.1): asks for the upgrade and keeps the
//! heads as they were on the wire.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, Parts};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;

use super::answer::{Answer, agreed};
use super::body::Body;
use super::extension::Deflate;
use super::head::Head;
use super::offer::Offer;
use crate::model::{Dir, Event, Kind, Meta, Wire};
use crate::net::{Dialled, Recorded, Stream, tls_alert};
use crate::transport::redirect::{Hop, Redirects};
use crate::transport::{Link, TransportError};

/// How long the answer may take once the connection stands.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of the heads that are kept each way.
const HEADS: usize = 64 << 10;
/// Interim answers that are told.
const INTERIM: usize = 64;

type Socket = TokioIo<Recorded<Stream>>;

/// What came of a handshake.
pub(super) enum Shaken {
    /// The connection has become a WebSocket.
    Open(Box<Opened>),
    /// The server points elsewhere.
    Elsewhere(Box<Elsewhere>),
}

/// A connection that has become a WebSocket.
pub(super) struct Opened {
    /// The connection.
    pub(super) stream: Stream,
    /// What came behind the answer in the same read.
    pub(super) early: Bytes,
    /// How messages are compressed, if they are.
    pub(super) deflate: Option<Deflate>,
    /// Both heads and how long everything took.
    pub(super) meta: Meta,
    /// What both heads took on the wire, in bytes.
    pub(super) wire: u64,
}

/// A redirect.
pub(super) struct Elsewhere {
    /// Where it leads.
    pub(super) hop: Hop,
    /// The answer, which is not told yet.
    pub(super) answer: Event,
}

/// Asks for a WebSocket over a connection just `dialled` in an attempt that `began` then. Interim
/// answers are told, and so is the request where it is redirected; of the body of an answer that
/// opens nothing at most `limit` bytes are kept.
///
/// # Errors
/// [`TransportError::Refused`] for an answer that opens nothing, [`TransportError::Handshake`] for
/// one that breaks RFC 6455, or what went wrong on the way.
pub(super) async fn shake(
    offer: &Offer,
    dialled: Dialled,
    began: Instant,
    limit: usize,
    redirects: &mut Redirects,
    link: &mut Link,
) -> Result<Shaken, TransportError> {
    let meta = Meta {
        method: Some(String::from("GET")),
        url: Some(offer.url.to_string()),
        insecure: offer.insecure,
        ..dialled.meta()
    };
    let io = TokioIo::new(Recorded::new(dialled.stream, HEADS));
    let (mut sender, connection) = Builder::new()
        .title_case_headers(true)
        .handshake(io)
        .await
        .map_err(|error| TransportError::Http(error.to_string()))?;
    let mut exchange = Exchange { connection, done: false };
    let (headers, accept) = offer.headers();
    let (request, interim) = request(offer, headers)?;
    let sending = exchange.drive(sender.send_request(request));
    let answer = tokio::time::timeout(PATIENCE, sending).await;
    let arrived = Instant::now();
    let mut shaking = Shaking { offer, began, arrived, interim, meta, told: 0 };
    match answer {
        Err(_) => {
            let io = exchange.parts().io.into_inner();
            shaking.tell_interim(&io, link).await?;
            Err(TransportError::TimedOut(PATIENCE))
        }
        Ok(Err(error)) => {
            let io = exchange.parts().io.into_inner();
            shaking.tell_interim(&io, link).await?;
            let refusal = tls_alert(&error, &offer.target.host.to_string());
            Err(refusal.map_or_else(|| unanswered(&error, &io, shaking.meta), Into::into))
        }
        Ok(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            exchange.finish().await;
            let Parts { io, read_buf: early, .. } = exchange.parts();
            let io = io.into_inner();
            shaking.tell_interim(&io, link).await?;
            shaking.open(io, &response, early, &accept)
        }
        Ok(Ok(mut response)) => {
            let mut body = Body::new(limit);
            exchange.drive(body.read(response.body_mut())).await;
            let io = exchange.parts().io.into_inner();
            shaking.close(&io, &response, body, redirects, link).await
        }
    }
}

/// A handshake whose answer is there.
struct Shaking<'a> {
    offer: &'a Offer,
    began: Instant,
    arrived: Instant,
    /// When each interim answer came.
    interim: mpsc::Receiver<Instant>,
    meta: Meta,
    /// Bytes on the wire that events were told of.
    told: u64,
}

impl Shaking<'_> {
    /// Tells of the interim answers (RFC 9110, section 15.2), and of the request before them.
    async fn tell_interim(
        &mut self,
        io: &Recorded<Stream>,
        link: &mut Link,
    ) -> Result<(), TransportError> {
        let mut rest = io.received();
        while let Ok(came) = self.interim.try_recv() {
            let Some((head, length)) = Head::parse(rest).filter(|(head, _)| head.is_interim())
            else {
                break;
            };
            if self.told == 0 {
                self.tell_request(io, link).await?;
            }
            rest = rest.get(length..).unwrap_or_default();
            self.told += length as u64;
            let meta = Answer::interim(head).meta();
            let event = Event::new(link.at(came), Dir::In, Kind::Response).with_meta(meta);
            link.push(event.with_wire(Wire::Exact(length as u64))).await?;
        }
        Ok(())
    }

    /// Tells of the request, where the event of its answer does not.
    async fn tell_request(
        &mut self,
        io: &Recorded<Stream>,
        link: &mut Link,
    ) -> Result<(), TransportError> {
        let (headers, wire) = match Head::parse(io.sent()) {
            Some((head, length)) => (head.headers, Wire::Exact(length as u64)),
            None => (Vec::new(), Wire::Unknown),
        };
        self.told += wire.bytes().unwrap_or_default();
        let (method, url) = (self.meta.method.clone(), self.meta.url.clone());
        let meta = Meta { method, url, headers, ..Meta::default() };
        let sent = link.at(io.last_sent().unwrap_or(self.began));
        let event = Event::new(sent, Dir::Out, Kind::Request).with_meta(meta).with_wire(wire);
        Ok(link.push(event).await?)
    }

    fn open(
        mut self,
        io: Recorded<Stream>,
        response: &Response<Incoming>,
        early: Bytes,
        accept: &str,
    ) -> Result<Shaken, TransportError> {
        let wire = io.passed().saturating_sub(early.len() as u64 + self.told);
        Answer::read(&io, response).note(&mut self.meta, &io, self.began, self.arrived);
        match agreed(response.headers(), self.offer, accept) {
            Err(cause) => Err(TransportError::Handshake(cause, Box::new(self.meta))),
            Ok(deflate) => {
                let (stream, meta) = (io.into_inner(), self.meta);
                Ok(Shaken::Open(Box::new(Opened { stream, early, deflate, meta, wire })))
            }
        }
    }

    async fn close(
        mut self,
        io: &Recorded<Stream>,
        response: &Response<Incoming>,
        body: Body,
        redirects: &mut Redirects,
        link: &mut Link,
    ) -> Result<Shaken, TransportError> {
        self.tell_interim(io, link).await?;
        let answer = Answer::read(io, response);
        answer.note(&mut self.meta, io, self.began, self.arrived);
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let status = response.status().as_u16();
        let hop = match redirects.follow(&self.offer.url, "GET", status, location) {
            Ok(Some(hop)) => hop,
            Ok(None) => {
                let timing = self.meta.timing.unwrap_or_default();
                return Err(answer.refused(body.kept.into(), body.missing, timing));
            }
            Err(error) => {
                return Err(TransportError::Redirect { error, meta: Box::new(self.meta) });
            }
        };
        if self.told == 0 {
            self.tell_request(io, link).await?;
        }
        let meta = Meta {
            method: None,
            url: None,
            request_headers: Vec::new(),
            truncated: body.missing.and_then(|missing| missing.bytes),
            ..self.meta
        };
        let answer = Event::new(link.at(self.arrived), Dir::In, Kind::Response)
            .with_payload(body.kept)
            .with_wire(Wire::Exact(io.passed().saturating_sub(self.told)))
            .with_meta(meta);
        Ok(Shaken::Elsewhere(Box::new(Elsewhere { hop, answer })))
    }
}

/// The request of an attempt, and where the times of interim answers come out.
fn request(
    offer: &Offer,
    headers: HeaderMap,
) -> Result<(Request<Empty<Bytes>>, mpsc::Receiver<Instant>), TransportError> {
    let mut request = Request::get(offer.path.as_str())
        .body(Empty::new())
        .map_err(|error| TransportError::Options(format!("the address cannot be sent: {error}")))?;
    *request.headers_mut() = headers;
    let (came, interim) = mpsc::channel(INTERIM);
    hyper::ext::on_informational(&mut request, move |_| {
        // Of more than are told the rest is left out.
        let _ = came.try_send(Instant::now());
    });
    Ok((request, interim))
}

/// The HTTP connection, driven by whoever waits for something from it, so that no task outlives an
/// attempt.
struct Exchange {
    connection: Connection<Socket, Empty<Bytes>>,
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

    fn parts(self) -> Parts<Socket> {
        self.connection.into_parts()
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
