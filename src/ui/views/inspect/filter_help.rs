//! What the filter language can ask for, by example; an example that is clicked is tried.

use egui::{Popup, PopupCloseBehavior, RectAlign, Response, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use crate::analysis::query::GUIDE;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{icon_button, line, section};

const WIDTH: f32 = 640.0;
/// Width of the examples; what they mean is beside them.
const EXAMPLES: f32 = 248.0;

/// A button that opens the guide; the example that was picked in it.
pub(super) fn ui(ui: &mut Ui) -> Option<&'static str> {
    let button = icon_button(ui, Icon::CircleQuestionMark, "How to filter");
    let shown = Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .align(RectAlign::BOTTOM_START)
        .gap(8.0)
        .show(|ui| {
            let room = ui.ctx().content_rect();
            ui.set_width(WIDTH.min(room.width() - 60.0));
            egui::ScrollArea::vertical()
                .max_height(room.height() - 150.0)
                .show(ui, |ui| {
                    let margin = egui::Margin::symmetric(4, 4);
                    egui::Frame::new().inner_margin(margin).show(ui, guide_ui).inner
                })
                .inner
        });
    let picked = shown.and_then(|shown| shown.inner);
    if picked.is_some() {
        Popup::close_id(ui.ctx(), Popup::default_response_id(&button));
    }
    picked
}

fn guide_ui(ui: &mut Ui) -> Option<&'static str> {
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut picked = None;
    for (at, topic) in GUIDE.iter().enumerate() {
        ui.add_space(if at == 0 { 0.0 } else { 10.0 });
        ui.horizontal(|ui| {
            ui.add_space(6.0);
            section(ui, topic.title);
        });
        ui.add_space(2.0);
        for (example, meaning) in topic.examples {
            if example_ui(ui, example, meaning).clicked() {
                picked = Some(*example);
            }
        }
    }
    picked
}

fn example_ui(ui: &mut Ui, example: &str, meaning: &str) -> Response {
    let t = tokens(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    let name = format!("{example}: {meaning}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS - 1, t.control_hover);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let example = line(ui, example, mono(size::DATA), t.accent, EXAMPLES - 12.0);
    let meaning = line(ui, meaning, words(size::DATA), t.muted, inner.width() - EXAMPLES);
    let at = |x: f32, height: f32| egui::pos2(x, rect.center().y - height / 2.0).round();
    let (left, right) = (inner.left(), inner.left() + EXAMPLES);
    ui.painter().galley(at(left, example.size().y), example, t.accent);
    ui.painter().galley(at(right, meaning.size().y), meaning, t.muted);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
