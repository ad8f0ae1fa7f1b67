//! One event of a session: a frame, a message, a request, a change of state. Everything that is
//! recorded, shown or exported is one of these.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::TransportKind;

/// Header fields in the order and spelling they had on the wire.
pub type Headers = Vec<(String, String)>;

/// Who an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Dir {
    /// From the peer.
    In,
    /// To the peer.
    Out,
    /// From Wirescope itself: a change of the connection's state.
    Local,
}

impl Dir {
    /// Every direction.
    pub const ALL: [Self; 3] = [Self::In, Self::Out, Self::Local];

    /// The word that files and exports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Local => "local",
        }
    }

    /// The direction a file's word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dir| dir.word() == word)
    }
}

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// An attempt begins.
    Connecting,
    /// The attempt succeeded; messages may flow.
    Open,
    /// A connection that was open is over.
    Closed,
    /// An attempt did not get as far as open.
    Failed,
    /// Waiting before the next attempt.
    Retrying,
    /// The peer broke a rule of the protocol.
    Violation,
    /// WebSocket text message.
    Text,
    /// WebSocket binary message.
    Binary,
    /// WebSocket ping frame.
    Ping,
    /// WebSocket pong frame.
    Pong,
    /// WebSocket close frame.
    Close,
    /// Server-sent event.
    Event,
    /// Comment line of an event stream.
    Comment,
    /// `retry:` field of an event stream.
    Retry,
    /// HTTP request.
    Request,
    /// HTTP response head, or a whole response that carried no message.
    Response,
    /// One message of a poll's answer or of a stream.
    Message,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Connecting,
        Self::Open,
        Self::Closed,
        Self::Failed,
        Self::Retrying,
        Self::Violation,
        Self::Text,
        Self::Binary,
        Self::Ping,
        Self::Pong,
        Self::Close,
        Self::Event,
        Self::Comment,
        Self::Retry,
        Self::Request,
        Self::Response,
        Self::Message,
    ];

    /// The word that files, exports and the timeline use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Retrying => "retrying",
            Self::Violation => "violation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Close => "close",
            Self::Event => "event",
            Self::Comment => "comment",
            Self::Retry => "retry",
            Self::Request => "request",
            Self::Response => "response",
            Self::Message => "message",
        }
    }

    /// The kind a file's word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Carries what the application wanted to say.
    pub const fn is_message(self) -> bool {
        matches!(self, Self::Text | Self::Binary | Self::Event | Self::Message)
    }

    /// Belongs to the protocol rather than to the application.
    pub const fn is_control(self) -> bool {
        matches!(
            self,
            Self::Ping
                | Self::Pong
                | Self::Close
                | Self::Comment
                | Self::Retry
                | Self::Request
                | Self::Response
                | Self::Violation
        )
    }

    /// Tells of the connection itself.
    pub const fn is_state(self) -> bool {
        matches!(self, Self::Connecting | Self::Open | Self::Closed | Self::Failed | Self::Retrying)
    }
}

/// What an event took on the wire: its frame header or its share of the HTTP framing included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// Not known, or nothing was sent.
    #[default]
    Unknown,
    /// Counted, in bytes.
    Exact(u64),
    /// Computed, in bytes: the library between us and the socket hides the framing.
    Estimated(u64),
}

impl Wire {
    /// The number of bytes, however it was found.
    pub const fn bytes(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Exact(bytes) | Self::Estimated(bytes) => Some(bytes),
        }
    }
}

/// How long the phases of an attempt or a request took, in milliseconds; those that took place.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// Looking up the host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<f64>,
    /// The TCP handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<f64>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<f64>,
    /// TCP and TLS together, where the HTTP library does not tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<f64>,
    /// From the request sent to the first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<f64>,
    /// From the beginning of the attempt to its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
}

/// What only some events have; kept apart so that a plain message stays small.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// Close code exactly as sent (RFC 6455, section 7.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Close reason, or the reason phrase of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// HTTP version, as in `HTTP/1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// HTTP method of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where a request went, secrets and all; the recorder removes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Header fields of a request, a response or a handshake's answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Headers,
    /// Header fields of the handshake's request, where `headers` are its answer's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Headers,
    /// How long the phases took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Address of the peer, as in `127.0.0.1:4100`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// TLS version and cipher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// The certificate was not verified, because the user switched that off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
    /// What happened, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The likely reason and what to try, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Time until the next attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Which retry is being waited for, and how many there will be at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<(u32, u32)>,
    /// Reconnection time the server asked for, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// The cursor an attempt resumes after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_after: Option<String>,
    /// Bytes of the payload that were left out because it was larger than the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<u64>,
    /// The transport that was chosen, where the address did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportKind>,
    /// Why it was chosen, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The frames of a message that came in several: `(opcode, payload bytes, FIN)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fragments: Vec<(u8, u64, bool)>,
}

/// One event. Its number in the session is given by the recorder, in the order of arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Nanoseconds since the session began, taken when the bytes arrived or were handed over.
    pub t_ns: u64,
    /// Connection attempt it belongs to, from 1.
    pub attempt: u32,
    /// Who it comes from.
    pub dir: Dir,
    /// What it is.
    pub kind: Kind,
    /// Event type of a server-sent event.
    pub name: Option<Box<str>>,
    /// Its id, or the cursor of a poll.
    pub id: Option<Box<str>>,
    /// The payload as the application sent it.
    pub payload: Bytes,
    /// What it took on the wire.
    pub wire: Wire,
    /// Everything else.
    pub meta: Option<Box<Meta>>,
}

impl Event {
    /// An event without payload.
    pub fn new(t_ns: u64, dir: Dir, kind: Kind) -> Self {
        Self {
            t_ns,
            attempt: 0,
            dir,
            kind,
            name: None,
            id: None,
            payload: Bytes::new(),
            wire: Wire::Unknown,
            meta: None,
        }
    }

    /// The same event with this payload.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<Bytes>) -> Self {
        self.payload = payload.into();
        self
    }

    /// The same event with this size on the wire.
    #[must_use]
    pub fn with_wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// The same event with these details.
    #[must_use]
    pub fn with_meta(mut self, meta: Meta) -> Self {
        self.meta = Some(Box::new(meta));
        self
    }

    /// The same event with this id or cursor.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Box<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The payload as text, where it is valid UTF-8 and not binary by kind.
    pub fn text(&self) -> Option<&str> {
        if matches!(self.kind, Kind::Binary) {
            return None;
        }
        std::str::from_utf8(&self.payload).ok()
    }

    /// A message of the application that came from the peer.
    pub fn is_received_message(&self) -> bool {
        self.dir == Dir::In && self.kind.is_message()
    }

    /// Close code, status, cause and the like, where there are any.
    pub fn meta(&self) -> &Meta {
        static NONE: Meta = Meta::EMPTY;
        self.meta.as_deref().unwrap_or(&NONE)
    }

    /// About how much memory the event takes, in bytes.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.payload.len() + self.meta.as_ref().map_or(0, |_| size_of::<Meta>())
    }
}

impl Meta {
    /// No details.
    pub const EMPTY: Self = Self {
        code: None,
        reason: None,
        status: None,
        version: None,
        method: None,
        url: None,
        headers: Vec::new(),
        request_headers: Vec::new(),
        timing: None,
        remote: None,
        tls: None,
        insecure: false,
        cause: None,
        hint: None,
        delay_ms: None,
        retry: None,
        retry_ms: None,
        resume_after: None,
        truncated: None,
        transport: None,
        chosen: None,
        fragments: Vec::new(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_kinds_name_each_other() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
            assert_eq!(kind as usize, number);
        }
        for dir in Dir::ALL {
            assert_eq!(Dir::from_word(dir.word()), Some(dir));
        }
    }

    #[test]
    fn binary_is_never_text_even_where_it_would_be_valid() {
        let event = Event::new(0, Dir::In, Kind::Binary).with_payload("abc");
        assert_eq!(event.text(), None);
        let event = Event::new(0, Dir::In, Kind::Text).with_payload("abc");
        assert_eq!(event.text(), Some("abc"));
    }

    #[test]
    fn meta_keeps_only_what_is_there() {
        let meta = Meta { code: Some(1001), ..Meta::default() };
        assert_eq!(serde_json::to_string(&meta).unwrap_or_default(), r#"{"code":1001}"#);
    }
}
