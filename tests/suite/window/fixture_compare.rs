//! Comparisons, lessons and scale runs made by hand, for the Compare page.

use std::sync::Arc;
use std::time::Duration;

use wirescope::analysis::Series;
use wirescope::compare::RecoverMs;
use wirescope::engine::{
    CompareView, HerdView, Lane, LaneView, LatencyMs, LessonSummary, LessonView, RunView, ScaleRow,
    ScaleView, Snapshot, Stage, StepView, StreamView, StreamsView, Verdict,
};
use wirescope::model::{
    Cut, CutHow, Dir, Event, Impairment, Kind, LaneSpec, Meta, Network, RunSetup, TransportKind,
    Way,
};

use super::fixture::noise;
use super::fixture_server::workshop;

const MS: u64 = 1_000_000;
/// Seconds the runs last: 16 minutes and 40 seconds.
const LONG: u64 = 1_000;

/// How a lane of the pictures does: its median latency in milliseconds, how far it spreads, bytes
/// on the wire a message, and requests.
struct Does {
    way: Way,
    state: &'static str,
    p50: f64,
    spread: f64,
    wire: f64,
    requests: u64,
    lost: u64,
}

const fn does(way: Way, state: &'static str, p50: f64, spread: f64, wire: f64) -> Does {
    Does { way, state, p50, spread, wire, requests: 1, lost: 0 }
}

fn six() -> [Does; 6] {
    let over = Way::Over;
    [
        does(over(TransportKind::Websocket), "Open", 0.4, 0.35, 104.0),
        Does { requests: 3, ..does(over(TransportKind::Sse), "Open", 0.5, 0.35, 131.0) },
        Does {
            requests: 9_871,
            lost: 2,
            ..does(over(TransportKind::LongPoll), "Waiting 3.2 s", 2.3, 0.45, 512.0)
        },
        Does {
            requests: 1_000,
            ..does(over(TransportKind::ShortPoll), "Polling", 502.0, 0.0, 139.0)
        },
        Does { requests: 2, ..does(over(TransportKind::Stream), "Open", 0.6, 0.4, 118.0) },
        Does { requests: 4, ..does(Way::Fallback, "On SSE", 0.7, 0.5, 136.0) },
    ]
}

/// A latency of this lane, by a number between 0 and 1.
fn latency(does: &Does, part: f64) -> f64 {
    if does.spread == 0.0 {
        // A poll every second finds messages of any age up to that.
        return 2.0 + 1_000.0 * part;
    }
    // A logistic curve of the logarithm.
    let odds = (part.clamp(1e-4, 1.0 - 1e-4) / (1.0 - part.clamp(1e-4, 1.0 - 1e-4))).ln();
    does.p50 * (odds * does.spread).exp()
}

fn series(does: &Does, seed: u64) -> Series {
    let mut series = Series::default();
    let local = |t, kind| Event::new(t, Dir::Local, kind).with_meta(Meta::default());
    let mut chance = seed;
    let mut observe = |event: &Event, latency: Option<f64>| {
        chance += 1;
        series.observe(event, latency, || noise(chance));
    };
    observe(&local(0, Kind::Open), None);
    let mut is_down = false;
    for n in 0..LONG * 12 {
        let t = n * 1_000 * MS / 12;
        let second = t / (1_000 * MS);
        let down = (400..404).contains(&second) || (880..883).contains(&second);
        if down != is_down {
            is_down = down;
            let kind = if down { Kind::Closed } else { Kind::Open };
            observe(&local(t, kind), None);
        }
        if down {
            continue;
        }
        let event = Event::new(t, Dir::In, Kind::Text).with_payload("0123456789");
        observe(&event, Some(latency(does, noise(n * 31 + seed))));
    }
    series
}

fn lane(does: &Does, seed: u64) -> LaneView {
    let at = |part| latency(does, part);
    let sent = LONG * 12;
    let figures = Lane {
        transport: does.way.word(),
        sent,
        delivered: sent - does.lost,
        lost: does.lost,
        latency_ms: Some(LatencyMs { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(0.9999) }),
        payload_bytes: sent * 100,
        wire_bytes: (sent as f64 * does.wire) as u64,
        wire_is_estimate: does.way == Way::Over(TransportKind::Stream),
        requests: does.requests,
        connections: 3,
        reconnects: 2,
        label: does.way.label().into(),
        overhead: Some(does.wire / 100.0 - 1.0),
        recover_ms: Some(RecoverMs { median: 4_000.0, max: 4_000.0 }),
        ..Lane::default()
    };
    let curve: Vec<(f32, f32)> = (0..=180)
        .map(|step| f64::from(step) / 180.0)
        .map(|part| (at(part) as f32, part as f32))
        .collect();
    let wire: Vec<(f32, f64)> =
        (0..=250).map(|k| (k as f32 * 4.0, f64::from(k) * 48.0 * does.wire)).collect();
    let reason = "WebSocket opened and closed at once behind the proxy; tried again in 24 s";
    LaneView {
        spec: LaneSpec::over(does.way),
        figures,
        state: does.state.into(),
        reason: (does.way == Way::Fallback).then(|| reason.into()),
        series: Arc::new(series(does, seed)),
        distribution: curve.into(),
        wire: wire.into(),
        connections: vec![(0.0, 1.0), (404.0, 2.0), (883.0, 3.0)].into(),
    }
}

/// What follows from the run of the pictures.
pub fn verdict() -> Verdict {
    Verdict {
        transport: "sse",
        label: "SSE".into(),
        summary: "One-way, 12 msg/s, text: within 0.1 ms of WebSocket, resumes by itself, passes \
                  the proxy. WebSocket would save 27 B a message."
            .into(),
        reasons: vec![
            "its median of 0.5 ms is within 0.1 ms of the fastest, WebSocket with 0.4 ms".into(),
            "after two cuts it was back in 4.0 s and missed none of 12,000 messages".into(),
            "131 B on the wire a message, against 104 B of WebSocket and 512 B of long poll".into(),
        ],
        would_change: vec![
            "the client has to send often: WebSocket has the way back already".into(),
            "more than 1,000 messages a second: the 27 B would come to 27 kB/s a client".into(),
        ],
    }
}

/// A run of 16 minutes over these of the six lanes.
pub fn run(lanes: &[usize]) -> RunView {
    let all = six();
    let lanes: Vec<LaneView> =
        lanes.iter().filter_map(|at| Some(lane(all.get(*at)?, *at as u64 * 7_919))).collect();
    let setup = RunSetup {
        lanes: lanes.iter().map(|lane| lane.spec.clone()).collect(),
        ..RunSetup::default()
    };
    RunView {
        setup: Arc::new(setup),
        stage: Stage::Running,
        elapsed_s: LONG as f64,
        sent: LONG * 12,
        lanes,
        verdict: Some(verdict()),
        network: vec![(0.0, Arc::default())],
        ..RunView::default()
    }
}

/// Lessons there are.
pub fn lessons() -> Arc<[LessonSummary]> {
    let lesson = |id: &str, title: &str, about: &str, seconds| LessonSummary {
        id: id.into(),
        title: title.into(),
        about: about.into(),
        seconds,
    };
    [
        lesson(
            "buffering-proxy",
            "A proxy that buffers",
            "Why a stream that works on this machine stands still in production, and what a \
             heartbeat does and does not do about it",
            60.0,
        ),
        lesson(
            "thundering-herd",
            "The thundering herd",
            "A thousand clients lose their server at once. Without backoff they come back at once, \
             too",
            45.0,
        ),
        lesson(
            "blocked-upgrade",
            "The upgrade is blocked",
            "A company's proxy knows nothing of WebSocket; the automatic lane finds another way",
            50.0,
        ),
        lesson(
            "resume",
            "Coming back with and without Last-Event-ID",
            "What is missed over a cut, and what asking for it costs",
            40.0,
        ),
    ]
    .into()
}

/// A lesson in its second step of three.
pub fn lesson() -> LessonView {
    let step = |at_s, what: &str, watch: &str| StepView {
        at_s,
        what: what.into(),
        watch: watch.into(),
        measured: None,
    };
    let mut steps = vec![
        step(
            0.0,
            "Nothing is in the way: every lane gets the same 20 messages a second",
            "The medians, before anything is done to them",
        ),
        step(
            15.0,
            "The proxy now holds responses back until 16 kB have come together",
            "SSE and Stream stand still and then come in bursts; WebSocket is no response, so it \
             goes on",
        ),
        step(
            40.0,
            "The proxy is told to pass everything on at once (X-Accel-Buffering: no)",
            "What was held back arrives at once, seconds late",
        ),
    ];
    steps[0].measured =
        Some("WebSocket 0.4 ms, SSE 0.5 ms, Stream 0.6 ms; nothing was lost".into());
    LessonView {
        lesson: lessons()[0].clone(),
        steps,
        step: 1,
        elapsed_s: 22.4,
        herds: Vec::new(),
        streams: Vec::new(),
    }
}

/// A lesson with a herd that has come back with backoff and one that has not.
pub fn herds() -> LessonView {
    let herd = |comeback, label, is_calm: bool| {
        let attempts: Vec<u32> = (0..200_u32)
            .map(|slice| match slice {
                60..90 if !is_calm => 900 + (noise(u64::from(slice)) * 100.0) as u32,
                90..95 if !is_calm => 400,
                60..180 if is_calm => {
                    let age = f64::from(slice - 60);
                    (90.0 * (-age / 50.0).exp() * (0.5 + noise(u64::from(slice)))) as u32
                }
                _ => 0,
            })
            .collect();
        let open: Vec<u32> = (0..200_u32)
            .map(|slice| match slice {
                0..60 => 1_000,
                60..90 => 0,
                _ if is_calm => ((slice - 90) * 12).min(1_000),
                _ => ((slice - 90) * 120).min(1_000),
            })
            .collect();
        Arc::new(HerdView {
            transport: "sse",
            comeback,
            label,
            clients: 1_000,
            connected: 1_000,
            elapsed_s: 20.0,
            slice_s: 0.1,
            attempts,
            open,
            failed: if is_calm { 812 } else { 27_412 },
            lost_at_s: Some(6.0),
            back_after_s: Some(if is_calm { 11.4 } else { 3.9 }),
        })
    };
    LessonView {
        lesson: lessons()[1].clone(),
        herds: vec![
            herd("at-once", "At once, without a wait", false),
            herd("jitter", "Exponential backoff with jitter", true),
        ],
        ..lesson()
    }
}

/// A lesson with eight streams of one page, over HTTP/1.1 and HTTP/2.
pub fn streams() -> LessonView {
    let page = |protocol, label, at_once: usize| {
        let streams = (0..8_usize)
            .map(|at| {
                let is_open = at < at_once;
                let ms = at as f64;
                StreamView {
                    asked_ms: is_open.then_some(0.2 + ms * 0.1),
                    opened_ms: is_open.then_some(1.4 + ms * 0.3),
                    first_ms: is_open.then_some(52.0 + ms * 0.4),
                    messages: if is_open { 118 } else { 0 },
                    error: None,
                }
            })
            .collect();
        Arc::new(StreamsView {
            protocol,
            label,
            connections: if at_once == 8 { 1 } else { 6 },
            elapsed_s: 12.0,
            streams,
        })
    };
    LessonView { streams: vec![page("h1", "HTTP/1.1", 6), page("h2", "HTTP/2", 8)], ..lesson() }
}

/// A scale run that is done for a hundred and a thousand clients.
pub fn scale() -> ScaleView {
    let mut rows = Vec::new();
    for (clients, factor) in [(100, 1.0), (1_000, 1.6)] {
        for (kind, memory, p50) in [
            (TransportKind::Websocket, 6_100, 0.9),
            (TransportKind::Sse, 4_800, 1.1),
            (TransportKind::LongPoll, 9_000, 4.2),
            (TransportKind::ShortPoll, 2_100, 510.0),
            (TransportKind::Stream, 4_700, 1.0),
        ] {
            let is_short = clients == 1_000 && kind == TransportKind::LongPoll;
            rows.push(ScaleRow {
                transport: kind.word(),
                clients,
                held: if is_short { 984 } else { clients },
                setup_ms: clients as f64 * 0.42 * factor,
                memory_per_connection: Some(memory),
                fan_out_per_s: clients as f64 * 10.0 / factor,
                p50_ms: Some(p50 * factor),
                p99_ms: Some(p50 * factor * 6.0),
                lost: if is_short { 12 } else { 0 },
                note: is_short.then(|| "16 were refused: the limit of open files".into()),
            });
        }
    }
    ScaleView { rows, doing: None, file_limit: Some((1_048_576, 1_024)), error: None }
}

/// A snapshot with this run on the server of the pictures.
pub fn with(run: RunView) -> Snapshot {
    let mut server = workshop().server;
    let impairment = Impairment {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        cut: Some(Cut { after: Duration::from_mins(1), how: CutHow::Fin }),
        idle: Some(Cut { after: Duration::from_secs(30), how: CutHow::Fin }),
        ..Impairment::default()
    };
    server.options.network = Network::all(&impairment);
    let compare = CompareView {
        run: Some(Arc::new(run)),
        lessons: lessons(),
        scale: Some(Arc::new(scale())),
        capture: Some("/tmp/workshop.wirescope".into()),
    };
    Snapshot { server, compare, ..Snapshot::default() }
}

/// All six lanes.
pub fn comparing() -> Snapshot {
    with(run(&[0, 1, 2, 3, 4, 5]))
}

/// The lanes of a lesson, while it runs.
pub fn learning(lesson: LessonView) -> Snapshot {
    let lanes: &[usize] =
        if lesson.herds.is_empty() && lesson.streams.is_empty() { &[0, 1, 4] } else { &[] };
    with(RunView { lesson: Some(lesson), verdict: None, ..run(lanes) })
}

/// Nothing was compared yet.
pub fn nothing() -> Snapshot {
    let compare = CompareView { lessons: lessons(), ..CompareView::default() };
    Snapshot { server: workshop().server, compare, ..Snapshot::default() }
}
