//! Every coding in every cut, and what is not what it says.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use async_compression::Level;
use async_compression::codecs::brotli::params::EncoderParams as BrotliParams;
use async_compression::codecs::{BrotliEncoder, EncodeV2, ZstdEncoder};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn raw(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What `encoder` makes of each part, flushed after each.
fn encoded(encoder: &mut dyn EncodeV2, parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut space = vec![0; 1 << 20];
    let mut whole = Vec::new();
    for part in parts {
        let mut output = WriteBuffer::new_initialized(&mut space);
        let mut input = PartialBuffer::new(*part);
        while !input.unwritten().is_empty() {
            encoder.encode(&mut input, &mut output).unwrap();
        }
        while !encoder.flush(&mut output).unwrap() {}
        whole.push(output.written().to_vec());
    }
    let mut output = WriteBuffer::new_initialized(&mut space);
    while !encoder.finish(&mut output).unwrap() {}
    whole.push(output.written().to_vec());
    whole
}

fn quick() -> BrotliParams {
    BrotliParams::default().quality(Level::Precise(4))
}

fn brotli(text: &[u8]) -> Vec<u8> {
    encoded(&mut BrotliEncoder::new(quick()), &[text]).concat()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    encoded(&mut ZstdEncoder::new(3), &[text]).concat()
}

/// Decodes a body that comes in chunks of `size`.
fn decode(codings: &str, body: &[u8], size: usize) -> Result<Vec<u8>, CodingError> {
    let mut decoder = Decoder::new(codings).unwrap().unwrap();
    let mut whole = Vec::new();
    for chunk in body.chunks(size) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(piece) = decoder.next()? {
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            whole.extend_from_slice(&piece);
        }
    }
    decoder.end().map(|()| whole)
}

/// Neither too regular nor too random, and several pieces long.
fn text() -> Vec<u8> {
    (0..12_000u32)
        .flat_map(|n| format!("{} ", n.wrapping_mul(2_654_435_761) >> 12).into_bytes())
        .collect()
}

#[test]
fn every_coding_is_taken_off_in_every_cut() {
    let text = text();
    let table: [(&str, Vec<u8>); 9] = [
        ("gzip", gzip(&text)),
        ("X-GZIP", gzip(&text)),
        ("deflate", zlib(&text)),
        ("deflate", raw(&text)),
        ("br", brotli(&text)),
        ("zstd", zstd(&text)),
        ("gzip, br", brotli(&gzip(&text))),
        ("identity, deflate,zstd , gzip", gzip(&zstd(&zlib(&text)))),
        ("gzip", [gzip(&text[..9]), gzip(b""), gzip(&text[9..])].concat()),
    ];
    for (codings, body) in &table {
        for size in [1, 2, 7, 1000, body.len()] {
            let decoded = decode(codings, body, size);
            assert!(decoded.as_deref() == Ok(&text), "{codings} in chunks of {size}");
        }
    }
    let twice = [zstd(b"one"), zstd(b"two")].concat();
    assert_eq!(decode("zstd", &twice, 1).unwrap(), b"onetwo");
}

#[test]
fn what_was_flushed_comes_out_at_once() {
    let parts: [&[u8]; 3] = [b"data: one\n\n", b"data: two\n\n", b"data: three\n\n"];
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    let gz = parts.map(|part| {
        gz.write_all(part).unwrap();
        gz.flush().unwrap();
        std::mem::take(gz.get_mut())
    });
    let table = [
        ("gzip", gz.to_vec()),
        ("br", encoded(&mut BrotliEncoder::new(quick()), &parts)),
        ("zstd", encoded(&mut ZstdEncoder::new(3), &parts)),
    ];
    for (coding, chunks) in table {
        let mut decoder = Decoder::new(coding).unwrap().unwrap();
        for (chunk, part) in chunks.into_iter().zip(parts) {
            let mut got = Vec::new();
            decoder.feed(chunk.into());
            while let Some(piece) = decoder.next().unwrap() {
                got.extend_from_slice(&piece);
            }
            assert_eq!(got, part, "{coding}");
        }
    }
}

#[test]
fn a_bomb_comes_out_in_pieces() {
    let zeros = vec![0; 16 << 20];
    for (coding, bomb) in
        [("gzip", gzip(&zeros)), ("br", brotli_of_zeros()), ("zstd", zstd_of_zeros())]
    {
        let mut decoder = Decoder::new(coding).unwrap().unwrap();
        decoder.feed(bomb.into());
        let mut total = 0;
        while let Some(piece) = decoder.next().unwrap() {
            assert!(piece.len() <= PIECE);
            total += piece.len();
        }
        assert_eq!(total, zeros.len(), "{coding}");
        decoder.end().unwrap();
    }
}

fn brotli_of_zeros() -> Vec<u8> {
    let part = vec![0; 1 << 20];
    encoded(&mut BrotliEncoder::new(quick()), &[part.as_slice(); 16]).concat()
}

fn zstd_of_zeros() -> Vec<u8> {
    let part = vec![0; 1 << 20];
    encoded(&mut ZstdEncoder::new(3), &[part.as_slice(); 16]).concat()
}

#[test]
fn what_is_cut_broken_or_followed_is_named() {
    let text = text();
    let bodies = [
        ("gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("br", brotli(&text)),
        ("zstd", zstd(&text)),
    ];
    for (coding, body) in bodies {
        for cut in [1, 2, 5, body.len() / 2, body.len() - 1] {
            let error = decode(coding, &body[..cut], 3);
            // A first byte alone tells nothing of deflate, and is no deflate either.
            let is_cut = matches!(error, Err(CodingError::Cut { .. }));
            assert!(is_cut || coding == "deflate" && cut == 1, "{coding} {cut}: {error:?}");
        }
        let followed = [body.as_slice(), b"<html>"].concat();
        for size in [1, followed.len()] {
            let error = decode(coding, &followed, size).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the {coding} body is followed by something else")
            );
        }
        let error =
            decode(coding, b"<html>hello, this is nothing of the kind</html>", 5).unwrap_err();
        assert!(error.to_string().starts_with("the body is not the "), "{coding}: {error}");
    }
    let mut torn = gzip(&text);
    let end = torn.len();
    torn[end - 6] ^= 1;
    assert!(matches!(decode("gzip", &torn, 100), Err(CodingError::Broken { .. })));
    assert_eq!(decode("gzip", b"", 1), Ok(Vec::new()));
}

#[test]
fn names_are_read_as_they_are_written() {
    assert!(Decoder::new("identity").unwrap().is_none() && Decoder::new("").unwrap().is_none());
    assert_eq!(Decoder::new("gzip, snappy").unwrap_err(), "snappy");
    assert!(Decoder::new("gzip, gzip, gzip, gzip, gzip").is_err());
}

#[test]
fn no_bytes_make_it_panic_or_go_on_for_ever() {
    let mut random = fastrand::Rng::with_seed(7);
    let whole = [
        ("gzip", gzip(&text())),
        ("deflate", raw(&text())),
        ("br", brotli(&text())),
        ("zstd", zstd(&text())),
    ];
    for round in 0..400 {
        let (coding, body) = &whole[round % 4];
        let mut body = body[..random.usize(1..2000)].to_vec();
        for _ in 0..random.usize(0..4) {
            let at = random.usize(..body.len());
            body[at] = random.u8(..);
        }
        let _ = decode(coding, &body, random.usize(1..300));
    }
}
