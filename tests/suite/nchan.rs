//! Against a real nginx with nchan: what is published while a session runs arrives exactly once
//! and in order, also when the connection is cut or nginx is started anew in the middle.
//!
//! nchan keeps its buffer in the memory of a worker process, not only in shared memory: a reload
//! (SIGHUP), a killed worker and a stop all empty it. What outlives nginx is its Redis store, so
//! the tests that restart nginx put Redis behind it; messages in the buffer are then still there.

use std::time::Duration;

use wirescope::model::{Endpoint, Kind, Retries, TransportKind};
use wirescope::transport::{Entry, poll, sse, websocket};

use crate::support::nginx::{Nginx, Redis, TLS};
use crate::support::proxy::Proxy;
use crate::support::{Running, start};

const MESSAGES: usize = 200;

/// A way to subscribe.
struct Way {
    entry: &'static Entry,
    path: &'static str,
    dialect: Option<&'static str>,
    /// It says where it goes on from after a break.
    resumes: bool,
}

const WAYS: [Way; 4] = [
    Way { entry: &websocket::ENTRY, path: "ws", dialect: None, resumes: false },
    Way { entry: &sse::ENTRY, path: "sse", dialect: None, resumes: true },
    Way { entry: &poll::LONG, path: "lp", dialect: Some("nchan"), resumes: true },
    Way { entry: &poll::SHORT, path: "poll", dialect: Some("nchan"), resumes: true },
];

impl Way {
    /// Subscribes to the channel named like the path, through `port`.
    fn subscribe(&self, port: u16) -> Running {
        let endpoint = self.endpoint(self.entry.schemes[0], port);
        self.run(endpoint)
    }

    fn endpoint(&self, scheme: &str, port: u16) -> Endpoint {
        let url = format!("{scheme}://127.0.0.1:{port}/{0}/{0}", self.path);
        let mut endpoint = Endpoint::parse(&url).unwrap().over(self.entry.kind);
        endpoint.options.dialect = self.dialect.map(str::to_owned);
        endpoint.options.interval = Duration::from_millis(2);
        let (first, longest) = (Duration::from_millis(10), Duration::from_millis(50));
        endpoint.options.retries = Retries { most: 10_000, first, longest, jitter: 0.2 };
        endpoint
    }

    fn run(&self, endpoint: Endpoint) -> Running {
        let transport = (self.entry.build)(&endpoint).unwrap();
        start(endpoint, transport)
    }
}

fn message(number: usize) -> String {
    format!("message {number} {}", "x".repeat(number % 50))
}

async fn publish(nginx: &Nginx, way: &Way, numbers: std::ops::Range<usize>) {
    for number in numbers {
        nginx.publish(way.path, &message(number)).await;
    }
}

/// Waits until everything came, and a little proof that nothing came twice: one more message.
async fn all_came_once(nginx: &Nginx, way: &Way, running: Running) -> usize {
    running.memory.until_received(MESSAGES).await;
    nginx.publish(way.path, "last").await;
    let is_last = |event: &wirescope::model::Event| event.payload == "last";
    running.memory.until("the last message", |events| events.iter().any(is_last)).await;
    let (_, memory) = running.stop().await;
    let mut expected: Vec<String> = (0..MESSAGES).map(message).collect();
    expected.push("last".into());
    assert_eq!(memory.received(), expected, "over {}", way.entry.kind.word());
    memory.of(Kind::Retrying).len()
}

#[tokio::test]
async fn what_is_published_arrives_once_and_in_order() {
    let Some(nginx) = Nginx::start(None).await else { return };
    for way in &WAYS {
        let running = way.subscribe(nginx.port);
        publish(&nginx, way, 0..MESSAGES).await;
        let breaks = all_came_once(&nginx, way, running).await;
        assert_eq!(breaks, 0, "over {}", way.entry.kind.word());
    }
}

#[tokio::test]
async fn a_capture_keeps_what_is_published_while_it_runs() {
    let Some(nginx) = Nginx::start(None).await else { return };
    for way in &WAYS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nchan.wirescope");
        let endpoint = way.endpoint(way.entry.schemes[0], nginx.port);
        let count = MESSAGES.to_string();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_wirescope"));
        command
            .args(["-q", "capture", endpoint.url.as_str(), "--count", &count, "--interval", "2ms"])
            .args(["--transport", way.entry.kind.word(), "-o"])
            .arg(&file)
            .kill_on_drop(true);
        if let Some(dialect) = way.dialect {
            command.args(["--dialect", dialect]);
        }
        let mut child = command.spawn().unwrap();
        publish(&nginx, way, 0..MESSAGES).await;
        let ended = tokio::time::timeout(crate::support::LIMIT, child.wait()).await;
        assert!(ended.expect("the capture never ended").unwrap().success());
        let reader = wirescope::capture::Reader::open(&file).unwrap();
        let events = reader.events(1..u64::MAX).unwrap();
        let received = events.iter().filter(|found| found.event.is_received_message());
        let received: Vec<String> =
            received.map(|found| String::from_utf8_lossy(&found.event.payload).into()).collect();
        assert_eq!(received, (0..MESSAGES).map(message).collect::<Vec<_>>(), "{}", way.path);
    }
}

#[tokio::test]
async fn a_break_without_a_cursor_is_shown_with_what_may_be_missing() {
    let Some(nginx) = Nginx::start(None).await else { return };
    let way = &WAYS[0];
    let proxy = Proxy::to(nginx.port).await;
    let running = way.subscribe(proxy.port);
    publish(&nginx, way, 0..100).await;
    running.memory.until_received(100).await;
    proxy.cut();
    running.memory.until_of(Kind::Open, 2).await;
    publish(&nginx, way, 100..MESSAGES).await;
    let last = message(MESSAGES - 1);
    running.memory.until("the last", |all| all.iter().any(|e| e.payload == last.as_str())).await;
    let (_, memory) = running.stop().await;
    let opened = memory.of(Kind::Open);
    assert_eq!(opened[0].meta().cause, None);
    let told = opened[1].meta().cause.as_deref().unwrap();
    assert!(told.contains("without a cursor") && told.contains("may be missing"), "{told}");
    // Each connection delivers in order and once; nchan begins anew with the oldest it has.
    let first: Vec<String> = (0..100).map(message).collect();
    let second: Vec<String> = (0..MESSAGES).map(message).collect();
    assert_eq!(memory.received(), [first, second].concat());
}

#[tokio::test]
async fn cuts_lose_and_double_nothing() {
    let Some(nginx) = Nginx::start(None).await else { return };
    for way in WAYS.iter().filter(|way| way.resumes) {
        let proxy = Proxy::to(nginx.port).await;
        let running = way.subscribe(proxy.port);
        for begin in (0..MESSAGES).step_by(20) {
            publish(&nginx, way, begin..begin + 10).await;
            running.memory.until_received(begin + 1).await;
            proxy.cut();
            publish(&nginx, way, begin + 10..begin + 20).await;
        }
        let breaks = all_came_once(&nginx, way, running).await;
        assert!(breaks > 0 || way.entry.kind == TransportKind::ShortPoll, "nothing was cut");
    }
}

#[tokio::test]
async fn cuts_in_the_middle_of_answers_lose_and_double_nothing() {
    let Some(nginx) = Nginx::start(None).await else { return };
    for way in WAYS.iter().filter(|way| way.resumes) {
        // Heads are about 250 bytes, so that each connection carries a few messages at most and
        // ends somewhere within the next: in a head, a body, an id.
        let proxy = Proxy::limited(nginx.port, 1111).await;
        let running = way.subscribe(proxy.port);
        publish(&nginx, way, 0..MESSAGES).await;
        let breaks = all_came_once(&nginx, way, running).await;
        assert!(breaks > 5, "only {breaks} breaks over {}", way.entry.kind.word());
    }
}

#[tokio::test]
async fn messages_in_the_buffer_survive_a_restart_of_nginx() {
    let Some(redis) = Redis::start().await else { return };
    let Some(mut nginx) = Nginx::start(Some(&redis)).await else { return };
    for way in WAYS.iter().filter(|way| way.resumes) {
        let proxy = Proxy::to(nginx.port).await;
        let running = way.subscribe(proxy.port);
        publish(&nginx, way, 0..80).await;
        running.memory.until_received(80).await;
        // These are only in the buffer when nginx ends.
        proxy.close();
        publish(&nginx, way, 80..120).await;
        nginx.stop().await;
        nginx.again().await;
        proxy.open();
        publish(&nginx, way, 120..MESSAGES).await;
        let breaks = all_came_once(&nginx, way, running).await;
        assert!(breaks > 0, "over {}", way.entry.kind.word());
    }
}

#[tokio::test]
async fn a_restart_under_the_session_loses_nothing() {
    let Some(redis) = Redis::start().await else { return };
    let Some(mut nginx) = Nginx::start(Some(&redis)).await else { return };
    for way in WAYS.iter().filter(|way| way.resumes) {
        let running = way.subscribe(nginx.port);
        publish(&nginx, way, 0..100).await;
        running.memory.until_received(100).await;
        if way.entry.kind != TransportKind::ShortPoll {
            nginx.until_subscribed(way.path).await;
        }
        // nginx ends streams and held polls itself (410), and is not there for a moment.
        nginx.stop().await;
        running.memory.until_of(Kind::Retrying, 1).await;
        nginx.again().await;
        publish(&nginx, way, 100..MESSAGES).await;
        all_came_once(&nginx, way, running).await;
    }
}

#[tokio::test]
async fn tls_is_checked_and_carries_http_2() {
    let Some(nginx) = Nginx::start(None).await else { return };
    for way in &WAYS {
        let mut endpoint = way.endpoint(way.entry.schemes[1], nginx.tls_port);
        endpoint.options.retries.most = 0;
        let (_, memory) = way.run(endpoint.clone()).end().await;
        let failed = memory.of(Kind::Failed)[0].meta().clone();
        let cause = failed.cause.unwrap_or_default();
        assert!(cause.starts_with("TLS with 127.0.0.1 failed: "), "{cause}");

        endpoint.options.ca_file = Some(format!("{TLS}/authority.pem").into());
        let running = way.run(endpoint.clone());
        publish(&nginx, way, 0..MESSAGES).await;
        running.memory.until_of(Kind::Open, 1).await;
        let open = running.memory.of(Kind::Open)[0].meta().clone();
        all_came_once(&nginx, way, running).await;
        assert!(!open.insecure);
        let timing = open.timing.unwrap();
        assert!(timing.tcp.is_some() && timing.tls.is_some(), "{timing:?}");
        let tls = open.tls.unwrap();
        assert!(tls.starts_with("TLS 1.") && tls.contains("_AES_"), "{tls}");
        assert!(!open.certificates.is_empty());
        let is_websocket = way.entry.kind == TransportKind::Websocket;
        assert_eq!(open.version.as_deref(), Some(if is_websocket { "HTTP/1.1" } else { "HTTP/2" }));

        endpoint.options.ca_file = None;
        endpoint.options.insecure = true;
        let running = way.run(endpoint);
        running.memory.until_of(Kind::Open, 1).await;
        let (_, memory) = running.stop().await;
        assert!(memory.of(Kind::Open)[0].meta().insecure);
    }
}
