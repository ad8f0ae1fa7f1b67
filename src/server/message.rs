//! A message as it goes to clients: written once, its bytes shared by all of them. As JSON; one that
//! carries bytes also as MessagePack, which is what goes over WebSocket.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use rmp::encode::{self, ByteBuf, ValueWriteError};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The type of a message that names none.
const PLAIN: &str = "message";
/// Characters in the type of a message, at most.
const LONGEST_TYPE: usize = 64;

/// A message of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Place in the topic, from 1, without gaps.
    pub id: u64,
    /// Its `type`, which is the event name over SSE. Holds no line break.
    pub kind: String,
    /// The whole message as one line of JSON.
    pub json: Bytes,
    /// The whole message as a MessagePack map, where it carries bytes. What `data` holds here as
    /// they are, it holds in JSON as Base64.
    pub packed: Option<Bytes>,
}

impl Message {
    /// What goes over WebSocket: the map where there is one, as a binary message, otherwise JSON.
    pub(super) fn for_websocket(&self) -> &Bytes {
        self.packed.as_ref().unwrap_or(&self.json)
    }

    /// Bytes it holds in memory.
    pub(super) fn size(&self) -> usize {
        self.json.len() + self.packed.as_ref().map_or(0, Bytes::len)
    }
}

/// A message that has no id and no time yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    kind: String,
    /// The end of the JSON object: every field the server does not set itself.
    rest: String,
    /// The bytes that it carries.
    data: Option<Bytes>,
    /// It has a `seq` of its own, which stays.
    has_seq: bool,
}

/// A body that cannot become a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// It is not a JSON object.
    #[error("a message must be a JSON object such as {{\"text\":\"hello\"}}: {0}")]
    NotAnObject(String),
    /// Its type is unfit to be an event name.
    #[error("“type” must be a string of 1 to {LONGEST_TYPE} characters on one line")]
    Type,
}

impl Draft {
    /// A message with a type and a text. Line breaks do not survive in the type, since it becomes
    /// a line of an event stream.
    pub fn text(kind: &str, text: &str) -> Self {
        let kind: String = kind.chars().filter(|c| !c.is_control()).take(LONGEST_TYPE).collect();
        let rest = format!("\"type\":{},\"text\":{}}}", quoted(&kind), quoted(text));
        Self { kind, rest, data: None, has_seq: false }
    }

    /// A message with a type and these further fields, which are members of a JSON object on one
    /// line. For those who write them themselves: nothing is checked.
    pub(super) fn made(kind: &str, fields: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            rest: format!("\"type\":\"{kind}\",{fields}}}"),
            data: None,
            has_seq: false,
        }
    }

    /// A message that carries bytes, in `data`.
    pub(super) fn bytes(kind: &str, data: Bytes) -> Self {
        let mut draft =
            Self::made(kind, &format!("\"data\":\"{}\"", BASE64_STANDARD.encode(&data)));
        draft.data = Some(data);
        draft
    }

    /// A message with the fields of this JSON object, numbers as they are spelt. `id`, `topic` and
    /// `ts` are set by the server and left out; without a `type` it gets `message`.
    ///
    /// # Errors
    /// [`DraftError`], whose text is fit for the sender.
    pub fn object(json: &[u8]) -> Result<Self, DraftError> {
        let fields: Fields<'_> =
            serde_json::from_slice(json).map_err(|e| DraftError::NotAnObject(e.to_string()))?;
        let kind = match fields.0.iter().find(|(name, _)| name == "type") {
            None => String::from(PLAIN),
            Some((_, raw)) => event_name(raw)?,
        };
        let mut rest = format!("\"type\":{}", quoted(&kind));
        for (name, value) in &fields.0 {
            if matches!(name.as_str(), "id" | "topic" | "ts" | "type") {
                continue;
            }
            rest.push(',');
            rest.push_str(&quoted(name));
            rest.push(':');
            push_on_one_line(&mut rest, value.get());
        }
        rest.push('}');
        let has_seq = fields.0.iter().any(|(name, _)| name == "seq");
        Ok(Self { kind, rest, data: None, has_seq })
    }

    /// The message this becomes in `topic`. `seq` counts on where ids have begun again.
    pub(super) fn publish(
        &self,
        id: u64,
        seq: Option<u64>,
        topic: &str,
        now: SystemTime,
    ) -> Message {
        let seq = seq.filter(|_| !self.has_seq);
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (ms, fraction) = (since.as_millis(), since.subsec_micros() % 1000);
        let count = seq.map(|seq| format!("\"seq\":{seq},")).unwrap_or_default();
        let head =
            format!("{{\"id\":{id},\"topic\":{},\"ts\":{ms}.{fraction:03},{count}", quoted(topic));
        let mut json = Vec::with_capacity(head.len() + self.rest.len());
        json.extend_from_slice(head.as_bytes());
        json.extend_from_slice(self.rest.as_bytes());
        // Writing to memory does not fail.
        let packed = self.data.as_ref().and_then(|data| {
            let ts = since.as_micros() as f64 / 1e3;
            packed(id, seq, topic, ts, &self.kind, data).ok()
        });
        Message { id, kind: self.kind.clone(), json: json.into(), packed }
    }
}

/// A MessagePack map with the fields of a message that carries bytes.
fn packed(
    id: u64,
    seq: Option<u64>,
    topic: &str,
    ts: f64,
    kind: &str,
    data: &[u8],
) -> Result<Bytes, ValueWriteError<std::convert::Infallible>> {
    let mut map = ByteBuf::with_capacity(64 + topic.len() + kind.len() + data.len());
    encode::write_map_len(&mut map, if seq.is_some() { 6 } else { 5 })?;
    encode::write_str(&mut map, "id")?;
    encode::write_uint(&mut map, id)?;
    encode::write_str(&mut map, "topic")?;
    encode::write_str(&mut map, topic)?;
    encode::write_str(&mut map, "ts")?;
    encode::write_f64(&mut map, ts)?;
    if let Some(seq) = seq {
        encode::write_str(&mut map, "seq")?;
        encode::write_uint(&mut map, seq)?;
    }
    encode::write_str(&mut map, "type")?;
    encode::write_str(&mut map, kind)?;
    encode::write_str(&mut map, "data")?;
    encode::write_bin(&mut map, data)?;
    Ok(map.into_vec().into())
}

fn event_name(raw: &RawValue) -> Result<String, DraftError> {
    let kind: String = serde_json::from_str(raw.get()).map_err(|_| DraftError::Type)?;
    let fits = (1..=LONGEST_TYPE).contains(&kind.chars().count());
    if fits && !kind.contains(char::is_control) { Ok(kind) } else { Err(DraftError::Type) }
}

/// A string as JSON spells it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Leaves out the white space between tokens: a line break there would end an event or a line.
fn push_on_one_line(out: &mut String, json: &str) {
    let (mut in_string, mut escaped) = (false, false);
    out.extend(json.chars().filter(|&c| {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return true;
        }
        in_string = c == '"';
        !c.is_ascii_whitespace()
    }));
}

/// The fields of an object with their values as they were spelt, so that a number too large for a
/// float passes unharmed. Of fields with one name the last counts.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut places = HashMap::new();
                let mut fields: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    let place = *places.entry(name.clone()).or_insert(fields.len());
                    match fields.get_mut(place) {
                        Some(field) => field.1 = value,
                        None => fields.push((name, value)),
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(micros)
    }

    fn json(draft: &Draft) -> String {
        String::from_utf8_lossy(&draft.publish(12, None, "default", at(1_795_351_572_123_456)).json)
            .into_owned()
    }

    #[test]
    fn a_message_is_written_as_the_contract_says() {
        assert_eq!(
            json(&Draft::text("tick", "a\n\"b\"")),
            r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"tick","text":"a\n\"b\""}"#
        );
        let early = Draft::text("t", "").publish(1, None, "a\"b", at(7));
        assert_eq!(
            String::from_utf8_lossy(&early.json),
            r#"{"id":1,"topic":"a\"b","ts":0.007,"type":"t","text":""}"#
        );
    }

    #[test]
    fn bytes_are_base64_in_json_and_themselves_in_messagepack() {
        let draft = Draft::bytes("binary", Bytes::from_static(b"\x00\xff?"));
        assert_eq!(
            json(&draft),
            r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"binary","data":"AP8/"}"#
        );
        let message = draft.publish(12, None, "default", at(1_795_351_572_123_456));
        let map = b"\x85\xa2id\x0c\xa5topic\xa7default\xa2ts\xcb\x42\x7a\x20\x34\xae\xe9\xb7\x4c\
            \xa4type\xa6binary\xa4data\xc4\x03\x00\xff?";
        assert_eq!(message.for_websocket()[..], map[..]);
        assert_eq!(message.size(), message.json.len() + map.len());
        let text = Draft::text("t", "").publish(1, None, "x", at(7));
        assert_eq!((text.for_websocket(), text.packed.as_ref()), (&text.json, None));
    }

    #[test]
    fn a_count_goes_on_where_ids_begin_again() -> Result<(), DraftError> {
        let json = |draft: &Draft| {
            let message = draft.publish(1, Some(8), "t", at(7));
            String::from_utf8_lossy(&message.json).into_owned()
        };
        assert_eq!(
            json(&Draft::text("tick", "")),
            r#"{"id":1,"topic":"t","ts":0.007,"seq":8,"type":"tick","text":""}"#
        );
        assert_eq!(
            json(&Draft::object(br#"{"seq":"mine"}"#)?),
            r#"{"id":1,"topic":"t","ts":0.007,"type":"message","seq":"mine"}"#
        );
        let bytes = Draft::bytes("b", Bytes::from_static(&[7]));
        let packed = bytes.publish(1, Some(8), "t", at(7)).packed.unwrap_or_default();
        let read: rmpv::Value =
            rmpv::decode::read_value(&mut &packed[..]).unwrap_or(rmpv::Value::Nil);
        assert_eq!(read["seq"].as_u64(), Some(8));
        assert_eq!(read.as_map().map(Vec::len), Some(6));
        Ok(())
    }

    #[test]
    fn an_object_keeps_its_fields_on_one_line() -> Result<(), DraftError> {
        let table = [
            (r"{}", r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"message"}"#),
            (
                "{\n \"type\": \"order\",\r\n \"id\": 7, \"ts\": 1, \"topic\": \"x\",\n \"n\": [1,\n 2]\n}",
                r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"order","n":[1,2]}"#,
            ),
            (
                r#"{"big": 123456789012345678901234567890, "s": "a \"b \\", "t" : { "u" : 1.50 } }"#,
                r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"message","big":123456789012345678901234567890,"s":"a \"b \\","t":{"u":1.50}}"#,
            ),
            (
                r#"{"a":1,"a":2}"#,
                r#"{"id":12,"topic":"default","ts":1795351572123.456,"type":"message","a":2}"#,
            ),
        ];
        for (body, message) in table {
            assert_eq!(json(&Draft::object(body.as_bytes())?), message);
        }
        Ok(())
    }

    #[test]
    fn what_is_no_object_or_has_no_usable_type_is_refused() {
        for body in ["", "[1]", "7", "{", "{\"a\":}", "{} {}", "\u{1}"] {
            let refused = Draft::object(body.as_bytes());
            assert!(matches!(refused, Err(DraftError::NotAnObject(_))), "{body}: {refused:?}");
        }
        for body in [r#"{"type":7}"#, r#"{"type":""}"#, r#"{"type":"a\nid: 9"}"#] {
            assert_eq!(Draft::object(body.as_bytes()), Err(DraftError::Type), "{body}");
        }
    }

    #[test]
    fn a_type_never_breaks_a_line() {
        assert_eq!(Draft::text("a\nb\rc", "").kind, "abc");
    }
}
