//! The figures against counts that others make: a relay between client and server counts bytes,
//! requests and connections, and the recording is read message by message.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use wirescope::capture::Reader;
use wirescope::model::{Event, Kind};

use super::*;
use crate::support::relay::{Passed, Relay};

/// What a recording says of one lane.
struct Counted {
    delivered: usize,
    different: usize,
    payload: usize,
    /// Milliseconds from sending to receiving, in order.
    latencies: Vec<f64>,
    /// When it was open, when the first message was sent, when it had the last, in milliseconds
    /// since 1970.
    opened_ms: f64,
    first_ms: f64,
    last_ms: f64,
}

impl Counted {
    fn of(path: &Path, lane: u16) -> Self {
        let reader = Reader::open(path).unwrap();
        let start_ns = reader.header().unwrap().start_ns as f64;
        let count = reader.count().unwrap();
        let events = reader.events(1..count + 1).unwrap();
        let mine = events.into_iter().filter(|recorded| recorded.lane == lane);
        let mine: Vec<_> = mine.map(|recorded| recorded.event).collect();
        let at_ms = |event: &Event| (start_ns + event.t_ns as f64) / 1e6;
        let opened_ms = mine.iter().find(|event| event.kind == Kind::Open).map(at_ms).unwrap();
        let (mut ids, mut latencies) = (BTreeSet::new(), Vec::new());
        let (mut delivered, mut payload) = (0, 0);
        let (mut first_ms, mut last_ms) = (f64::MAX, 0.0);
        for event in mine.iter().filter(|event| event.is_received_message()) {
            let json: Value = serde_json::from_slice(&event.payload).unwrap();
            let id = json["id"].as_u64().unwrap();
            if ids.last().is_none_or(|last| *last < id) {
                last_ms = at_ms(event);
            }
            ids.insert(id);
            let sent_ms = json.get("ts_sent").unwrap_or(&json["ts"]).as_f64().unwrap();
            first_ms = f64::min(first_ms, sent_ms);
            latencies.push(at_ms(event) - sent_ms);
            delivered += 1;
            payload += event.payload.len();
        }
        latencies.sort_by(f64::total_cmp);
        let different = ids.len();
        Self { delivered, different, payload, latencies, opened_ms, first_ms, last_ms }
    }

    /// What passed the relay for the run: until the lane was open, and while there were messages.
    fn passed(&self, relay: &Relay, name: &str) -> Passed {
        let by = |ms| relay.passed(name, ms);
        by(self.last_ms).since(by(self.first_ms).since(by(self.opened_ms)))
    }

    /// The latency that this share of messages does not exceed.
    fn quantile(&self, share: f64) -> f64 {
        let at = (share * self.latencies.len() as f64).ceil() as usize;
        self.latencies[at.max(1) - 1]
    }
}

fn within_a_percent(what: &str, found: f64, counted: f64) {
    assert!((found - counted).abs() <= counted.abs() * 0.01, "{what}: {found}, counted {counted}");
}

/// Latencies are told in whole microseconds, and to three digits.
fn latency_agrees(what: &str, found_ms: f64, counted_ms: f64) {
    let counted = counted_ms.max(0.001);
    let off = (found_ms - counted).abs();
    assert!(off <= counted * 0.01 + 0.001, "{what}: {found_ms}, counted {counted}");
}

#[tokio::test]
async fn figures_agree_with_independent_counts_within_a_percent() {
    compared(false).await;
}

#[tokio::test]
async fn figures_agree_also_where_connections_are_cut() {
    compared(true).await;
}

async fn compared(with_cut: bool) {
    let server = server().await;
    let relay = Relay::to(server.addr().port()).await;
    let target = Target::Other(format!("http://127.0.0.1:{}", relay.port));
    let begun = Begun::new(setup(200.0, lanes(&Way::ALL)), target).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 150)).await;
    if with_cut {
        server.control().cut_all();
    }
    let most = 1 + u64::from(with_cut);
    let back = |lane: &Lane| lane.delivered >= 600 && lane.connections >= most;
    begun.until("more messages", |lanes| lanes.iter().all(back)).await;
    let (comparison, _folder) = begun.end().await;
    let topics = server.control().topics();
    let published = topics.iter().find(|topic| topic.name.starts_with("run-")).unwrap();
    for (at, lane) in comparison.lanes.iter().enumerate() {
        let counted = Counted::of(&comparison.capture, at as u16);
        let passed = counted.passed(&relay, &format!("-{}-{}", at + 1, lane.transport));
        let name = &lane.label;
        assert_eq!(lane.sent, published.messages, "{name}: sent");
        assert_eq!(lane.delivered as usize, counted.delivered, "{name}: delivered");
        assert_eq!(lane.duplicated as usize, counted.delivered - counted.different, "{name}");
        assert_eq!(lane.lost, lane.sent - counted.different as u64, "{name}: lost");
        assert_eq!(lane.payload_bytes as usize, counted.payload, "{name}: payload");
        assert!(!lane.wire_is_estimate, "{name}: counted at the socket");
        within_a_percent(&format!("{name}: bytes"), lane.wire_bytes as f64, passed.bytes as f64);
        // The last request of a connection may not have been read when that ended, and one more may
        // have come until the server was asked.
        let off = passed.requests.abs_diff(lane.requests);
        assert!(off <= most, "{name}: requests {}, counted {passed:?}", lane.requests);
        assert_eq!(lane.connections, passed.connections, "{name}: connections");
        let latency = lane.latency_ms.unwrap();
        latency_agrees(&format!("{name}: median"), latency.p50, counted.quantile(0.5));
        latency_agrees(&format!("{name}: p95"), latency.p95, counted.quantile(0.95));
        latency_agrees(&format!("{name}: p99"), latency.p99, counted.quantile(0.99));
        latency_agrees(&format!("{name}: max"), latency.max, counted.quantile(1.0));
        assert_eq!((lane.lost, lane.duplicated), (0, 0), "{name} resumes");
    }
    server.stop().await;
}
