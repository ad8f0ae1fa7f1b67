//! The figures of one lane of a comparison, as they stand at one moment.

use serde::Serialize;

use crate::analysis::Percentiles;

/// Latencies of a lane in milliseconds, from the moment a message is sent to the moment the client
/// has its bytes. Against the built-in server that is sent from there; against another one it is
/// sent from here, so that the way there is part of it and one clock measures both ends.
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

/// How long a lane was without a connection before it was back, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RecoverMs {
    /// Half of its outages were shorter.
    pub median: f64,
    /// The longest.
    pub max: f64,
}

impl RecoverMs {
    /// Of these outages, those that are over, in milliseconds; `None` where there are none.
    pub(super) fn of(mut outages: Vec<f64>) -> Option<Self> {
        outages.sort_by(f64::total_cmp);
        let max = outages.last().copied()?;
        Some(Self { median: outages.get(outages.len() / 2).copied()?, max })
    }
}

/// The figures of one lane.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Lane {
    /// How it travels, by the names of `--transport`, or `fallback`.
    pub transport: &'static str,
    /// What it is called.
    pub label: String,
    /// Whether it goes on after its last message when it comes back.
    pub resumes: bool,
    /// Messages that were sent during the run.
    pub sent: u64,
    /// Messages of these that arrived, those that came again included.
    pub delivered: u64,
    /// Messages that never came. While the run lasts, those that a later one has overtaken.
    pub lost: u64,
    /// Messages that came again.
    pub duplicated: u64,
    /// Messages that came after a later one.
    pub reordered: u64,
    /// Latencies; `None` where nothing arrived.
    pub latency_ms: Option<LatencyMs>,
    /// Payload bytes of what arrived.
    pub payload_bytes: u64,
    /// Bytes on the wire both ways, heads included, TLS and TCP not.
    pub wire_bytes: u64,
    /// Whether some of them were computed by the client instead of counted at the server's socket,
    /// which leaves out the framing of chunks and what HTTP/2 saves: the HTTP library hides both.
    pub wire_is_estimate: bool,
    /// Bytes on the wire beyond the payload for each byte of payload: 0.5 is half as much again.
    /// `None` where nothing arrived.
    pub overhead: Option<f64>,
    /// HTTP requests, upgrades included.
    pub requests: u64,
    /// Connections opened: counted by the server, or else how often the session opened.
    pub connections: u64,
    /// Times it opened again after a loss.
    pub reconnects: u64,
    /// How long it took to be open again; `None` where it was not lost, or never came back.
    pub recover_ms: Option<RecoverMs>,
    /// Bytes of the server's memory a connection, as a scale run found; `None` where none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_memory: Option<u64>,
}

impl Lane {
    /// Bytes on the wire for each message that arrived.
    pub fn wire_per_message(&self) -> Option<f64> {
        (self.delivered > 0).then(|| self.wire_bytes as f64 / self.delivered as f64)
    }

    /// Bytes on the wire beyond the payload for each byte of it.
    pub(super) fn overhead_of(wire: u64, payload: u64) -> Option<f64> {
        (payload > 0).then(|| (wire as f64 - payload as f64) / payload as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_outages_is_one_of_them() {
        assert_eq!(RecoverMs::of(Vec::new()), None);
        let found = RecoverMs::of(vec![900.0, 20.0, 300.0]);
        assert_eq!(found, Some(RecoverMs { median: 300.0, max: 900.0 }));
    }

    #[test]
    fn overhead_is_what_goes_beyond_the_payload() {
        assert_eq!(Lane::overhead_of(300, 200), Some(0.5));
        assert_eq!(Lane::overhead_of(150, 200), Some(-0.25), "compressed");
        assert_eq!(Lane::overhead_of(300, 0), None);
    }
}
