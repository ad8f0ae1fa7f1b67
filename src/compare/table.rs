//! A comparison as a table for a terminal.

use super::run::Comparison;

/// The figures as lines of aligned text, numbers to the right.
pub fn table(comparison: &Comparison) -> String {
    let head = ["transport", "messages", "p50 ms", "p95 ms", "p99 ms", "wire B/msg", "reconnects"];
    let mut rows: Vec<[String; 7]> = vec![head.map(str::to_owned)];
    for lane in &comparison.lanes {
        let latency = |pick: fn(&super::LatencyMs) -> f64| {
            lane.latency_ms
                .as_ref()
                .map_or_else(|| String::from("–"), |l| format!("{:.2}", pick(l)))
        };
        let wire = match lane.delivered {
            0 => String::from("–"),
            delivered => {
                let about = if lane.wire_is_estimate { "≈" } else { "" };
                format!("{about}{}", lane.wire_bytes / delivered)
            }
        };
        rows.push([
            lane.label.to_owned(),
            format!("{} of {}", lane.delivered, lane.sent),
            latency(|l| l.p50),
            latency(|l| l.p95),
            latency(|l| l.p99),
            wire,
            lane.reconnects.to_string(),
        ]);
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String; 7], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| {
        if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
    });
    cells.chain([String::from("\n")]).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Lane, LatencyMs, Settings};
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_is_made_up() {
        let lane = Lane {
            transport: "websocket",
            sent: 100,
            delivered: 100,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            latency_ms: Some(LatencyMs { p50: 0.4, p95: 0.9, p99: 1.25, max: 2.0 }),
            payload_bytes: 1,
            wire_bytes: 10_450,
            wire_is_estimate: false,
            requests: 1,
            connections: 1,
            reconnects: 0,
            label: "WebSocket",
        };
        let silent = Lane { delivered: 0, latency_ms: None, label: "SSE", ..lane.clone() };
        let settings = Settings { duration: Duration::from_secs(1), rate: 1.0, size: 1 };
        let computed = Lane { wire_is_estimate: true, label: "Long poll", ..lane.clone() };
        let lanes = vec![lane, silent, computed];
        let text = table(&Comparison { settings, lanes, capture: "x".into() });
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 4);
        assert!(rows[1].starts_with("WebSocket  100 of 100"), "{text}");
        assert!(rows[1].contains("0.40") && rows[1].contains("104"), "{text}");
        assert!(!rows[1].contains('≈') && rows[3].contains("≈104"), "{text}");
        assert!(rows[2].contains("0 of 100") && rows[2].contains('–'), "{text}");
        assert!(rows.iter().all(|row| row.chars().count() == rows[0].chars().count()));
    }
}
