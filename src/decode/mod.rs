//! What a payload means. Each decoder is a file and a line in `DECODERS`; the first in that
//! order that can read a payload is used, and text or bytes remain when none can.

mod json;

use crate::model::Event;

/// A payload, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// A JSON document, fields in the order they were sent.
    Json(serde_json::Value),
    /// Text of no known form.
    Text(String),
    /// Bytes that are no text.
    Bytes,
}

impl Decoded {
    /// The word the window shows.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Json(_) => "JSON",
            Self::Text(_) => "Text",
            Self::Bytes => "Binary",
        }
    }
}

type Decoder = fn(&[u8]) -> Option<Decoded>;

/// Every decoder, the most particular first.
const DECODERS: &[Decoder] = &[json::decode];

/// Reads the payload of an event.
pub fn decode(event: &Event) -> Decoded {
    DECODERS.iter().find_map(|decoder| decoder(&event.payload)).unwrap_or_else(|| {
        event.text().map_or(Decoded::Bytes, |text| Decoded::Text(text.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Kind};

    fn label(kind: Kind, payload: &[u8]) -> &'static str {
        decode(&Event::new(0, Dir::In, kind).with_payload(payload.to_vec())).label()
    }

    #[test]
    fn the_form_is_found_by_reading() {
        assert_eq!(label(Kind::Text, br#" {"a":1}"#), "JSON");
        assert_eq!(label(Kind::Binary, b"[1]"), "JSON");
        assert_eq!(label(Kind::Text, b"42"), "Text");
        assert_eq!(label(Kind::Text, b"{not json"), "Text");
        assert_eq!(label(Kind::Binary, b"abc"), "Binary");
        assert_eq!(label(Kind::Text, b"\xff\xfe"), "Binary");
        assert_eq!(label(Kind::Text, b""), "Text");
    }
}
