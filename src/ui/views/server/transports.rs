//! What the server counted for each transport: a card each where there is room, otherwise a table.

use egui::{Align, Align2, Id, Layout, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::engine::TransportStats;
use crate::model::TransportKind;
use crate::ui::format;
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::views::capital;
use crate::ui::widgets::{card, fact};

/// The least width of a card.
const CARD: f32 = 156.0;

/// Shows them in the width there is.
pub(super) fn ui(ui: &mut Ui, transports: &[TransportStats]) {
    let count = transports.len().max(1) as f32;
    let width = (ui.available_width() + size::PAD) / count - size::PAD;
    if width < CARD {
        return table_ui(ui, transports);
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        for stats in transports {
            let extent = vec2(width, 0.0);
            ui.allocate_ui_with_layout(extent, Layout::top_down(Align::Min), |ui| {
                card_ui(ui, stats);
            });
        }
    });
}

fn name(stats: &TransportStats) -> (Option<TransportKind>, String) {
    let kind = TransportKind::from_word(&stats.transport);
    (kind, kind.map_or_else(|| capital(&stats.transport), |kind| kind.label().into()))
}

/// A duration as a clock that runs: `3.1 s`, `6:12`, `1:02:30`.
fn clock(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else { return String::from("–") };
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format::seconds(seconds),
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

/// What the rows of a card do not say.
fn rest(stats: &TransportStats) -> Vec<String> {
    let mut rest = vec![
        format!("{} connected now", format::thousands(stats.active)),
        format!("{} closed", format::thousands(stats.closed)),
        format!("{} from clients", format::count(stats.messages_in, "message")),
        format!(
            "payload {} in, {} out",
            format::size(stats.payload_in),
            format::size(stats.payload_out)
        ),
        format!("wire {} in", format::size(stats.wire_in)),
    ];
    let durations =
        [("mean", stats.duration_mean), ("p95", stats.duration_p95), ("p99", stats.duration_p99)];
    let known = durations.into_iter().filter(|(_, seconds)| seconds.is_some());
    rest.extend(known.map(|(name, seconds)| format!("duration {name} {}", clock(seconds))));
    rest
}

fn card_ui(ui: &mut Ui, stats: &TransportStats) {
    let t = tokens(ui.ctx());
    let (kind, name) = name(stats);
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        let head = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let (mark, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().rect_filled(mark, 2.0, t.transport(kind));
            ui.label(egui::RichText::new(&name).color(t.text));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let active = format::thousands(stats.active);
                let active = egui::RichText::new(active).font(medium(20.0));
                ui.label(active.color(t.text));
            });
        });
        let rest = rest(stats);
        let id = Id::unique(("transport", &stats.transport));
        let head = ui.interact(head.response.rect, id, Sense::hover());
        let said = format!("{name}, {}", rest.join(", "));
        head.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        head.on_hover_text(rest.join("\n"));
        fact(ui, "messages", &format::thousands(stats.messages_out), t.text)
            .on_hover_text("Messages sent to clients");
        fact(ui, "wire", &format::size(stats.wire_out), t.text)
            .on_hover_text("Bytes sent to clients, as the sockets counted them");
        fact(ui, "requests", &format::thousands(stats.requests), t.text)
            .on_hover_text("HTTP requests, handshakes of WebSockets included");
        fact(ui, "opened", &format::thousands(stats.opened), t.text);
        fact(ui, "reconnects", &format::thousands(stats.reconnects), t.text);
        let errors = if stats.errors > 0 { t.warn } else { t.text };
        fact(ui, "errors", &format::thousands(stats.errors), errors);
        let slow = if stats.slow > 0 { t.warn } else { t.text };
        fact(ui, "slow", &format::thousands(stats.slow), slow)
            .on_hover_text("Clients dropped because they read too slowly; each is an error, too");
        fact(ui, "duration p50", &clock(stats.duration_p50), t.text)
            .on_hover_text("Half of the connections that ended lasted no longer");
    });
}

/// Headings of the columns, and how many parts of the width each has.
const COLUMNS: [(&str, f32); 8] = [
    ("Transport", 1.3),
    ("Connected", 1.0),
    ("Messages", 1.1),
    ("Wire", 1.0),
    ("Opened", 0.9),
    ("Reconnects", 1.1),
    ("Errors", 0.8),
    ("p50", 0.8),
];

fn table_ui(ui: &mut Ui, transports: &[TransportStats]) {
    let t = tokens(ui.ctx());
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        let parts: f32 = COLUMNS.iter().map(|(_, parts)| parts).sum();
        let wide = ui.available_width();
        let (head, _) = ui.allocate_exact_size(vec2(wide, 18.0), Sense::hover());
        let place = |row: egui::Rect, column: usize| {
            let before: f32 = COLUMNS[..=column].iter().map(|(_, parts)| parts).sum();
            let right = pos2(row.left() + wide * before / parts, row.center().y);
            if column == 0 {
                (row.left_center(), Align2::LEFT_CENTER)
            } else {
                (right, Align2::RIGHT_CENTER)
            }
        };
        for (column, (heading, _)) in COLUMNS.iter().enumerate() {
            let (at, align) = place(head, column);
            ui.painter().text(at, align, heading, words(size::SMALL), t.faint);
        }
        for stats in transports {
            let (row, response) = ui.allocate_exact_size(vec2(wide, size::ROW), Sense::hover());
            let (kind, name) = name(stats);
            let cells = [
                (name, t.transport(kind)),
                (format::thousands(stats.active), t.text),
                (format::thousands(stats.messages_out), t.text),
                (format::size(stats.wire_out), t.text),
                (format::thousands(stats.opened), t.text),
                (format::thousands(stats.reconnects), t.text),
                (format::thousands(stats.errors), if stats.errors > 0 { t.warn } else { t.text }),
                (clock(stats.duration_p50), t.text),
            ];
            let said = cells
                .iter()
                .zip(&COLUMNS)
                .map(|((text, _), (name, _))| format!("{}: {text}", name.to_lowercase()));
            let requests = format!("requests: {}", format::thousands(stats.requests));
            let slow = format!("slow: {}", format::thousands(stats.slow));
            let rest: Vec<_> = [requests, slow].into_iter().chain(rest(stats)).collect();
            let said = said.chain(rest.iter().cloned()).collect::<Vec<_>>().join(", ");
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
            response.on_hover_text(rest.join("\n"));
            for (column, (text, color)) in cells.into_iter().enumerate() {
                let (at, align) = place(row, column);
                let font = if column == 0 { words(size::BODY) } else { mono(size::DATA) };
                ui.painter().text(at, align, text, font, color);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_a_clock() {
        let read = [None, Some(0.4), Some(59.0), Some(372.0), Some(3_750.0)].map(clock);
        assert_eq!(read, ["–", "0.4 s", "59 s", "6:12", "1:02:30"]);
    }
}
