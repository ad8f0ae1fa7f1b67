//! The choice of a decoder.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::{Dir, Event, Kind};

mod forms;
mod hostile;
mod oracles;

fn event(kind: Kind, payload: &[u8]) -> Event {
    Event::new(0, Dir::In, kind).with_payload(payload.to_vec())
}

pub(super) fn read(kind: Kind, payload: &[u8]) -> Decoded {
    decode(&Context::new(&event(kind, payload)), None)
}

/// Read by the decoder of this id.
pub(super) fn read_as(id: &str, kind: Kind, payload: &[u8]) -> Decoded {
    decode(&Context::new(&event(kind, payload)), Some(id))
}

/// Bytes written in hexadecimal.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The document as JSON; for anything else what it was taken for.
pub(super) fn json(decoded: &Decoded) -> String {
    match &decoded.body {
        Body::Tree(tree) => tree.root().to_json(),
        _ => format!("{}: {:?}", decoded.decoder, decoded.fell_back),
    }
}

#[test]
fn the_form_is_found_by_reading() {
    let table: [(Kind, &[u8], &str); 9] = [
        (Kind::Text, br#" {"a":1}"#, "json"),
        (Kind::Binary, b"[1]", "json"),
        (Kind::Text, b"42", "text"),
        (Kind::Text, b"{not json", "text"),
        (Kind::Text, b"[INFO] started", "text"),
        (Kind::Binary, b"abc", "text"),
        (Kind::Binary, b"ab\0", "hex"),
        (Kind::Text, b"\xff\xfe", "hex"),
        (Kind::Text, b"", "text"),
    ];
    for (kind, payload, wanted) in table {
        assert_eq!(read(kind, payload).decoder, wanted, "{}", payload.escape_ascii());
    }
}

#[test]
fn what_was_expected_and_is_not_there_is_told() {
    let broken = read(Kind::Text, br#"{"a":1"#);
    assert_eq!(broken.decoder, "text");
    let told = broken.fell_back.unwrap();
    assert!(told.starts_with("Not JSON, although it begins as an object does: EOF"), "{told}");
    assert!(told.ends_with("shown as Text"), "{told}");
    assert_eq!(read(Kind::Text, b"{not json").fell_back, None);
}

#[test]
fn the_persons_choice_comes_first_and_falls_back_in_words() {
    let event = Event::new(0, Dir::In, Kind::Text).with_payload(r#"{"a":1}"#);
    let context = Context::new(&event);
    let chosen = decode(&context, Some("hex"));
    assert_eq!(
        (chosen.decoder, chosen.why.as_str(), chosen.fell_back),
        ("hex", "chosen by you", None)
    );
    let event = event.with_payload("no");
    let other = decode(&Context::new(&event), Some("json"));
    assert_eq!(other.decoder, "text");
    let told = other.fell_back.unwrap();
    assert!(told.starts_with("Not JSON: expected ident at line 1"), "{told}");
}

#[test]
fn a_content_type_names_the_form() {
    let event = Event::new(0, Dir::In, Kind::Message).with_payload("42");
    let context = Context { content_type: Some("application/json"), ..Context::new(&event) };
    let named = decode(&context, None);
    assert_eq!((named.decoder, named.why.as_str()), ("json", "content type application/json"));
    let event = event.with_payload("<html>");
    let context = Context { content_type: Some("application/json"), ..Context::new(&event) };
    let told = decode(&context, None).fell_back.unwrap();
    assert!(told.starts_with("Not JSON, which content type application/json names: "), "{told}");
}

#[test]
fn ids_are_unique_and_found() {
    for known in decoders() {
        assert_eq!(decoder(known.id).map(|found| found.label), Some(known.label));
    }
    assert!(decoder("nothing").is_none());
}
