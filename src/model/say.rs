//! What the person at the window wants sent to the peer.

use std::time::Duration;

use bytes::Bytes;

/// Something to send over an open session, or how to go on sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// A text message; over HTTP transports the body of a POST to the endpoint's address.
    Text(String),
    /// A binary message; over HTTP transports the body of a POST.
    Binary(Bytes),
    /// A WebSocket ping with this payload, at most 125 bytes.
    Ping(Bytes),
    /// A WebSocket pong with this payload, asked for or not.
    Pong(Bytes),
    /// A message in several WebSocket frames.
    Fragments {
        /// Text rather than binary.
        is_text: bool,
        /// The payload of each frame.
        parts: Vec<Bytes>,
    },
    /// A WebSocket close frame with any code, or with none; the session ends when the peer has
    /// answered.
    Close(Option<u16>, String),
    /// From now on answer WebSocket pings, or do not.
    AnswerPings(bool),
    /// Send this again and again, first after one such time; `None` ends what was repeated.
    Repeat(Option<(Box<Say>, Duration)>),
}
