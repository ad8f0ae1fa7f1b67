//! What is on or off: chips that narrow, tabs of a panel, switches.

use egui::{Align2, Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use crate::ui::theme::{size, tokens, words};

/// A chip that narrows a list while it is on.
pub(crate) fn chip(ui: &mut Ui, is_on: bool, text: &str, name: &str) -> Response {
    let t = tokens(ui.ctx());
    let (fill, color) = if is_on { (t.selected, t.accent) } else { (t.control, t.text) };
    let hover = if is_on { t.selected } else { t.control_hover };
    toggle(ui, is_on, text, name, Role::CheckBox, [fill, hover, color])
}

/// One of several pages of a panel.
pub(crate) fn tab(ui: &mut Ui, is_on: bool, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let (fill, color) = if is_on { (t.control, t.text) } else { (Color32::TRANSPARENT, t.muted) };
    toggle(ui, is_on, text, text, Role::Tab, [fill, t.control_hover, color])
}

fn toggle(
    ui: &mut Ui,
    is_on: bool,
    text: &str,
    name: &str,
    role: Role,
    [fill, hover, color]: [Color32; 3],
) -> Response {
    let t = tokens(ui.ctx());
    let galley =
        ui.painter().layout_no_wrap(text.to_owned(), words(size::DATA), Color32::PLACEHOLDER);
    let desired = vec2(galley.size().x + 16.0, size::CHIP);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(role, enabled, is_on, name));
    let fill = if response.hovered() { hover } else { fill };
    let stroke = if response.has_focus() { t.accent } else { Color32::TRANSPARENT };
    let radius = size::RADIUS - 1;
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min;
    ui.painter().galley(at.round(), galley, color);
    response
}

/// A switch with its words on the left, as wide as the room.
pub(crate) fn switch(ui: &mut Ui, is_on: &mut bool, text: &str, danger: bool) -> Response {
    let t = tokens(ui.ctx());
    let desired = vec2(ui.available_width(), size::CHIP);
    let (rect, mut response) = ui.allocate_exact_size(desired, Sense::click());
    if response.clicked() {
        *is_on = !*is_on;
        response.mark_changed();
    }
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::Switch, enabled, *is_on, text));
    let on = if danger { t.bad } else { t.accent };
    let ink = if danger && *is_on { t.bad } else { t.text };
    let painter = ui.painter();
    painter.text(rect.left_center(), Align2::LEFT_CENTER, text, words(size::BODY), ink);
    let track = egui::Rect::from_center_size(
        egui::pos2(rect.right() - 14.0, rect.center().y),
        vec2(28.0, 16.0),
    );
    painter.rect_filled(track, 8.0, if *is_on { on } else { t.control_down });
    let knob = if *is_on { track.right() - 8.0 } else { track.left() + 8.0 };
    painter.circle_filled(egui::pos2(knob, track.center().y), 6.0, t.knob);
    if response.has_focus() {
        let around = track.expand(2.0);
        painter.rect_stroke(around, 10.0, Stroke::new(1.0, t.accent), StrokeKind::Outside);
    }
    response
}
