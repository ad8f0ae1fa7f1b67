//! Every form by real bytes: read, cut off, and taken for nothing else.

use super::*;

#[test]
fn json_keeps_spelling_order_and_names_that_come_twice() {
    let table = [
        r#"{"b":1.10,"a":-0,"n":123456789012345678901234567890,"e":1E400}"#,
        r#"{"a":1,"a":2}"#,
        r#"["\u00fc\ud83d\ude00\n","",[],{},true,false,null]"#,
        r#"{"\u0061":"x","":"empty"}"#,
    ];
    for text in table {
        let decoded = read(Kind::Text, text.as_bytes());
        assert_eq!(decoded.decoder, "json", "{text}");
        let wanted = text.replace(r"\u0061", "a");
        assert_eq!(json(&decoded), wanted);
    }
    let Body::Tree(tree) = read(Kind::Text, br#"{"a\"b":"c\\\u0041"}"#).body else { panic!() };
    let value = tree.root().child(0).unwrap();
    assert_eq!((value.key().unwrap(), value.text().unwrap()), ("a\"b".into(), "c\\A".into()));
}

#[test]
fn json_is_taken_and_refused_as_serde_does() {
    let seeds = [r#"{"a":[1,-2.5e3,"x\n\u00e9",true,null],"b":{}}"#, "[[],{},\"\\\\\"]", "[0.1]"];
    let letters = b"{}[]\",:0123456789.eE+-tfn\\u \n\x01\xc3\xa9";
    let mut random = fastrand::Rng::with_seed(7);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut text = seeds[random.usize(..seeds.len())].as_bytes().to_vec();
        for _ in 0..random.usize(0..3) {
            let at = random.usize(..text.len());
            match random.u8(..3) {
                0 => text[at] = letters[random.usize(..letters.len())],
                1 => text.insert(at, letters[random.usize(..letters.len())]),
                _ => drop(text.remove(at)),
            }
        }
        let wanted = serde_json::from_slice::<serde_json::Value>(&text);
        let found = json::tree(&text.clone().into());
        match (&wanted, &found) {
            (Ok(wanted), Ok(tree)) => {
                let again: serde_json::Value =
                    serde_json::from_str(&tree.root().to_json()).unwrap();
                assert_eq!(again, *wanted, "{}", text.escape_ascii());
                taken += 1;
            }
            (Err(_), Err(_)) => refused += 1,
            // Values only serde looks into: halves of surrogates, numbers out of range.
            (Err(error), Ok(_)) => {
                let told = error.to_string();
                assert!(
                    told.contains("surrogate") || told.contains("range") || told.contains("hex"),
                    "{told}: {}",
                    text.escape_ascii()
                );
            }
            (Ok(_), Err(error)) => panic!("{error}: {}", text.escape_ascii()),
        }
    }
    assert!(taken > 1000 && refused > 1000, "{taken} {refused}");
}

#[test]
fn ndjson_is_one_document_a_line() {
    let decoded = read(Kind::Text, b"{\"a\":1}\r\n\n[2]\n{\"b\":\"\\n\"}\n");
    assert_eq!((decoded.decoder, decoded.summary.as_deref()), ("ndjson", Some("3 documents")));
    assert_eq!(json(&decoded), r#"[{"a":1},[2],{"b":"\n"}]"#);
    // One document over several lines is JSON.
    assert_eq!(read(Kind::Text, b"{\n\"a\":1}\n").decoder, "json");
    let broken = read(Kind::Text, b"{\"a\":1}\n{\"b\":}\n");
    let told = broken.fell_back.unwrap();
    assert!(told.contains("column 6, in line 2"), "{told}");
    assert_eq!(broken.decoder, "text");
    assert_eq!(json(&read_as("ndjson", Kind::Text, b"1\n\"a\"")), r#"[1,"a"]"#);
}

#[test]
fn msgpack_is_read_as_its_specification_says() {
    let table = [
        ("82 a7 63 6f 6d 70 61 63 74 c3 a6 73 63 68 65 6d 61 00", r#"{"compact":true,"schema":0}"#),
        ("93 01 ff d0 80", "[1,-1,-128]"),
        (
            "92 cf ff ff ff ff ff ff ff ff d3 80 00 00 00 00 00 00 00",
            "[18446744073709551615,-9223372036854775808]",
        ),
        ("92 ca 3f c0 00 00 cb 3f b9 99 99 99 99 99 9a", "[1.5,0.1]"),
        ("91 cb 7f f8 00 00 00 00 00 00", r#"["NaN"]"#),
        ("91 c4 02 00 ff", r#"["AP8="]"#),
        ("81 01 a1 78", r#"{"1":"x"}"#),
        ("81 92 01 02 c0", r#"{"[1,2]":null}"#),
        ("91 d6 ff 65 00 00 00", r#"["2023-09-12T06:06:56Z"]"#),
        ("91 d4 05 aa", r#"["qg=="]"#),
        ("91 a2 ff fe", r#"["//4="]"#),
        ("dc 00 02 90 80", "[[],{}]"),
        ("df 00 00 00 01 a1 61 dd 00 00 00 00", r#"{"a":[]}"#),
    ];
    for (hex, wanted) in table {
        let decoded = read(Kind::Binary, &bytes(hex));
        assert_eq!((decoded.decoder, json(&decoded).as_str()), ("msgpack", wanted), "{hex}");
    }
    let two = read_as("msgpack", Kind::Binary, &bytes("01 91 02"));
    assert_eq!(
        (json(&two).as_str(), two.summary.as_deref()),
        ("[1,[2]]", Some("2 values after each other"))
    );
}

#[test]
fn msgpack_that_is_broken_says_where() {
    let table = [
        ("93 01", "1 bytes are to follow, but 0 do, at byte 2"),
        ("91 c1", "0xc1 is never used, at byte 1"),
        ("91 a5 61", "5 bytes are to follow, but 1 do, at byte 2"),
        ("dd ff ff ff ff", "1 bytes are to follow"),
        ("91 c6 ff ff ff ff 00", "4294967295 bytes are to follow, but 1 do"),
    ];
    for (hex, wanted) in table {
        let told = read_as("msgpack", Kind::Binary, &bytes(hex)).fell_back.unwrap();
        assert!(told.starts_with("Not MessagePack: ") && told.contains(wanted), "{told}");
    }
}

#[test]
fn cbor_is_read_as_its_appendix_says() {
    let table = [
        ("a2 61 61 01 61 62 82 02 03", r#"{"a":1,"b":[2,3]}"#),
        ("9f 01 82 02 03 9f 04 05 ff ff", "[1,[2,3],[4,5]]"),
        ("bf 61 61 01 ff", r#"{"a":1}"#),
        ("a1 01 02", r#"{"1":2}"#),
        (
            "82 3b ff ff ff ff ff ff ff ff 1b ff ff ff ff ff ff ff ff",
            "[-18446744073709551616,18446744073709551615]",
        ),
        (
            "82 c2 49 01 00 00 00 00 00 00 00 00 c3 49 01 00 00 00 00 00 00 00 00",
            "[18446744073709551616,-18446744073709551617]",
        ),
        ("83 f9 3e 00 fa 47 c3 50 00 fb 3f f1 99 99 99 99 99 9a", "[1.5,100000.0,1.1]"),
        ("82 f9 7c 00 f7", r#"["inf","undefined"]"#),
        ("81 5f 42 01 02 43 03 04 05 ff", r#"["AQIDBAU="]"#),
        ("81 7f 65 73 74 72 65 61 64 6d 69 6e 67 ff", r#"["streaming"]"#),
        ("d9 d9 f7 a1 61 61 c1 1a 51 4b 67 b0", r#"{"a":1363896240}"#),
    ];
    for (hex, wanted) in table {
        let decoded = read_as("cbor", Kind::Binary, &bytes(hex));
        assert_eq!(json(&decoded), wanted, "{hex}");
    }
    let decoded = read(Kind::Binary, &bytes("d9 d9 f7 81 c1 01"));
    assert_eq!((decoded.decoder, decoded.why.as_str()), ("cbor", "it begins with the tag of CBOR"));
    let Body::Tree(tree) = decoded.body else { panic!() };
    assert_eq!(tree.root().note(), Some("self-described"));
    assert_eq!(tree.root().child(0).and_then(Value::note), Some("tag 1, Unix time"));
    assert_eq!(read(Kind::Binary, &bytes("a1 61 61 01")).decoder, "cbor");
}

#[test]
fn cbor_that_is_broken_says_so() {
    let table = [
        ("82 01", "it is cut off, at byte 2"),
        ("ff", "an end without a beginning, at byte 0"),
        ("81 62 61", "2 bytes are to follow, but 1 do, at byte 2"),
        ("81 62 ff fe", "a text is no UTF-8"),
        ("1c", "no CBOR begins so, at byte 0"),
        ("9b ff ff ff ff ff ff ff ff", "it is cut off"),
        ("5b ff ff ff ff ff ff ff ff 00", "are to follow"),
        ("bf 01 ff", "an end without a beginning"),
        ("81 5f 61 61 01 ff", "a run of bytes holds something else"),
    ];
    for (hex, wanted) in table {
        let told = read_as("cbor", Kind::Binary, &bytes(hex)).fell_back.unwrap();
        assert!(told.starts_with("Not CBOR: ") && told.contains(wanted), "{hex}: {told}");
    }
    assert!(read_as("cbor", Kind::Binary, &[0xc2].repeat(100_000)).fell_back.is_some());
    assert!(read_as("cbor", Kind::Binary, &[0x81].repeat(100_000)).fell_back.is_some());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_is_within_is_read_in_turn() {
    use ::base64::Engine;
    let zipped = gzip(br#"{"a":1}"#);
    let coded = ::base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&zipped);
    let outer = read(Kind::Text, coded.as_bytes());
    assert_eq!(outer.decoder, "base64", "{coded}");
    let middle = &outer.inner[0].decoded;
    assert_eq!((middle.decoder, middle.inner.len()), ("gzip", 1), "{middle:?}");
    assert_eq!(json(&middle.inner[0].decoded), r#"{"a":1}"#);
    assert_eq!(&middle.inner[0].payload[..], br#"{"a":1}"#);

    let zlib = {
        use std::io::Write;
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(1));
        writer.write_all(b"plain words").unwrap();
        writer.finish().unwrap()
    };
    let outer = read(Kind::Binary, &zlib);
    assert_eq!((outer.decoder, outer.inner[0].decoded.decoder), ("gzip", "text"));
}

#[test]
fn a_data_address_names_what_it_holds() {
    let outer = read(Kind::Text, b"data:application/json;base64,WzFd");
    assert_eq!(outer.summary.as_deref(), Some("data: address, application/json, 3 B"));
    let inner = &outer.inner[0].decoded;
    assert_eq!((inner.decoder, inner.why.as_str()), ("json", "content type application/json"));
    let outer = read(Kind::Text, b"data:,a%20b");
    assert_eq!(&outer.inner[0].payload[..], b"a b");
    // A line of an event stream is none.
    assert_eq!(read(Kind::Text, b"data: hello").decoder, "text");
}

#[test]
fn words_and_keys_are_no_base64() {
    for text in
        ["heartbeatmessage", "0123456789abcdef", "user_subscription_created", "a b c d e f g h"]
    {
        assert_eq!(read(Kind::Text, text.as_bytes()).decoder, "text", "{text}");
    }
    let chosen = read_as("base64", Kind::Text, b"heartbeatmessage");
    assert_eq!((chosen.decoder, chosen.inner.len()), ("base64", 1));
    assert!(read_as("base64", Kind::Text, b"no base64!").fell_back.is_some());
}

#[test]
fn what_inflates_without_end_is_cut() {
    let bomb = gzip(&vec![b'0'; 80 << 20]);
    let decoded = read(Kind::Binary, &bomb);
    assert_eq!(decoded.inner[0].payload.len(), 64 << 20);
    assert!(decoded.summary.unwrap().ends_with("and more, which is left out"));
    let mut cut = gzip(&vec![b'x'; 10_000]);
    cut.truncate(cut.len() - 4);
    let decoded = read(Kind::Binary, &cut);
    assert_eq!(decoded.inner[0].payload.len(), 10_000);
    assert!(decoded.summary.unwrap().contains("as far as it could be"));
    assert!(read(Kind::Binary, b"\x1f\x8b\x08garbage").fell_back.is_some());
}

#[test]
fn pictures_are_known_by_their_marks() {
    use ::image::{DynamicImage, ImageFormat};
    let formats = [
        (ImageFormat::Png, "PNG, 3 × 2 pixels, with transparency"),
        (ImageFormat::Gif, "GIF, 3 × 2 pixels, with transparency"),
        (ImageFormat::WebP, "WebP, 3 × 2 pixels, with transparency"),
        (ImageFormat::Bmp, "BMP, 3 × 2 pixels"),
        (ImageFormat::Jpeg, "JPEG, 3 × 2 pixels"),
    ];
    for (format, wanted) in formats {
        let mut picture = DynamicImage::new_rgba8(3, 2);
        if format == ImageFormat::Jpeg {
            picture = DynamicImage::ImageRgb8(picture.to_rgb8());
        }
        let mut out = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        let decoded = read(Kind::Binary, out.get_ref());
        let Body::Image(image) = &decoded.body else { panic!("{format:?}: {decoded:?}") };
        assert_eq!((image.shown, image.rgba.len()), ([3, 2], 24));
        let told = decoded.summary.unwrap();
        assert!(told.starts_with(wanted), "{told}");
        let half = &out.get_ref()[..out.get_ref().len() / 2];
        let broken = read(Kind::Binary, half);
        assert!(
            !matches!(broken.body, Body::Bytes(_))
                || broken.fell_back.is_some()
                || format == ImageFormat::Bmp
        );
    }
}

#[test]
fn a_picture_is_shown_smaller_and_never_too_large_to_hold() {
    let mut out = std::io::Cursor::new(Vec::new());
    let large = ::image::DynamicImage::new_luma8(3000, 10);
    large.write_to(&mut out, ::image::ImageFormat::Png).unwrap();
    let Body::Image(image) = read(Kind::Binary, out.get_ref()).body else { panic!() };
    assert_eq!((image.width, image.height, image.shown), (3000, 10, [2048, 7]));
    // The same head with a width and height that nobody has memory for.
    let mut claim = out.into_inner();
    claim[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let decoded = read(Kind::Binary, &claim);
    assert!(decoded.fell_back.is_some(), "{decoded:?}");
    assert!(matches!(decoded.body, Body::Bytes(_)));
}

#[test]
fn grpc_web_is_messages_and_trailers() {
    let event = event(Kind::Message, b"\0\0\0\0\x03\x08\x96\x01\x80\0\0\0\x0fgrpc-status: 0\n");
    let content_type = Some("application/grpc-web+proto");
    let decoded = decode(&Context { content_type, ..Context::new(&event) }, None);
    assert_eq!((decoded.decoder, decoded.summary.as_deref()), ("grpc", Some("2 frames")));
    assert_eq!(json(&decoded.inner[0].decoded), r#"{"1":150}"#);
    assert_eq!(
        (decoded.inner[1].decoded.decoder, &decoded.inner[1].payload[..]),
        ("text", &b"grpc-status: 0\n"[..])
    );
}

#[test]
fn text_that_is_none_is_shown_and_said() {
    let event = event(Kind::Event, b"caf\xe9");
    let context = Context { content_type: Some("text/plain"), ..Context::new(&event) };
    let decoded = decode(&context, None);
    assert_eq!(decoded.decoder, "text");
    assert!(decoded.summary.unwrap().starts_with("No UTF-8 from byte 3 on"));
}
