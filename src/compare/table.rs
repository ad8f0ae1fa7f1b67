//! A comparison as a table for a terminal.

use super::lane::{Lane, LatencyMs};
use super::outcome::Comparison;

const HEAD: [&str; 13] = [
    "lane",
    "messages",
    "lost",
    "again",
    "late",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "wire B/msg",
    "overhead",
    "requests",
    "reconnects",
    "back after",
];

/// The figures as lines of aligned text, numbers to the right, and what there is to say of them.
pub fn table(comparison: &Comparison) -> String {
    let mut rows: Vec<[String; HEAD.len()]> = vec![HEAD.map(str::to_owned)];
    rows.extend(comparison.lanes.iter().map(cells));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text: String = rows.iter().map(|row| line(row, &widths)).collect();
    for remark in remarks(comparison) {
        text.push('\n');
        text.push_str(&remark);
        text.push('\n');
    }
    text
}

fn cells(lane: &Lane) -> [String; HEAD.len()] {
    let none = || String::from("–");
    let latency = |pick: fn(&LatencyMs) -> f64| {
        lane.latency_ms.as_ref().map_or_else(none, |l| format!("{:.2}", pick(l)))
    };
    let about = if lane.wire_is_estimate { "≈" } else { "" };
    let wire = lane.wire_per_message().map_or_else(none, |bytes| format!("{about}{bytes:.0}"));
    let overhead = lane.overhead.map_or_else(none, |share| format!("{about}{:.0} %", share * 1e2));
    let back = lane.recover_ms.map_or_else(none, |ms| format!("{:.2} s", ms.median / 1e3));
    [
        lane.label.clone(),
        format!("{} of {}", lane.delivered, lane.sent),
        lane.lost.to_string(),
        lane.duplicated.to_string(),
        lane.reordered.to_string(),
        latency(|l| l.p50),
        latency(|l| l.p95),
        latency(|l| l.p99),
        wire,
        overhead,
        lane.requests.to_string(),
        lane.reconnects.to_string(),
        back,
    ]
}

/// What has to be known to read the figures.
fn remarks(comparison: &Comparison) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(url) = &comparison.settings.url {
        remarks.push(format!(
            "Latency is from sending here to receiving here, by way of {url}: it includes the way up"
        ));
    }
    if comparison.lanes.iter().any(|lane| lane.wire_is_estimate) {
        remarks.push(String::from(
            "≈ was computed by the client, as the server does not tell what it counted",
        ));
    }
    remarks.extend(comparison.notes.iter().cloned());
    if let Some(verdict) = &comparison.verdict {
        remarks.push(format!("{}. {}", verdict.label, verdict.summary));
    }
    remarks
}

fn line(row: &[String; HEAD.len()], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| {
        if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
    });
    cells.chain([String::from("\n")]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{RecoverMs, RunView, Settings};
    use super::*;

    fn comparison(lanes: Vec<Lane>, url: Option<&str>) -> Comparison {
        let settings = Settings { url: url.map(str::to_owned), ..Settings::default() };
        let notes = vec![String::from("A note")];
        let (verdict, lesson, view) = (None, None, RunView::default());
        Comparison { settings, lanes, notes, verdict, lesson, view, capture: "x".into() }
    }

    #[test]
    fn columns_are_aligned_and_nothing_is_made_up() {
        let lane = Lane {
            transport: "websocket",
            label: String::from("WebSocket"),
            sent: 100,
            delivered: 100,
            latency_ms: Some(LatencyMs { p50: 0.4, p95: 0.9, p99: 1.25, max: 2.0 }),
            wire_bytes: 10_460,
            overhead: Some(0.045),
            recover_ms: Some(RecoverMs { median: 1230.0, max: 1230.0 }),
            ..Lane::default()
        };
        let silent = Lane { sent: 100, lost: 100, label: String::from("SSE"), ..Lane::default() };
        let label = String::from("Long poll");
        let computed = Lane { wire_is_estimate: true, label, ..lane.clone() };
        let text = table(&comparison(vec![lane, silent, computed], None));
        let rows: Vec<&str> = text.lines().collect();
        assert!(rows[1].starts_with("WebSocket  100 of 100"), "{text}");
        for cell in ["0.40", "105", "4 %", "1.23 s"] {
            assert!(rows[1].contains(cell), "{cell} in {text}");
        }
        assert!(!rows[1].contains('≈') && rows[3].contains("≈105"), "{text}");
        assert!(rows[2].contains("0 of 100") && rows[2].contains('–'), "{text}");
        let width = rows[0].chars().count();
        assert!(rows[..4].iter().all(|row| row.chars().count() == width), "{text}");
        assert!(text.contains("≈ was computed") && text.contains("\nA note\n"), "{text}");
    }

    #[test]
    fn a_way_up_is_mentioned() {
        let text = table(&comparison(Vec::new(), Some("http://h:4100")));
        assert!(text.contains("by way of http://h:4100: it includes the way up"), "{text}");
    }
}
