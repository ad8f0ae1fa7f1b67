//! gzip (RFC 1952) and zlib (RFC 1950) around a payload, which is read in turn. What it inflates to
//! is bounded: a few bytes can stand for terabytes.

use std::io::{self, Read as _};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::{Body, Context, Decoder, Fit, Part, Read, Unreadable, line};

pub(super) const DECODER: Decoder = Decoder { id: "gzip", label: "gzip or zlib", fit, read };

/// Bytes a payload is inflated to, at most.
const MOST: usize = 64 << 20;

const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// CMF and FLG of zlib: deflate, and a checksum over both.
fn is_zlib(payload: &[u8]) -> bool {
    match payload {
        [cmf, flg, _, ..] => {
            let both = u16::from_be_bytes([*cmf, *flg]);
            cmf & 0xf == 8 && cmf >> 4 <= 7 && both.is_multiple_of(31) && flg & 0x20 == 0
        }
        _ => false,
    }
}

fn fit(context: &Context<'_>) -> Fit {
    if context.payload.starts_with(&GZIP) {
        Fit::Looks("it begins as gzip does")
    } else if context.text.is_none() && is_zlib(context.payload) {
        Fit::May("it begins as zlib does")
    } else {
        Fit::No
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let payload = context.payload;
    let (name, inflated) = if payload.starts_with(&GZIP) {
        ("gzip", inflate(MultiGzDecoder::new(&payload[..])))
    } else if is_zlib(payload) {
        ("zlib", inflate(ZlibDecoder::new(&payload[..])))
    } else {
        return Err(Unreadable::new("it begins neither as gzip nor as zlib"));
    };
    let (inflated, end) = inflated;
    if inflated.is_empty()
        && let End::Broken(error) = &end
    {
        return Err(Unreadable::new(format!("it cannot be inflated: {error}")));
    }
    let end = match end {
        End::Whole => String::new(),
        End::Broken(error) => format!(", as far as it could be: {error}"),
        End::Limit => String::from(", and more, which is left out"),
    };
    let (before, after) = (line::size(payload.len()), line::size(inflated.len()));
    let summary = format!("{name}, {before} inflated to {after}{end}");
    let part = Part::bytes("Inflated", inflated);
    Ok(Read::from(Body::Bytes(payload.clone())).summary(summary).part(part))
}

enum End {
    Whole,
    Broken(io::Error),
    Limit,
}

fn inflate(mut from: impl io::Read) -> (Vec<u8>, End) {
    let mut inflated = Vec::new();
    let end = match from.by_ref().take(MOST as u64).read_to_end(&mut inflated) {
        Err(error) => End::Broken(error),
        Ok(_) if inflated.len() < MOST => End::Whole,
        Ok(_) => match from.read(&mut [0]) {
            Ok(0) => End::Whole,
            _ => End::Limit,
        },
    };
    (inflated, end)
}
