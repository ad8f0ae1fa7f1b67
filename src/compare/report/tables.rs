//! The figures of lanes and of a scale run as tables.

use std::fmt::Write as _;

use super::text::Words;
use crate::compare::words::{bytes, count, number, time};
use crate::compare::{LaneView, LatencyMs, RunView, ScaleRow, ScaleView};
use crate::model::{TransportKind, Way};

const NONE: &str = "–";

/// A table that scrolls in a box of its own where it is wider than the page.
fn table(caption: &str, head: &[&str], rows: &[String]) -> String {
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    );
    for name in head {
        let _ = write!(html, "<th scope=\"col\">{name}</th>");
    }
    html.push_str("</tr></thead><tbody>");
    html.extend(rows.iter().map(String::as_str));
    html.push_str("</tbody></table></div>");
    html
}

/// A row that begins with a name in its colour.
fn row(word: &str, name: &str, cells: &[String]) -> String {
    let mut html = format!(
        "<tr><th scope=\"row\"><span class=\"dot k-{word}\" aria-hidden=\"true\"></span>{name}</th>"
    );
    for cell in cells {
        let _ = write!(html, "<td>{cell}</td>");
    }
    html.push_str("</tr>");
    html
}

/// A count that should be 0.
fn fault(n: u64) -> String {
    if n == 0 { count(0) } else { format!("<span class=\"bad\">{}</span>", count(n)) }
}

/// The figures of every lane.
pub(super) fn lanes(run: &RunView, words: &Words) -> String {
    const HEAD: [&str; 15] = [
        "Transport",
        "Median",
        "p95",
        "p99",
        "Delivered",
        "Lost",
        "Twice",
        "Out of order",
        "Wire a message",
        "Overhead",
        "Requests",
        "Connections",
        "Reconnects",
        "Back after, at most",
        "Server memory each",
    ];
    let has_memory = run.lanes.iter().any(|lane| lane.figures.server_memory.is_some());
    let head = if has_memory { &HEAD[..] } else { &HEAD[..HEAD.len() - 1] };
    let rows: Vec<String> =
        run.lanes.iter().map(|lane| lane_row(lane, has_memory, words)).collect();
    table("What each lane came to", head, &rows)
}

fn lane_row(lane: &LaneView, has_memory: bool, words: &Words) -> String {
    let figures = &lane.figures;
    let latency = |pick: fn(&LatencyMs) -> f64| {
        figures.latency_ms.as_ref().map_or_else(|| NONE.into(), |latency| time(pick(latency)))
    };
    let about = if figures.wire_is_estimate { "≈" } else { "" };
    let wire = figures.wire_per_message().map(|size| format!("{about}{}", bytes(size)));
    let overhead = figures.overhead.map(|share| format!("{about}{} %", number(share * 100.0)));
    let is_lost = lane.series.outages.last().is_some_and(|outage| outage.to_ns.is_none());
    let longest = match figures.recover_ms {
        _ if is_lost => String::from("<span class=\"bad\">not back</span>"),
        Some(recover) => time(recover.max),
        None => NONE.into(),
    };
    let mut cells = vec![
        latency(|l| l.p50),
        latency(|l| l.p95),
        latency(|l| l.p99),
        format!("{} of {}", count(figures.delivered), count(figures.sent)),
        fault(figures.lost),
        fault(figures.duplicated),
        fault(figures.reordered),
        wire.unwrap_or_else(|| NONE.into()),
        overhead.unwrap_or_else(|| NONE.into()),
        count(figures.requests),
        count(figures.connections),
        count(figures.reconnects),
        longest,
    ];
    if has_memory {
        let memory = figures.server_memory.map(|size| bytes(size as f64));
        cells.push(memory.unwrap_or_else(|| NONE.into()));
    }
    row(lane.spec.way.word(), &words.html(lane.spec.name()), &cells)
}

/// What so many clients cost.
pub(super) fn scale(scale: &ScaleView, words: &Words) -> String {
    const HEAD: [&str; 10] = [
        "Transport",
        "Clients",
        "Held",
        "All open after",
        "Memory each",
        "Fan-out",
        "Median",
        "p99",
        "Lost",
        "Note",
    ];
    let has_notes = scale.rows.iter().any(|row| row.note.is_some());
    let head = if has_notes { &HEAD[..] } else { &HEAD[..HEAD.len() - 1] };
    let rows: Vec<String> = scale.rows.iter().map(|row| scale_row(row, has_notes, words)).collect();
    table("What so many clients of one transport cost this machine", head, &rows)
}

fn scale_row(scale: &ScaleRow, has_notes: bool, words: &Words) -> String {
    let maybe = |ms: Option<f64>| ms.map_or_else(|| NONE.into(), time);
    let memory = scale.memory_per_connection.map(|size| bytes(size as f64));
    let held = count(scale.held as u64);
    let all_held = scale.held >= scale.clients;
    let mut cells = vec![
        count(scale.clients as u64),
        if all_held { held } else { format!("<span class=\"bad\">{held}</span>") },
        time(scale.setup_ms),
        memory.unwrap_or_else(|| NONE.into()),
        format!("{}/s", number(scale.fan_out_per_s)),
        maybe(scale.p50_ms),
        maybe(scale.p99_ms),
        fault(scale.lost),
    ];
    if has_notes {
        let note = words.html(scale.note.as_deref().unwrap_or(""));
        cells.push(format!("<span class=\"note\">{note}</span>"));
    }
    let name = TransportKind::from_word(scale.transport).map_or(scale.transport, |k| k.label());
    let word = Way::from_word(scale.transport).map_or("fallback", Way::word);
    row(word, &words.html(name), &cells)
}
