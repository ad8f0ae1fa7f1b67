//! The four plots of a comparison: how late messages are, when, what that costs in bytes, and how
//! often a connection had to be opened.

use std::fmt::Write as _;

use super::svg::{Axis, Line, Plot, Shade};
use super::text::Words;
use crate::analysis::Series;
use crate::compare::words::{bytes, count, counted, number, time};
use crate::compare::{LaneView, RunView};
use crate::model::{TransportKind, Way};

/// Points of a line over time.
const SLICES: usize = 220;
/// Breaks drawn of a lane; the longest.
const BREAKS: usize = 100;

/// All of them, with the legend they share.
pub(super) fn plots(run: &RunView, words: &Words) -> String {
    let classes = classes(&run.lanes);
    let mut html = String::from("<ul class=\"legend\">");
    for (lane, class) in run.lanes.iter().zip(&classes) {
        let name = words.html(lane.spec.name());
        let _ = write!(
            html,
            "<li><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path class=\"line {class}\" d=\"M1 4H25\"/></svg>{name}</li>"
        );
    }
    html.push_str("</ul><div class=\"plots\">");
    let end = end_s(run);
    let each = [
        (distribution(run, &classes), "share of messages that took no longer"),
        (over_time(run, &classes, end), "median of each moment; breaks are shaded"),
        (wire(run, &classes, end), "both ways, heads included"),
        (connections(run, &classes, end), "opened so far"),
    ];
    for (plot, about) in each {
        let title = &plot.title;
        let svg = plot.svg(|text| words.html(text));
        let _ =
            write!(html, "<figure><figcaption><b>{title}</b> {about}</figcaption>{svg}</figure>");
    }
    html.push_str("</div>");
    html
}

/// Colour and dashes of each lane: not by colour alone, and no two lanes alike.
fn classes(lanes: &[LaneView]) -> Vec<String> {
    let mut seen: Vec<Way> = Vec::new();
    let mut class = |lane: &LaneView| {
        let way = lane.spec.way;
        let before = seen.iter().filter(|other| **other == way).count();
        seen.push(way);
        let own = match way {
            Way::Over(TransportKind::ShortPoll) => 1,
            Way::Fallback => 2,
            Way::Over(TransportKind::Stream) => 3,
            Way::Over(_) => 0,
        };
        match (own + before) % 4 {
            0 => format!("k-{}", way.word()),
            dashes => format!("k-{} d{dashes}", way.word()),
        }
    };
    lanes.iter().map(&mut class).collect()
}

/// The last second that any lane knows of.
fn end_s(run: &RunView) -> f64 {
    let series = |lane: &LaneView| lane.series.buckets.len() as f64 * width_s(&lane.series);
    let last = |points: &[(f32, f64)]| points.last().map_or(0.0, |(at, _)| f64::from(*at));
    let each =
        run.lanes.iter().flat_map(|lane| [series(lane), last(&lane.wire), last(&lane.connections)]);
    each.filter(|s| s.is_finite()).fold(run.elapsed_s.max(1.0), f64::max)
}

fn width_s(series: &Series) -> f64 {
    series.width_ns as f64 / 1e9
}

fn line(lane: &LaneView, class: &str, pieces: Vec<Vec<(f64, f64)>>) -> Line {
    Line { class: format!("line {class}"), title: lane.spec.name().to_owned(), pieces, lift: 0.0 }
}

/// A sentence a lane.
fn described(run: &RunView, tell: impl Fn(&LaneView) -> String) -> String {
    let each = run.lanes.iter().map(|lane| format!("{}: {}.", lane.spec.name(), tell(lane)));
    each.collect::<Vec<_>>().join(" ")
}

fn seconds_label(s: f64) -> String {
    format!("{} s", number(s))
}

fn latency_label(ms: f64) -> String {
    if ms < 1_000.0 { time(ms) } else { seconds_label(ms / 1e3) }
}

fn distribution(run: &RunView, classes: &[String]) -> Plot {
    let lines = run.lanes.iter().zip(classes).map(|(lane, class)| {
        let points = lane.distribution.iter();
        let points = points.map(|(ms, share)| (f64::from(*ms), f64::from(*share))).collect();
        line(lane, class, vec![points])
    });
    let values = run.lanes.iter().flat_map(|lane| lane.distribution.iter());
    Plot {
        id: "distribution",
        title: "Latency distribution".into(),
        desc: described(run, |lane| {
            lane.figures.latency_ms.map_or_else(
                || "nothing came".into(),
                |found| format!("median {}, p99 {}", time(found.p50), time(found.p99)),
            )
        }),
        x: Axis::log(values.map(|(ms, _)| f64::from(*ms))),
        y: Axis::linear(1.0),
        labels: (latency_label, |share| format!("{:.0} %", share * 100.0)),
        shades: Vec::new(),
        lines: lines.collect(),
    }
}

fn over_time(run: &RunView, classes: &[String], end: f64) -> Plot {
    let medians: Vec<_> = run.lanes.iter().map(|lane| medians(&lane.series)).collect();
    let values = medians.iter().flatten().flatten().map(|(_, ms)| *ms);
    let y = Axis::log(values);
    let lanes = || run.lanes.iter().zip(classes);
    let shades = lanes().flat_map(|(lane, class)| breaks(lane, class, end)).collect();
    let lines = lanes().zip(&medians);
    Plot {
        id: "over-time",
        title: "Latency over time".into(),
        desc: described(run, |lane| match lane.series.outages.len() as u64 {
            0 => "no break".into(),
            breaks => counted(breaks, "break"),
        }),
        x: Axis::linear(end),
        y,
        labels: (seconds_label, latency_label),
        shades,
        lines: lines.map(|((lane, class), pieces)| line(lane, class, pieces.clone())).collect(),
    }
}

/// The longest breaks of a lane.
fn breaks(lane: &LaneView, class: &str, end: f64) -> Vec<Shade> {
    let span = |outage: &crate::analysis::Outage| {
        let from = outage.from_ns as f64 / 1e9;
        (from, outage.to_ns.map_or(end, |to| to as f64 / 1e9).max(from))
    };
    let mut outages: Vec<_> = lane.series.outages.iter().collect();
    let length = |outage: &crate::analysis::Outage| {
        let (from, to) = span(outage);
        to - from
    };
    outages.sort_by(|a, b| length(b).total_cmp(&length(a)));
    outages.truncate(BREAKS);
    let shade = |outage: &crate::analysis::Outage| {
        let took = time(length(outage) * 1e3);
        let title = format!("{} was lost for {took}: {}", lane.spec.name(), outage.cause);
        let colour = class.split(' ').next().unwrap_or_default();
        Shade { class: format!("shade {colour}"), title, span: span(outage) }
    };
    outages.into_iter().map(shade).collect()
}

/// Second and median latency, in pieces between breaks.
fn medians(series: &Series) -> Vec<Vec<(f64, f64)>> {
    let group = series.buckets.len().div_ceil(SLICES).max(1);
    let width = width_s(series) * group as f64;
    let mut pieces = vec![Vec::new()];
    let mut outages = series.outages.iter().peekable();
    for (at, buckets) in series.buckets.chunks(group).enumerate() {
        let values = buckets.iter().flat_map(|bucket| &bucket.latencies.values);
        let mut found: Vec<f32> = values.map(|(_, ms)| *ms).collect();
        found.sort_by(f32::total_cmp);
        let Some(median) = found.get(found.len() / 2) else { continue };
        let middle = (at as f64 + 0.5) * width;
        let mut was_lost = false;
        while outages.next_if(|outage| outage.from_ns as f64 / 1e9 <= middle).is_some() {
            was_lost = true;
        }
        if was_lost {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push((middle, f64::from(*median)));
        }
    }
    pieces
}

fn rising(points: &[(f32, f64)]) -> Vec<(f64, f64)> {
    points.iter().map(|(at, value)| (f64::from(*at), *value)).collect()
}

fn most(run: &RunView, pick: fn(&LaneView) -> &[(f32, f64)]) -> f64 {
    let values = run.lanes.iter().flat_map(|lane| pick(lane).iter().map(|(_, value)| *value));
    values.filter(|value| value.is_finite()).fold(1.0, f64::max)
}

fn wire(run: &RunView, classes: &[String], end: f64) -> Plot {
    let lines = run.lanes.iter().zip(classes);
    Plot {
        id: "wire",
        title: "Bytes on the wire".into(),
        desc: described(run, |lane| bytes(lane.figures.wire_bytes as f64)),
        x: Axis::linear(end),
        y: Axis::linear(most(run, |lane| &lane.wire)),
        labels: (seconds_label, bytes),
        shades: Vec::new(),
        lines: lines.map(|(lane, class)| line(lane, class, vec![rising(&lane.wire)])).collect(),
    }
}

fn connections(run: &RunView, classes: &[String], end: f64) -> Plot {
    let steps = |lane: &LaneView| {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (at, value) in rising(&lane.connections) {
            points.extend(points.last().map(|(_, before)| (at, *before)));
            points.push((at, value));
        }
        points.extend(points.last().map(|(_, last)| (end, *last)));
        points
    };
    let lines = run.lanes.iter().zip(classes);
    Plot {
        id: "connections",
        title: "Connections".into(),
        desc: described(run, |lane| counted(lane.figures.connections, "connection")),
        x: Axis::linear(end),
        y: Axis::linear(most(run, |lane| &lane.connections).max(4.0)),
        labels: (seconds_label, |n| count(n.round() as u64)),
        shades: Vec::new(),
        // They are counts, and equal more often than not.
        lines: (lines.zip(0..))
            .map(|((lane, class), at)| Line {
                lift: f64::from(at) * 2.2,
                ..line(lane, class, vec![steps(lane)])
            })
            .collect(),
    }
}
