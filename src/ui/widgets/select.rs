//! A choice of one out of a few, in a menu below its button.

use egui::{Align2, Color32, Popup, Response, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use crate::ui::theme::{icon_font, size, tokens, words};

/// One entry: its words, the colour of its dot, and what it means.
type Entry<'a> = (&'a str, Option<Color32>, &'a str);

/// Shows the chosen entry; opened, all of them. Answers the one that was picked.
pub(crate) fn select(
    ui: &mut Ui,
    name: &str,
    chosen: usize,
    entries: &[Entry<'_>],
    extent: egui::Vec2,
) -> Option<usize> {
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(extent, Sense::click());
    let (text, dot, _) = entries.get(chosen).copied().unwrap_or_default();
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, enabled, name);
        info.current_text_value = Some(text.to_owned());
        info
    });
    let is_open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    paint_button(ui, &response, rect, (text, dot), is_open);
    let mut picked = None;
    Popup::menu(&response).width(extent.x.max(150.0)).gap(4.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (at, &(text, dot, tip)) in entries.iter().enumerate() {
            let entry = entry_ui(ui, text, dot, at == chosen, t.text);
            let entry = if tip.is_empty() { entry } else { entry.on_hover_text(tip) };
            if entry.clicked() {
                picked = Some(at);
                ui.close();
            }
        }
    });
    picked
}

fn paint_button(
    ui: &Ui,
    response: &Response,
    rect: egui::Rect,
    (text, dot): (&str, Option<Color32>),
    is_open: bool,
) {
    let t = tokens(ui.ctx());
    let fill = if response.hovered() || is_open { t.control_hover } else { t.control };
    let focus = if response.has_focus() { t.accent } else { Color32::TRANSPARENT };
    let painter = ui.painter();
    let stroke = egui::Stroke::new(1.0, focus);
    painter.rect(rect, size::RADIUS, fill, stroke, egui::StrokeKind::Inside);
    let mut x = rect.left() + 10.0;
    if let Some(color) = dot {
        painter.circle_filled(egui::pos2(x + 3.5, rect.center().y), 3.5, color);
        x += 15.0;
    }
    let font = if rect.height() < size::CONTROL { words(size::DATA) } else { words(size::BODY) };
    painter.text(egui::pos2(x, rect.center().y), Align2::LEFT_CENTER, text, font, t.text);
    let at = rect.right_center() - vec2(10.0, 0.0);
    let down = char::from(Icon::ChevronDown);
    painter.text(at, Align2::RIGHT_CENTER, down, icon_font(13.0), t.faint);
}

fn entry_ui(
    ui: &mut Ui,
    text: &str,
    dot: Option<Color32>,
    is_chosen: bool,
    color: Color32,
) -> Response {
    let t = tokens(ui.ctx());
    let desired = vec2(ui.available_width(), 26.0);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItemRadio, true, is_chosen, text));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 5.0, t.control_hover);
    } else if is_chosen {
        ui.painter().rect_filled(rect, 5.0, t.control);
    }
    let mut x = rect.left() + 8.0;
    if let Some(color) = dot {
        ui.painter().circle_filled(egui::pos2(x + 3.5, rect.center().y), 3.5, color);
        x += 15.0;
    }
    let at = egui::pos2(x, rect.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, text, words(size::BODY), color);
    response
}
