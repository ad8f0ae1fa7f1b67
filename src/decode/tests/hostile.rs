//! Payloads that nobody means well with: every decoder takes every one of them to some end.

use super::*;

/// Payloads of every form, to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = vec![
        br#"{"a":[1,2.5,"x\u00fc",{"b":null}],"c":"\ud83d\ude00"}"#.to_vec(),
        b"{\"a\":1}\n{\"b\":2}\n".to_vec(),
        b"data:image/png;base64,iVBORw0KGgo=".to_vec(),
        b"eyJhIjoxLCJiIjpbMSwyLDNdfQ==".to_vec(),
        bytes(
            "83 a1 61 93 01 ff cb 3f b9 99 99 99 99 99 9a a1 62 c4 02 00 ff a1 63 d6 ff 00 00 00 01",
        ),
        bytes("a3 61 61 9f 01 ff 61 62 c2 42 01 00 61 63 5f 41 00 41 01 ff"),
        bytes("08 96 01 12 07 74 65 73 74 69 6e 67 1a 03 08 96 01 0b 10 01 0c 0d 00 00 80 3f"),
        bytes("00 00 00 00 03 08 96 01 80 00 00 00 02 61 0a"),
        bytes("1f 8b 08 00 00 00 00 00 00 03 ab 56 4a 54 b2 32 ac 05 00 1a 0a 04 0a 07 00 00 00"),
        bytes("78 9c 4b 4c 4a 06 00 02 4d 01 27"),
    ];
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = ::image::DynamicImage::new_rgb8(9, 9);
    for format in [::image::ImageFormat::Png, ::image::ImageFormat::Gif, ::image::ImageFormat::Bmp]
    {
        picture.write_to(&mut png, format).unwrap();
        seeds.push(std::mem::take(png.get_mut()));
        png.set_position(0);
    }
    seeds
}

/// Reads it in every way; whatever comes of it can be shown.
fn survive(payload: &[u8]) {
    for kind in [Kind::Text, Kind::Binary] {
        for chosen in decoders().iter().map(|decoder| Some(decoder.id)).chain([None]) {
            let decoded = decode(&Context::new(&event(kind, payload)), chosen);
            walk(&decoded);
        }
    }
}

fn walk(decoded: &Decoded) {
    if let Body::Tree(tree) = &decoded.body {
        let json = tree.root().to_json();
        serde_json::from_str::<serde::de::IgnoredAny>(&json).unwrap();
        let mut value = tree.root();
        while let Some(last) = value.len().checked_sub(1).and_then(|last| value.child(last)) {
            assert!(last.position() > value.position());
            let _ = (last.key(), last.start(10), last.note());
            value = last;
        }
    }
    decoded.inner.iter().for_each(|inner| walk(&inner.decoded));
}

#[test]
fn every_prefix_of_every_form_is_survived() {
    for seed in seeds() {
        for end in 0..=seed.len().min(160) {
            survive(&seed[..end]);
        }
    }
}

#[test]
fn random_bytes_and_random_damage_are_survived() {
    let (seeds, mut random) = (seeds(), fastrand::Rng::with_seed(40));
    for _ in 0..600 {
        let mut payload = seeds[random.usize(..seeds.len())].clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..payload.len());
            match random.u8(..4) {
                0 => payload[at] = random.u8(..),
                1 => payload[at] = 0xff,
                2 => payload.insert(at, random.u8(..)),
                _ => payload.truncate(at.max(1)),
            }
        }
        survive(&payload);
        let noise: Vec<u8> = (0..random.usize(..64)).map(|_| random.u8(..)).collect();
        survive(&noise);
    }
}

#[test]
fn depth_costs_no_stack() {
    let one: [&[u8]; 8] =
        [b"[", b"{\"a\":", &[0x91], &[0x81, 0x01], &[0xc2], &[0x9f], &[0xbf, 0x01], &[0x0b]];
    for start in one {
        survive(&start.repeat(20_000));
    }
    // Names that are lists of names that are lists.
    survive(&[0x81].repeat(20_000));
    survive(&[0xa1].repeat(20_000));
    let closed = ["[".repeat(5000), "]".repeat(5000)].concat();
    let decoded = read(Kind::Text, closed.as_bytes());
    let told = decoded.fell_back.unwrap();
    assert!(told.contains("more than 256 deep"), "{told}");
}

#[test]
fn packages_in_packages_end() {
    use std::io::Write;
    let mut payload = b"core".to_vec();
    for _ in 0..12 {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(&payload).unwrap();
        payload = writer.finish().unwrap();
    }
    let mut decoded = &read(Kind::Binary, &payload);
    let mut depth = 0;
    while let Some(inner) = decoded.inner.first() {
        decoded = &inner.decoded;
        depth += 1;
    }
    assert_eq!((depth, decoded.left_out), (4, 1));
}
