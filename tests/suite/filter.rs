//! Filters in the engine: what passes is the same whether an event is read whole, in part or not at
//! all, in files and in sessions that go on.

use std::path::Path;
use std::sync::Arc;

use wirescope::analysis::query::{Facts, GUIDE, Query, Row};
use wirescope::capture::{Header, Reader, Recorder};
use wirescope::engine::{Entry, SessionView};
use wirescope::model::{
    Class, Command, Dir, Endpoint, Event, Filter, Kind, Meta, SessionId, TransportKind, Wire,
};

use crate::engine::{Bench, find};

const EVENTS: u64 = 30_000;

/// Events of every sort, some of them large, and many alike.
fn event(n: u64) -> Event {
    let text = |payload: String| Event::new(0, Dir::In, Kind::Text).with_payload(payload);
    let symbol = ["AAPL", "MSFT"][(n % 2) as usize];
    let sent_ms = n as f64 - (n % 13) as f64;
    let event = match n % 50 {
        0 => Event::new(0, Dir::Out, Kind::Ping).with_payload(n.to_string()),
        1 => Event::new(0, Dir::In, Kind::Pong).with_payload((n - 1).to_string()),
        2 => Event {
            name: Some("price-update".into()),
            id: Some(n.to_string().into()),
            ..Event::new(0, Dir::In, Kind::Event).with_payload("not JSON: \"symbol\" limit 7")
        },
        3 => Event::new(0, Dir::In, Kind::Binary).with_payload(vec![0xff, 0xfe, n as u8, b'{']),
        4 => Event::new(0, Dir::In, Kind::Close).with_meta(Meta {
            code: Some(1000 + (n % 20) as u16),
            reason: Some("over the size limit".into()),
            ..Meta::default()
        }),
        5 => Event::new(0, Dir::In, Kind::Response)
            .with_wire(Wire::Estimated(n))
            .with_meta(Meta { status: Some(200 + (n % 400) as u16), ..Meta::default() }),
        6 => text(format!(r#"{{"symb\u006fl":"{symbol}","error":null,"size":{n}}}"#)),
        7 if n < 2_000 => text("y".repeat(150_000)),
        8 => text(format!(r#"{{"data":{{"items":[{{"price":{}}}]}},"text":"Limit 9"}}"#, n % 20)),
        9 => Event::new(0, Dir::Local, Kind::Failed)
            .with_meta(Meta { cause: Some("the connection was reset".into()), ..Meta::default() }),
        _ => text(format!(
            r#"{{"type":"tick","seq":{n},"symbol":"{symbol}","price":{},"size":{},"ts":{sent_ms}}}"#,
            n % 30,
            n % 100
        )),
    };
    Event {
        t_ns: n * 1_000_000 + (n / 1_000) * 3_000_000_000,
        attempt: (n / 10_000) as u32,
        ..event
    }
}

fn record(path: &Path) {
    let endpoint = Endpoint::parse("ws://host.test/").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::create(path, &Header::new(&endpoint, 0), Box::new(())).unwrap();
        let feed = recorder.feed(0);
        for from in (0..EVENTS).step_by(1000) {
            feed.send((from..from + 1000).map(event).collect()).await.unwrap();
        }
        recorder.finish("done").await.unwrap();
    });
}

fn facts(entry: &Entry, before: Option<Entry>) -> Facts {
    Facts {
        n: entry.n,
        t_ns: entry.t_ns,
        gap_ns: before.map(|before| entry.t_ns - before.t_ns),
        latency_us: entry.latency_ms().map(|_| entry.latency_us),
        size: entry.size.into(),
        attempt: entry.attempt,
        dir: entry.dir,
        kind: entry.kind,
    }
}

/// Positions of what passes, found by reading every event whole.
fn read_whole(view: &SessionView, events: &[Event], query: &Query) -> Vec<u32> {
    let passes = |at: &u32| {
        let entry = view.index.get(*at as usize).unwrap();
        let before = at.checked_sub(1).and_then(|at| view.index.get(at as usize));
        query.passes(&facts(&entry, before), &Row::from(&events[*at as usize]))
    };
    (0..events.len() as u32).filter(passes).collect()
}

fn filtered(bench: &Bench, id: SessionId, filter: &Filter) -> (Arc<SessionView>, Vec<u32>) {
    bench.send(Command::Filter(id, filter.clone()));
    let snapshot = bench.until(&filter.text, |snapshot| {
        let view = find(snapshot, id).unwrap();
        let searched = view.matches.as_ref().map(|matches| matches.searched);
        view.filter == *filter && searched.is_none_or(|searched| searched == view.index.len())
    });
    let view = find(&snapshot, id).unwrap();
    let found = view.matches.as_ref().map(|matches| matches.at.iter_from(0).collect());
    (Arc::clone(&view), found.unwrap_or_default())
}

fn text(text: &str) -> Filter {
    Filter { text: text.into(), ..Filter::default() }
}

#[test]
fn a_file_is_filtered_as_if_every_event_were_read_whole() {
    let bench = Bench::start();
    let path = bench.folder.path().join("mixed.wirescope");
    record(&path);
    let reader = Reader::open(&path).unwrap();
    let events: Vec<Event> =
        reader.events(1..EVENTS + 1).unwrap().into_iter().map(|found| found.event).collect();
    bench.send(Command::Open(path));
    let snapshot =
        bench.until("all of it", |s| s.sessions.iter().any(|s| s.index.len() == EVENTS as usize));
    let id = snapshot.sessions[0].id;
    let more = [
        "wire > 20000",
        "wire:*",
        "latency > 5 and latency < 9",
        "kind:close limit",
        "reset or code:1004 or latency:7",
        "-tick -kind:ping",
        "/^y+$/",
        "not (symbol:msft or kind:text)",
    ];
    let guide = GUIDE.iter().flat_map(|topic| topic.examples).map(|(example, _)| *example);
    let mut hits = 0;
    for example in guide.chain(more) {
        let query = Query::parse(example).unwrap();
        let (view, found) = filtered(&bench, id, &text(example));
        assert_eq!(found, read_whole(&view, &events, &query), "{example}");
        hits += usize::from(!found.is_empty());
    }
    assert!(hits > 20, "{hits} of the queries find something");

    let chips = Filter { classes: vec![Class::Control], ..text("limit") };
    let (_, found) = filtered(&bench, id, &chips);
    let closes = |at: &u32| events[*at as usize].kind == Kind::Close;
    assert!(found.len() == 600 && found.iter().all(closes), "chips narrow further");
}

#[test]
fn what_cannot_be_understood_leaves_the_filter_as_it_is() {
    let bench = Bench::start();
    let path = bench.folder.path().join("mixed.wirescope");
    record(&path);
    bench.send(Command::Open(path));
    let snapshot =
        bench.until("all of it", |s| s.sessions.iter().any(|s| s.index.len() == EVENTS as usize));
    let id = snapshot.sessions[0].id;
    let (_, before) = filtered(&bench, id, &text("kind:ping"));
    bench.send(Command::Filter(id, text("kind:pin")));
    // A later command is only carried out after the one before it.
    bench.send(Command::Select(id, Some(7)));
    let snapshot = bench.until("the detail", |s| find(s, id).unwrap().selected.is_some());
    let view = find(&snapshot, id).unwrap();
    assert_eq!(view.filter, text("kind:ping"));
    assert_eq!(view.matches.as_ref().unwrap().at.len(), before.len());
    assert_eq!(before.len() as u64, EVENTS / 50);
}

#[test]
fn events_are_filtered_as_they_come() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/ws"), TransportKind::Websocket);
    // By its index alone, by JSON fields, and by both.
    for query in ["latency:*", ".id > 20 and type = \"tick\"", ".id:*5 latency < 1h"] {
        bench.send(Command::Filter(id, text(query)));
        let passing = |view: &SessionView| {
            view.matches.as_ref().filter(|_| view.filter.text == query).map(|m| m.at.len())
        };
        let first = bench.until(query, |s| passing(&find(s, id).unwrap()).unwrap_or(0) > 0);
        let before = passing(&find(&first, id).unwrap()).unwrap();
        let snapshot = bench.until("more of it", |s| {
            let view = find(s, id).unwrap();
            let all = view.matches.as_ref().is_some_and(|m| m.searched == view.index.len());
            all && passing(&view).unwrap_or(0) > before + 5
        });
        let view = find(&snapshot, id).unwrap();
        let reader = Reader::open(&view.recording.path).unwrap();
        let events: Vec<Event> = reader
            .events(1..view.index.len() as u64 + 1)
            .unwrap()
            .into_iter()
            .map(|found| found.event)
            .collect();
        let found: Vec<u32> = view.matches.as_ref().unwrap().at.iter_from(0).collect();
        assert_eq!(found, read_whole(&view, &events, &Query::parse(query).unwrap()), "{query}");
    }
}
