//! The same bytes by other readers: what they take is taken, what they refuse is refused.

use super::*;

fn damaged(seeds: &[Vec<u8>], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut payload = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..random.usize(0..3) {
        let at = random.usize(..payload.len());
        match random.u8(..3) {
            0 => payload[at] = random.u8(..),
            1 => payload.insert(at, random.u8(..)),
            _ => payload.truncate(at.max(1)),
        }
    }
    payload
}

/// What a decoder says of bytes that nothing else speaks for.
fn takes(id: &str, payload: &[u8]) -> bool {
    let read = decoder(id).unwrap().read;
    read(&Context::new(&event(Kind::Binary, payload))).is_ok()
}

#[test]
fn msgpack_is_taken_and_refused_as_rmpv_does() {
    let seeds = [
        bytes("83 a1 61 93 01 ff cb 3f b9 99 99 99 99 99 9a a1 62 c4 02 00 ff a1 63 c3"),
        bytes("96 d9 02 61 62 da 00 01 63 d4 07 01 c7 03 09 01 02 03 dc 00 01 c0 de 00 01 01 02"),
    ];
    let mut random = fastrand::Rng::with_seed(11);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let payload = damaged(&seeds, &mut random);
        let mut rest = &payload[..];
        let wanted = rmpv::decode::read_value(&mut rest).is_ok() && rest.is_empty();
        // rmpv takes the byte that is never used for nil.
        if !payload.contains(&0xc1) {
            assert_eq!(takes("msgpack", &payload), wanted, "{}", payload.escape_ascii());
        }
        if wanted { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 1000 && refused > 1000, "{taken} {refused}");
}

#[test]
fn cbor_that_ciborium_takes_is_taken() {
    let seeds = [
        bytes("a3 61 61 9f 01 ff 61 62 c2 42 01 00 61 63 5f 41 00 41 01 ff"),
        bytes("86 01 20 f9 3e 00 c1 1a 51 4b 67 b0 7f 61 61 61 62 ff f6"),
    ];
    let mut random = fastrand::Rng::with_seed(12);
    let mut taken = 0;
    for _ in 0..20_000 {
        let payload = damaged(&seeds, &mut random);
        let mut rest = &payload[..];
        let wanted = ciborium::from_reader::<ciborium::Value, _>(&mut rest).is_ok();
        if wanted && rest.is_empty() {
            assert!(takes("cbor", &payload), "{}", payload.escape_ascii());
            taken += 1;
        }
    }
    assert!(taken > 1000, "{taken}");
}
