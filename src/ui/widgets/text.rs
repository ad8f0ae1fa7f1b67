//! Words and data on one line, cut with an ellipsis where the room ends; and facts, which are a
//! word and its value.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Galley, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use crate::ui::theme::{mono, semibold, size, tokens, words};
use crate::ui::views::capital;

/// Parts of different colours on one line.
#[derive(Default)]
pub(crate) struct Line {
    job: LayoutJob,
}

impl Line {
    /// Adds a part.
    pub(crate) fn add(&mut self, text: &str, font: FontId, color: Color32) -> &mut Self {
        self.job.append(text, 0.0, egui::TextFormat::simple(font, color));
        self
    }

    /// Lays it out in so much room.
    pub(crate) fn fit(mut self, ui: &Ui, width: f32) -> Arc<Galley> {
        self.job.wrap = TextWrapping::truncate_at_width(width.max(0.0));
        self.job.break_on_newline = false;
        ui.fonts_mut(|fonts| fonts.layout_job(self.job))
    }
}

/// One line of text in so much room.
pub(crate) fn line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut line = Line::default();
    line.add(text, font, color);
    line.fit(ui, width)
}

/// The width of a text whatever digits are in it, so that what counts does not push its neighbours.
pub(crate) fn steady_width(ui: &Ui, text: &str, font: FontId) -> f32 {
    let widest = text.replace(|c: char| c.is_ascii_digit(), "0");
    ui.painter().layout_no_wrap(widest, font, Color32::PLACEHOLDER).size().x.ceil()
}

/// Words that explain.
pub(crate) fn muted(ui: &mut Ui, text: &str) -> Response {
    let color = tokens(ui.ctx()).muted;
    ui.label(RichText::new(text).color(color))
}

/// The title of a page.
pub(crate) fn heading(ui: &mut Ui, text: &str) -> Response {
    let color = tokens(ui.ctx()).text;
    ui.label(RichText::new(text).font(semibold(15.0)).color(color))
}

/// What is wrong, where it is wrong.
pub(crate) fn problem(ui: &mut Ui, text: &str) -> Response {
    let color = tokens(ui.ctx()).bad;
    ui.add(egui::Label::new(RichText::new(capital(text)).size(size::DATA).color(color)).wrap())
}

/// A word on the left and its value on the right; the whole value is in the tooltip where it does
/// not fit.
pub(crate) fn fact(ui: &mut Ui, name: &str, value: &str, color: Color32) -> Response {
    let t = tokens(ui.ctx());
    let desired = vec2(ui.available_width(), size::ROW);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")));
    // A short value leaves its room to the name.
    let wanted = ui.painter().layout_no_wrap(value.to_owned(), mono(size::DATA), color).size().x;
    let room = (rect.width() - wanted - 12.0).max(rect.width() * 0.5);
    let name = line(ui, name, words(size::BODY), t.muted, room);
    let room = rect.width() - name.size().x - 12.0;
    let shown = line(ui, value, mono(size::DATA), color, room);
    let middle = |galley: &Galley| rect.center().y - galley.size().y / 2.0;
    let (name_y, value_y) = (middle(&name), middle(&shown));
    let right = rect.right() - shown.size().x;
    let is_cut = shown.elided;
    ui.painter().galley(egui::pos2(rect.left(), name_y).round(), name, t.muted);
    ui.painter().galley(egui::pos2(right, value_y).round(), shown, color);
    response.context_menu(|ui| {
        if ui.button("Copy value").clicked() {
            ui.ctx().copy_text(value.to_owned());
            ui.close();
        }
    });
    if is_cut { response.on_hover_text(value) } else { response }
}
