//! A scale run as a table for a terminal.

use std::fmt::Write as _;

use super::scale::grouped;
use crate::compare::view::{ScaleRow, ScaleView};
use crate::model::TransportKind;

const HEAD: [&str; 8] =
    ["transport", "clients", "held", "B/conn", "messages/s", "p50 ms", "p99 ms", "setup ms"];

/// The rows as lines of aligned text, numbers to the right; beneath them what kept them from more.
pub fn scale_table(view: &ScaleView) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(view.rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text: String = rows.iter().map(|row| line(row, &widths)).collect();
    for row in &view.rows {
        if let Some(note) = &row.note {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}, {} clients: {note}", label(row), grouped(row.clients));
        }
    }
    if let Some((limit, before)) = view.file_limit {
        let of = |limit| usize::try_from(limit).map_or_else(|_| String::from("any"), grouped);
        let raised =
            if limit > before { format!(", raised from {}", of(before)) } else { String::new() };
        let _ = writeln!(text, "Open files: {}{raised}", of(limit));
    }
    text
}

fn label(row: &ScaleRow) -> &'static str {
    TransportKind::from_word(row.transport).map_or(row.transport, TransportKind::label)
}

fn cells(row: &ScaleRow) -> [String; 8] {
    let unknown = || String::from("–");
    let ms = |value: Option<f64>| value.map_or_else(unknown, |ms| format!("{ms:.1}"));
    let bytes = row.memory_per_connection.and_then(|bytes| usize::try_from(bytes).ok());
    [
        label(row).to_owned(),
        grouped(row.clients),
        grouped(row.held),
        bytes.map_or_else(unknown, grouped),
        grouped(row.fan_out_per_s.max(0.0) as usize),
        ms(row.p50_ms),
        ms(row.p99_ms),
        format!("{:.0}", row.setup_ms),
    ]
}

fn line(row: &[String; 8], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| {
        if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
    });
    cells.chain([String::from("\n")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_and_notes_stand_beneath() {
        let row = ScaleRow {
            transport: "websocket",
            clients: 10_000,
            held: 9_872,
            setup_ms: 1234.4,
            memory_per_connection: Some(8_123),
            fan_out_per_s: 123_456.7,
            p50_ms: Some(0.44),
            p99_ms: Some(12.0),
            lost: 0,
            note: Some(String::from("no more fit")),
        };
        let silent = ScaleRow {
            transport: "sse",
            memory_per_connection: None,
            p50_ms: None,
            note: None,
            ..row.clone()
        };
        let view = ScaleView {
            rows: vec![row, silent],
            file_limit: Some((20_000, 1024)),
            ..ScaleView::default()
        };
        let text = scale_table(&view);
        let lines: Vec<&str> = text.lines().collect();
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        let wanted = ["WebSocket", "10,000", "9,872", "8,123", "123,456", "0.4", "12.0", "1234"];
        assert_eq!(words, wanted);
        assert!(lines[2].starts_with("SSE ") && lines[2].contains('–'), "{text}");
        assert_eq!(lines[1].chars().count(), lines[0].chars().count());
        assert_eq!(lines[3], "WebSocket, 10,000 clients: no more fit");
        assert_eq!(lines[4], "Open files: 20,000, raised from 1,024");
    }
}
