//! Snapshots made by hand: the sessions of the design's pictures, at a moment that never changes.

use std::collections::HashMap;
use std::sync::Arc;

use wirescope::analysis::{Percentiles, Phase, Series};
use wirescope::decode::{Context, Decoded, decode};
use wirescope::engine::{
    Chunks, Entry, Matches, Notice, Origin, Reading, RecentCapture, Recording, Selected, Sending,
    SessionView, Severity, Snapshot, Stats,
};
use wirescope::model::{
    Dir, Endpoint, Event, Filter, Kind, Meta, SessionId, Timing, TransportKind, Wire,
};

/// 22 Nov 2026, 12:46:15 UTC.
pub const NOW: i64 = 1_795_351_575_500_000_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// How long the ticker has been recorded at [`NOW`].
pub const AGE: u64 = 400 * SECOND;
const LOST: u64 = 200 * SECOND;
const BACK: u64 = LOST + 3_100 * MS;

/// Numbers that look random and never change.
pub fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

/// When the ticker's `n`th of `total` events came.
fn time(n: u64, total: u64) -> u64 {
    let from_end = total - n;
    AGE - 100 * MS - from_end * 19 * MS - (noise(n) * 12e6) as u64
}

/// The ticker's `n`th event of `total`.
pub fn tick(n: u64, total: u64) -> Event {
    let t = time(n, total);
    let text = |dir, payload: String| {
        let wire = Wire::Exact(payload.len() as u64 + 2);
        Event::new(t, dir, Kind::Text).with_payload(payload).with_wire(wire)
    };
    let mut event = match total - n {
        8 => state(
            t,
            2,
            Kind::Closed,
            Meta {
                code: Some(1006),
                cause: Some("the peer ended the connection without a close frame".into()),
                hint: Some("The server stopped, or something on the way cut the connection".into()),
                ..Meta::default()
            },
        ),
        7 => state(
            t,
            2,
            Kind::Retrying,
            Meta { delay_ms: Some(1000), retry: Some((1, 10)), ..Meta::default() },
        ),
        6 => state(t, 3, Kind::Open, handshake_meta()),
        15 => text(Dir::Out, r#"{"op":"subscribe","channel":"trades","symbol":"AAPL"}"#.into()),
        12 => Event::new(t, Dir::Out, Kind::Ping).with_payload("ws1"),
        11 => Event::new(t, Dir::In, Kind::Pong).with_payload("ws1"),
        4 => {
            let bytes: Vec<u8> = (0..412_u64).map(|k| (noise(k) * 256.0) as u8).collect();
            Event::new(t, Dir::In, Kind::Binary).with_payload(bytes).with_wire(Wire::Exact(416))
        }
        back if back % 3 == 1 => text(
            Dir::In,
            format!(
                r#"{{"type":"trade","seq":{},"symbol":"AAPL","price":228.42,"size":100}}"#,
                n + 2111
            ),
        ),
        _ => text(
            Dir::In,
            format!(
                r#"{{"type":"tick","seq":{},"symbol":"{}","bid":228.41,"ask":228.43,"ts":1795351572}}"#,
                n + 2111,
                if n.is_multiple_of(2) { "AAPL" } else { "MSFT" },
            ),
        ),
    };
    event.attempt = event.attempt.max(if total - n > 6 { 2 } else { 3 });
    event
}

fn state(t: u64, attempt: u32, kind: Kind, meta: Meta) -> Event {
    Event { attempt, ..Event::new(t, Dir::Local, kind).with_meta(meta) }
}

/// The head of a WebSocket handshake.
pub fn handshake_meta() -> Meta {
    let headers = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    Meta {
        status: Some(101),
        reason: Some("Switching Protocols".into()),
        version: Some("HTTP/1.1".into()),
        method: Some("GET".into()),
        url: Some("wss://stream.example.com/v2/ticks?symbols=AAPL,MSFT".into()),
        request_headers: headers(&[
            ("Host", "stream.example.com"),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Authorization", "Bearer abc"),
        ]),
        headers: headers(&[
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ]),
        timing: Some(Timing {
            dns: Some(0.2),
            tcp: Some(0.4),
            tls: Some(11.6),
            first_byte: Some(1.8),
            total: Some(14.0),
            ..Timing::default()
        }),
        remote: Some("192.0.2.7:443".into()),
        tls: Some("TLS 1.3".into()),
        ..Meta::default()
    }
}

fn latency(n: u64, kind: Kind, dir: Dir) -> u32 {
    let measured = dir == Dir::In && matches!(kind, Kind::Text | Kind::Pong | Kind::Binary);
    if measured { (900.0 + noise(n * 7) * 1400.0) as u32 } else { Entry::NO_LATENCY }
}

fn entry(n: u64, event: &Event) -> Entry {
    Entry {
        n,
        t_ns: event.t_ns,
        size: event.payload.len() as u32,
        latency_us: latency(n, event.kind, event.dir),
        attempt: event.attempt,
        dir: event.dir,
        kind: event.kind,
    }
}

/// A session with nothing in it yet.
pub fn session(id: u32, url: &str, transport: TransportKind, phase: Phase) -> SessionView {
    let endpoint = Endpoint::parse(url).unwrap().over(transport);
    SessionView {
        id: SessionId(id),
        origin: Origin::Live,
        title: endpoint.title().into(),
        endpoint: Arc::new(endpoint),
        transport: Some(transport),
        clock: None,
        start_wall_ns: NOW - AGE.cast_signed(),
        now_ns: AGE,
        phase,
        insecure: false,
        silent_ns: None,
        index: Chunks::default(),
        filter: Filter::default(),
        matches: None,
        rows: Arc::default(),
        selected: None,
        assembled: None,
        reading: Reading::default(),
        stats: Stats::default(),
        series: Arc::default(),
        recording: Recording { is_running: true, ..Recording::default() },
        sending: Sending::default(),
    }
}

fn series() -> Series {
    let mut series = Series::default();
    let mut seed = 0_u64;
    let mut observe = |event: &Event, latency: Option<f64>| {
        seed += 1;
        series.observe(event, latency, || noise(seed));
    };
    observe(&state(0, 1, Kind::Open, Meta::default()), None);
    let mut t = 0;
    let mut k = 0;
    while t < AGE {
        k += 1;
        t += 25 * MS + (noise(k) * 30e6) as u64;
        if t > LOST && t < BACK {
            let closed = Meta { code: Some(1006), ..Meta::default() };
            observe(&state(LOST, 1, Kind::Closed, closed), None);
            let resume = Meta { resume_after: Some("48,090".into()), ..Meta::default() };
            observe(&state(BACK - SECOND, 2, Kind::Connecting, resume), None);
            observe(&state(BACK, 2, Kind::Open, Meta::default()), None);
            t = BACK;
        }
        let at = t as f64 / AGE as f64;
        let bump = if (0.66..0.75).contains(&at) { 1.7 } else { 0.0 };
        let base = 1.2 + 0.35 * (at * 9.0).sin() + bump;
        let tail = noise(k * 3).powi(9) * 4.0;
        let latency = base + (noise(k * 5) - 0.5) * 0.9 + tail;
        let long = if noise(k * 11) > 0.97 { 412.0 } else { 60.0 + noise(k * 13) * 40.0 };
        let event = Event::new(t, Dir::In, Kind::Text).with_payload(vec![b'x'; long as usize]);
        observe(&event, Some(latency.max(0.3)));
    }
    series
}

/// A stream that was lost three times; what was missed came seconds late, and once there was no
/// cursor to come back with.
pub fn late() -> SessionView {
    let mut series = Series::default();
    let mut seed = 0_u64;
    let mut observe = |event: &Event, latency: Option<f64>| {
        seed += 1;
        series.observe(event, latency, || noise(seed));
    };
    let breaks = [(40, 44, Some("310")), (118, 121, None), (388, 392, Some("4812"))];
    for tenth in 0..AGE / (100 * MS) {
        let (t, second) = (tenth * 100 * MS, tenth / 10);
        for (from, to, id) in breaks {
            if tenth == from * 10 {
                let cause = Some("the server ended the response".into());
                observe(&state(t, 1, Kind::Closed, Meta { cause, ..Meta::default() }), None);
            }
            if tenth == to * 10 {
                let resume_after = id.map(str::to_owned);
                let again = Meta { resume_after, ..Meta::default() };
                observe(&state(t, 2, Kind::Connecting, again), None);
                observe(&state(t, 2, Kind::Open, Meta::default()), None);
            }
        }
        if breaks.iter().any(|(from, to, _)| (*from..*to).contains(&second)) {
            continue;
        }
        let back = breaks.iter().find(|(_, to, id)| *to == second && id.is_some());
        let late = back.map_or(0.0, |_| 4_600.0 - 400.0 * (tenth % 10) as f64);
        let event = Event::new(t, Dir::In, Kind::Event).with_payload("0123456789");
        observe(&event, Some(0.3 + noise(tenth) * 0.4 + late));
    }
    let phase = Phase::Open { attempt: 4, since_ns: 392 * SECOND };
    let mut view = session(1, "http://localhost:4100/sse", TransportKind::Sse, phase);
    let events = [
        state(0, 1, Kind::Connecting, Meta::default()),
        state(
            2 * MS,
            1,
            Kind::Open,
            Meta {
                status: Some(200),
                reason: Some("OK".into()),
                chosen: Some("SSE, because the answer is text/event-stream".into()),
                ..Meta::default()
            },
        ),
        state(
            121 * SECOND,
            2,
            Kind::Open,
            Meta {
                cause: Some(
                    "back after 3.1 s without a cursor: what was sent meanwhile may be missing, \
                     or come again"
                        .into(),
                ),
                ..handshake_meta()
            },
        ),
    ];
    let mut rows = HashMap::new();
    for (n, event) in (1..).zip(events) {
        view.index.push(entry(n, &event));
        rows.insert(n, Arc::new(event));
    }
    view.rows = Arc::new(rows);
    view.series = Arc::new(series);
    view.stats.received = 3_800;
    view.stats.latency = Some(Percentiles {
        count: 3_800,
        p50: 0.5,
        p95: 0.7,
        p99: 4_200.0,
        max: 4_600.0,
        jitter: 0.1,
    });
    view
}

/// The WebSocket of the pictures, with this many events.
pub fn ticker(total: u64) -> SessionView {
    let phase = Phase::Open { attempt: 3, since_ns: AGE - 361 * SECOND };
    let url = "wss://stream.example.com/v2/ticks?symbols=AAPL,MSFT";
    let mut view = session(1, url, TransportKind::Websocket, phase);
    let mut rows = HashMap::new();
    for n in 1..=total {
        if total - n < 120 {
            let event = tick(n, total);
            view.index.push(entry(n, &event));
            rows.insert(n, Arc::new(event));
        } else {
            // The bulk is never looked at closely; building its payloads would take a while.
            let event = Event::new(n * 50_000, Dir::In, Kind::Text);
            view.index.push(Entry { size: 85, ..entry(n, &event) });
        }
    }
    view.rows = Arc::new(rows);
    view.series = Arc::new(series());
    view.stats = Stats {
        received: total,
        rate: 812.0,
        byte_rate: 74_200.0,
        latency: Some(Percentiles {
            count: total,
            p50: 1.6,
            p95: 3.4,
            p99: 5.1,
            max: 12.0,
            jitter: 0.6,
        }),
        sequence: Some((0, 0, 0)),
        reconnects: 2,
        ..Stats::default()
    };
    view.recording = Recording {
        path: "/tmp/ticks.wirescope".into(),
        bytes: 138_000_000,
        is_running: true,
        ..Recording::default()
    };
    view
}

/// Chooses an event, as the engine would.
pub fn select(view: &mut SessionView, n: u64) {
    let Some(event) = view.rows.get(&n).map(|event| Event::clone(event)) else { return };
    let decoded = decode(&Context::new(&event), None);
    let handshake = state(AGE - 361 * SECOND, event.attempt, Kind::Open, handshake_meta());
    view.selected = Some(Arc::new(Selected {
        n,
        edition: 0,
        decoded,
        latency_ms: view.index.get(n as usize - 1).and_then(|entry| entry.latency_ms()),
        seq: Some(n.cast_signed() + 2111),
        since_previous_ns: Some(31 * MS),
        handshake: Some(handshake),
        event,
    }));
}

/// The ticker with one event more, which has this payload and is chosen.
pub fn with_payload(payload: &str) -> SessionView {
    with_event(Event::new(AGE, Dir::In, Kind::Text).with_payload(payload.to_owned()))
}

/// The same, read otherwise.
pub fn read_as(selected: &Selected, decoded: Decoded) -> Selected {
    Selected {
        n: selected.n,
        edition: selected.edition + 1,
        event: selected.event.clone(),
        decoded,
        latency_ms: selected.latency_ms,
        seq: selected.seq,
        since_previous_ns: selected.since_previous_ns,
        handshake: selected.handshake.clone(),
    }
}

/// The ticker with this event more, which is chosen.
pub fn with_event(mut event: Event) -> SessionView {
    let mut view = ticker(500);
    event.t_ns = AGE;
    view.index.push(entry(501, &event));
    let mut rows = HashMap::clone(&view.rows);
    rows.insert(501, Arc::new(event));
    view.rows = Arc::new(rows);
    select(&mut view, 501);
    view
}

/// A session that was refused with a body.
pub fn refused(id: u32) -> SessionView {
    let cause = "the server answered 401 Unauthorized";
    let hint = "It wants credentials; add an Authorization header or a cookie in Options";
    let phase = Phase::Ended {
        at_ns: 120 * MS,
        was_open: false,
        status: Some(401),
        code: None,
        cause: cause.into(),
        hint: Some(hint.into()),
        n: 2,
    };
    let mut view = session(id, "https://api.example.com/v1/chat", TransportKind::Sse, phase);
    let meta = Meta {
        status: Some(401),
        cause: Some(cause.into()),
        hint: Some(hint.into()),
        ..Meta::default()
    };
    let connecting = state(0, 1, Kind::Connecting, Meta::default());
    let body = r#"{"error":{"type":"authentication_error","message":"missing API key"}}"#;
    let failed = state(120 * MS, 1, Kind::Failed, meta).with_payload(body);
    view.index.push(entry(1, &connecting));
    view.index.push(entry(2, &failed));
    view.rows = Arc::new([(1, Arc::new(connecting)), (2, Arc::new(failed))].into());
    view
}

/// A long poll that was lost and waits for its third retry.
pub fn waiting(id: u32) -> SessionView {
    let phase = Phase::Waiting {
        until_ns: AGE + 3_200 * MS,
        retry: (3, 10),
        cause: "could not connect to 192.0.2.9:8500: connection refused".into(),
        hint: Some("Nothing listens there: check host, port, and that the server runs".into()),
    };
    let url = "http://consul.local/v1/health";
    let mut view = session(id, url, TransportKind::LongPoll, phase);
    let head = Meta { method: Some("GET".into()), url: Some(url.into()), ..Meta::default() };
    let events = [
        state(0, 1, Kind::Connecting, Meta::default()),
        state(
            4 * MS,
            1,
            Kind::Open,
            Meta { status: Some(200), reason: Some("OK".into()), ..Meta::default() },
        ),
        Event::new(5 * MS, Dir::Out, Kind::Request).with_meta(head),
        Event::new(900 * MS, Dir::In, Kind::Message).with_payload(r#"{"Node":"a"}"#).with_id("7"),
        state(
            AGE - 2 * SECOND,
            1,
            Kind::Closed,
            Meta { cause: Some("the server ended the response".into()), ..Meta::default() },
        ),
        state(
            AGE - SECOND,
            4,
            Kind::Retrying,
            Meta { delay_ms: Some(4200), retry: Some((3, 10)), ..Meta::default() },
        ),
    ];
    let mut rows = HashMap::new();
    for (n, event) in (1..).zip(events) {
        view.index.push(entry(n, &event));
        rows.insert(n, Arc::new(event));
    }
    view.rows = Arc::new(rows);
    view.stats.received = 1;
    view
}

/// A session that is being opened for the first time.
pub fn connecting(id: u32) -> SessionView {
    let phase = Phase::Connecting { attempt: 1 };
    session(id, "wss://far.example.com/live", TransportKind::Websocket, phase)
}

/// A session that was closed by its user.
pub fn closed(id: u32) -> SessionView {
    let phase = Phase::Ended {
        at_ns: 60 * SECOND,
        was_open: true,
        status: None,
        code: None,
        cause: String::new(),
        hint: None,
        n: 4,
    };
    let mut view = session(id, "http://localhost:4100/events", TransportKind::Sse, phase);
    view.stats.received = 3;
    view.index.push(entry(1, &state(0, 1, Kind::Open, Meta::default())));
    view
}

/// The four sessions of the Inspect picture; the first has an event chosen.
pub fn busy() -> Snapshot {
    let total = 48_131;
    let mut first = ticker(total);
    select(&mut first, total - 5);
    let open = Phase::Open { attempt: 1, since_ns: AGE - 31 * SECOND };
    let mut chat = session(2, "https://api.example.com/v1/chat", TransportKind::Sse, open);
    chat.stats.rate = 41.0;
    chat.stats.latency = Some(Percentiles { p50: 3.2, ..Percentiles::default() });
    let sessions = [first, chat, waiting(3), closed(4)];
    Snapshot { sessions: sessions.into_iter().map(Arc::new).collect(), ..Snapshot::default() }
}

/// The search for a filter, half done.
pub fn filtered(mut view: SessionView, text: &str, every: usize) -> SessionView {
    view.filter = Filter { text: text.into(), ..Filter::default() };
    let mut at = Chunks::default();
    for position in (0..view.index.len()).step_by(every.max(1)) {
        if every > 0 {
            at.push(position as u32);
        }
    }
    view.matches = Some(Matches { at, searched: view.index.len() });
    view
}

/// Three files of other days.
pub fn recents() -> Arc<[RecentCapture]> {
    let day = 86_400 * SECOND.cast_signed();
    let file = |name: &str, what: &str, title: &str, events, age| RecentCapture {
        path: format!("/home/me/captures/{name}").into(),
        name: name.into(),
        what: what.into(),
        title: title.into(),
        events,
        bytes: events * 115,
        modified_wall_ns: NOW - age,
        is_saved: true,
        was_cut_off: false,
    };
    let hour = 3_600 * SECOND.cast_signed();
    let mut files = [
        file("ticks.wirescope", "WebSocket", "stream.example.com/v2/ticks", 1_204_331, hour),
        file("workshop.wirescope", "SSE", "localhost:4100/sse", 48_000, day),
        file("chat-stall.wirescope", "SSE", "api.example.com/v1/chat", 912, 5 * day),
    ];
    files[1].is_saved = false;
    files[2].was_cut_off = true;
    files.into()
}

/// Good news and bad.
pub fn notices() -> Vec<Notice> {
    let notice = |id, severity, text: &str, hint: Option<&str>| Notice {
        id,
        severity,
        text: text.into(),
        hint: hint.map(Into::into),
    };
    vec![
        notice(1, Severity::Info, "Saved to /home/me/ticks.wirescope", None),
        notice(
            2,
            Severity::Error,
            "Could not write /media/usb/ticks.wirescope: no space left on the device",
            Some("What was recorded so far is kept; free some space or save to another disk"),
        ),
    ]
}
