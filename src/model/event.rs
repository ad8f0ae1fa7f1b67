//! One event of a session: a frame, a message, a request, a change of state. Everything that is
//! recorded, shown or exported is one of these.

use bytes::Bytes;

use super::Meta;

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
    /// Something worth knowing about the connection.
    Note,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 18] = [
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
        Self::Note,
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
            Self::Note => "note",
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
        matches!(
            self,
            Self::Connecting
                | Self::Open
                | Self::Closed
                | Self::Failed
                | Self::Retrying
                | Self::Note
        )
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
}
