//! The engine as the window uses it: commands in, snapshots out, against the built-in server.

mod answers;
mod classroom;
mod workshop;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use wirescope::analysis::Phase;
use wirescope::decode::{Body, Value};
use wirescope::engine::{Engine, Handle, SessionView, Severity, Snapshot};
use wirescope::model::{
    Class, Command, Endpoint, Filter, Kind, Retries, Say, ServerOptions, SessionId, Source,
    TransportKind,
};

use crate::support::LIMIT;

/// An engine that records into a folder of its own, and a way to wait for what it shows.
pub(crate) struct Bench {
    engine: Option<Engine>,
    handle: Handle,
    woken: Arc<(Mutex<u64>, Condvar)>,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let woken = Arc::new((Mutex::new(0), Condvar::new()));
        let waker = Arc::clone(&woken);
        let (engine, handle) = Engine::start(
            folder.path().to_owned(),
            Arc::new(move || {
                *waker.0.lock().unwrap() += 1;
                waker.1.notify_all();
            }),
        )
        .unwrap();
        Self { engine: Some(engine), handle, woken, folder }
    }

    pub(crate) fn send(&self, command: Command) {
        assert!(self.handle.send(command));
    }

    /// Waits until a snapshot is as it should be.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let end = Instant::now() + LIMIT;
        let mut count = self.woken.0.lock().unwrap();
        loop {
            let snapshot = self.handle.snapshot();
            if is_so(&snapshot) {
                return snapshot;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never came: {what}\n{:#?}", brief(&snapshot));
            count = self.woken.1.wait_timeout(count, left).unwrap().0;
        }
    }

    fn demo(&self) -> Arc<Snapshot> {
        self.serve();
        self.send(Command::Demo);
        self.until("an open session a transport", |snapshot| {
            snapshot.sessions.len() == TransportKind::ALL.len()
                && snapshot.sessions.iter().all(|s| s.phase.is_open())
        })
    }

    pub(crate) fn serve(&self) -> String {
        let options = ServerOptions {
            listen: ([127, 0, 0, 1], 0).into(),
            source: Source { rate: 200.0, ..Source::default() },
            history: 10_000,
            ..ServerOptions::default()
        };
        self.send(Command::StartServer(Box::new(options)));
        self.until("a server", |snapshot| snapshot.server.url.is_some()).server.url.clone().unwrap()
    }

    pub(crate) fn connect(&self, url: &str, transport: TransportKind) -> SessionId {
        let mut endpoint = Endpoint::parse(url).unwrap().over(transport);
        endpoint.options.retries = quick();
        self.send(Command::Connect(Box::new(endpoint)));
        let open = |s: &Arc<SessionView>| s.title.contains(endpoint_path(url)) && s.phase.is_open();
        let snapshot = self.until("an open session", |s| s.sessions.iter().any(open));
        snapshot.sessions.last().unwrap().id
    }

    fn session(&self, id: SessionId) -> Arc<SessionView> {
        find(&self.handle.snapshot(), id).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(self.engine.take());
    }
}

fn quick() -> Retries {
    Retries {
        most: 1000,
        first: Duration::from_millis(20),
        longest: Duration::from_millis(50),
        jitter: 0.2,
    }
}

fn endpoint_path(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

pub(crate) fn find(snapshot: &Snapshot, id: SessionId) -> Option<Arc<SessionView>> {
    snapshot.sessions.iter().find(|session| session.id == id).cloned()
}

fn brief(snapshot: &Snapshot) -> Vec<String> {
    let session = |s: &Arc<SessionView>| {
        format!("{} {:?} {} events {:?}", s.title, s.phase, s.index.len(), s.stats)
    };
    let notices = snapshot.notices.iter().map(|notice| format!("{notice:?}"));
    snapshot.sessions.iter().map(session).chain(notices).collect()
}

#[test]
fn a_stopped_server_is_waited_for_and_nothing_is_lost_where_there_is_a_cursor() {
    let bench = Bench::start();
    bench.serve();
    let url = bench.handle.snapshot().server.url.clone().unwrap();
    let paths = ["ws", "sse", "poll", "short", "stream"];
    let ids: Vec<SessionId> = TransportKind::ALL
        .into_iter()
        .zip(paths)
        .map(|(kind, path)| bench.connect(&format!("{url}/{path}"), kind))
        .collect();
    bench.until("messages over all", |s| s.sessions.iter().all(|s| s.stats.received > 5));

    bench.send(Command::StopServer);
    bench.until("retries of all", |snapshot| {
        snapshot.server.url.is_none()
            && snapshot.sessions.iter().all(|s| !s.phase.is_open() && !s.phase.is_over())
    });
    let options = bench.handle.snapshot().server.options.clone();
    bench.send(Command::StartServer(Box::new(options)));
    bench.until("all open again", |snapshot| {
        snapshot.sessions.iter().all(|s| s.phase.is_open() && s.stats.reconnects > 0)
    });
    let before: Vec<u64> = ids.iter().map(|id| bench.session(*id).stats.received).collect();
    let snapshot = bench.until("new messages over all", |snapshot| {
        let more = |(id, before): (&SessionId, &u64)| {
            find(snapshot, *id).is_some_and(|s| s.stats.received > before + 5)
        };
        ids.iter().zip(&before).all(more)
    });
    for id in &ids[1..] {
        let session = find(&snapshot, *id).unwrap();
        let (lost, duplicated, reordered) = session.stats.sequence.unwrap();
        assert_eq!((lost, duplicated, reordered), (0, 0, 0), "{}", session.title);
        assert_eq!(session.series.outages.len(), session.stats.reconnects as usize);
    }
}

#[test]
fn a_waiting_session_says_when_and_can_be_hurried_or_ended() {
    let bench = Bench::start();
    let url = bench.serve();
    let mut endpoint = Endpoint::parse(&format!("{url}/sse")).unwrap().over(TransportKind::Sse);
    endpoint.options.retries = Retries { most: 5, first: Duration::from_hours(1), ..quick() };
    endpoint.options.retries.longest = Duration::from_hours(1);
    bench.send(Command::Connect(Box::new(endpoint)));
    bench.until("open", |s| s.sessions.iter().any(|s| s.phase.is_open()));
    bench.send(Command::StopServer);
    let snapshot = bench
        .until("waiting", |s| s.sessions.iter().any(|s| matches!(s.phase, Phase::Waiting { .. })));
    let session = &snapshot.sessions[0];
    let Phase::Waiting { until_ns, retry, .. } = &session.phase else { unreachable!() };
    assert!(*until_ns > session.now_ns && *retry == (1, 5));
    let options = snapshot.server.options.clone();
    bench.send(Command::StartServer(Box::new(options)));
    bench.until("a server", |snapshot| snapshot.server.url.is_some());
    bench.send(Command::Reconnect(session.id));
    bench.until("open again", |s| s.sessions[0].phase.is_open());
    bench.send(Command::Disconnect(session.id));
    bench.until("ended", |s| s.sessions[0].phase.is_over());
    bench.send(Command::Reconnect(session.id));
    let snapshot = bench.until("open once more", |s| s.sessions[0].phase.is_open());
    assert_eq!(snapshot.sessions[0].stats.sequence.map(|(lost, ..)| lost), Some(0));
}

#[test]
fn rows_selection_and_filter_are_read_from_the_file() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/ws"), TransportKind::Websocket);
    bench.send(Command::Send(id, Say::Text(r#"{"type":"message","text":"Needle"}"#.into())));
    bench.until("400 events", |s| find(s, id).unwrap().index.len() > 400);
    bench.send(Command::View(id, 0..30));
    let snapshot = bench.until("the first rows", |s| {
        let session = find(s, id).unwrap();
        (1..=30).all(|n| session.rows.contains_key(&n))
    });
    let first = Arc::clone(&find(&snapshot, id).unwrap().rows[&1]);
    assert_eq!(first.kind, Kind::Connecting);

    let filter = Filter { text: "needle".into(), classes: vec![Class::Received] };
    bench.send(Command::Filter(id, filter.clone()));
    let snapshot = bench.until("the answer to what was sent", |s| {
        let session = find(s, id).unwrap();
        session.matches.as_ref().is_some_and(|m| m.at.len() == 1 && m.searched > 400)
    });
    let session = find(&snapshot, id).unwrap();
    assert_eq!(session.filter, filter);
    let at = session.matches.as_ref().unwrap().at.get(0).unwrap();
    let n = session.index.get(at as usize).unwrap().n;
    bench.send(Command::Select(id, Some(n)));
    let snapshot = bench.until("the detail", |s| find(s, id).unwrap().selected.is_some());
    let selected = find(&snapshot, id).unwrap().selected.clone().unwrap();
    let Body::Tree(tree) = &selected.decoded.body else { panic!("not JSON") };
    let text = tree.root().get("text").and_then(Value::text);
    assert_eq!((selected.n, text.as_deref()), (n, Some("Needle")));
    let handshake = selected.handshake.as_ref().unwrap();
    assert_eq!((handshake.kind, handshake.meta().status), (Kind::Open, Some(101)));
    bench.send(Command::Filter(id, Filter::default()));
    bench.until("everything", |s| find(s, id).unwrap().matches.is_none());
}

#[test]
fn payloads_are_read_as_the_person_says_and_a_wrong_schema_is_told() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{}/ws", url.replace("http", "ws")), TransportKind::Websocket);
    bench.until("an open session", |s| find(s, id).unwrap().phase.is_open());
    // The demo echoes binary: field 1 of Protobuf, 150.
    bench.send(Command::Send(id, Say::Binary(vec![0x08, 0x96, 0x01].into())));
    let is_echo = |entry: &wirescope::engine::Entry| entry.kind == Kind::Binary;
    let snapshot = bench.until("the echo", |s| {
        find(s, id).unwrap().index.iter_from(0).any(|entry| is_echo(&entry))
    });
    let n = find(&snapshot, id).unwrap().index.iter_from(0).find(is_echo).unwrap().n;
    let read_by = |s: &Snapshot| {
        let selected = find(s, id).unwrap().selected.clone();
        selected.map(|selected| selected.decoded.decoder)
    };
    bench.send(Command::Select(id, Some(n)));
    bench.until("Protobuf", |s| read_by(s) == Some("protobuf"));
    bench.send(Command::ReadAs(id, Some("hex")));
    let snapshot = bench.until("bytes", |s| read_by(s) == Some("hex"));
    assert_eq!(find(&snapshot, id).unwrap().reading.decoder, Some("hex"));
    bench.send(Command::ReadAs(id, None));
    bench.until("Protobuf again", |s| read_by(s) == Some("protobuf"));

    // A file of one message `M`, whose field 1 is the int32 `size`.
    let set = b"\x0a\x16\x0a\x01f\x22\x11\x0a\x01M\x12\x0c\x0a\x04size\x18\x01\x20\x01\x28\x05";
    let path = bench.folder.path().join("m.binpb");
    std::fs::write(&path, set).unwrap();
    bench.send(Command::Schema(id, Some(path)));
    let snapshot = bench.until("a name", |s| {
        let selected = find(s, id).unwrap().selected.clone();
        selected.is_some_and(|selected| selected.decoded.summary.as_deref() == Some("M"))
    });
    let selected = find(&snapshot, id).unwrap().selected.clone().unwrap();
    let Body::Tree(tree) = &selected.decoded.body else { panic!("no tree") };
    assert_eq!(tree.root().to_json(), r#"{"size":150}"#);

    let wrong = bench.folder.path().join("no.binpb");
    std::fs::write(&wrong, "hello").unwrap();
    bench.send(Command::Schema(id, Some(wrong)));
    let snapshot = bench.until("a notice", |s| !s.notices.is_empty());
    let notice = &snapshot.notices[0];
    assert!(notice.text.contains("no descriptor set"), "{notice:?}");
    assert!(notice.hint.as_ref().unwrap().contains("--descriptor_set_out"), "{notice:?}");
    bench.send(Command::SchemaMessage(id, Some("M".into())));
    bench.until("the old one stays", |s| {
        let reading = &find(s, id).unwrap().reading;
        reading.schema.as_ref().is_some_and(|f| f.schema.message.as_deref() == Some("M"))
    });
}

#[test]
fn a_saved_recording_goes_on_in_its_new_place_and_opens_again() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/sse"), TransportKind::Sse);
    bench.until("messages", |s| find(s, id).unwrap().stats.received > 5);
    let elsewhere = tempfile::tempdir().unwrap();
    let path: PathBuf = elsewhere.path().join("kept.wirescope");
    let save = |replace| Command::SaveAs { session: id, path: path.clone(), replace };
    bench.send(save(false));
    let snapshot = bench.until("saved", |s| find(s, id).unwrap().recording.is_saved);
    let session = find(&snapshot, id).unwrap();
    assert_eq!(session.recording.path, path);
    let before = session.index.len();
    bench.until("more messages", |s| find(s, id).unwrap().index.len() > before + 5);
    bench.send(Command::Close(id));
    bench.until("closed", |s| find(s, id).is_none());
    let is_listed = |s: &Snapshot| s.recents.iter().any(|r| r.path == path && !r.was_cut_off);
    bench.until("the file at rest", |s| is_listed(s) && !wal(&path));

    bench.send(Command::Open(path.clone()));
    let snapshot = bench.until("opened", |s| {
        s.sessions.iter().any(|s| s.recording.path == path && s.phase.is_over())
    });
    let opened = snapshot.sessions.last().unwrap();
    assert!(opened.index.len() > before && opened.stats.received > 5);
    assert_eq!(opened.transport, Some(TransportKind::Sse));
    assert_eq!(opened.stats.sequence, Some((0, 0, 0)));
}

#[test]
fn closing_a_session_keeps_its_goodbye() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/ws"), TransportKind::Websocket);
    let path = bench.session(id).recording.path.clone();
    bench.send(Command::Close(id));
    let snapshot = bench.until("the file at rest", |s| {
        let has_ended = |r: &&wirescope::engine::RecentCapture| r.path == path && !r.was_cut_off;
        s.sessions.is_empty() && s.recents.iter().find(has_ended).is_some_and(|_| !wal(&path))
    });
    assert!(snapshot.notices.is_empty());
    let reader = wirescope::capture::Reader::open(&path).unwrap();
    let events = reader.events(1..reader.count().unwrap() + 1).unwrap();
    let kinds: Vec<Kind> = events.iter().rev().take(3).map(|r| r.event.kind).collect();
    assert_eq!(kinds.first(), Some(&Kind::Closed), "{kinds:?}");
    assert_eq!(
        events.iter().filter(|r| r.event.kind == Kind::Close).count(),
        2,
        "both said goodbye"
    );
    assert_eq!(reader.header().unwrap().ended, "disconnected by you");
}

fn wal(path: &std::path::Path) -> bool {
    PathBuf::from(format!("{}-wal", path.display())).exists()
}

#[test]
fn a_recording_that_stops_ends_its_session_and_says_why() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/sse"), TransportKind::Sse);
    let path = bench.session(id).recording.path.clone();
    // Another program turns the table into something else under the recorder's hands.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.busy_timeout(LIMIT).unwrap();
    other.execute_batch("ALTER TABLE event RENAME TO gone").unwrap();
    let snapshot = bench.until("the end", |s| {
        find(s, id).is_some_and(|s| s.phase.is_over() && s.recording.error.is_some())
    });
    let session = find(&snapshot, id).unwrap();
    assert!(!session.recording.is_running);
    let Phase::Ended { cause, hint, .. } = &session.phase else { unreachable!() };
    assert!(cause.starts_with("recording stopped") && hint.is_some(), "{cause}");
    bench.send(Command::Reconnect(id));
    let snapshot = bench.until("a refusal", |s| !s.notices.is_empty());
    assert!(snapshot.notices[0].text.contains("cannot connect again"));
}

#[test]
fn a_capture_is_opened_without_the_secrets_it_never_held() {
    let bench = Bench::start();
    let url = bench.serve();
    let mut endpoint = Endpoint::parse(&format!("{url}/sse")).unwrap().over(TransportKind::Sse);
    endpoint.options.headers =
        vec![("Authorization".into(), "Bearer hunter2".into()), ("X-Room".into(), "1".into())];
    bench.send(Command::Connect(Box::new(endpoint)));
    let open = |s: &Snapshot| s.sessions.iter().any(|s| s.phase.is_open());
    let snapshot = bench.until("open", open);
    let (id, path) = (snapshot.sessions[0].id, snapshot.sessions[0].recording.path.clone());
    bench.send(Command::Close(id));
    bench.until("closed", |s| s.sessions.is_empty() && !wal(&path));
    bench.send(Command::Open(path));
    let snapshot = bench.until("opened", |s| s.sessions.iter().any(|s| s.phase.is_over()));
    let headers = &snapshot.sessions[0].endpoint.options.headers;
    assert_eq!(headers, &[("X-Room".to_owned(), "1".to_owned())]);
    assert!(snapshot.notices.iter().any(|notice| notice.text.contains("no secrets")));
}

#[test]
fn a_long_file_is_read_while_it_is_looked_at() {
    const EVENTS: usize = 60_000;
    let bench = Bench::start();
    let path = bench.folder.path().join("long.wirescope");
    record(&path, EVENTS);
    bench.send(Command::Open(path));
    let snapshot = bench.until("the session", |s| !s.sessions.is_empty());
    let id = snapshot.sessions[0].id;
    // The window asks all the time while the file is still being read.
    let filter = Filter { text: "\"number 599\"".into(), ..Filter::default() };
    bench.send(Command::Filter(id, filter));
    for row in 0..50 {
        bench.send(Command::View(id, row * 100..row * 100 + 30));
        bench.send(Command::Select(id, Some(row as u64 + 1)));
    }
    let snapshot = bench.until("all of it", |s| {
        let session = find(s, id).unwrap();
        let matches = session.matches.as_ref();
        session.index.len() == EVENTS && matches.is_some_and(|m| m.searched == EVENTS)
    });
    let session = find(&snapshot, id).unwrap();
    // 599, 5990 to 5999 and 59900 to 59999.
    assert_eq!(session.matches.as_ref().unwrap().at.len(), 111);
    bench.send(Command::Close(id));
    bench.until("closed", |s| s.sessions.is_empty());
}

/// Records that many text messages, each with its number.
fn record(path: &std::path::Path, events: usize) {
    use wirescope::capture::{Header, Recorder};
    use wirescope::model::{Dir, Event};
    let endpoint = Endpoint::parse("ws://host.test/").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::create(path, &Header::new(&endpoint, 0), Box::new(())).unwrap();
        let feed = recorder.feed(0);
        for from in (0..events).step_by(1000) {
            let message = |k: usize| {
                Event::new(k as u64, Dir::In, Kind::Text).with_payload(format!("number {k}"))
            };
            feed.send((from..events.min(from + 1000)).map(message).collect()).await.unwrap();
        }
        recorder.finish("done").await.unwrap();
    });
}

#[test]
fn what_goes_wrong_is_told_with_a_hint() {
    let bench = Bench::start();
    bench.send(Command::Open(bench.folder.path().join("not-there.wirescope")));
    let snapshot = bench.until("a notice", |s| !s.notices.is_empty());
    let notice = &snapshot.notices[0];
    assert_eq!(notice.severity, Severity::Error);
    assert!(notice.text.contains("not-there") && notice.hint.is_some(), "{notice:?}");
    bench.send(Command::Dismiss(notice.id));
    bench.until("none", |s| s.notices.is_empty());

    let url = bench.serve();
    let endpoint = Endpoint::parse(&format!("{url}/nowhere")).unwrap().over(TransportKind::Sse);
    bench.send(Command::Connect(Box::new(endpoint)));
    let snapshot = bench.until("a refusal", |s| s.sessions.iter().any(|s| s.phase.is_over()));
    let Phase::Ended { status, was_open, hint, .. } = &snapshot.sessions[0].phase else {
        panic!("not over")
    };
    assert_eq!((*status, *was_open, hint.is_some()), (Some(404), false, true));
}

#[test]
fn the_demo_connects_every_transport_and_the_end_leaves_files_that_are_whole() {
    let bench = Bench::start();
    let snapshot = bench.demo();
    let kinds: Vec<_> = snapshot.sessions.iter().map(|s| s.transport.unwrap()).collect();
    assert_eq!(kinds, TransportKind::ALL);
    bench.until("messages over all", |s| s.sessions.iter().all(|s| s.stats.received > 3));
    let paths: Vec<PathBuf> =
        bench.handle.snapshot().sessions.iter().map(|s| s.recording.path.clone()).collect();
    // What is typed over an HTTP transport goes to where the server takes messages.
    let sse = bench.handle.snapshot().sessions[1].id;
    let typed = r#"{"type":"note","text":"from the composer"}"#;
    bench.send(Command::Send(sse, Say::Text(typed.into())));
    let has = |s: &Snapshot| {
        let rows = &s.sessions[0].rows;
        rows.values().any(|e| e.text().is_some_and(|text| text.contains("from the composer")))
    };
    bench.until("the message over the WebSocket", has);
    let mut bench = bench;
    drop(bench.engine.take());
    for path in paths {
        let reader = wirescope::capture::Reader::open(&path).unwrap();
        assert!(reader.header().unwrap().has_ended(), "{}", path.display());
        let left = ["-wal", "-shm"].map(|end| format!("{}{end}", path.display()));
        assert!(left.iter().all(|journal| !std::path::Path::new(journal).exists()));
    }
}

#[test]
fn files_are_sent_and_what_goes_on_by_itself_is_shown() {
    let bench = Bench::start();
    let base = bench.serve();
    let id = bench.connect(&format!("{base}/ws"), TransportKind::Websocket);
    let file = bench.folder.path().join("message.bin");
    std::fs::write(&file, [0, 159, 146, 150]).unwrap();
    bench.send(Command::SendFile(id, file.clone()));
    let is_echo = |session: &SessionView| {
        session.index.iter_from(0).filter(|entry| entry.kind == Kind::Binary).count() == 2
    };
    bench.until("the file, and its echo", |s| find(s, id).is_some_and(|s| is_echo(&s)));

    bench.send(Command::SendFile(id, bench.folder.path().to_owned()));
    let told = bench.until("why a folder is not sent", |s| !s.notices.is_empty());
    assert!(told.notices[0].text.contains("it is no file"), "{:?}", told.notices);

    let again = (Box::new(Say::Ping("again".into())), Duration::from_millis(5));
    bench.send(Command::Send(id, Say::Repeat(Some(again.clone()))));
    bench.send(Command::Send(id, Say::AnswerPings(false)));
    let pings = |session: &SessionView| {
        session.index.iter_from(0).filter(|entry| entry.kind == Kind::Ping).count()
    };
    bench.until("pings by themselves", |s| find(s, id).is_some_and(|s| pings(&s) > 3));
    let sending = bench.session(id).sending.clone();
    assert_eq!(sending.repeats, Some((*again.0, again.1)));
    assert!(sending.withholds_pongs);
    bench.send(Command::Send(id, Say::Repeat(None)));
    let ended = |s: &SessionView| s.sending.repeats.is_none() && s.sending.withholds_pongs;
    bench.until("the end of the repetition", |s| find(s, id).is_some_and(|s| ended(&s)));
    bench.send(Command::Disconnect(id));
    bench.until("the end", |s| find(s, id).is_some_and(|s| s.phase.is_over()));
    bench.send(Command::Reconnect(id));
    let anew = |s: &SessionView| s.phase.is_open() && !s.sending.withholds_pongs;
    bench.until("pings answered again", |s| find(s, id).is_some_and(|s| anew(&s)));
}
