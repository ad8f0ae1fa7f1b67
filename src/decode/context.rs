//! What is known of a payload before it is read.

use bytes::Bytes;
use url::Url;

use super::Schema;
use crate::model::{Dir, Event, Headers, Kind};

/// A payload and where it comes from.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The payload.
    pub payload: &'a Bytes,
    /// The payload as text, where it is valid UTF-8; where it is binary by kind, only if it holds no
    /// character that no text has. See [`Self::utf8`].
    pub text: Option<&'a str>,
    /// Who sent it.
    pub dir: Dir,
    /// What carried it.
    pub kind: Kind,
    /// Type of a server-sent event.
    pub name: Option<&'a str>,
    /// Its id.
    pub id: Option<&'a str>,
    /// The subprotocol the handshake agreed upon (RFC 6455, section 1.9).
    pub subprotocol: Option<&'a str>,
    /// Media type of this payload in lower case, without parameters; never that of an envelope,
    /// as `text/event-stream` is one.
    pub content_type: Option<&'a str>,
    /// Where the session is connected to.
    pub url: Option<&'a Url>,
    /// The first message this side sent over the connection. Some protocols agree there upon what
    /// follows, as MQTT and SignalR do.
    pub opening: Option<&'a Bytes>,
    /// Protobuf messages that the person has described.
    pub schema: Option<&'a Schema>,
    /// The person chose the decoder that is asked, so that doubts do not matter.
    pub chosen: bool,
    /// How many payloads this one lies in.
    pub depth: u8,
}

impl<'a> Context<'a> {
    /// What an event says of its own payload.
    pub fn new(event: &'a Event) -> Self {
        Self {
            payload: &event.payload,
            text: event.text().or_else(|| text_among(&event.payload)),
            dir: event.dir,
            kind: event.kind,
            name: event.name.as_deref(),
            id: event.id.as_deref(),
            subprotocol: None,
            content_type: None,
            url: None,
            opening: None,
            schema: None,
            chosen: false,
            depth: 0,
        }
    }

    /// The payload as text wherever it is valid UTF-8.
    pub fn utf8(&self) -> Option<&'a str> {
        self.text.or_else(|| std::str::from_utf8(self.payload).ok())
    }

    /// Path of the address, or nothing.
    pub fn path(&self) -> &'a str {
        self.url.map_or("", Url::path)
    }

    /// The first value of a parameter of the address.
    pub fn query(&self, name: &str) -> Option<String> {
        let mut pairs = self.url?.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Whether this subprotocol was agreed upon, whatever its letters' case, and this is a message:
    /// what pings, closes and answers carry is not its business.
    pub fn speaks(&self, subprotocol: &str) -> bool {
        let agreed = self.subprotocol.filter(|_| self.kind.is_message());
        agreed.is_some_and(|agreed| agreed.eq_ignore_ascii_case(subprotocol))
    }
}

/// Bytes as text, where they are valid UTF-8 without control characters but tabs and line ends.
pub(super) fn text_among(bytes: &[u8]) -> Option<&str> {
    let is_strange = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    // Most binary payloads have one near their beginning.
    if bytes.iter().any(is_strange) { None } else { std::str::from_utf8(bytes).ok() }
}

/// The media type that header fields tell of a payload; `None` for those of envelopes.
pub fn content_type(headers: &Headers) -> Option<String> {
    let value = header(headers, "content-type")?;
    let name = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!name.is_empty() && name != "text/event-stream").then_some(name)
}

/// The subprotocol that a handshake's answer names.
pub fn subprotocol(headers: &Headers) -> Option<&str> {
    header(headers, "sec-websocket-protocol").map(str::trim).filter(|name| !name.is_empty())
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_the_payload_not_its_envelope() {
        let headers = |value: &str| vec![(String::from("Content-Type"), value.to_owned())];
        let json = content_type(&headers("Application/JSON; charset=utf-8"));
        assert_eq!(json.as_deref(), Some("application/json"));
        assert_eq!(content_type(&headers("text/event-stream")), None);
        assert_eq!(content_type(&headers("")), None);
        let agreed = vec![(String::from("Sec-WebSocket-Protocol"), String::from(" mqtt "))];
        assert_eq!(subprotocol(&agreed), Some("mqtt"));
    }
}
