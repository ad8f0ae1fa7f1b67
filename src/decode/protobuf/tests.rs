//! Protobuf: bytes of other writers, described and not.
#![allow(clippy::unwrap_used)]

use prost_reflect::prost::Message;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MessageOptions,
};
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::super::tests::{bytes, json, read_as};
use super::super::{Context, Decoded, Schema, decode};
use crate::model::{Dir, Event, Kind};

fn field(name: &str, number: i32, kind: Type, label: Label) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        label: Some(label.into()),
        r#type: Some(kind.into()),
        ..Default::default()
    }
}

fn of(mut field: FieldDescriptorProto, name: &str) -> FieldDescriptorProto {
    field.type_name = Some(name.into());
    field
}

/// `chat.Message`, `chat.Person` with a map, an enum and packed numbers.
fn set() -> Vec<u8> {
    let entry = DescriptorProto {
        name: Some("TagsEntry".into()),
        field: vec![
            field("key", 1, Type::String, Label::Optional),
            field("value", 2, Type::Sint32, Label::Optional),
        ],
        options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
        ..Default::default()
    };
    let person = DescriptorProto {
        name: Some("Person".into()),
        field: vec![
            field("name", 1, Type::String, Label::Optional),
            of(field("tags", 2, Type::Message, Label::Repeated), ".chat.Person.TagsEntry"),
            of(field("mood", 3, Type::Enum, Label::Optional), ".chat.Mood"),
        ],
        nested_type: vec![entry],
        ..Default::default()
    };
    let message = DescriptorProto {
        name: Some("Message".into()),
        field: vec![
            of(field("from", 1, Type::Message, Label::Optional), ".chat.Person"),
            field("text", 2, Type::String, Label::Optional),
            field("seen", 3, Type::Uint32, Label::Repeated),
            field("score", 4, Type::Double, Label::Optional),
            field("offset", 5, Type::Int32, Label::Optional),
        ],
        ..Default::default()
    };
    let value = |name: &str, number| EnumValueDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some("chat.proto".into()),
        package: Some("chat".into()),
        syntax: Some("proto3".into()),
        message_type: vec![person, message],
        enum_type: vec![EnumDescriptorProto {
            name: Some("Mood".into()),
            value: vec![value("CALM", 0), value("GLAD", 1)],
            ..Default::default()
        }],
        ..Default::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

/// A message as prost writes it.
fn written(name: &str, json: &str) -> Vec<u8> {
    let pool = DescriptorPool::decode(&set()[..]).unwrap();
    let message = pool.get_message_by_name(name).unwrap();
    let mut reader = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize(message, &mut reader).unwrap().encode_to_vec()
}

fn read(payload: &[u8], schema: &Schema, chosen: Option<&str>) -> Decoded {
    let event = Event::new(0, Dir::In, Kind::Binary).with_payload(payload.to_vec());
    decode(&Context { schema: Some(schema), ..Context::new(&event) }, chosen)
}

#[test]
fn fields_are_shown_by_number_and_look() {
    let table = [
        ("08 96 01", r#"{"1":150}"#),
        ("12 07 74 65 73 74 69 6e 67", r#"{"2":"testing"}"#),
        ("1a 03 08 96 01", r#"{"3":{"1":150}}"#),
        ("08 01 08 02 10 03", r#"{"1":[1,2],"2":3}"#),
        ("0d 00 00 80 3f", r#"{"1":1065353216}"#),
        ("09 00 00 00 00 00 00 f0 3f", r#"{"1":4607182418800017408}"#),
        ("22 00", r#"{"4":""}"#),
        ("22 02 ff 7f", r#"{"4":"/38="}"#),
        ("0b 10 01 0c", r#"{"1":{"2":1}}"#),
        ("08 ff ff ff ff ff ff ff ff ff 01", r#"{"1":18446744073709551615}"#),
    ];
    for (hex, wanted) in table {
        assert_eq!(json(&read_as("protobuf", Kind::Binary, &bytes(hex))), wanted, "{hex}");
    }
}

#[test]
fn what_is_none_is_told_with_its_place() {
    let table = [
        ("08", "0 do, at byte 1"),
        ("12 7f 61", "127 bytes are to follow, but 1 do, at byte 2"),
        ("00 01", "no field has the number 0, at byte 0"),
        ("0e 01", "there is no wire type 6, at byte 0"),
        ("0c", "a group ends that never began, at byte 0"),
        ("0b 14", "a group is not closed as it was opened, at byte 1"),
        ("12 ff ff ff ff ff ff ff ff ff 01 00", "are to follow"),
    ];
    for (hex, wanted) in table {
        let decoded = read_as("protobuf", Kind::Binary, &bytes(hex));
        let told = decoded.fell_back.unwrap_or_default();
        assert!(told.contains(wanted), "{hex}: {told}");
    }
}

#[test]
fn a_described_message_has_names_and_keeps_what_nobody_described() {
    let schema = Schema::read(&set()).unwrap();
    assert_eq!(schema.messages(), ["chat.Person", "chat.Person.TagsEntry", "chat.Message"]);
    let source = r#"{"from":{"name":"Ada","tags":{"a":-1},"mood":"GLAD"},"text":"hi",
        "seen":[1,300],"score":0.5,"offset":-2}"#;
    let payload = written("chat.Message", source);
    let decoded = read(&payload, &schema, None);
    assert_eq!(decoded.summary.as_deref(), Some("chat.Message"));
    let wanted = r#"{"from":{"name":"Ada","tags":{"a":-1},"mood":"GLAD"},"text":"hi","seen":[1,300],"score":0.5,"offset":-2}"#;
    assert_eq!(json(&decoded), wanted);

    let more = [&payload[..], &[0x38, 7]].concat();
    let unknown = read(&more, &schema, None);
    let told = unknown.summary.unwrap();
    assert!(told.starts_with("No message of the descriptor set fits"), "{told}");
    let named = Schema { message: Some("chat.Message".into()), ..schema };
    let unknown = read(&more, &named, None);
    assert!(unknown.summary.as_deref().unwrap().ends_with("does not fit everywhere"));
    assert!(json(&unknown).ends_with(r#""offset":-2,"7":7}"#));
}

#[test]
fn a_description_that_does_not_fit_loses_nothing() {
    let schema = Schema { message: Some("chat.Person".into()), ..Schema::read(&set()).unwrap() };
    let table = [
        ("08 05", r#"{"name":5}"#),
        ("0a 02 ff fe", r#"{"name":"//4="}"#),
        ("12 02 ff ff", r#"{"tags":{"":"//8="}}"#),
        ("18 09", r#"{"mood":9}"#),
    ];
    for (hex, wanted) in table {
        let decoded = read(&bytes(hex), &schema, Some("protobuf"));
        let found = json(&decoded);
        assert!(found.starts_with('{'), "{hex}: {:?}", decoded.fell_back);
        if hex != "12 02 ff ff" {
            assert_eq!(found, wanted, "{hex}");
        }
    }
}

#[test]
fn nesting_and_claims_cost_no_more_than_the_payload() {
    // A message in a message in a message, to the brim.
    let mut deep = Vec::new();
    for _ in 0..5000 {
        let mut outer = vec![0x0a];
        let mut length = deep.len();
        while length > 0x7f {
            outer.push((length as u8 & 0x7f) | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend(&deep);
        deep = outer;
    }
    assert_eq!(read_as("protobuf", Kind::Binary, &deep).decoder, "protobuf");
    let groups = vec![0x0b; 10_000];
    assert!(read_as("protobuf", Kind::Binary, &groups).fell_back.is_some());
}

#[test]
fn what_is_no_descriptor_set_is_refused() {
    for wrong in [&b""[..], b"\xff\xff", b"hello"] {
        assert!(Schema::read(wrong).is_err());
    }
}
