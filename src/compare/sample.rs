//! Comparisons that never took place, for tests.

use std::sync::Arc;

use super::{Lane, LaneView, LatencyMs, RunView, Stage};
use crate::analysis::Series;
use crate::model::{Dir, Event, Kind, LaneSpec, RunSetup, TransportKind, Way};

const MS: u64 = 1_000_000;

/// Figures of a lane over which `delivered` of `sent` messages of 100 bytes came.
pub(super) fn lane(kind: TransportKind, sent: u64, delivered: u64, p50: f64) -> Lane {
    Lane {
        transport: kind.word(),
        sent,
        delivered,
        lost: sent.saturating_sub(delivered),
        latency_ms: (delivered > 0).then_some(LatencyMs {
            p50,
            p95: p50 * 2.0,
            p99: p50 * 3.0,
            max: p50 * 4.0,
        }),
        payload_bytes: delivered * 100,
        wire_bytes: delivered * 104,
        overhead: (delivered > 0).then_some(0.04),
        requests: 1,
        connections: 1,
        label: kind.label().to_owned(),
        resumes: true,
        ..Lane::default()
    }
}

/// A lane with these figures, and a message at each of these milliseconds, each 2 ms old.
pub(super) fn lane_view(spec: LaneSpec, figures: Lane, came_ms: &[u64]) -> LaneView {
    let mut series = Series::default();
    series.observe(&Event::new(0, Dir::Local, Kind::Open), None, || 0.5);
    for ms in came_ms {
        let event = Event::new(ms * MS, Dir::In, Kind::Text).with_payload("abc");
        series.observe(&event, Some(2.0), || 0.5);
    }
    let wire = came_ms.iter().zip(1..).map(|(ms, n)| (*ms as f32 / 1e3, f64::from(n) * 104.0));
    LaneView {
        spec,
        figures,
        state: "Open".into(),
        reason: None,
        series: Arc::new(series),
        distribution: vec![(0.2, 0.1), (0.4, 0.5), (0.9, 0.95), (1.7, 1.0)].into(),
        wire: wire.collect(),
        connections: vec![(0.0, 1.0)].into(),
    }
}

/// A run of these lanes that is being measured.
pub(super) fn run_view(lanes: Vec<LaneView>, elapsed_s: f64) -> RunView {
    let setup = RunSetup {
        lanes: lanes.iter().map(|lane| lane.spec.clone()).collect(),
        ..RunSetup::default()
    };
    RunView {
        setup: Arc::new(setup),
        stage: Stage::Running,
        elapsed_s,
        sent: lanes.first().map_or(0, |lane| lane.figures.sent),
        lanes,
        network: vec![(0.0, Arc::default())],
        ..RunView::default()
    }
}

/// Every way of the setup at its usual speed, 12 messages a second for ten seconds.
pub(super) fn usual_run() -> RunView {
    let came: Vec<u64> = (0..120).map(|n| 500 + n * 83).collect();
    let p50 = |way: Way| match way {
        Way::Over(TransportKind::Websocket) => 0.41,
        Way::Over(TransportKind::LongPoll) => 2.3,
        Way::Over(TransportKind::ShortPoll) => 502.0,
        _ => 0.52,
    };
    let each = Way::ALL.map(|way| {
        let kind = if let Way::Over(kind) = way { kind } else { TransportKind::Websocket };
        let figures = Lane {
            transport: way.word(),
            label: way.label().into(),
            ..lane(kind, 120, 120, p50(way))
        };
        lane_view(LaneSpec::over(way), figures, &came)
    });
    RunView { stage: Stage::Done, ..run_view(each.into(), 10.0) }
}
