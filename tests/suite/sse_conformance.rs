//! The WHATWG rules as tables, each stream cut into chunks in several ways; and what no table
//! tells: that time and memory stay in proportion.

use serde::Deserialize;
use wirescope::transport::sse::{Parser, Piece, What};

const TABLES: [&str; 2] =
    [include_str!("../fixtures/sse/lines.toml"), include_str!("../fixtures/sse/fields.toml")];

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    stream: Option<String>,
    hex: Option<String>,
    events: Vec<Expected>,
    #[serde(default)]
    comments: Vec<String>,
    retry: Option<u64>,
    last_id: Option<String>,
    #[serde(default)]
    violations: usize,
    #[serde(default)]
    unfinished: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    data: String,
    name: Option<String>,
    id: Option<String>,
}

fn bytes(case: &Case) -> Vec<u8> {
    let hex = |text: &String| {
        let pairs = text.as_bytes().chunks(2);
        pairs
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    };
    match (&case.stream, &case.hex) {
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(text)) => hex(text),
        _ => panic!("{}: either stream or hex", case.name),
    }
}

fn check(case: &Case, size: usize) {
    let stream = bytes(case);
    let mut parser = Parser::new(1 << 20, String::new());
    let mut found = Vec::new();
    for chunk in stream.chunks(size) {
        parser.feed(chunk, &mut found);
    }
    let place = format!("{}, in chunks of {size}", case.name);
    let mut events = Vec::new();
    let (mut comments, mut violations) = (Vec::new(), 0);
    let raw: u64 = found.iter().map(|piece| piece.raw).sum();
    for Piece { what, .. } in found {
        match what {
            What::Event { name, id, data } => events.push(Expected { data, name, id }),
            What::Comment(text) => comments.push(text),
            What::Violation { .. } => violations += 1,
            What::Retry(_) => {}
        }
    }
    assert_eq!(events, case.events, "{place}");
    assert_eq!(comments, case.comments, "{place}");
    assert_eq!(violations, case.violations, "{place}");
    let retry = parser.retry().map(|wait| u64::try_from(wait.as_millis()).unwrap());
    assert_eq!(retry.map(|ms| ms.min(i64::MAX.unsigned_abs())), case.retry, "{place}");
    assert_eq!(parser.last_id(), case.last_id.as_deref().unwrap_or_default(), "{place}");
    let rest = parser.finish();
    assert_eq!(rest.is_some(), case.unfinished, "{place}");
    let raw = raw + rest.map_or(0, |rest| rest.raw);
    assert!(raw <= stream.len() as u64, "{place}: {raw} of {} bytes", stream.len());
}

#[test]
fn streams_are_read_as_the_standard_says_whatever_the_chunks() {
    let mut count = 0;
    for table in TABLES {
        let table: Table = toml::from_str(table).unwrap();
        for case in &table.case {
            for size in [1, 2, 7, usize::MAX] {
                check(case, size);
            }
            count += 1;
        }
    }
    assert!(count >= 54, "only {count} cases were read");
}

fn feed(parser: &mut Parser, stream: &[u8], size: usize) -> Vec<Piece> {
    let mut found = Vec::new();
    stream.chunks(size).for_each(|chunk| parser.feed(chunk, &mut found));
    found
}

#[test]
fn every_byte_of_a_stream_is_accounted_for() {
    let stream = b": a\r\nid: 1\r\ndata: x\r\n\r\nretry: 5\ndata: y\n\n";
    for size in [1, 3, 1000] {
        let found = feed(&mut Parser::new(100, String::new()), stream, size);
        let raw: Vec<u64> = found.iter().map(|piece| piece.raw).collect();
        assert_eq!(raw.iter().sum::<u64>(), stream.len() as u64, "{raw:?}");
    }
}

#[test]
fn what_is_beyond_the_limit_is_cut_and_counted() {
    let table = [
        // (stream, data kept, bytes cut)
        (format!("data:{}\n\n", "x".repeat(95)), 95, 0),
        (format!("data:{}\n\n", "x".repeat(96)), 95, 1),
        (format!("data:{}\n\n", "x".repeat(100_000)), 95, 99_905),
        (format!("data:{0}\ndata:{0}\n\n", "x".repeat(60)), 100, 21),
        // The limit lies within a character.
        (format!("data:{}é\n\n", "x".repeat(94)), 94, 2),
    ];
    for (stream, kept, cut) in table {
        for size in [1, 64, usize::MAX] {
            let found = feed(&mut Parser::new(100, String::new()), stream.as_bytes(), size);
            let [Piece { what: What::Event { data, .. }, cut: left_out, .. }] = &found[..] else {
                panic!("{found:?}");
            };
            assert!(data.len() <= 100 && !data.contains('\u{FFFD}'), "{data}");
            assert_eq!((data.len(), *left_out), (kept, cut), "{} bytes in {size}", stream.len());
        }
    }
}

#[test]
fn lines_without_number_do_not_grow_an_event_beyond_the_limit() {
    let mut stream = b"data:x\n".repeat(100_000);
    stream.extend(b"data\n".repeat(100_000));
    stream.extend(b"\ndata: fine\n\n");
    let found = feed(&mut Parser::new(1000, String::new()), &stream, 4096);
    let datas: Vec<usize> = found
        .iter()
        .map(|piece| match &piece.what {
            What::Event { data, .. } => data.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(datas[0] <= 1000, "{datas:?}");
    assert_eq!(datas[1], 4);
    assert!(found[0].cut > 100_000);
}

#[test]
fn an_id_or_type_beyond_the_limit_is_no_id_or_type() {
    let stream = format!("id: {0}\nevent: {0}\ndata: a\n\n", "x".repeat(200));
    let mut parser = Parser::new(100, String::from("7"));
    let found = feed(&mut parser, stream.as_bytes(), 50);
    let violations =
        found.iter().filter(|piece| matches!(piece.what, What::Violation { .. })).count();
    assert_eq!(violations, 2);
    assert_eq!(parser.last_id(), "7");
    let event = &found[2].what;
    assert_eq!(event, &What::Event { name: None, id: None, data: "a".into() });
}

#[test]
fn what_the_end_cuts_off_is_shown_and_bounded() {
    let table = [
        ("data: a\n\n: note\nid: 7\ndata: hal", "id: 7\ndata: hal".len(), "id: 7\ndata: hal"),
        // The LF of a CRLF counts for what comes after it.
        ("data: a\r\n", "data: a\r".len(), "data: a\n"),
    ];
    for (stream, raw, shown) in table {
        for size in [1, 3, usize::MAX] {
            let mut parser = Parser::new(1 << 20, String::new());
            feed(&mut parser, stream.as_bytes(), size);
            let Some(Piece { what: What::Violation { rule, line }, raw: cut, .. }) =
                parser.finish()
            else {
                panic!("nothing was cut off");
            };
            assert!(rule.contains("discarded (WHATWG HTML 9.2.6)"), "{rule}");
            assert_eq!((&line[..], cut), (shown.as_bytes(), raw as u64), "in chunks of {size}");
            assert_eq!(parser.last_id(), "");
        }
    }
    let mut parser = Parser::new(1 << 20, String::new());
    feed(&mut parser, &b"data: x\n".repeat(100_000), 4096);
    feed(&mut parser, &b"x".repeat(100_000), 4096);
    let Some(Piece { what: What::Violation { line, .. }, raw, .. }) = parser.finish() else {
        panic!("nothing was cut off");
    };
    assert_eq!((line.len(), raw), (4096, 900_000));
}

/// Counts steps instead of seconds: quadratic work on these would take minutes.
#[test]
fn long_lines_and_crowded_chunks_take_linear_time() {
    let line = [b"data: ".to_vec(), vec![b'x'; 8 << 20], b"\n\n".to_vec()].concat();
    let found = feed(&mut Parser::new(16 << 20, String::new()), &line, 16 << 10);
    assert_eq!(found.len(), 1);
    let comments = b":\n".repeat(2 << 20);
    let found = feed(&mut Parser::new(1 << 20, String::new()), &comments, usize::MAX);
    assert_eq!(found.len(), 2 << 20);
    let found = feed(&mut Parser::new(16 << 20, String::new()), &line, 1);
    assert_eq!(found.len(), 1);
    let datas = [b"data: x\n".repeat(1 << 18), b"\n".to_vec()].concat();
    let found = feed(&mut Parser::new(16 << 20, String::new()), &datas, usize::MAX);
    assert_eq!(found.len(), 1);
}

#[test]
fn no_bytes_make_it_panic() {
    let alphabet = b"data:id:event:retry:\0\r\n\r\n\n\n 0159\xEF\xBB\xBF\xff\xe2\x82:";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let length = random.usize(..200);
        let stream: Vec<u8> =
            (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
        let whole = feed(&mut Parser::new(20, String::new()), &stream, usize::MAX);
        let small = feed(&mut Parser::new(20, String::new()), &stream, random.usize(1..9));
        let what = |found: &[Piece]| {
            found.iter().map(|piece| (piece.what.clone(), piece.cut)).collect::<Vec<_>>()
        };
        assert_eq!(what(&whole), what(&small), "chunking shows in {stream:?}");
    }
}
