//! What one transport did during a run, counted from its own events.

use serde::Serialize;

use crate::analysis::{Latencies, Measures, Percentiles, Sequence, Story, Traffic};
use crate::model::{Dir, Event, Kind, Options, TransportKind, Wire};

/// Latencies of a lane in milliseconds, from the moment the server publishes to the moment the
/// client has the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyMs {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

impl From<Percentiles> for LatencyMs {
    fn from(found: Percentiles) -> Self {
        Self { p50: found.p50, p95: found.p95, p99: found.p99, max: found.max }
    }
}

/// The figures of one transport.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// The transport by the names of `--transport`.
    pub transport: &'static str,
    /// Messages the server published during the run.
    pub sent: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that never came.
    pub lost: u64,
    /// Messages that came again.
    pub duplicated: u64,
    /// Messages that came after a later one.
    pub reordered: u64,
    /// Latencies; `None` where nothing arrived.
    pub latency_ms: Option<LatencyMs>,
    /// Payload bytes received.
    pub payload_bytes: u64,
    /// Bytes on the wire both ways, heads included, TLS and TCP not.
    pub wire_bytes: u64,
    /// Whether some of them were computed instead of counted, which leaves out the framing of
    /// chunks and what HTTP/2 saves: the HTTP library hides both.
    pub wire_is_estimate: bool,
    /// HTTP requests, upgrades included.
    pub requests: u64,
    /// Times the session opened.
    pub connections: u64,
    /// Times it opened again after a loss.
    pub reconnects: u64,
    /// Not in the file format: how people call the transport.
    #[serde(skip)]
    pub label: &'static str,
}

/// Counts a lane's events.
#[derive(Debug)]
pub(super) struct Counter {
    kind: TransportKind,
    measures: Measures,
    latencies: Latencies,
    sequence: Sequence,
    story: Story,
    traffic: Traffic,
    requests: u64,
    attempts: u64,
    connections: u64,
    last_seq: i64,
    wire_is_estimate: bool,
    is_over: bool,
}

impl Counter {
    pub(super) fn new(kind: TransportKind, start_wall_ns: i64) -> Self {
        Self {
            kind,
            measures: Measures::new(start_wall_ns, &Options::default()),
            latencies: Latencies::default(),
            sequence: Sequence::default(),
            story: Story::default(),
            traffic: Traffic::default(),
            requests: 0,
            attempts: 0,
            connections: 0,
            last_seq: 0,
            wire_is_estimate: false,
            is_over: false,
        }
    }

    pub(super) fn take(&mut self, n: u64, event: &Event) {
        let found = self.measures.observe(event);
        if event.kind.is_message() && event.dir == Dir::In {
            if let Some(latency) = found.latency_ms {
                self.latencies.observe(latency);
            }
            if let Some(seq) = found.seq {
                self.sequence.observe(seq);
                self.last_seq = self.last_seq.max(seq);
            }
        }
        match event.kind {
            Kind::Request => self.requests += 1,
            Kind::Connecting => self.attempts += 1,
            Kind::Open => self.connections += 1,
            _ => {}
        }
        self.wire_is_estimate |= matches!(event.wire, Wire::Estimated(_));
        self.story.observe(n, event);
        self.traffic.observe(event);
    }

    /// Notes that its session ended by itself.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether it has been open, or never will be.
    pub(super) fn was_open(&self) -> bool {
        self.connections > 0 || self.is_over
    }

    /// Whether number `last` has arrived, or never will.
    pub(super) fn has_reached(&self, last: i64) -> bool {
        self.last_seq >= last || self.is_over
    }

    /// The figures, given that the server published the numbers 1 to `sent`.
    pub(super) fn lane(&self, sent: u64) -> Lane {
        let came = self.traffic.received.saturating_sub(self.sequence.duplicated());
        Lane {
            transport: self.kind.word(),
            label: self.kind.label(),
            sent,
            delivered: self.traffic.received,
            lost: sent.saturating_sub(came),
            duplicated: self.sequence.duplicated(),
            reordered: self.sequence.reordered(),
            latency_ms: self.latencies.percentiles().map(LatencyMs::from),
            payload_bytes: self.traffic.bytes_in,
            wire_bytes: self.traffic.wire,
            wire_is_estimate: self.wire_is_estimate,
            // A WebSocket tells its upgrade as the attempt itself.
            requests: self.requests.max(self.attempts),
            connections: self.connections,
            reconnects: u64::from(self.story.reconnects),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_is_lost_also_at_the_end() {
        let mut counter = Counter::new(TransportKind::Sse, 0);
        for (n, id) in (1..).zip([1, 2, 2, 5, 4]) {
            let payload = format!(r#"{{"id":{id}}}"#);
            let event = Event::new(n, Dir::In, Kind::Event)
                .with_payload(payload)
                .with_wire(Wire::Estimated(20));
            counter.take(n, &event);
        }
        let lane = counter.lane(7);
        assert_eq!((lane.delivered, lane.lost, lane.duplicated, lane.reordered), (5, 3, 1, 1));
        assert_eq!((lane.wire_bytes, lane.payload_bytes), (100, 40));
        assert!(lane.wire_is_estimate);
        assert_eq!(lane.latency_ms, None);
    }

    #[test]
    fn a_handshake_counts_and_what_is_counted_is_no_estimate() {
        let mut counter = Counter::new(TransportKind::Websocket, 0);
        counter.take(1, &Event::new(0, Dir::Local, Kind::Open).with_wire(Wire::Exact(300)));
        let text = Event::new(1, Dir::In, Kind::Text).with_payload("x").with_wire(Wire::Exact(3));
        counter.take(2, &text);
        let lane = counter.lane(1);
        assert_eq!((lane.wire_bytes, lane.wire_is_estimate), (303, false));
    }

    #[test]
    fn nobody_waits_for_a_lane_that_is_over() {
        let mut counter = Counter::new(TransportKind::Sse, 0);
        assert!(!counter.was_open() && !counter.has_reached(1));
        counter.end();
        assert!(counter.was_open() && counter.has_reached(1));
    }
}
