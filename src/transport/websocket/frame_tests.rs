//! What the frame decoder makes of bytes, wherever they are split.
#![allow(clippy::unwrap_used)]

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Feeds `bytes` in these pieces and collects what they are taken apart to.
fn pieces<'a>(split: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Piece>, Decoder) {
    let mut decoder = Decoder::default();
    let mut pieces = Vec::new();
    for bytes in split {
        decoder.buffer().extend_from_slice(bytes);
        while let Some(piece) = decoder.next(|_| Ok::<_, ()>(())).unwrap() {
            pieces.push(piece);
        }
    }
    (pieces, decoder)
}

/// The same with the pieces of each frame put together, and the bytes of the wire.
fn decode<'a>(split: impl IntoIterator<Item = &'a [u8]>) -> (Vec<(Header, Vec<u8>)>, Vec<u8>) {
    let (mut frames, mut raw) = (Vec::new(), Vec::new());
    for piece in pieces(split).0 {
        raw.extend(piece.raw());
        if piece.is_first() {
            frames.push((piece.header, Vec::new()));
        }
        let (header, payload) = frames.last_mut().unwrap();
        assert_eq!((*header, payload.len() as u64), (piece.header, piece.start));
        payload.extend(&piece.bytes);
        assert_eq!(piece.is_last(), payload.len() as u64 == header.length);
    }
    (frames, raw)
}

/// Frames of every shape one after another: empty, small, fragmented, control, masked, extended
/// and not minimal lengths, reserved bits.
fn medley() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(b"\x81\x00");
    bytes.extend(b"\x81\x05Hello");
    bytes.extend(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    bytes.extend(b"\x01\x03Hel\x89\x02hi\x80\x02lo");
    bytes.extend(b"\x82\x7e\x01\x00");
    bytes.extend([7; 256]);
    bytes.extend(b"\xc2\x7f\x00\x00\x00\x00\x00\x00\x00\x03abc");
    bytes.extend(b"\x82\xfe\x00\x02\x37\xfa\x21\x3d\x00\x00");
    bytes.extend(b"\x88\x02\x03\xe8");
    bytes
}

#[test]
fn every_split_gives_the_same_frames() {
    let bytes = medley();
    let (whole, _) = decode([&bytes[..]]);
    assert_eq!(whole.len(), 10);
    let splits = (0..=bytes.len()).map(|at| bytes.split_at(at));
    for (left, right) in splits {
        assert_eq!(decode([left, right]), (whole.clone(), bytes.clone()), "at {}", left.len());
    }
    assert_eq!(decode(bytes.chunks(1)), (whole.clone(), bytes.clone()), "byte by byte");
    assert_eq!(decode(bytes.chunks(3)), (whole, bytes.clone()), "three by three");
}

#[test]
fn control_frames_are_never_taken_apart() {
    let bytes = b"\x89\x04ping\x88\x02\x03\xe8\x8a\x00";
    assert_eq!(pieces(bytes.chunks(1)).0, pieces([&bytes[..]]).0);
}

#[test]
fn headers_are_read_as_the_rfc_lays_them_out() {
    let header =
        |fin, rsv, opcode, mask, length, size| Header { fin, rsv, opcode, mask, length, size };
    let table: [(&[u8], Option<Header>, bool); 14] = [
        (b"", None, true),
        (b"\x81", None, true),
        (b"\x81\x05", Some(header(true, 0, 1, None, 5, 2)), true),
        (b"\x01\x7d", Some(header(false, 0, 1, None, 125, 2)), true),
        (b"\x82\x7e\x00", None, true),
        (b"\x82\x7e\x00\x7e", Some(header(true, 0, 2, None, 126, 4)), true),
        (b"\x82\x7e\x00\x7d", Some(header(true, 0, 2, None, 125, 4)), false),
        (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00", None, true),
        (
            b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
            Some(header(true, 0, 2, None, 65536, 10)),
            true,
        ),
        (
            b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
            Some(header(true, 0, 2, None, 65535, 10)),
            false,
        ),
        (b"\x8a\x80\x37\xfa\x21", None, true),
        (b"\x8a\x80\x37\xfa\x21\x3d", Some(header(true, 0, 10, Some(KEY), 0, 6)), true),
        (b"\xf3\x00", Some(header(true, 7, 3, None, 0, 2)), true),
        (b"\xc1\x00", Some(header(true, 4, 1, None, 0, 2)), true),
    ];
    for (bytes, expected, minimal) in table {
        let found = Header::parse(bytes);
        assert_eq!(found, expected, "{bytes:02x?}");
        assert_eq!(found.is_none_or(|header| header.is_minimal()), minimal, "{bytes:02x?}");
    }
}

#[test]
fn a_refused_header_is_not_waited_for() {
    let mut decoder = Decoder::default();
    decoder.buffer().extend_from_slice(b"\x83\x7f\xff\xff\xff\xff\xff\xff\xff\xffab");
    assert_eq!(decoder.next(|header| Err::<(), _>(header.opcode)), Err(3));
    assert_eq!(decoder.sample(64).len(), 12);
    assert_eq!(decoder.sample(2), &b"\x83\x7f"[..]);
}

#[test]
fn a_header_is_asked_about_once() {
    let mut decoder = Decoder::default();
    let mut asked = 0;
    for byte in b"\x81\x03abc\x81\x00" {
        decoder.buffer().extend_from_slice(&[*byte]);
        let _ = decoder.next(|_| {
            asked += 1;
            Ok::<(), ()>(())
        });
    }
    assert_eq!(asked, 2);
}

#[test]
fn a_claimed_length_takes_no_memory() {
    let claim = b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff";
    let (pieces, mut decoder) = pieces([&claim[..], &[1; 5000], &[2; 3000]]);
    let found: Vec<_> = pieces.iter().map(|p| (p.start, p.bytes.len(), p.is_last())).collect();
    assert_eq!(found, [(0, 5000, false), (5000, 3000, false)]);
    assert_eq!(decoder.unfinished(), Some((8010, Some(u64::MAX))));
    assert!(decoder.buffer().is_empty());
}

#[test]
fn what_is_missing_of_a_frame_is_known() {
    let unfinished = |bytes: &[u8]| pieces([bytes]).1.unfinished();
    assert_eq!(unfinished(b""), None);
    assert_eq!(unfinished(b"\x81\x00"), None);
    assert_eq!(unfinished(b"\x81"), Some((1, None)));
    assert_eq!(unfinished(b"\x81\x05ab"), Some((4, Some(7))));
    assert_eq!(unfinished(b"\x89\x05ab"), Some((4, Some(7))));
    assert_eq!(unfinished(b"\x81\x05"), Some((2, Some(7))));
}
