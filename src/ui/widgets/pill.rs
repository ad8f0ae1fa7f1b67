//! Marks beside words: state dots, status pills, keys.

use egui::{
    Align2, Color32, Pos2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use super::text::steady_width;
use crate::ui::theme::{size, tokens, words};

/// A dot that tells a state; always beside a word.
pub(crate) fn dot(ui: &Ui, at: Pos2, color: Color32) {
    ui.painter().circle_filled(at, 3.5, color);
}

/// A dot and a few words on a rounded ground.
pub(crate) fn pill(ui: &mut Ui, color: Color32, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), words(size::DATA), t.text);
    let desired = vec2(steady_width(ui, text, words(size::DATA)) + 30.0, 22.0);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(rect, 11.0, t.control);
    dot(ui, egui::pos2(rect.left() + 12.0, rect.center().y), color);
    let at = egui::pos2(rect.left() + 21.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at.round(), galley, t.text);
    response
}

/// The cap of a key; `sense` is what it does besides being seen.
pub(crate) fn kbd(ui: &mut Ui, keys: &str, sense: Sense) -> Response {
    let t = tokens(ui.ctx());
    let galley = ui.painter().layout_no_wrap(keys.to_owned(), words(size::SMALL), t.muted);
    let desired = vec2((galley.size().x + 12.0).max(19.0), 19.0);
    let (rect, response) = ui.allocate_exact_size(desired, sense);
    let role = if sense.senses_click() { Role::Button } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, keys));
    let edge = if response.has_focus() { t.accent } else { t.line };
    let fill =
        if response.hovered() && sense.senses_click() { t.control } else { Color32::TRANSPARENT };
    ui.painter().rect(rect, 4.0, fill, Stroke::new(1.0, edge), StrokeKind::Inside);
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min;
    ui.painter().galley(at.round(), galley, t.muted);
    response
}
