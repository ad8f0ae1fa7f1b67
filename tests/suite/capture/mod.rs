//! Recordings: nothing is lost, whatever happens to the process, the disk or the file.

mod broken;
mod crash;
mod moving;
mod places;

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wirescope::capture::{
    APPLICATION_ID, CaptureError, Committed, Header, RECORDING, Reader, Recorder, Status, Tap,
    USER_VERSION,
};
use wirescope::model::{
    Certificate, Dir, Endpoint, Event, Frame, Kind, Meta, Timing, TransportKind, Wire,
};

fn endpoint() -> Endpoint {
    let endpoint = Endpoint::parse("wss://me:hunter2@host.test:8443/feed?token=hunter2").unwrap();
    endpoint.over(TransportKind::Websocket)
}

fn header() -> Header {
    Header::new(&endpoint(), 1_795_351_572_123_456_789)
}

fn message(n: u64) -> Event {
    Event::new(n * 1000, Dir::In, Kind::Text).with_payload(format!("message {n}"))
}

fn messages(range: Range<u64>) -> Vec<Event> {
    range.map(message).collect()
}

/// A folder that goes away with the test, and the place of a recording in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    (folder, path)
}

fn recorder(path: &Path) -> Recorder {
    Recorder::create(path, &header(), Box::new(())).unwrap()
}

/// A finished recording of `count` messages.
async fn recording(path: &Path, count: u64) {
    let recorder = recorder(path);
    recorder.feed(0).send(messages(0..count)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
}

fn all(path: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    let reader = Reader::open(path).unwrap();
    reader
        .scan(1, |n, _, event| {
            assert_eq!(n, events.len() as u64 + 1, "numbers have no gaps");
            events.push(event.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    events
}

/// What any other SQLite program makes of the file.
fn plain(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).unwrap()
}

fn integrity(conn: &rusqlite::Connection) -> String {
    conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

/// Keeps what it was told.
#[derive(Clone, Default)]
struct Told {
    events: Arc<Mutex<Vec<(u64, u16, Event)>>>,
}

impl Tap for Told {
    fn committed(&mut self, batch: Committed<'_>) {
        let mut events = self.events.lock().unwrap();
        let numbered = (batch.first_n..).zip(batch.events);
        events.extend(numbered.map(|(n, event)| (n, batch.lane, event.clone())));
    }
}

/// One event of every kind and direction, every detail filled in somewhere.
fn one_of_each() -> Vec<Event> {
    let mut events = Vec::new();
    for (number, kind) in (1_u64..).zip(Kind::ALL) {
        for dir in Dir::ALL {
            let mut event = Event::new(number * 7, dir, kind).with_payload(vec![0_u8, 0xff, 0x80]);
            event.attempt = number as u32;
            event.wire = match number % 3 {
                0 => Wire::Unknown,
                1 => Wire::Exact(number << 40),
                _ => Wire::Estimated(number),
            };
            if number % 2 == 0 {
                event.name = Some("tick\u{0} “é”".into());
                event.id = Some("".into());
                event.meta = Some(Box::new(full_meta()));
            }
            events.push(event);
        }
    }
    events.push(Event::new(u64::MAX >> 1, Dir::In, Kind::Text));
    events
}

fn full_meta() -> Meta {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Meta {
        code: Some(4999),
        reason: Some("going \"away\"\n".into()),
        status: Some(503),
        version: Some("HTTP/1.1".into()),
        method: Some("POST".into()),
        url: Some("https://host.test/a?b=c".into()),
        headers: vec![header("X-A", "1"), header("x-a", "2")],
        request_headers: vec![header("Accept", "*/*")],
        timing: Some(Timing {
            dns: Some(0.1),
            tcp: Some(1.25),
            tls: None,
            connect: Some(3.5),
            first_byte: Some(1e-3),
            total: Some(12.0),
        }),
        remote: Some("127.0.0.1:4100".into()),
        tls: Some("TLSv1.3 TLS13_AES_128_GCM_SHA256".into()),
        insecure: true,
        cause: Some("it broke".into()),
        hint: Some("mend it".into()),
        delay_ms: Some(u64::MAX >> 1),
        retry: Some((3, 10)),
        retry_ms: Some(7000),
        resume_after: Some("1795316566:1".into()),
        transport: Some(TransportKind::Sse),
        chosen: Some("SSE, because the answer is text/event-stream".into()),
        truncated: Some(5),
        frames: vec![
            Frame { opcode: 1, size: 3, header: 2, t_ns: 5, ..Frame::default() },
            Frame { fin: true, header: 2, t_ns: 6, ..Frame::default() },
        ],
        encoding: Some("permessage-deflate".into()),
        compressed: Some(3),
        certificates: vec![Certificate {
            subject: "CN=host.test".into(),
            issuer: "CN=authority".into(),
            names: vec!["host.test".into()],
            not_before: "2026-01-01T00:00:00Z".into(),
            not_after: "2027-01-01T00:00:00Z".into(),
            sha256: "00ff".into(),
        }],
        proxy: Some("http://proxy.test:3128".into()),
    }
}

#[tokio::test]
async fn every_kind_and_every_detail_comes_back_as_it_was() {
    let (_folder, path) = place();
    let told = Told::default();
    let recorder = Recorder::create(&path, &header(), Box::new(told.clone())).unwrap();
    recorder.feed(0).send(one_of_each()).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(all(&path), one_of_each());
    let told: Vec<_> = told.events.lock().unwrap().iter().map(|told| told.2.clone()).collect();
    assert_eq!(told, one_of_each());
}

#[tokio::test]
async fn what_is_handed_in_is_in_the_file_in_order() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    let feed = recorder.feed(0);
    for from in (0..10_000).step_by(500) {
        feed.send(messages(from..from + 500)).await.unwrap();
    }
    feed.send(Vec::new()).await.unwrap();
    let summary = recorder.finish("stopped").await.unwrap();
    assert_eq!((summary.events, &summary.path), (10_000, &path));
    assert_eq!(all(&path), messages(0..10_000));
    assert!(matches!(recorder.status(), Status::Ended));
    assert!(feed.send(messages(0..1)).await.is_err(), "a finished recording takes nothing");
    assert!(matches!(recorder.finish("again").await, Err(CaptureError::Ended)));
}

#[tokio::test]
async fn lanes_share_a_file_and_keep_their_own_order() {
    let (_folder, path) = place();
    let told = Told::default();
    let header = header().beside(&endpoint().over(TransportKind::Sse));
    let recorder = Recorder::create(&path, &header, Box::new(told.clone())).unwrap();
    let lane = |number: u16| {
        let feed = recorder.feed(number);
        async move {
            for n in (0..2000).step_by(100) {
                feed.send(messages(n..n + 100)).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::join!(lane(0), lane(1));
    recorder.finish("stopped").await.unwrap();

    let reader = Reader::open(&path).unwrap();
    let found = reader.events(1..4001).unwrap();
    for lane in [0, 1] {
        let own: Vec<_> =
            found.iter().filter(|r| r.lane == lane).map(|r| r.event.clone()).collect();
        assert_eq!(own, messages(0..2000), "lane {lane}");
    }
    let told = told.events.lock().unwrap();
    let as_told = found.into_iter().map(|r| (r.n, r.lane, r.event));
    assert!(as_told.eq(told.iter().cloned()), "the tap sees what the file holds");
    let lanes = reader.header().unwrap().lanes;
    assert_eq!((lanes.len(), lanes[1].transport.as_str()), (2, "sse"));
}

#[tokio::test]
async fn a_file_can_be_read_while_it_grows() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    let (feed, file) = (recorder.feed(0), recorder.file());
    assert_eq!(file.count().unwrap(), 0);
    assert_eq!(file.header().unwrap().ended, RECORDING);
    for n in 0..3 {
        feed.send(messages(n * 10..n * 10 + 10)).await.unwrap();
        recorder.flush().await.unwrap();
        assert_eq!(file.count().unwrap(), (n + 1) * 10);
        assert_eq!(recorder.count(), (n + 1) * 10);
    }
    assert_eq!(file.event(30).unwrap().unwrap().event, message(29));
    assert_eq!(file.event(31).unwrap(), None);
    assert_eq!(file.events(29..99).unwrap().len(), 2);
    let other: i64 =
        plain(&path).query_row("SELECT count(*) FROM event", [], |r| r.get(0)).unwrap();
    assert_eq!(other, 30);
}

#[tokio::test]
async fn a_scan_can_stop_and_go_on() {
    let (_folder, path) = place();
    recording(&path, 5000).await;
    let file = wirescope::capture::CaptureFile::open(&path).unwrap();
    let mut seen = Vec::new();
    let mut take = |n: u64, stop: u64| {
        seen.push(n);
        if n == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let next = file.scan(0, |n, _, _| take(n, 3000)).unwrap();
    assert_eq!(next, 3001);
    assert_eq!(file.scan(next, |n, _, _| take(n, 0)).unwrap(), 5001);
    assert!(seen.into_iter().eq(1..=5000));
}

#[tokio::test]
async fn the_file_is_what_the_contract_says() {
    let (_folder, path) = place();
    let secret = Meta {
        url: Some("https://host.test/?token=hunter2".into()),
        request_headers: vec![("Authorization".into(), "Bearer hunter2".into())],
        ..Meta::default()
    };
    let recorder = recorder(&path);
    let event = Event::new(5, Dir::Local, Kind::Connecting).with_meta(secret);
    let estimated = message(1).with_wire(Wire::Estimated(9));
    recorder.feed(0).send(vec![event, estimated]).await.unwrap();
    recorder.finish("stopped").await.unwrap();

    let conn = plain(&path);
    let pragma = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).unwrap();
    assert_eq!(pragma("application_id"), 0x5749_5245);
    assert_eq!((pragma("application_id"), pragma("user_version")), (APPLICATION_ID, USER_VERSION));
    let text = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let columns = text("SELECT group_concat(name) FROM pragma_table_info('event')");
    assert_eq!(columns, "n,t_ns,attempt,dir,kind,name,id,payload,wire,meta,lane");
    assert_eq!(text("SELECT meta FROM event WHERE n = 2 AND wire IS NULL"), r#"{"wire_est":9}"#);
    assert_eq!(text("SELECT value FROM session WHERE key = 'transport'"), "websocket");
    assert_eq!(text("SELECT value FROM session WHERE key = 'ended'"), "stopped");
    let keys = text("SELECT group_concat(key) FROM (SELECT key FROM session ORDER BY key)");
    assert_eq!(keys, "ended,endpoint,lanes,options,start,transport,version");
    drop(conn);
    let bytes = std::fs::read(&path).unwrap();
    assert!(memchr::memmem::find(&bytes, b"hunter2").is_none(), "secrets stay out of the file");
    let header = Reader::open(&path).unwrap().header().unwrap();
    let expected = Header { ended: "stopped".into(), ..self::header() };
    assert_eq!(header, expected);
    assert!(header.has_ended() && header.title() == "host.test:8443/feed");
}

#[tokio::test]
async fn a_finished_recording_is_one_plain_file() {
    let (folder, path) = place();
    recording(&path, 100).await;
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(names, [path]);
}

#[tokio::test]
async fn how_it_ended_can_be_noted_before_it_is_finished() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    for note in ["disconnected", RECORDING, "gave up"] {
        recorder.note(note).await.unwrap();
        assert_eq!(recorder.file().header().unwrap().ended, note);
    }
    drop(recorder);
    assert_eq!(Reader::open(&path).unwrap().header().unwrap().ended, "gave up");
}

#[tokio::test]
async fn a_dropped_recording_is_complete_but_says_that_it_never_ended() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..100)).await.unwrap();
    drop(recorder);
    assert_eq!(all(&path), messages(0..100));
    assert!(!Reader::open(&path).unwrap().header().unwrap().has_ended());
}
