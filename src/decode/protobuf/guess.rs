//! A message nobody described: fields by number, what they hold by look.

use std::fmt::Write;

use super::super::bytes::Cursor;
use super::super::context::text_among;
use super::super::{Builder, Unreadable};
use super::wire::{self, Raw};

/// How deep messages are looked for in each other.
const DEPTH: usize = 32;
/// Numbers of a run that are told.
const RUN: usize = 16;

/// Adds the fields of a message to the object that is open.
pub(super) fn fields(tree: &mut Builder, bytes: &[u8], depth: usize) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() && !tree.is_full() {
        let mut field = wire::next(&mut cursor)?;
        let number = field.number;
        tree.key(&number.to_string());
        if wire::peek(&cursor) != Some(number) {
            value(tree, field.value, depth)?;
            continue;
        }
        tree.array();
        loop {
            value(tree, field.value, depth)?;
            if tree.is_full() || wire::peek(&cursor) != Some(number) {
                break;
            }
            field = wire::next(&mut cursor)?;
        }
        tree.close();
    }
    Ok(())
}

/// Adds what a field holds.
pub(super) fn value(tree: &mut Builder, value: Raw<'_>, depth: usize) -> Result<(), Unreadable> {
    match value {
        Raw::Varint(number) => {
            tree.number(number);
            if number > i64::MAX as u64 {
                tree.note(format!("as int64 {}", number.cast_signed()));
            } else if number > 1 {
                tree.note(format!("as sint {}", wire::zigzag(number)));
            }
        }
        Raw::Fixed32(number) => {
            let single = f32::from_bits(number);
            tree.number(number).note(format!("fixed32, as float {single:?}"));
        }
        Raw::Fixed64(number) => {
            let double = f64::from_bits(number);
            tree.number(number).note(format!("fixed64, as double {double:?}"));
        }
        Raw::Group(bytes) => {
            tree.object().note("group");
            fields(tree, bytes, depth + 1)?;
            tree.close();
        }
        Raw::Bytes(bytes) => run(tree, bytes, depth)?,
    }
    Ok(())
}

/// A text, a message, or bytes, which may be a run of numbers.
fn run(tree: &mut Builder, bytes: &[u8], depth: usize) -> Result<(), Unreadable> {
    if let Some(text) = text_among(bytes) {
        tree.text(text);
    } else if depth < DEPTH && wire::is_message(bytes).is_ok() {
        tree.object();
        fields(tree, bytes, depth + 1)?;
        tree.close();
    } else {
        tree.bytes(bytes);
        if let Some(numbers) = wire::varints(bytes, RUN + 1) {
            let mut told = String::from("as numbers");
            for number in numbers.iter().take(RUN) {
                // Writing to a text does not fail.
                let _ = write!(told, " {number}");
            }
            if numbers.len() > RUN {
                told.push('…');
            }
            tree.note(told);
        }
    }
    Ok(())
}
