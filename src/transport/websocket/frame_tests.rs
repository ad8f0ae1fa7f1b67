//! What the frame decoder makes of bytes, wherever they are split.
#![allow(clippy::unwrap_used)]

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Feeds `bytes` in these pieces and collects the frames.
fn decode<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, Decoder) {
    let mut decoder = Decoder::new(limit);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.buffer().extend_from_slice(piece);
        while let Some(frame) = decoder.next(|_| Ok::<_, ()>(())).unwrap() {
            frames.push(frame);
        }
    }
    (frames, decoder)
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
    let (whole, _) = decode(1 << 20, [&bytes[..]]);
    assert_eq!(whole.len(), 10);
    assert_eq!(whole.iter().map(Frame::wire).sum::<u64>(), bytes.len() as u64);
    for at in 0..=bytes.len() {
        let (left, right) = bytes.split_at(at);
        assert_eq!(decode(1 << 20, [left, right]).0, whole, "split at {at}");
    }
    assert_eq!(decode(1 << 20, bytes.chunks(1)).0, whole, "byte by byte");
    assert_eq!(decode(1 << 20, bytes.chunks(3)).0, whole, "three by three");
}

#[test]
fn every_split_gives_the_same_frames_where_the_limit_cuts() {
    let bytes = medley();
    let (whole, _) = decode(4, [&bytes[..]]);
    let kept: Vec<_> = whole.iter().map(|frame| (frame.payload.len(), frame.cut())).collect();
    let expected =
        [(0, 0), (4, 1), (4, 1), (3, 0), (2, 0), (2, 0), (4, 252), (3, 0), (2, 0), (2, 0)];
    assert_eq!(kept, expected);
    for at in 0..=bytes.len() {
        let (left, right) = bytes.split_at(at);
        assert_eq!(decode(4, [left, right]).0, whole, "split at {at}");
    }
}

#[test]
fn raw_gives_back_the_bytes_of_the_wire() {
    let bytes = medley();
    let (frames, _) = decode(1 << 20, [&bytes[..]]);
    assert_eq!(frames.iter().flat_map(Frame::raw).collect::<Vec<u8>>(), bytes);
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
    let mut decoder = Decoder::new(1 << 20);
    decoder.buffer().extend_from_slice(b"\x83\x7f\xff\xff\xff\xff\xff\xff\xff\xffab");
    assert_eq!(decoder.next(|header| Err::<(), _>(header.opcode)), Err(3));
    assert_eq!(decoder.sample(64).len(), 12);
    assert_eq!(decoder.sample(2), &b"\x83\x7f"[..]);
}

#[test]
fn a_header_is_asked_about_once() {
    let mut decoder = Decoder::new(1 << 20);
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
    let (frames, mut decoder) = decode(1000, [&claim[..], &[1; 5000]]);
    assert_eq!(frames, []);
    assert_eq!(decoder.unfinished(), Some((5010, Some(u64::MAX))));
    assert!(decoder.buffer().is_empty());
    assert_eq!(decoder.large.as_ref().map(|large| large.kept.len()), Some(1000));
}

#[test]
fn a_large_frame_is_gathered_whole_and_unmasked() {
    let payload: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let header =
        Header { fin: true, rsv: 0, opcode: 2, mask: Some(KEY), length: 200_000, size: 14 };
    let raw = Frame { header, payload: payload.clone().into() }.raw();
    assert_ne!(&raw[14..], payload);
    let (frames, decoder) = decode(1 << 20, raw.chunks(4097));
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].payload, payload);
    assert_eq!(decoder.unfinished(), None);
}

#[test]
fn what_is_missing_of_a_frame_is_known() {
    let unfinished = |bytes: &[u8]| decode(1 << 20, [bytes]).1.unfinished();
    assert_eq!(unfinished(b""), None);
    assert_eq!(unfinished(b"\x81\x00"), None);
    assert_eq!(unfinished(b"\x81"), Some((1, None)));
    assert_eq!(unfinished(b"\x81\x05ab"), Some((4, Some(7))));
}
