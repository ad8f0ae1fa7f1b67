//! Streams of lines, JSON and chunks: how a body is cut, against servers that misbehave on purpose,
//! and where the next connection goes on.

use bytes::Bytes;
use serde::Deserialize;
use wirescope::model::{Endpoint, Event, Kind};
use wirescope::session::End;
use wirescope::transport::stream::{ENTRY, Framing, Record, Records, What};

use crate::support::peer::{Peer, Server};
use crate::support::{Running, start};

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    framing: String,
    body: String,
    messages: Vec<String>,
    #[serde(default)]
    blanks: usize,
    #[serde(default)]
    broken: Vec<String>,
    rest: Option<String>,
}

fn feed(records: &mut Records, body: &[u8], size: usize) -> Vec<Record> {
    let mut found = Vec::new();
    body.chunks(size).for_each(|chunk| records.feed(&Bytes::copy_from_slice(chunk), &mut found));
    found
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn check(case: &Case, size: usize) {
    let framing = match case.framing.as_str() {
        "lines" => Framing::Lines,
        "json" => Framing::Json,
        "sequence" => Framing::Sequence,
        other => panic!("{other}"),
    };
    let mut records = Records::new(framing, 1 << 20);
    let found = feed(&mut records, case.body.as_bytes(), size);
    let place = format!("{}, in chunks of {size}", case.name);
    let mut raw = 0;
    let (mut messages, mut blanks, mut broken) = (Vec::new(), 0, Vec::new());
    for record in found {
        raw += record.raw;
        match record.what {
            What::Message(bytes, cut) => {
                assert_eq!(cut, 0, "{place}");
                messages.push(text(&bytes));
            }
            What::Blank => blanks += 1,
            What::Broken(bytes, _) => broken.push(text(&bytes)),
        }
    }
    assert_eq!(messages, case.messages, "{place}");
    assert_eq!(blanks, case.blanks, "{place}");
    assert_eq!(broken, case.broken, "{place}");
    let rest = records.finish();
    raw += rest.as_ref().map_or(0, |rest| rest.raw);
    let rest = rest.map(|rest| match rest.what {
        What::Message(bytes, 0) => text(&bytes),
        other => panic!("{other:?}"),
    });
    assert_eq!(rest, case.rest, "{place}");
    let around = case.body.len() as u64 - raw;
    assert!(around <= 4, "{place}: only separators at the end may be left, not {around} bytes");
}

#[test]
fn bodies_are_cut_into_messages_whatever_the_chunks() {
    let table: Table = toml::from_str(include_str!("../fixtures/stream/records.toml")).unwrap();
    for case in &table.case {
        for size in [1, 2, 7, usize::MAX] {
            check(case, size);
        }
    }
    assert!(table.case.len() >= 20);
}

#[test]
fn what_is_beyond_the_limit_is_cut_and_counted() {
    let long = "x".repeat(250);
    let table = [
        (Framing::Lines, format!("{long}\nfine\n"), "fine"),
        (Framing::Json, format!("{{\"a\":\"{long}\"}}\n\"fine\"\n"), "\"fine\""),
        (Framing::Sequence, format!("\u{1E}[\"{long}\"]\n\u{1E}1\n"), "1"),
    ];
    for (framing, body, fine) in table {
        for size in [1, 64, usize::MAX] {
            let found = feed(&mut Records::new(framing, 100), body.as_bytes(), size);
            let messages: Vec<(usize, u64)> = found
                .iter()
                .map(|record| match &record.what {
                    What::Message(bytes, cut) => (bytes.len(), *cut),
                    other => panic!("{other:?}"),
                })
                .collect();
            let all = body.split('\n').next().unwrap().trim_start_matches('\u{1E}').len();
            assert_eq!(messages, [(100, all as u64 - 100), (fine.len(), 0)], "{framing:?}, {size}");
        }
    }
}

/// Counts steps instead of seconds: quadratic work on these would take minutes.
#[test]
fn long_messages_and_crowded_chunks_take_linear_time() {
    for framing in [Framing::Lines, Framing::Json, Framing::Sequence] {
        let long = [b"\"".to_vec(), vec![b'x'; 8 << 20], b"\"\n".to_vec()].concat();
        for size in [1, 16 << 10] {
            let found = feed(&mut Records::new(framing, 16 << 20), &long, size);
            assert_eq!(found.len(), 1, "{framing:?}");
        }
        let blank = b"\n".repeat(1 << 20);
        let found = feed(&mut Records::new(framing, 16 << 20), &blank, usize::MAX);
        assert_eq!(found.len(), 1 << 20, "{framing:?}");
        let open = b"[".repeat(8 << 20);
        let found = feed(&mut Records::new(framing, 1 << 20), &open, 16 << 10);
        assert_eq!(found.len(), 0, "{framing:?}: depth costs no stack");
    }
}

#[test]
fn no_bytes_make_it_panic_and_chunking_never_shows() {
    let alphabet = b"{}[]\",: \\\r\n\n\x1E019truenull\xEF\xBB\xBF\xff";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..4000 {
        let framing = [Framing::Lines, Framing::Json, Framing::Sequence][random.usize(..3)];
        let length = random.usize(..100);
        let body: Vec<u8> = (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
        let all = |size: usize| {
            let mut records = Records::new(framing, 20);
            let mut found = feed(&mut records, &body, size);
            found.extend(records.finish());
            found
        };
        assert_eq!(all(usize::MAX), all(random.usize(1..9)), "{framing:?}, {body:?}");
    }
}

#[test]
fn the_media_type_tells_the_framing() {
    let table = [
        ("application/x-ndjson", Framing::Lines),
        ("application/jsonl", Framing::Lines),
        ("text/plain", Framing::Lines),
        ("application/json", Framing::Json),
        ("application/vnd.kubernetes+json", Framing::Json),
        ("application/json-seq", Framing::Sequence),
        ("application/geo+json-seq", Framing::Sequence),
        ("application/octet-stream", Framing::Chunks),
        ("", Framing::Chunks),
    ];
    for (media_type, framing) in table {
        assert_eq!(Framing::of(media_type), framing, "{media_type}");
    }
}

fn run(endpoint: Endpoint) -> Running {
    let transport = (ENTRY.build)(&endpoint).unwrap();
    start(endpoint, transport)
}

async fn open(peer: &mut Peer, media_type: &str) {
    let head = "Transfer-Encoding: chunked";
    peer.send(format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{head}\r\n\r\n")).await;
}

async fn chunk(peer: &mut Peer, bytes: &str) {
    peer.send(format!("{:x}\r\n{bytes}\r\n", bytes.len())).await;
}

const END: &str = "0\r\n\r\n";

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.word()).collect()
}

#[tokio::test]
async fn the_life_of_a_stream_is_told_and_goes_on_after_its_last_id() {
    let server = Server::start().await;
    let running = run(server.endpoint("/stream?topic=a"));
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /stream?topic=a HTTP/1.1");
    assert!(request.header("accept").unwrap().starts_with("application/x-ndjson"));
    open(&mut peer, "application/x-ndjson").await;
    for part in ["{\"id\":4,\"t\":1}\n{\"id\"", ":5}\n\n", "{\"id\":6"] {
        chunk(&mut peer, part).await;
    }
    running.memory.until_of(Kind::Comment, 1).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /stream?topic=a&since=5 HTTP/1.1", "6 was not whole");
    open(&mut peer, "application/x-ndjson").await;
    chunk(&mut peer, "{\"id\":6}").await;
    peer.send(END).await;
    let (_peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /stream?topic=a&since=6 HTTP/1.1", "the last line needs no LF");
    let (_, memory) = running.stop().await;
    let events = memory.events();
    let first: Vec<_> = events.iter().filter(|event| event.attempt == 1).cloned().collect();
    let told = [
        "connecting",
        "request",
        "response",
        "open",
        "message",
        "message",
        "comment",
        "violation",
        "closed",
        "retrying",
    ];
    assert_eq!(kinds(&first), told);
    assert_eq!((first[4].text(), first[4].id.as_deref()), (Some("{\"id\":4,\"t\":1}"), Some("4")));
    assert_eq!((first[5].text(), first[5].wire.bytes()), (Some("{\"id\":5}"), Some(9)));
    assert_eq!((first[6].text(), first[6].wire.bytes()), (Some(""), Some(1)));
    assert_eq!(&first[7].payload[..], b"{\"id\":6");
    assert!(first[7].meta().cause.as_deref().unwrap().contains("ended within this message"));
    assert_eq!(memory.of(Kind::Open)[1].meta().resume_after.as_deref(), Some("5"));
    let causes: Vec<_> = memory.of(Kind::Closed).iter().map(|e| e.meta().cause.clone()).collect();
    assert_eq!(causes[1].as_deref(), Some("the server ended the response"));
}

#[tokio::test]
async fn a_body_of_no_known_framing_is_told_chunk_by_chunk() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    open(&mut peer, "application/octet-stream").await;
    chunk(&mut peer, "a\nb").await;
    running.memory.until_received(1).await;
    chunk(&mut peer, "c").await;
    running.memory.until_received(2).await;
    let (end, memory) = running.stop().await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    assert_eq!(memory.received(), ["a\nb", "c"]);
    peer.gone().await;
}

#[tokio::test]
async fn a_line_over_the_limit_is_cut_visibly() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.options.max_message = 10;
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    open(&mut peer, "text/plain").await;
    chunk(&mut peer, "0123456789abcdef\nfine\n").await;
    running.memory.until_received(2).await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["0123456789", "fine"]);
    let cut: Vec<_> = memory.of(Kind::Message).iter().map(|e| e.meta().truncated).collect();
    assert_eq!(cut, [Some(6), None]);
}

#[tokio::test]
async fn what_is_no_stream_is_refused() {
    let table = [
        ("404 Not Found", "the server answered 404 Not Found"),
        ("200 OK\r\nContent-Type: text/event-stream", "text/event-stream, not a stream of lines"),
    ];
    for (head, words) in table {
        let server = Server::start().await;
        let running = run(server.endpoint("/"));
        let (mut peer, _) = server.asked().await;
        peer.answer(head, "data: x\n\n").await;
        let (end, memory) = running.end().await;
        assert!(matches!(end, End::GaveUp(_)), "{end:?}");
        let failed = &memory.of(Kind::Failed)[0];
        assert!(failed.meta().cause.as_deref().unwrap().contains(words), "{failed:?}");
        assert_eq!(failed.text(), Some("data: x\n\n"));
    }
}

#[tokio::test]
async fn the_answer_to_a_post_is_read_once() {
    let table = [
        ("{\"response\":\"a\",\"done\":false}\n{\"response\":\"\",\"done\":true}\n", "is complete"),
        ("{\"result\":{\"created\":true}}\n", "the POST is not sent again by itself"),
    ];
    for (lines, words) in table {
        let server = Server::start().await;
        let mut endpoint = server.endpoint("/api/generate");
        endpoint.options.body = Some(wirescope::model::Body::Text("{}".into()));
        let running = run(endpoint);
        let (mut peer, request) = server.asked().await;
        assert_eq!(request.line, "POST /api/generate HTTP/1.1");
        open(&mut peer, "application/x-ndjson").await;
        chunk(&mut peer, lines).await;
        peer.send(END).await;
        let (end, memory) = running.end().await;
        assert!(matches!(end, End::Finished), "{end:?}");
        let cause = memory.of(Kind::Closed)[0].meta().cause.clone().unwrap();
        assert!(cause.contains(words), "{cause}");
        assert_eq!(memory.received().len(), lines.lines().count());
    }
}

const POD: &str = r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"52"}}}"#;

#[tokio::test]
async fn a_watch_goes_on_from_its_resource_version_until_that_is_gone() {
    let server = Server::start().await;
    let running = run(server.endpoint("/api/v1/pods?watch=1"));
    let (mut peer, _) = server.asked().await;
    open(&mut peer, "application/json").await;
    chunk(&mut peer, &format!("{POD}\n")).await;
    peer.send(END).await;
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /api/v1/pods?watch=1&resourceVersion=52 HTTP/1.1");
    open(&mut peer, "application/json").await;
    let error = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#;
    chunk(&mut peer, &format!("{error}\n")).await;
    peer.send(END).await;
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /api/v1/pods?watch=1 HTTP/1.1", "from the start");
    open(&mut peer, "application/json").await;
    chunk(&mut peer, &format!("{POD}\n")).await;
    peer.send(END).await;
    // The status may say the same.
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /api/v1/pods?watch=1&resourceVersion=52 HTTP/1.1");
    peer.answer("410 Gone", "{}").await;
    let request = peer.request().await;
    assert_eq!(request.line, "GET /api/v1/pods?watch=1 HTTP/1.1");
    open(&mut peer, "application/json").await;
    running.memory.until_of(Kind::Open, 4).await;
    let (_, memory) = running.stop().await;
    let words = "the server does not know the place “52” (any more)";
    let said = |event: &Event| event.meta().cause.as_deref().is_some_and(|c| c.contains(words));
    let told: Vec<_> = memory.events().into_iter().filter(said).map(|e| e.kind.word()).collect();
    assert_eq!(told, ["message", "response"]);
}
