//! The table of a scale run: a row a transport and number of clients.

use egui::{Color32, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::engine::ScaleRow;
use crate::model::TransportKind;
use crate::ui::format;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{line, steady_width};

const ROW: f32 = 24.0;
const GAP: f32 = 26.0;

/// The columns after the transport: their heads, and what they mean.
const HEADS: [(&str, &str); 7] = [
    ("clients held", "Open at once, of those that were to be opened"),
    ("memory each", "Resident memory of the server process a connection"),
    ("messages / s", "Handed to clients, all of them together"),
    ("p50", "Half of the messages arrived sooner, from being published"),
    ("p99", "99 of 100 arrived sooner"),
    ("setup", "Until all of them were open"),
    ("lost", "Messages that should have arrived and did not"),
];

/// Values of a row, each with its colour.
fn cells(ui: &Ui, row: &ScaleRow) -> [(String, Color32); HEADS.len()] {
    let t = tokens(ui.ctx());
    let thousands = |count: usize| format::thousands(count as u64);
    let held = if row.held == row.clients {
        (thousands(row.held), t.text)
    } else {
        (format!("{} of {}", thousands(row.held), thousands(row.clients)), t.warn)
    };
    let none = || (String::from("–"), t.faint);
    let late = |ms: Option<f64>| ms.map_or_else(none, |ms| (format::millis(ms), t.text));
    let memory = row.memory_per_connection;
    [
        held,
        memory.map_or_else(none, |bytes| (format::size(bytes), t.text)),
        (format::thousands(row.fan_out_per_s.max(0.0).round() as u64), t.text),
        late(row.p50_ms),
        late(row.p99_ms),
        (format::millis(row.setup_ms), t.text),
        (format::thousands(row.lost), if row.lost > 0 { t.bad } else { t.text }),
    ]
}

/// Shows it.
pub(super) fn ui(ui: &mut Ui, rows: &[ScaleRow]) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.y = 0.0;
    let table: Vec<_> = rows.iter().map(|row| cells(ui, row)).collect();
    let widths = std::array::from_fn(|at| {
        let head = steady_width(ui, HEADS[at].0, words(size::SMALL));
        let wide = |row: &[(String, Color32); 7]| steady_width(ui, &row[at].0, mono(size::DATA));
        table.iter().map(wide).fold(head, f32::max)
    });
    head_ui(ui, &widths);
    let mut before = None;
    for (at, (row, cells)) in rows.iter().zip(&table).enumerate() {
        // A line where the number of clients changes.
        if before.is_some_and(|clients| clients != row.clients) {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
            ui.painter().hline(rect.x_range(), rect.center().y, egui::Stroke::new(1.0, t.line));
        }
        before = Some(row.clients);
        row_ui(ui, at, row, cells, &widths);
    }
}

/// Where each column ends, from the left edge of the table; before them is the transport.
fn ends(widths: &[f32; HEADS.len()]) -> [f32; HEADS.len()] {
    const TRANSPORT: f32 = 110.0;
    let mut end = TRANSPORT;
    widths.map(|width| {
        end += GAP + width;
        end
    })
}

fn head_ui(ui: &mut Ui, widths: &[f32; HEADS.len()]) {
    let t = tokens(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let font = words(size::SMALL);
    for (at, (end, (head, tip))) in ends(widths).into_iter().zip(HEADS).enumerate() {
        let galley = ui.painter().layout_no_wrap(head.to_owned(), font.clone(), t.faint);
        let right = rect.left() + end;
        let place = Rect::from_min_max(
            pos2(right - galley.size().x, rect.top()),
            pos2(right, rect.bottom()),
        );
        let response = ui.interact(place, ui.scope_id().with(("scale head", at)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, head));
        response.on_hover_text(tip);
        ui.painter().galley(place.min.round(), galley, t.faint);
    }
}

fn row_ui(
    ui: &mut Ui,
    at: usize,
    row: &ScaleRow,
    cells: &[(String, Color32); HEADS.len()],
    widths: &[f32; HEADS.len()],
) {
    let t = tokens(ui.ctx());
    let kind = TransportKind::from_word(row.transport);
    let name = kind.map_or(row.transport, TransportKind::label);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| {
        let values: Vec<String> = HEADS
            .iter()
            .zip(cells)
            .map(|((head, _), (value, _))| format!("{head} {value}"))
            .collect();
        let text = format!("{name}: {}", values.join(", "));
        WidgetInfo::labeled(Role::Row, true, text)
    });
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(6.0, 0.0)), 4.0, t.row_hover);
    }
    let middle = rect.center().y;
    let mark = Rect::from_center_size(pos2(rect.left() + 5.0, middle), vec2(10.0, 10.0));
    ui.painter().rect_filled(mark, 2.0, t.transport(kind));
    let put = |galley: std::sync::Arc<egui::Galley>, left: f32| {
        let place = pos2(left, middle - galley.size().y / 2.0);
        ui.painter().galley(place.round(), galley, t.text);
    };
    put(line(ui, name, words(size::BODY), t.text, 90.0), rect.left() + 18.0);
    let ends = ends(widths);
    for (end, (value, color)) in ends.into_iter().zip(cells) {
        let galley = ui.painter().layout_no_wrap(value.clone(), mono(size::DATA), *color);
        let left = rect.left() + end - galley.size().x;
        put(galley, left);
    }
    let Some(note) = &row.note else { return };
    let left = rect.left() + ends.last().copied().unwrap_or_default() + GAP * 1.5;
    let room = rect.right() - left;
    if room > 60.0 {
        put(line(ui, note, words(size::DATA), t.muted, room), left);
    }
    let place = rect.with_min_x(left.min(rect.right()));
    let told = ui.interact(place, ui.scope_id().with(("scale note", at)), Sense::hover());
    told.widget_info(|| WidgetInfo::labeled(Role::Label, true, note));
    response.on_hover_text(note);
}
