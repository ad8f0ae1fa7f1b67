//! The report of a comparison, opened in a real Chromium as its readers do.

use std::sync::Arc;

use wirescope::analysis::{Outage, Series};
use wirescope::compare::report::{self, ReportMeta};
use wirescope::compare::{
    Lane, LaneView, LatencyMs, RunView, ScaleRow, ScaleView, Stage, Timeline, lessons, verdict,
};
use wirescope::model::{
    Dir, Event, Kind, LaneSpec, Needs, Network, RunSetup, Source, TransportKind, Way,
};

use super::support::chromium::Browser;

const SECOND: u64 = 1_000_000_000;

/// A lane that had a break of one second in its minute.
fn lane(way: Way, p50: f64) -> LaneView {
    let figures = Lane {
        transport: way.word(),
        label: way.label().to_owned(),
        sent: 600,
        delivered: 598,
        lost: 2,
        latency_ms: Some(LatencyMs { p50, p95: p50 * 2.0, p99: p50 * 3.0, max: p50 * 9.0 }),
        payload_bytes: 120_000,
        wire_bytes: 140_000,
        overhead: Some(0.17),
        requests: 3,
        connections: 2,
        reconnects: 1,
        ..Lane::default()
    };
    let mut series = Series::default();
    for n in 0..600 {
        let event = Event::new(n * SECOND / 10, Dir::In, Kind::Text).with_payload("x");
        series.observe(&event, Some(p50 * (1.0 + (n % 7) as f64 / 3.0)), || 0.5);
    }
    series.outages.push(Outage {
        from_ns: 20 * SECOND,
        to_ns: Some(21 * SECOND),
        label: "reset".into(),
        cause: "the connection broke: Connection reset by peer".into(),
        resumed_after: None,
    });
    let p50 = p50 as f32;
    LaneView {
        spec: LaneSpec {
            label: Some(format!("{} with a rather long name", way.label())),
            ..LaneSpec::over(way)
        },
        figures,
        state: "Done".into(),
        reason: None,
        series: Arc::new(series),
        distribution: (1_u8..=100)
            .map(|n| (p50 * f32::from(n) / 50.0, f32::from(n) / 100.0))
            .collect(),
        wire: vec![(0.0, 0.0), (60.0, 140_000.0)].into(),
        connections: vec![(0.0, 1.0), (21.0, 2.0)].into(),
    }
}

fn page() -> String {
    let speeds = [0.4, 0.5, 2.3, 502.0, 0.5, 0.4];
    let lanes: Vec<LaneView> =
        Way::ALL.into_iter().zip(speeds).map(|(way, p50)| lane(way, p50)).collect();
    let needs = Needs { resume: true, proxies: true, ..Needs::default() };
    let source = Source::default();
    let figures: Vec<Lane> = lanes.iter().map(|lane| lane.figures.clone()).collect();
    let row = |kind: TransportKind| ScaleRow {
        transport: kind.word(),
        clients: 10_000,
        held: 9_998,
        setup_ms: 4_321.0,
        memory_per_connection: Some(4_812),
        fan_out_per_s: 123_456.0,
        p50_ms: Some(12.3),
        p99_ms: Some(98.0),
        lost: 0,
        note: Some("the limit of files that may be open kept it from more".into()),
    };
    let rows = TransportKind::ALL.map(row).into();
    let scale = ScaleView { rows, file_limit: Some((20_000, 1_024)), ..ScaleView::default() };
    let timeline = Timeline::new(&lessons()[0], Network::default(), source.clone());
    let run = RunView {
        setup: Arc::new(RunSetup { needs, ..RunSetup::default() }),
        stage: Stage::Done,
        elapsed_s: 60.0,
        sent: 600,
        verdict: verdict(&needs, &source, &figures, Some(&scale)),
        lanes,
        lesson: Some(timeline.view()),
        ..RunView::default()
    };
    assert!(run.verdict.is_some());
    report::html(&run, Some(&scale), &ReportMeta::default())
}

#[tokio::test]
async fn the_report_opens_in_a_browser_at_any_width_and_in_both_themes() {
    let Some(browser) = Browser::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    std::fs::write(&path, page()).unwrap();
    let url = format!("file://{}", path.display());
    for (width, name) in [(360, "report-phone"), (1280, "report-desk")] {
        let mut page = browser.open(&url, width, 900).await;
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(page.eval(fits).await, true, "the page scrolls sideways");
        // What is wider than the page scrolls in a box of its own, also by keyboard.
        let boxes = "[...document.querySelectorAll('.scroll')].every((box) => box.tabIndex === 0 \
             && box.getBoundingClientRect().right <= innerWidth)";
        assert_eq!(page.eval(boxes).await, true);
        let seen = "[...document.querySelectorAll('figure svg')].filter((svg) => \
             svg.getBoundingClientRect().height > 100 && svg.querySelectorAll('path.line').length === 6).length";
        assert_eq!(page.eval(seen).await, 4);
        let breaks = "document.querySelectorAll('rect.shade').length";
        assert_eq!(page.eval(breaks).await, 6);
        // The policy lets its own style pass.
        let colour = "getComputedStyle(document.querySelector('section')).backgroundColor";
        assert_eq!(page.eval(colour).await, "rgb(255, 255, 255)");
        page.picture(name).await;
        page.prefers("prefers-color-scheme", "dark").await;
        assert_eq!(page.eval(colour).await, "rgb(20, 23, 29)");
        page.picture(&format!("{name}-dark")).await;
        assert_eq!(page.complaints().await, Vec::<String>::new());
    }
}
