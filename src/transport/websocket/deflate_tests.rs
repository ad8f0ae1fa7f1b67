//! DEFLATE both ways, by the examples of RFC 7692 and by what compressors and peers may do.
#![allow(clippy::unwrap_used)]

use super::*;

const fn side(bits: u8, keeps_context: bool) -> Side {
    Side { bits, keeps_context }
}

/// What `messages`, each in these frames, inflate to.
fn inflated(
    side: Side,
    limit: usize,
    messages: &[&[&[u8]]],
) -> Result<Vec<(Vec<u8>, u64)>, Corrupt> {
    let mut inflater = Inflater::new(side);
    let inflate = |frames: &&[&[u8]]| {
        let mut kept = Kept::new(limit);
        for frame in *frames {
            inflater.inflate(frame, &mut kept)?;
        }
        inflater.finish(&mut kept)?;
        Ok((kept.bytes, kept.cut))
    };
    messages.iter().map(inflate).collect()
}

fn hellos(count: usize) -> Vec<(Vec<u8>, u64)> {
    vec![(b"Hello".to_vec(), 0); count]
}

const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn the_examples_of_the_rfc_are_inflated() {
    let table: [(&str, &[&[&[u8]]]); 6] = [
        ("7.2.3.1 one block", &[&[HELLO]]),
        ("7.2.3.1 two frames", &[&[&HELLO[..3], &HELLO[3..]]]),
        ("7.2.3.2 shared window", &[&[HELLO], &[&[0xf2, 0x00, 0x11, 0x00, 0x00]]]),
        (
            "7.2.3.3 no compression",
            &[&[&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]]],
        ),
        ("7.2.3.4 final block", &[&[&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]], &[HELLO]]),
        (
            "7.2.3.5 two blocks",
            &[&[&[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]]],
        ),
    ];
    for (name, messages) in table {
        assert_eq!(inflated(side(15, true), 100, messages), Ok(hellos(messages.len())), "{name}");
        let bytewise: Vec<Vec<&[u8]>> = messages
            .iter()
            .map(|frames| frames.iter().flat_map(|f| f.chunks(1)).collect())
            .collect();
        let bytewise: Vec<&[&[u8]]> = bytewise.iter().map(|frames| &frames[..]).collect();
        assert_eq!(inflated(side(15, true), 100, &bytewise), Ok(hellos(messages.len())), "{name}");
    }
    let empty = inflated(side(15, true), 100, &[&[&[0x00]], &[&[]], &[], &[HELLO]]);
    assert_eq!(empty.unwrap()[..3], [(vec![], 0), (vec![], 0), (vec![], 0)], "7.2.3.6 empty");
}

#[test]
fn a_final_block_without_more_ends_a_message_too() {
    let found =
        inflated(side(15, true), 9, &[&[&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]], &[HELLO]]);
    assert_eq!(found, Ok(hellos(2)));
}

#[test]
fn without_takeover_nothing_before_is_referred_to() {
    let again: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(inflated(side(15, true), 9, &[&[HELLO], &[again]]), Ok(hellos(2)));
    for bits in [8, 9, 15] {
        assert_eq!(inflated(side(bits, false), 9, &[&[HELLO], &[again]]), Err(Corrupt), "{bits}");
        assert_eq!(inflated(side(bits, false), 9, &[&[HELLO], &[HELLO]]), Ok(hellos(2)), "{bits}");
    }
}

/// Words that repeat at distances of every size.
fn prose(bytes: usize) -> Vec<u8> {
    let word = |n: usize| format!("{} ", n * n % 7919).into_bytes();
    (0..).flat_map(word).take(bytes).collect()
}

#[test]
fn what_we_compress_is_inflated_by_a_window_as_small_as_agreed() {
    let message = prose(70_000);
    for bits in 8..=15 {
        for keeps_context in [true, false] {
            let side = side(bits, keeps_context);
            let mut deflater = Deflater::new(side);
            let frames: Vec<Vec<u8>> = vec![
                deflater.frame(&message, true),
                deflater.frame(b"", true),
                deflater.frame(&message[..10_000], false),
                deflater.frame(b"", false),
                deflater.frame(&message[10_000..], true),
                deflater.frame(b"Hello", true),
            ];
            let [first, empty, a, b, c, hello] = &frames[..] else { panic!() };
            let found = inflated(side, 1 << 20, &[&[first], &[empty], &[a, b, c], &[hello]]);
            let said = [&message[..], b"", &message, b"Hello"].map(|said| (said.to_vec(), 0));
            assert_eq!(found.as_deref(), Ok(&said[..]), "{side:?}");
            assert!(first.len() < message.len(), "{side:?}");
            assert_eq!(empty[..], [0]);
        }
    }
}

#[test]
fn the_window_of_256_bytes_is_kept_though_the_compressor_has_none() {
    let noise: Vec<u8> =
        (0..600_u32).map(|n| ((n * n).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let squeezed = |distance| {
        let mut deflater = Deflater::new(side(8, true));
        let first = deflater.frame(&noise[..distance], true).len();
        (first, deflater.frame(&noise[..distance], true).len())
    };
    let (first, again) = squeezed(240);
    assert!(first > 240 && again < 30, "{first}, {again}: it finds what is in the window");
    for distance in 257..600 {
        let (first, again) = squeezed(distance);
        assert!(again > distance, "{distance} bytes back: {first}, {again}");
    }
}

#[test]
fn context_makes_the_second_message_smaller_where_it_is_kept() {
    let size = |keeps_context| {
        let mut deflater = Deflater::new(side(15, keeps_context));
        let message = prose(1000);
        (deflater.frame(&message, true).len(), deflater.frame(&message, true).len())
    };
    let (first, second) = size(true);
    assert!(second * 10 < first, "{first}, {second}");
    let (first, second) = size(false);
    assert_eq!(first, second);
}

#[test]
fn a_bomb_takes_no_more_than_the_limit_and_the_window_stays_right() {
    let mut deflater = Deflater::new(side(15, true));
    let bomb = deflater.frame(&vec![b'x'; 50 << 20], true);
    assert!(bomb.len() < 64 << 10, "{} bytes", bomb.len());
    let again = deflater.frame(&[b'x'; 300], true);
    let found = inflated(side(15, true), 1000, &[&[&bomb], &[&again]]).unwrap();
    assert_eq!((found[0].0.len(), found[0].1), (1000, (50 << 20) - 1000));
    assert_eq!(found[1], (vec![b'x'; 300], 0));
    let mut kept = Kept::new(1000);
    Inflater::new(side(15, true)).inflate(&bomb, &mut kept).unwrap();
    assert!(kept.bytes.capacity() < 16 << 10, "{} bytes", kept.bytes.capacity());
}

#[test]
fn what_is_no_deflate_is_corrupt() {
    let table: [&[u8]; 3] = [&[0xff; 9], &[0x06, 0x00], &[0x00, 0x05, 0x00, 0x05, 0x00, 0x48]];
    for bytes in table {
        assert_eq!(inflated(side(15, true), 9, &[&[bytes]]), Err(Corrupt), "{bytes:x?}");
    }
}
