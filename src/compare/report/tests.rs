//! What a report promises: it is well formed, safe, complete, and says nothing but the figures.

mod told;

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::Value;
use sha2::Digest;

use super::*;
use crate::analysis::{Outage, Series};
use crate::compare::sample::{lane, lane_view, run_view, usual_run};
use crate::compare::{
    LessonSummary, LessonView, RecoverMs, ScaleRow, Stage, StepView, StreamsView, Verdict, verdict,
};
use crate::model::{Impairment, LaneSpec, Needs, Network, RunSetup, TransportKind, Way};

const EVIL: &str = "<script>alert('x')</script>\"><img src=x onerror=y>&amp;";

fn meta() -> ReportMeta {
    ReportMeta {
        version: "0.1.0".into(),
        machine: "Linux, 2 processors".into(),
        made: "2026-11-22T11:00:00Z".into(),
    }
}

fn network(list: &str) -> Arc<Network> {
    Arc::new(Network::all(&Impairment::parse(list).expect("fine")))
}

/// Checks that every element is closed in order, every attribute is quoted, and no id is there
/// twice; answers the names of the elements.
fn elements(html: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let mut ids = HashSet::new();
    let mut wanted: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype");
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let end = tag.find('>').expect("a tag ends");
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "near {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let is_closed = inside.ends_with('/');
        let (name, attributes) =
            inside.trim_end_matches('/').split_once(' ').unwrap_or((inside, ""));
        let mut pairs = attributes;
        while let Some((key, tail)) = pairs.split_once("=\"") {
            let (value, tail) = tail.split_once('"').expect("a quoted value");
            let key = key.trim();
            assert!(
                key.chars()
                    .all(|c| c.is_ascii_alphabetic() || "-:".contains(c) || c.is_ascii_digit()),
                "{key}"
            );
            assert!(!key.starts_with("on") && !["style", "src", "href"].contains(&key), "{inside}");
            match key {
                "id" => assert!(ids.insert(value.to_owned()), "{value} twice"),
                "aria-labelledby" => wanted.extend(value.split(' ').map(str::to_owned)),
                _ => {}
            }
            pairs = tail;
        }
        assert!(pairs.trim().is_empty(), "{inside}");
        all.push(name.to_owned());
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("its end")..];
        }
        if !is_closed && name != "meta" {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(wanted.iter().all(|id| ids.contains(id)), "{wanted:?} of {ids:?}");
    all
}

fn checked(run: &RunView, scale: Option<&ScaleView>) -> String {
    let page = html(run, scale, &meta());
    let names = elements(&page);
    let known = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "footer",
        "section",
        "h1",
        "h2",
        "h3",
        "p",
        "strong",
        "b",
        "span",
        "div",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "svg",
        "desc",
        "path",
        "rect",
        "text",
    ];
    for name in &names {
        assert!(known.contains(&name.as_str()), "an element <{name}>");
    }
    for odd in ["NaN", "inf ", ">inf", "undefined", "{}"] {
        let body = page.split("</style>").nth(1).expect("a body");
        assert!(!body.contains(odd), "{odd} in the page");
    }
    page
}

fn full_run() -> RunView {
    let mut run = usual_run();
    let needs = Needs { resume: true, ..Needs::default() };
    run.setup = Arc::new(RunSetup { needs, ..(*run.setup).clone() });
    run.network = vec![(0.0, network("delay=20ms,cut=60s/reset"))];
    let figures: Vec<_> = run.lanes.iter().map(|lane| lane.figures.clone()).collect();
    run.verdict = verdict(&needs, &run.setup.source, &figures, None);
    run.lesson = Some(LessonView {
        lesson: LessonSummary {
            id: "resume".into(),
            title: "Resuming".into(),
            about: "About resuming.".into(),
            seconds: 30.0,
        },
        steps: vec![StepView {
            at_s: 8.0,
            what: "Connections are cut".into(),
            watch: "They come back.".into(),
            measured: Some("SSE: 3 reconnects, 0 missing".into()),
        }],
        step: 0,
        elapsed_s: 30.0,
        herds: Vec::new(),
        streams: vec![Arc::new(StreamsView {
            protocol: "http1",
            label: "HTTP/1.1",
            connections: 6,
            elapsed_s: 1.0,
            streams: Vec::new(),
        })],
    });
    run
}

fn scale_view() -> ScaleView {
    let row = ScaleRow {
        transport: "sse",
        clients: 10_000,
        held: 9_998,
        setup_ms: 4_321.0,
        memory_per_connection: Some(4_812),
        fan_out_per_s: 123_456.0,
        p50_ms: Some(12.3),
        p99_ms: None,
        lost: 7,
        note: Some("the file limit".into()),
    };
    ScaleView { rows: vec![row], file_limit: Some((65_536, 1_024)), ..ScaleView::default() }
}

#[test]
fn everything_is_in_it_and_it_is_well_formed() {
    let run = full_run();
    let page = checked(&run, Some(&scale_view()));
    let wanted = [
        "<h1>Resuming</h1>",
        "For this workload",
        "Server-Sent Events.",
        "Latency distribution",
        "Latency over time",
        "Bytes on the wire",
        "Connections",
        "SSE: 3 reconnects, 0 missing",
        "10 messages a second, 100 B each, ticks",
        "nothing missed over a reconnect",
        "Delay 20ms",
        "Cut 1m/reset",
        "9,998",
        "4.8 kB",
        "123,456/s",
        "it was 1,024 before it was raised",
        "Wirescope 0.1.0 · 2026-11-22T11:00:00Z · Linux, 2 processors",
    ];
    for text in wanted {
        assert!(page.contains(text), "{text} is missing");
    }
    assert_eq!(page.matches("<svg viewBox=\"0 0 440 240\" role=\"img\"").count(), 4);
    assert_eq!(page.matches("<th scope=\"row\">").count(), 6 + 1);
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let page = checked(&full_run(), None);
    let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
    let hash = sha2::Sha256::digest(style.expect("a style").as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(hash);
    assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'")));
    for outside in ["<script", "@import", "url(", "<link", "<iframe", "<img"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn words_from_outside_stay_words() {
    let mut run = full_run();
    for lane in &mut run.lanes {
        lane.spec.label = Some(EVIL.into());
        lane.state = EVIL.into();
        lane.reason = Some(EVIL.into());
        let mut series = Series::default();
        series.outages.push(Outage {
            from_ns: 1,
            to_ns: None,
            label: EVIL.into(),
            cause: EVIL.into(),
            resumed_after: Some(EVIL.into()),
        });
        lane.series = Arc::new(series);
    }
    run.error = Some((EVIL.into(), EVIL.into()));
    run.verdict = Some(Verdict {
        transport: "sse",
        label: EVIL.into(),
        summary: EVIL.into(),
        reasons: vec![EVIL.into()],
        would_change: vec![EVIL.into()],
    });
    let lesson = run.lesson.as_mut().expect("a lesson");
    (lesson.lesson.title, lesson.lesson.about) = (EVIL.into(), EVIL.into());
    lesson.steps[0].measured = Some(EVIL.into());
    let mut setup = (*run.setup).clone();
    setup.source.topics = vec![EVIL.into()];
    setup.other = Some(format!("http://127.0.0.1/{EVIL}"));
    run.setup = Arc::new(setup);
    let mut scale = scale_view();
    scale.rows[0].note = Some(EVIL.into());
    let mut meta = meta();
    (meta.version, meta.machine, meta.made) = (EVIL.into(), EVIL.into(), EVIL.into());
    let page = html(&run, Some(&scale), &meta);
    elements(&page);
    assert!(!page.contains("<script") && !page.contains("<img"), "it would run");
    assert!(page.matches("&lt;script&gt;").count() > 10);
}

#[test]
fn tokens_are_in_neither_form() {
    let mut run = full_run();
    let mut setup = (*run.setup).clone();
    setup.other = Some("http://me:hunter2@192.168.1.5:4100/?join=7F3K-22QD".into());
    run.setup = Arc::new(setup);
    run.error =
        Some(("http://192.168.1.5:4100/ws?join=7F3K-22QD broke".into(), "7F3K-22QD".into()));
    run.lanes[0].reason = Some("refused with ?join=7F3K-22QD".into());
    let mut series = Series::default();
    series.outages.push(Outage {
        from_ns: 1,
        to_ns: Some(2),
        label: String::new(),
        cause: "7F3K-22QD is wrong".into(),
        resumed_after: None,
    });
    run.lanes[1].series = Arc::new(series);
    let both = [checked(&run, None), json(&run, None, &meta())];
    for text in both {
        assert!(!text.contains("7F3K-22QD") && !text.contains("hunter2"), "a secret is in it");
        assert!(text.contains("http://192.168.1.5:4100"));
    }
}

#[test]
fn both_forms_have_the_figures_of_the_view() {
    let mut run = full_run();
    run.lanes[2].figures.lost = 2;
    run.lanes[2].figures.wire_bytes = 512 * 120;
    run.lanes[2].figures.wire_is_estimate = true;
    run.lanes[2].figures.overhead = Some(4.12);
    run.lanes[2].figures.recover_ms = Some(RecoverMs { median: 900.0, max: 1_204.0 });
    run.notes = vec!["Nobody counted <that>".into()];
    let page = checked(&run, None);
    let row = page.split("<tr>").find(|row| row.contains("Long poll</th>")).expect("a row");
    let cells: Vec<&str> = row.split("<td>").skip(1).collect();
    let cells: Vec<&str> =
        cells.iter().map(|cell| cell.split("</td>").next().unwrap_or_default()).collect();
    let wanted = [
        "2.3 ms",
        "4.6 ms",
        "6.9 ms",
        "120 of 120",
        "<span class=\"bad\">2</span>",
        "0",
        "0",
        "≈512 B",
        "≈412 %",
        "1",
        "1",
        "0",
        "1,204 ms",
    ];
    assert_eq!(cells, wanted);
    assert!(page.contains("<li>Nobody counted &lt;that&gt;</li>"));
    let document: Value = serde_json::from_str(&json(&run, None, &meta())).expect("JSON");
    let lane = &document["lanes"][2];
    assert_eq!(lane["transport"], "long-poll");
    assert_eq!(lane["latency_ms"]["p50"], 2.3);
    assert_eq!(
        (&lane["sent"], &lane["delivered"], &lane["lost"]),
        (&120.into(), &120.into(), &2.into())
    );
    assert_eq!(lane["wire_bytes"], 512 * 120);
    assert_eq!(lane["distribution"].as_array().map(Vec::len), Some(4));
    assert_eq!(document["settings"]["rate"], 10.0);
    assert_eq!(document["settings"]["network_in_words"][0], "Delay 20ms");
    assert_eq!(document["verdict"]["transport"], "sse");
    assert_eq!(document["lesson"]["steps"][0]["measured"], "SSE: 3 reconnects, 0 missing");
    assert_eq!(document["lesson"]["streams"][0]["connections"], 6);
    assert_eq!(document["notes"][0], "Nobody counted <that>");
    assert_eq!(document["made"]["done"], true);
    assert!(document.get("scale").is_none());
}

#[test]
fn nothing_one_lane_and_huge_values_are_drawn_too() {
    checked(&run_view(Vec::new(), 0.0), Some(&ScaleView::default()));
    let spec = || LaneSpec::over(Way::Over(TransportKind::Sse));
    let quiet = lane_view(spec(), lane(TransportKind::Sse, 0, 0, 0.0), &[]);
    let page = checked(&run_view(vec![quiet], 0.0), None);
    assert!(page.contains("still running"));
    let mut huge =
        lane_view(spec(), lane(TransportKind::Sse, u64::MAX, 1, 1e300), &[1, 40_000_000]);
    huge.figures.wire_bytes = u64::MAX;
    huge.distribution = vec![(f32::MIN_POSITIVE, 0.0), (f32::MAX, 1.0), (f32::NAN, 2.0)].into();
    huge.wire = vec![(0.0, f64::MAX), (f32::MAX, f64::INFINITY)].into();
    huge.connections = vec![(f32::NAN, f64::NAN)].into();
    checked(&RunView { stage: Stage::Done, ..run_view(vec![huge], f64::MAX) }, None);
}

#[test]
fn a_long_run_is_no_large_file() {
    let mut run = full_run();
    let came: Vec<u64> = (0..40_000).map(|n| n * 90).collect();
    let mut series =
        (*lane_view(LaneSpec::over(Way::Fallback), lane(TransportKind::Sse, 1, 1, 1.0), &came)
            .series)
            .clone();
    series.outages = (0..4_000)
        .map(|n| Outage {
            from_ns: n * 900_000_000,
            to_ns: Some(n * 900_000_000 + 50_000_000),
            label: "1006".into(),
            cause: "gone".into(),
            resumed_after: None,
        })
        .collect();
    let series = Arc::new(series);
    for lane in &mut run.lanes {
        lane.series = Arc::clone(&series);
        lane.wire = (0..500).map(|n| (n as f32, f64::from(n))).collect();
        lane.distribution = (0..200).map(|n| (n as f32, n as f32 / 200.0)).collect();
    }
    let page = checked(&run, None);
    assert!(page.len() < 400_000, "{} bytes", page.len());
}
