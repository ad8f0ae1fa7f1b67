//! One row of the timeline and the columns it is written in.

use egui::{Align2, Color32, Rect, Ui, pos2, vec2};

use super::words::{arrow, kind_color, preview, wall, warning};
use crate::engine::{Entry, SessionView};
use crate::model::{Dir, Event, Kind};
use crate::ui::format;
use crate::ui::scene::Scene;
use crate::ui::theme::{Tokens, mono, size, tokens, words};
use crate::ui::widgets::{BAR, Line};

/// Where the columns are.
pub(super) struct Columns {
    n: f32,
    time: f32,
    gap: Option<f32>,
    arrow: f32,
    kind: f32,
    payload: f32,
    end: f32,
    size: Option<f32>,
    latency: Option<f32>,
    right: f32,
}

impl Columns {
    pub(super) fn new(rect: Rect) -> Self {
        let (wide, narrow) = (rect.width() >= 660.0, rect.width() < 500.0);
        let back = if wide { 0.0 } else { 84.0 };
        let x = |offset: f32| rect.left() + offset;
        let right = rect.right() - BAR - 2.0;
        Self {
            n: x(78.0),
            time: x(88.0),
            gap: wide.then(|| x(258.0)),
            arrow: x(276.0 - back),
            kind: x(300.0 - back),
            payload: x(386.0 - back),
            end: if narrow { right } else { right - 152.0 },
            size: (!narrow).then_some(right - 78.0),
            latency: (!narrow).then_some(right),
            right,
        }
    }
}

/// Names the columns.
pub(super) fn head_ui(ui: &Ui, rect: Rect, columns: &Columns) {
    let t = tokens(ui.ctx());
    let text = |x: f32, align: Align2, words_shown: &str| {
        let at = pos2(x, rect.center().y);
        ui.painter().text(at, align, words_shown, words(size::SMALL), t.faint);
    };
    let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
    text(columns.n, right, "#");
    text(columns.time, left, "Time");
    if let Some(gap) = columns.gap {
        text(gap, right, "Δ");
    }
    text(columns.kind, left, "Kind");
    text(columns.payload, left, "Payload");
    if let (Some(size), Some(latency)) = (columns.size, columns.latency) {
        text(size, right, "Size");
        text(latency, right, "Latency");
    }
    let edge = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 1.0), rect.max);
    ui.painter().rect_filled(edge, 0.0, t.line);
}

/// One row, about to be painted.
pub(super) struct Row<'a> {
    pub session: &'a SessionView,
    pub entry: Entry,
    /// The event itself, once it has been read.
    pub event: Option<&'a Event>,
    pub before: Option<Entry>,
    pub rect: Rect,
    pub columns: &'a Columns,
    pub scene: Scene<'a>,
}

impl Row<'_> {
    /// What the row says; empty while the payload has not arrived.
    pub(super) fn text(&self) -> String {
        self.event.map(preview).unwrap_or_default()
    }

    pub(super) fn paint(&self, ui: &Ui, text: &str, is_selected: bool, is_hovered: bool) {
        let t = tokens(ui.ctx());
        let (entry, columns, rect) = (self.entry, self.columns, self.rect);
        let is_state = entry.kind.is_state();
        let color = kind_color(t, entry.kind);
        let ground = match (is_selected, is_hovered, is_state) {
            (true, ..) => t.selected,
            (_, true, _) => t.row_hover,
            (_, _, true) => t.row_state,
            _ => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(rect, 0.0, ground);
        if is_state || is_selected || entry.kind == Kind::Violation {
            let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
            let edge_color =
                if is_state || entry.kind == Kind::Violation { color } else { t.accent };
            ui.painter().rect_filled(edge, 0.0, edge_color);
        }
        // What may be overlooked elsewhere has to be read where one looks.
        let faint = if is_selected || is_hovered { t.muted } else { t.faint };
        self.data(ui, columns.n, Align2::RIGHT_CENTER, &format::thousands(entry.n), faint);
        let time = self.scene.zone.clock_ms(wall(self.session, entry.t_ns));
        self.data(ui, columns.time, Align2::LEFT_CENTER, &time, t.muted);
        if let (Some(x), Some(before)) = (columns.gap, self.before) {
            let gap = format::gap(entry.t_ns.saturating_sub(before.t_ns));
            self.data(ui, x, Align2::RIGHT_CENTER, &gap, faint);
        }
        let arrow_color = if entry.dir == Dir::Local { color } else { t.dir(entry.dir) };
        self.data(ui, columns.arrow, Align2::CENTER_CENTER, arrow(entry.dir), arrow_color);
        self.data(ui, columns.kind, Align2::LEFT_CENTER, entry.kind.word(), color);
        self.payload(ui, t, text, is_state);
        if let (Some(x), false) = (columns.size, is_state) {
            let size = format::size(u64::from(entry.size));
            self.data(ui, x, Align2::RIGHT_CENTER, &size, t.muted);
        }
        if let (Some(x), Some(latency)) = (columns.latency, entry.latency_ms()) {
            self.data(ui, x, Align2::RIGHT_CENTER, &format::millis(latency), t.text);
        }
    }

    fn payload(&self, ui: &Ui, t: &Tokens, text: &str, is_state: bool) {
        let (left, y) = (self.columns.payload, self.rect.center().y);
        let end = if is_state { self.columns.right } else { self.columns.end };
        let room = end - left;
        let Some(event) = self.event else {
            let width = (self.entry.size as f32 * 7.0).clamp(28.0, room.max(28.0));
            let bar = Rect::from_min_size(pos2(left, y - 3.0), vec2(width, 6.0));
            ui.painter().rect_filled(bar, 3.0, t.grid);
            return;
        };
        // Longer than this it cannot be seen, and laying it out would cost time.
        let most = (room / 5.0) as usize + 8;
        let cut = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
        let font = if is_state { words(size::DATA) } else { mono(size::DATA) };
        let warned = warning(event).map_or(0, str::len).min(cut);
        let mut line = Line::default();
        line.add(&text[..warned], font.clone(), t.warn).add(&text[warned..cut], font, t.text);
        let galley = line.fit(ui, room);
        let at = pos2(left, y - galley.size().y / 2.0);
        ui.painter().galley(at.round(), galley, t.text);
    }

    fn data(&self, ui: &Ui, x: f32, align: Align2, text: &str, color: Color32) {
        ui.painter().text(pos2(x, self.rect.center().y), align, text, mono(size::DATA), color);
    }
}
