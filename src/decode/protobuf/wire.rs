//! Protobuf on the wire: fields by number, without their meaning (protobuf.dev, "Encoding").

use super::super::Unreadable;
use super::super::bytes::Cursor;

/// How deep groups may lie in each other; the form is long out of use.
const GROUPS: usize = 16;

/// A field as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) value: Raw<'a>,
}

/// What a field holds, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A text, bytes, a message or a run of numbers.
    Bytes(&'a [u8]),
    /// The fields of a group.
    Group(&'a [u8]),
}

/// Number and wire type of the next field.
fn tag(cursor: &mut Cursor<'_>) -> Result<(u32, u8), Unreadable> {
    let from = cursor.at();
    let tag = cursor.varint(5)?;
    let number = u32::try_from(tag >> 3).unwrap_or(u32::MAX);
    if number == 0 || number > 0x1fff_ffff {
        return Err(Unreadable::new(format!("no field has the number {number}")).at(from));
    }
    Ok((number, (tag & 7) as u8))
}

/// The next field.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Result<Field<'a>, Unreadable> {
    let from = cursor.at();
    let (number, kind) = tag(cursor)?;
    let value = match kind {
        0 => Raw::Varint(cursor.varint(10)?),
        1 => Raw::Fixed64(cursor.u64_le()?),
        2 => Raw::Bytes(run(cursor)?),
        3 => Raw::Group(group(cursor, number)?),
        5 => Raw::Fixed32(cursor.u32_le()?),
        4 => return Err(Unreadable::new("a group ends that never began").at(from)),
        _ => return Err(Unreadable::new(format!("there is no wire type {kind}")).at(from)),
    };
    Ok(Field { number, value })
}

fn run<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Unreadable> {
    let length = cursor.varint(10)?;
    cursor.take(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The number of the next field, which stays.
pub(super) fn peek(cursor: &Cursor<'_>) -> Option<u32> {
    tag(&mut cursor.clone()).ok().map(|(number, _)| number)
}

/// The fields of a group up to its end.
fn group<'a>(cursor: &mut Cursor<'a>, number: u32) -> Result<&'a [u8], Unreadable> {
    let mut ahead = cursor.clone();
    let mut open = vec![number];
    loop {
        let end = ahead.at();
        let (number, kind) = tag(&mut ahead)?;
        match kind {
            0 => drop(ahead.varint(10)?),
            1 => drop(ahead.take(8)?),
            2 => drop(run(&mut ahead)?),
            3 if open.len() < GROUPS => open.push(number),
            4 if open.pop() == Some(number) => {
                if open.is_empty() {
                    let fields = cursor.take(end - cursor.at())?;
                    *cursor = ahead;
                    return Ok(fields);
                }
            }
            5 => drop(ahead.take(4)?),
            _ => return Err(Unreadable::new("a group is not closed as it was opened").at(end)),
        }
    }
}

/// Whether the bytes are fields from the first to the last; what they hold is not looked into.
pub(super) fn is_message(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        next(&mut cursor)?;
    }
    Ok(())
}

/// A signed number as `sint32` and `sint64` write it.
pub(super) fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// A run of numbers in groups of seven bits, at most so many of them.
pub(super) fn varints(bytes: &[u8], most: usize) -> Option<Vec<u64>> {
    let mut cursor = Cursor::new(bytes);
    let mut numbers = Vec::new();
    while !cursor.is_empty() {
        let number = cursor.varint(10).ok()?;
        if numbers.len() < most {
            numbers.push(number);
        }
    }
    Some(numbers)
}
