//! What the person at the window wants sent to the peer.

use bytes::Bytes;

/// Something to send over an open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// A text message; over HTTP transports the body of a POST to the endpoint's address.
    Text(String),
    /// A binary message; over HTTP transports the body of a POST.
    Binary(Bytes),
    /// A WebSocket ping with this payload, at most 125 bytes.
    Ping(Bytes),
    /// A WebSocket close frame; the session ends when the peer has answered.
    Close(u16, String),
}
