//! The answer to a request: its head at once, its body as it comes.

use bytes::{Bytes, BytesMut};
use reqwest::Version;
use url::Position;

use super::body::{Body, Held};
use super::{Ask, HttpError, fields, fields_bytes};
use crate::model::{Dir, Event, Headers, Kind, Meta, Timing, Wire};
use crate::net::proxy::refusal;
use crate::net::{Bar, DialError};

/// The head of an answer, and its body still to be read. Dropping it closes the connection, unless
/// the body was read to its end.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its reason phrase; the registered one for HTTP/2, which has none.
    pub reason: String,
    /// HTTP version, as in `HTTP/1.1`.
    pub version: &'static str,
    /// Header fields, names in lower case.
    pub headers: Headers,
    /// Header fields of the request.
    pub request_headers: Headers,
    /// How long it took to get here.
    pub timing: Timing,
    /// Address of the peer.
    pub remote: Option<String>,
    /// Bytes of the head, computed as for HTTP/1.1.
    pub head_bytes: u64,
    /// What was asked.
    pub ask: Ask,
    way: Box<Meta>,
    unknown: Option<String>,
    body: Box<Body>,
    /// The beginning of the body, which was only looked at.
    unread: Option<Bytes>,
}

/// A body that was read up to a limit.
#[derive(Debug, Default)]
pub struct Whole {
    /// The body, or its beginning.
    pub bytes: Bytes,
    /// Bytes beyond the limit, read and dropped.
    pub excess: u64,
}

/// How much of a body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Bytes as they came.
    pub received: u64,
    /// Bytes without their codings.
    pub decoded: u64,
}

impl Sizes {
    /// What so many of the decoded bytes took on their way, taken evenly.
    pub fn on_wire(self, decoded: u64) -> u64 {
        if self.received == self.decoded || self.decoded == 0 {
            return decoded;
        }
        (decoded as f64 * self.received as f64 / self.decoded as f64).ceil() as u64
    }
}

impl Answer {
    pub(super) fn new(
        response: reqwest::Response,
        way: Meta,
        request_headers: Headers,
        ask: Ask,
    ) -> Self {
        let headers: Headers = fields(response.headers()).collect();
        let reason = reason(&response);
        let line = "HTTP/1.1 200 ".len() + reason.len() + 2;
        let (version, remote) = (version(response.version()), response.remote_addr());
        let status = response.status().as_u16();
        let (body, unknown) = Body::new(response, &codings(&headers));
        Self {
            status,
            head_bytes: line as u64 + fields_bytes(&headers),
            reason,
            version,
            headers,
            request_headers,
            timing: way.timing.unwrap_or_default(),
            remote: remote.map(|address| address.to_string()),
            ask,
            way: Box::new(way),
            unknown,
            body: Box::new(body),
            unread: None,
        }
    }

    /// The first field of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case; empty when there is none.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The coding of the body that is not known here, if there is one: the body is as it came then.
    pub fn encoding(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// The codings that are taken off the body.
    pub fn decoded_from(&self) -> Option<String> {
        let codings = Some(codings(&self.headers)).filter(|_| self.unknown.is_none());
        codings.filter(|codings| !codings.is_empty() && !codings.eq_ignore_ascii_case("identity"))
    }

    /// How much of the body came so far.
    pub fn sizes(&self) -> Sizes {
        Sizes { received: self.body.received(), decoded: self.body.decoded() }
    }

    /// Whether what was decoded of a compressed body so far ends within a line.
    pub fn stops_within_a_line(&self) -> bool {
        !self.body.ends_a_line()
    }

    /// What came of a compressed body and gave nothing yet.
    pub fn held(&self) -> Option<Held> {
        self.body.held()
    }

    /// The details of the answer for a `response` or `open` event.
    pub fn meta(&self) -> Meta {
        Meta {
            status: Some(self.status),
            reason: Some(self.reason.clone()).filter(|reason| !reason.is_empty()),
            version: Some(self.version.to_owned()),
            headers: self.headers.clone(),
            remote: self.remote.clone(),
            encoding: self.decoded_from(),
            compressed: self.decoded_from().map(|_| self.body.received()).filter(|size| *size > 0),
            ..(*self.way).clone()
        }
    }

    /// The error for an answer that the proxy gave in place of the endpoint, because it does not
    /// know who asks (RFC 9110, section 15.5.8). Its other refusals look like the endpoint's.
    pub fn refusal_of_proxy(&self, body: &[u8]) -> Option<DialError> {
        let proxy = self.way.proxy.clone().filter(|_| self.status == 407)?;
        let cause = refusal(self.status, &self.reason, body);
        let target = self.ask.url[Position::BeforeHost..Position::AfterPort].to_owned();
        Some(DialError::Barred { proxy, target, cause, bar: Bar::Credentials })
    }

    /// The answer as an event at `t_ns`, with its head as size on the wire.
    pub fn event(&self, t_ns: u64) -> Event {
        Event::new(t_ns, Dir::In, Kind::Response)
            .with_wire(Wire::Estimated(self.head_bytes))
            .with_meta(self.meta())
    }

    /// The next piece of the body, `None` at its end. Safe to drop and call again.
    ///
    /// # Errors
    /// The body was cut short or broke the rules of its framing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        if let Some(unread) = self.unread.take() {
            return Ok(Some(unread));
        }
        self.body.chunk().await
    }

    /// Takes back what was read of the body; the next piece is this.
    pub fn put_back(&mut self, bytes: Bytes) {
        self.unread = Some(bytes).filter(|bytes| !bytes.is_empty());
    }

    /// The first `limit` bytes of the body, or what came until it broke: for showing.
    pub async fn start(&mut self, limit: usize, into: &mut BytesMut) {
        while into.len() < limit {
            let Ok(Some(chunk)) = self.chunk().await else { return };
            let room = (limit - into.len()).min(chunk.len());
            into.extend_from_slice(&chunk[..room]);
        }
    }
}

/// All codings in the order they were applied (RFC 9110, section 8.4).
fn codings(headers: &Headers) -> String {
    let fields = headers.iter().filter(|(name, _)| name == "content-encoding");
    fields.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
}

fn reason(response: &reqwest::Response) -> String {
    let sent = response.extensions().get::<hyper::ext::ReasonPhrase>();
    match sent {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}
