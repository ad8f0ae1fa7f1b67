//! CBOR (RFC 8949) and sequences of it (RFC 8742): tags are named, large numbers written out.

use std::borrow::Cow;

use ciborium_ll::{Decoder as Pull, Error, Header};

use super::tokens::{self, Token, Tokens};
use super::{Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "cbor", label: "CBOR", fit, read };

/// Numbers of more bytes than this stay bytes: writing out digits takes the square of their count.
const LARGE: usize = 256;
/// Self-described CBOR begins so.
const MAGIC: [u8; 3] = [0xd9, 0xd9, 0xf7];

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = context.content_type.filter(|name| name.contains("cbor")) {
        return Fit::content_type(name);
    }
    if context.payload.starts_with(&MAGIC) {
        return Fit::Looks("it begins with the tag of CBOR");
    }
    match context.payload.first() {
        Some(0xa1..=0xbb | 0xbf) if context.text.is_none() => Fit::May("it reads as a CBOR map"),
        Some(0x81..=0x9b | 0x9f) if context.text.is_none() => Fit::May("it reads as a CBOR array"),
        _ => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    tokens::read(context, || Pieces::new(context.payload))
}

/// The pieces of a payload.
pub(super) struct Pieces<'a> {
    pull: Pull<&'a [u8]>,
    length: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(payload: &'a [u8]) -> Self {
        Self { pull: Pull::from(payload), length: payload.len() }
    }

    fn header(&mut self) -> Result<Header, Unreadable> {
        self.pull.pull().map_err(|error| match error {
            Error::Syntax(at) => Unreadable::new("no CBOR begins so").at(at),
            Error::Io(_) => Unreadable::new("it is cut off").at(self.length),
        })
    }

    /// The next so many bytes.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, Unreadable> {
        let left = self.length - self.pull.offset();
        if count > left {
            let what = format!("{count} bytes are to follow, but {left} do");
            return Err(Unreadable::new(what).at(self.pull.offset()));
        }
        let mut bytes = vec![0; count];
        ciborium_io::Read::read_exact(&mut self.pull, &mut bytes)
            .map_err(|_| Unreadable::new("it is cut off").at(self.length))?;
        Ok(bytes)
    }

    /// A run of bytes or text, in one piece or, where no length was told, in several.
    fn run(&mut self, length: Option<usize>) -> Result<Vec<u8>, Unreadable> {
        if let Some(length) = length {
            return self.take(length);
        }
        let mut whole = Vec::new();
        loop {
            let at = self.pull.offset();
            match self.header()? {
                Header::Break => return Ok(whole),
                Header::Bytes(Some(length)) | Header::Text(Some(length)) => {
                    whole.append(&mut self.take(length)?);
                }
                _ => return Err(Unreadable::new("a run of bytes holds something else").at(at)),
            }
        }
    }

    fn text(&mut self, length: Option<usize>) -> Result<Token<'a>, Unreadable> {
        let at = self.pull.offset();
        let bytes = self.run(length)?;
        let text = String::from_utf8(bytes);
        text.map(|text| Token::Text(text.into()))
            .map_err(|_| Unreadable::new("a text is no UTF-8").at(at))
    }

    /// What a tag says of the next value, or the number that it makes of it.
    fn tag(&mut self, tag: u64) -> Result<Token<'a>, Unreadable> {
        if matches!(tag, 2 | 3) {
            let header = self.header()?;
            if let Header::Bytes(length) = header {
                let bytes = self.run(length)?;
                return Ok(large(&bytes, tag == 3).unwrap_or(Token::Bytes(bytes.into())));
            }
            self.pull.push(header);
        }
        let name = match tag {
            0 => "date and time",
            1 => "Unix time",
            2 | 3 => "large number",
            4 => "decimal fraction",
            5 => "big float",
            16..=18 | 96..=98 => "COSE",
            21 => "base64url",
            22 => "base64",
            23 => "base16",
            24 => "CBOR within",
            32 => "URI",
            33 | 34 => "base64 text",
            35 => "regular expression",
            36 => "MIME",
            37 => "UUID",
            61 => "CWT",
            100 => "days since 1970",
            258 => "set",
            260 | 261 => "network address",
            1004 => "date",
            55799 => return Ok(Token::Note("self-described".into())),
            _ => return Ok(Token::Note(format!("tag {tag}").into())),
        };
        Ok(Token::Note(format!("tag {tag}, {name}").into()))
    }

    fn token(&mut self, header: Header) -> Result<Token<'a>, Unreadable> {
        let count = |count: Option<usize>| count.map(|count| count as u64);
        Ok(match header {
            Header::Positive(number) => Token::Int(number.into()),
            Header::Negative(number) => Token::Int(-1 - i128::from(number)),
            Header::Float(number) => Token::Float(number),
            Header::Simple(20) => Token::Word("false"),
            Header::Simple(21) => Token::Word("true"),
            Header::Simple(22) => Token::Word("null"),
            Header::Simple(23) => Token::Word("undefined"),
            Header::Simple(other) => Token::Text(Cow::Owned(format!("simple({other})"))),
            Header::Tag(tag) => return self.tag(tag),
            Header::Break => Token::End,
            Header::Bytes(length) => Token::Bytes(self.run(length)?.into()),
            Header::Text(length) => return self.text(length),
            Header::Array(length) => Token::Array(count(length)),
            Header::Map(length) => Token::Map(count(length)),
        })
    }
}

impl<'a> Tokens<'a> for Pieces<'a> {
    fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        let header = self.header()?;
        self.token(header)
    }

    fn at(&mut self) -> usize {
        self.pull.offset()
    }

    fn is_empty(&mut self) -> bool {
        self.pull.offset() >= self.length
    }
}

/// The digits of a number of any size: the bytes are it, or, where it is negative, -1 minus it.
fn large(bytes: &[u8], is_negative: bool) -> Option<Token<'static>> {
    if bytes.len() > LARGE {
        return None;
    }
    // In groups of nine digits, the lowest first.
    let mut groups: Vec<u32> = vec![0];
    let mut grow = |factor: u64, sum: u64| {
        let mut carry = sum;
        for group in &mut groups {
            let grown = u64::from(*group) * factor + carry;
            *group = (grown % 1_000_000_000) as u32;
            carry = grown / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry as u32);
        }
    };
    for byte in bytes {
        grow(256, u64::from(*byte));
    }
    if is_negative {
        grow(1, 1);
    }
    let mut digits = String::from(if is_negative { "-" } else { "" });
    for (at, group) in groups.iter().rev().enumerate() {
        let written = if at == 0 { format!("{group}") } else { format!("{group:09}") };
        digits.push_str(&written);
    }
    Some(Token::Digits(digits))
}
