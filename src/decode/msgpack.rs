//! MessagePack (msgpack.org specification): maps with any names, extensions, the timestamp among
//! them.

use std::borrow::Cow;

use rmp::Marker;

use super::bytes::Cursor;
use super::tokens::{self, Token, Tokens};
use super::{Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "msgpack", label: "MessagePack", fit, read };

/// Type of the extension that is a moment.
const TIMESTAMP: i8 = -1;

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = context.content_type.filter(|name| name.contains("msgpack")) {
        return Fit::content_type(name);
    }
    // Almost any byte is a number; only maps and arrays that end with the payload convince.
    match context.payload.first() {
        Some(0x81..=0x8f | 0xde | 0xdf) if context.text.is_none() => {
            Fit::May("it reads as a MessagePack map")
        }
        Some(0x91..=0x9f | 0xdc | 0xdd) if context.text.is_none() => {
            Fit::May("it reads as a MessagePack array")
        }
        _ => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    tokens::read(context, || Pieces::new(context.payload))
}

/// The pieces of a payload.
pub(super) struct Pieces<'a> {
    cursor: Cursor<'a>,
    /// The value that something was just said of.
    said: Option<Token<'a>>,
}

impl<'a> Pieces<'a> {
    pub(super) const fn new(payload: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(payload), said: None }
    }

    /// An extension: what it is, and then its bytes or the moment it stands for.
    fn extension(&mut self, marker: Marker) -> Result<Token<'a>, Unreadable> {
        let length = length(&mut self.cursor, marker)?;
        let kind = self.cursor.u8()?.cast_signed();
        let bytes = self.cursor.take(length)?;
        let (note, value) = match moment(kind, bytes) {
            Some(text) => (Cow::Borrowed("timestamp"), Token::Text(text.into())),
            None => (format!("extension {kind}").into(), Token::Bytes(bytes.into())),
        };
        self.said = Some(value);
        Ok(Token::Note(note))
    }
}

impl<'a> Tokens<'a> for Pieces<'a> {
    fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        if let Some(said) = self.said.take() {
            return Ok(said);
        }
        let from = self.cursor.at();
        let cursor = &mut self.cursor;
        let marker = Marker::from_u8(cursor.u8()?);
        Ok(match marker {
            Marker::Null => Token::Word("null"),
            Marker::True => Token::Word("true"),
            Marker::False => Token::Word("false"),
            Marker::FixPos(number) => Token::Int(number.into()),
            Marker::FixNeg(number) => Token::Int(number.into()),
            Marker::U8 => Token::Int(cursor.u8()?.into()),
            Marker::U16 => Token::Int(cursor.u16()?.into()),
            Marker::U32 => Token::Int(cursor.u32()?.into()),
            Marker::U64 => Token::Int(cursor.u64()?.into()),
            Marker::I8 => Token::Int(cursor.u8()?.cast_signed().into()),
            Marker::I16 => Token::Int(cursor.u16()?.cast_signed().into()),
            Marker::I32 => Token::Int(cursor.u32()?.cast_signed().into()),
            Marker::I64 => Token::Int(cursor.u64()?.cast_signed().into()),
            Marker::F32 => Token::Single(f32::from_bits(cursor.u32()?)),
            Marker::F64 => Token::Float(f64::from_bits(cursor.u64()?)),
            Marker::FixStr(length) => text(cursor, length.into())?,
            Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let length = length(cursor, marker)?;
                text(cursor, length)?
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                let length = length(cursor, marker)?;
                Token::Bytes(cursor.take(length)?.into())
            }
            Marker::FixArray(count) => Token::Array(Some(count.into())),
            Marker::Array16 => Token::Array(Some(cursor.u16()?.into())),
            Marker::Array32 => Token::Array(Some(cursor.u32()?.into())),
            Marker::FixMap(count) => Token::Map(Some(count.into())),
            Marker::Map16 => Token::Map(Some(cursor.u16()?.into())),
            Marker::Map32 => Token::Map(Some(cursor.u32()?.into())),
            Marker::Reserved => return Err(Unreadable::new("0xc1 is never used").at(from)),
            _ => return self.extension(marker),
        })
    }

    fn at(&mut self) -> usize {
        self.cursor.at()
    }

    fn is_empty(&mut self) -> bool {
        self.cursor.is_empty()
    }
}

/// The length that follows a marker, in as many bytes as it says.
fn length(cursor: &mut Cursor<'_>, marker: Marker) -> Result<usize, Unreadable> {
    Ok(match marker {
        Marker::FixExt1 => 1,
        Marker::FixExt2 => 2,
        Marker::FixExt4 => 4,
        Marker::FixExt8 => 8,
        Marker::FixExt16 => 16,
        Marker::Str8 | Marker::Bin8 | Marker::Ext8 => cursor.u8()?.into(),
        Marker::Str16 | Marker::Bin16 | Marker::Ext16 => cursor.u16()?.into(),
        _ => cursor.u32()? as usize,
    })
}

/// A text; where it is no UTF-8, which old writers put bytes into, its bytes.
fn text<'a>(cursor: &mut Cursor<'a>, length: usize) -> Result<Token<'a>, Unreadable> {
    let bytes = cursor.take(length)?;
    Ok(std::str::from_utf8(bytes).map_or(Token::Bytes(bytes.into()), |t| Token::Text(t.into())))
}

/// A timestamp as RFC 3339.
fn moment(kind: i8, bytes: &[u8]) -> Option<String> {
    if kind != TIMESTAMP {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    let (seconds, nanos) = match bytes.len() {
        4 => (i64::from(cursor.u32().ok()?), 0),
        8 => {
            let both = cursor.u64().ok()?;
            ((both & 0x3_ffff_ffff).cast_signed(), (both >> 34) as u32)
        }
        12 => {
            let nanos = cursor.u32().ok()?;
            (cursor.u64().ok()?.cast_signed(), nanos)
        }
        _ => return None,
    };
    let nanos = i32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    jiff::Timestamp::new(seconds, nanos).ok().map(|moment| moment.to_string())
}
