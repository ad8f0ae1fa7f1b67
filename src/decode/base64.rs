//! base64 (RFC 4648) around a payload, in either alphabet, with padding or without, and `data:`
//! addresses (RFC 2397). The payload within is read in turn.

use ::base64::Engine;
use ::base64::alphabet::{STANDARD, URL_SAFE};
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::context::text_among;
use super::{Body, Bytes, Context, Decoder, Fit, Part, Read, Unreadable, line};

pub(super) const DECODER: Decoder = Decoder { id: "base64", label: "base64", fit, read };

/// Shorter texts are words more often than not.
const SHORTEST: usize = 16;

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text.map(str::trim_ascii) else { return Fit::No };
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return Fit::May("it is a data: address");
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let start = &text.as_bytes()[..text.len().min(64)];
    if text.len() >= SHORTEST && start.iter().all(is_letter) {
        return Fit::May("it reads as base64");
    }
    Fit::No
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let text = context.utf8().ok_or_else(|| Unreadable::new("it is no text"))?.trim_ascii();
    let body = Body::Text(context.payload.clone());
    if let Some(("data", rest)) = text.split_once(':') {
        let (kind, data) = rest
            .split_once(',')
            .ok_or_else(|| Unreadable::new("the data: address has no comma").at(text.len()))?;
        let (kind, payload) = match kind.strip_suffix(";base64") {
            Some(kind) => (kind, decoded(data)?),
            None => (kind, percent_decoded(data)),
        };
        let name = if kind.is_empty() { "text/plain" } else { kind };
        let summary = format!("data: address, {name}, {}", line::size(payload.len()));
        let part = Part::bytes("Data", payload).content_type(name);
        return Ok(Read::from(body).summary(summary).part(part));
    }
    let payload = decoded(text)?;
    // Many words and keys are base64 by chance: only what makes sense inside is taken for it.
    if !context.chosen && !makes_sense(&payload) {
        return Err(Unreadable::new("it holds nothing that makes sense"));
    }
    let summary = format!("base64 of {}", line::size(payload.len()));
    Ok(Read::from(body).summary(summary).part(Part::bytes("Within base64", payload)))
}

/// Text of more than a few letters, or bytes that begin as something known.
fn makes_sense(payload: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] = [
        b"\x1f\x8b\x08",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF8",
        b"RIFF",
        b"%PDF-",
        b"PK\x03\x04",
        b"\xd9\xd9\xf7",
    ];
    BEGINNINGS.iter().any(|known| payload.starts_with(known)) || text_among(payload).is_some()
}

fn decoded(text: &str) -> Result<Bytes, Unreadable> {
    let is_url_safe = memchr::memchr2(b'-', b'_', text.as_bytes()).is_some();
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabet = if is_url_safe { &URL_SAFE } else { &STANDARD };
    // Mail and keys break their lines.
    let lines: String;
    let text = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        lines = text.split_ascii_whitespace().collect();
        &lines
    } else {
        text
    };
    let decoded = GeneralPurpose::new(alphabet, config).decode(text);
    decoded.map(Bytes::from).map_err(|error| Unreadable::new(error.to_string()))
}

fn percent_decoded(text: &str) -> Bytes {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let digits = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = &after[if byte.is_some() { 2 } else { 0 }..];
    }
    out.into()
}
