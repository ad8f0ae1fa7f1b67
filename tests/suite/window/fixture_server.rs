//! Snapshots of the Server page made by hand: the workshop of the design's picture, alone, crowded.

use std::sync::Arc;

use wirescope::engine::{
    ClientView, CompareView, JoinView, LessonSummary, ServerView, Snapshot, TopicView,
    TransportStats,
};
use wirescope::model::{Network, Reported, ServerOptions, Source, TransportKind};

use super::fixture::NOW;

const MINUTE: i64 = 60_000_000_000;
const TOKEN: &str = "7F3K-22QD";

/// Counts of every transport.
fn transports() -> Vec<TransportStats> {
    let stats = |transport: &str, active, messages_out, wire_out, reconnects, p50| TransportStats {
        transport: transport.into(),
        active,
        opened: active + reconnects,
        messages_out,
        wire_out,
        reconnects,
        errors: u64::from(reconnects > 5),
        closed: reconnects,
        requests: active + reconnects + if transport.contains("poll") { messages_out } else { 0 },
        payload_out: messages_out * 100,
        wire_in: wire_out / 20,
        duration_p50: (active > 0).then_some(p50),
        duration_mean: (active > 0).then_some(p50 * 1.1),
        duration_p95: (active > 0).then_some(p50 * 2.0),
        duration_p99: (active > 0).then_some(p50 * 3.0),
        ..TransportStats::default()
    };
    vec![
        stats("websocket", 5, 61_204, 6_400_000, 4, 372.0),
        stats("sse", 6, 58_911, 7_900_000, 9, 302.0),
        stats("long-poll", 4, 40_112, 20_600_000, 6, 3.0),
        stats("short-poll", 3, 30_201, 4_200_000, 0, 0.1),
        stats("stream", 0, 0, 0, 0, 0.0),
    ]
}

/// A client, whose number it is.
fn client(
    id: u64,
    kind: TransportKind,
    address: &str,
    (agent, user_agent): (&str, &str),
    (age, delivered, wire): (i64, u64, u64),
    (behind, median_ms): (u64, Option<f64>),
) -> ClientView {
    ClientView {
        id,
        kind,
        address: address.into(),
        agent: agent.into(),
        user_agent: user_agent.into(),
        since_wall_ns: NOW - age * MINUTE,
        delivered,
        wire,
        behind,
        name: None,
        reported: median_ms.map(|ms| Reported { median_ms: Some(ms), ..Reported::default() }),
    }
}

/// The clients of the picture.
fn clients() -> Vec<ClientView> {
    use TransportKind::{LongPoll, ShortPoll, Sse, Websocket};
    let wirescope = ("Wirescope", "wirescope/0.1.0");
    let chrome = (
        "Chrome 156 · Android",
        "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/156.0.0.0 Mobile Safari/537.36",
    );
    let safari = ("Safari · iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 20_1 like Mac OS X)");
    let curl = ("curl 8.9", "curl/8.9.1");
    let (here, phone, ipad) = ("127.0.0.1", "192.168.1.23", "192.168.1.40");
    let listed = [
        (Websocket, here, wirescope, (15, 9_512, 1_000_000), (0, Some(0.4))),
        (Websocket, phone, chrome, (6, 2_210, 241_000), (0, Some(6.1))),
        (Sse, here, wirescope, (15, 9_512, 1_300_000), (0, Some(0.5))),
        (Sse, ipad, safari, (5, 1_904, 262_000), (3, Some(9.8))),
        (Sse, "192.168.1.31", curl, (2, 410, 55_000), (0, None)),
        (LongPoll, here, wirescope, (15, 9_510, 4_900_000), (2, Some(2.3))),
        (LongPoll, phone, chrome, (6, 2_207, 1_100_000), (0, Some(14.0))),
        (ShortPoll, here, wirescope, (15, 9_512, 1_300_000), (1, Some(502.0))),
    ];
    let late = |kind| (kind, "fe80::1c2d:3eff:fe4f:5a6b", chrome, (1, 61, 8_200), (0, Some(8.4)));
    let others = [Websocket, Websocket, Websocket, Sse, Sse, Sse, LongPoll, LongPoll];
    let others = others.into_iter().chain([ShortPoll, ShortPoll]).map(late);
    let all = listed.into_iter().chain(others);
    (1..)
        .zip(all)
        .map(|(id, (kind, address, agent, counts, lag))| {
            client(id, kind, address, agent, counts, lag)
        })
        .collect()
}

/// How others come in.
fn join() -> Arc<JoinView> {
    let url = format!("http://192.168.1.5:4100/?join={TOKEN}");
    let code = qrcode::QrCode::new(url.as_bytes()).unwrap();
    let qr_side = code.width();
    let qr = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    Arc::new(JoinView { url, token: TOKEN.into(), qr_side, qr })
}

/// The lessons of the picture.
fn lessons() -> Arc<[LessonSummary]> {
    let lesson = |id: &str, title: &str| LessonSummary {
        id: id.into(),
        title: title.into(),
        about: "What a connection costs that nobody keeps warm, and how soon either side notices \
                that it is gone"
            .into(),
        seconds: 60.0,
    };
    [
        lesson("no-heartbeat", "No heartbeat behind a NAT"),
        lesson("thundering-herd", "No backoff: the thundering herd"),
        lesson("resume", "Resume with and without an id"),
        lesson("out-of-order", "Out of order after a reconnect"),
        lesson("buffering-proxy", "A proxy that buffers"),
        lesson("upgrade-blocked", "The upgrade blocked, and the fallback"),
        lesson("six-connections", "Six connections on HTTP/1.1"),
        lesson("one-way", "One-way feed: WebSocket or SSE"),
    ]
    .into()
}

/// A running server that nobody has come to.
pub fn alone() -> Snapshot {
    let server = ServerView {
        url: Some("http://127.0.0.1:4100".into()),
        transports: TransportKind::ALL
            .map(|kind| TransportStats { transport: kind.word().into(), ..Default::default() })
            .into(),
        topics: [TopicView { name: "default".into(), messages: 240, followers: 0 }].into(),
        ..ServerView::default()
    };
    let compare = CompareView { lessons: lessons(), ..CompareView::default() };
    Snapshot { server, compare, ..Snapshot::default() }
}

/// The room is open, and people have come in over every transport.
pub fn workshop() -> Snapshot {
    let mut snapshot = alone();
    let source = Source { rate: 12.0, ..Source::default() };
    snapshot.server = ServerView {
        transports: transports(),
        join: Some(join()),
        clients: clients().into(),
        client_count: 18,
        topics: [("default", 190_428, 18), ("orders", 1_204, 2), ("chat", 61, 5)]
            .map(|(name, messages, followers)| TopicView { name: name.into(), messages, followers })
            .into(),
        options: ServerOptions { source, join: Some(TOKEN.into()), ..ServerOptions::default() },
        ..snapshot.server
    };
    snapshot
}

/// The workshop over a bad network, which is not the same for all.
pub fn troubled() -> Snapshot {
    let mut snapshot = workshop();
    let lists = ["delay=80ms,jitter=20ms,idle=30s/silence", "sse:delay=250ms,buffer=16kB"];
    let lists = lists.into_iter().chain(["websocket:upgrade=strip", "long-poll:fail=503/3"]);
    snapshot.server.options.network = Network::parse(lists).unwrap();
    snapshot
}

/// More clients than are listed.
pub fn crowded() -> Snapshot {
    let mut snapshot = workshop();
    let few = clients();
    let many = (1..=500).map(|id| ClientView { id, ..few[id as usize % few.len()].clone() });
    snapshot.server.clients = many.collect();
    snapshot.server.client_count = 5_000;
    snapshot
}
