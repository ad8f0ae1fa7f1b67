//! Frames and lines: bars, panels, cards, and headings of lists.

use egui::{
    Color32, CornerRadius, Frame, InnerResponse, Margin, Panel, Rect, Response, RichText, Stroke,
    Ui, UiBuilder,
};

use super::text::{line, steady_width};
use crate::ui::theme::{size, tokens, words as font};

/// The frame of a bar across the window.
pub(crate) fn bar_frame(ui: &Ui) -> Frame {
    let side = size::PAD as i8;
    Frame::new().fill(tokens(ui.ctx()).panel).inner_margin(Margin::symmetric(side, 0))
}

/// The place of a panel that is filled later.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    inner: Rect,
    clip: Rect,
}

/// Takes the room for a panel. Tab goes through a window in the order in which it is filled, which
/// is not the order in which its edges are laid out.
pub(crate) fn hold(ui: &mut Ui, panel: Panel) -> Held {
    let held = panel.show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        Held { inner: ui.max_rect(), clip: ui.clip_rect() }
    });
    held.inner
}

/// Fills a panel whose room was taken.
pub(crate) fn fill<R>(ui: &mut Ui, held: Held, add: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(UiBuilder::new().max_rect(held.inner));
    child.set_clip_rect(held.clip);
    add(&mut child)
}

/// The frame of a panel whose content reaches its edges.
pub(crate) fn panel_frame(fill: Color32) -> Frame {
    Frame::new().fill(fill)
}

/// The frame of what opens above the window.
pub(crate) fn modal_frame(ui: &Ui) -> Frame {
    Frame::popup(ui.style()).inner_margin(Margin::same(18))
}

/// A card with everything in it.
pub(crate) fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let t = tokens(ui.ctx());
    Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(CornerRadius::same(size::CARD_RADIUS))
        .inner_margin(Margin::same(14))
        .show(ui, add)
}

/// A line across the room that is left.
pub(crate) fn hline(ui: &mut Ui) {
    let line = tokens(ui.ctx()).line;
    let (rect, _) =
        ui.allocate_exact_size(egui::vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, 0.0, line);
}

/// The heading of a list, in small capitals as it were.
pub(crate) fn section(ui: &mut Ui, text: &str) {
    let t = tokens(ui.ctx());
    let text = RichText::new(text.to_uppercase()).size(size::SMALL).color(t.faint);
    ui.label(text);
}

/// Words of the status bar with room between them, cut off where it ends.
pub(crate) fn separated(ui: &mut Ui, words: &str, color: Color32) -> Response {
    let room = ui.available_width();
    let galley = line(ui, words, font(size::SMALL), color, room);
    let width = steady_width(ui, words, font(size::SMALL)).max(galley.size().x).min(room);
    let extent = egui::vec2(width, galley.size().y);
    let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::CLICK);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words));
    ui.painter().galley(rect.min.round(), galley, color);
    ui.add_space(10.0);
    response
}
