//! A message by its description: names instead of numbers, values as they are meant. What the
//! description does not know, or what is not as it says, is shown by look and said.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::super::bytes::Cursor;
use super::super::{Builder, Unreadable};
use super::guess;
use super::wire::{self, Field, Raw};

/// How deep messages may lie in each other, as in other readers.
const DEPTH: usize = 100;

/// Adds the fields of a message to the object that is open.
pub(super) fn fields(
    tree: &mut Builder,
    bytes: &[u8],
    message: &MessageDescriptor,
    depth: usize,
) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() && !tree.is_full() {
        let first = wire::next(&mut cursor)?;
        let Some(field) = message.get_field(first.number) else {
            tree.key(&first.number.to_string());
            guess::value(tree, first.value, depth)?;
            continue;
        };
        tree.key(field.name());
        if !field.is_list() && !field.is_map() {
            value(tree, first.value, &field.kind(), depth)?;
            continue;
        }
        if field.is_map() {
            tree.object()
        } else {
            tree.array()
        };
        let mut next = first;
        loop {
            many(tree, next, &field, depth)?;
            if tree.is_full() || wire::peek(&cursor) != Some(first.number) {
                break;
            }
            next = wire::next(&mut cursor)?;
        }
        tree.close();
    }
    Ok(())
}

/// One entry of a map, one item of a list, or a packed run of items.
fn many(
    tree: &mut Builder,
    field: Field<'_>,
    described: &FieldDescriptor,
    depth: usize,
) -> Result<(), Unreadable> {
    let kind = described.kind();
    match (field.value, &kind) {
        (Raw::Bytes(bytes), Kind::Message(entry))
            if described.is_map() && wire::is_message(bytes).is_ok() =>
        {
            map_entry(tree, bytes, entry, depth)
        }
        (Raw::Bytes(bytes), kind) if is_packed(bytes, kind) => packed(tree, bytes, kind, depth),
        (raw, kind) => value(tree, raw, kind, depth),
    }
}

fn map_entry(
    tree: &mut Builder,
    bytes: &[u8],
    entry: &MessageDescriptor,
    depth: usize,
) -> Result<(), Unreadable> {
    let (mut name, mut held) = (None, None);
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let field = wire::next(&mut cursor)?;
        match field.number {
            1 => name = Some(field.value),
            2 => held = Some(field.value),
            _ => {}
        }
    }
    let mut key = Builder::default();
    if let Some(name) = name {
        value(&mut key, name, &entry.map_entry_key_field().kind(), depth)?;
    } else {
        key.text("");
    }
    let key = key.finish()?;
    tree.key(&key.root().text().unwrap_or_default());
    let Some(held) = held else {
        tree.word("default");
        return Ok(());
    };
    value(tree, held, &entry.map_entry_value_field().kind(), depth)
}

fn packed(tree: &mut Builder, bytes: &[u8], kind: &Kind, depth: usize) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() && !tree.is_full() {
        let raw = match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Raw::Fixed64(cursor.u64_le()?),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Raw::Fixed32(cursor.u32_le()?),
            _ => Raw::Varint(cursor.varint(10)?),
        };
        value(tree, raw, kind, depth)?;
    }
    Ok(())
}

/// Whether the bytes are numbers of this kind from the first to the last.
fn is_packed(bytes: &[u8], kind: &Kind) -> bool {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => bytes.len().is_multiple_of(8),
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => bytes.len().is_multiple_of(4),
        kind => is_number(kind) && wire::varints(bytes, 0).is_some(),
    }
}

const fn is_number(kind: &Kind) -> bool {
    !matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_))
}

/// A negative one takes ten bytes; what other readers cut off is cut off here.
fn int32(number: u64) -> i32 {
    (number as u32).cast_signed()
}

/// Adds what a field holds, as it is meant.
fn value(tree: &mut Builder, raw: Raw<'_>, kind: &Kind, depth: usize) -> Result<(), Unreadable> {
    match (kind, raw) {
        (Kind::Double, Raw::Fixed64(bits)) => {
            tree.number(format_args!("{:?}", f64::from_bits(bits)))
        }
        (Kind::Float, Raw::Fixed32(bits)) => {
            tree.number(format_args!("{:?}", f32::from_bits(bits)))
        }
        (Kind::Int32, Raw::Varint(number)) => tree.number(int32(number)),
        (Kind::Int64, Raw::Varint(number)) | (Kind::Sfixed64, Raw::Fixed64(number)) => {
            tree.number(number.cast_signed())
        }
        (Kind::Uint32, Raw::Varint(number)) => tree.number(number as u32),
        (Kind::Uint64, Raw::Varint(number)) | (Kind::Fixed64, Raw::Fixed64(number)) => {
            tree.number(number)
        }
        (Kind::Sint32 | Kind::Sint64, Raw::Varint(number)) => tree.number(wire::zigzag(number)),
        (Kind::Fixed32, Raw::Fixed32(number)) => tree.number(number),
        (Kind::Sfixed32, Raw::Fixed32(number)) => tree.number(number.cast_signed()),
        (Kind::Bool, Raw::Varint(number)) => tree.bool(number != 0),
        (Kind::Enum(named), Raw::Varint(number)) => match named.get_value(int32(number)) {
            Some(named) => tree.word(named.name()).note(number.to_string()),
            None => tree.number(number).note(format!("unknown to {}", named.full_name())),
        },
        (Kind::Bytes, Raw::Bytes(bytes)) => tree.bytes(bytes),
        (Kind::String, Raw::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => tree.text(text),
            Err(_) => tree.bytes(bytes).note("a string that is no UTF-8"),
        },
        (Kind::Message(message), Raw::Bytes(bytes) | Raw::Group(bytes)) => {
            tree.object();
            if depth < DEPTH && wire::is_message(bytes).is_ok() {
                fields(tree, bytes, message, depth + 1)?;
            } else {
                tree.note(format!("no {}", message.full_name())).key("").bytes(bytes);
            }
            tree.close()
        }
        (kind, raw) => {
            guess::value(tree, raw, depth)?;
            if !matches!(raw, Raw::Group(_) | Raw::Bytes(_)) {
                tree.note(format!("described as {kind:?}"));
            }
            tree
        }
    };
    Ok(())
}

/// Whether every field, to the innermost, is one that the description knows, of its kind.
pub(super) fn fits(bytes: &[u8], message: &MessageDescriptor, depth: usize) -> bool {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let Ok(Field { number, value }) = wire::next(&mut cursor) else { return false };
        let Some(field) = message.get_field(number) else { return false };
        let is_so = match (field.kind(), value) {
            (Kind::Message(inner), Raw::Bytes(bytes)) if !field.is_group() => {
                depth < DEPTH && fits(bytes, &inner, depth + 1)
            }
            (Kind::Message(inner), Raw::Group(bytes)) => {
                field.is_group() && depth < DEPTH && fits(bytes, &inner, depth + 1)
            }
            (Kind::String, Raw::Bytes(bytes)) => std::str::from_utf8(bytes).is_ok(),
            (Kind::Bytes, Raw::Bytes(_))
            | (Kind::Double | Kind::Fixed64 | Kind::Sfixed64, Raw::Fixed64(_))
            | (Kind::Float | Kind::Fixed32 | Kind::Sfixed32, Raw::Fixed32(_)) => true,
            (kind, Raw::Bytes(run)) => field.is_list() && is_packed(run, &kind),
            (Kind::Bool, Raw::Varint(number)) => number <= 1,
            (Kind::Enum(named), Raw::Varint(number)) => named.get_value(int32(number)).is_some(),
            (kind, Raw::Varint(_)) => {
                is_number(&kind)
                    && !matches!(kind, Kind::Double | Kind::Fixed64 | Kind::Sfixed64)
                    && !matches!(kind, Kind::Float | Kind::Fixed32 | Kind::Sfixed32)
            }
            _ => false,
        };
        if !is_so {
            return false;
        }
    }
    true
}
