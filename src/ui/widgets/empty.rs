//! The face of a place with nothing in it: what it is, why, and what to do about it.

use egui::{Align, Color32, Layout, Response, Sense, Ui, vec2};
use lucide_icons::Icon;

use super::Button;
use crate::ui::theme::{icon_font, medium, size, tokens, words};
use crate::ui::views::capital;

/// An empty state under construction.
#[must_use = "it is shown by `show`"]
pub(crate) struct Empty<'a> {
    icon: Icon,
    color: Option<Color32>,
    title: &'a str,
    lines: Vec<&'a str>,
    action: Option<&'a str>,
}

impl<'a> Empty<'a> {
    /// A place with this title.
    pub(crate) fn new(icon: Icon, title: &'a str) -> Self {
        Self { icon, color: None, title, lines: Vec::new(), action: None }
    }

    /// The icon in this colour.
    pub(crate) fn color(mut self, color: Color32) -> Self {
        self.color = Some(color);
        self
    }

    /// With a line of explanation.
    pub(crate) fn line(mut self, line: &'a str) -> Self {
        if !line.is_empty() {
            self.lines.push(line);
        }
        self
    }

    /// With a button.
    pub(crate) fn action(mut self, text: &'a str) -> Self {
        self.action = Some(text);
        self
    }

    /// Shows it in the middle of the room that is left; the response is its button's.
    pub(crate) fn show(self, ui: &mut Ui) -> Option<Response> {
        let height =
            68.0 + 22.0 * self.lines.len() as f32 + if self.action.is_some() { 44.0 } else { 0.0 };
        let above = ((ui.available_height() - height) * 0.42).max(12.0);
        ui.allocate_ui_with_layout(ui.available_size(), Layout::top_down(Align::Center), |ui| {
            ui.add_space(above);
            self.show_here(ui)
        })
        .inner
    }

    /// Shows it at the top of the room that is left.
    pub(crate) fn show_here(self, ui: &mut Ui) -> Option<Response> {
        let t = tokens(ui.ctx());
        let (rect, _) = ui.allocate_exact_size(vec2(34.0, 34.0), Sense::hover());
        ui.painter().text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            char::from(self.icon),
            icon_font(24.0),
            self.color.unwrap_or(t.faint),
        );
        ui.spacing_mut().item_spacing.y = 5.0;
        ui.label(egui::RichText::new(self.title).font(medium(15.0)).color(t.text));
        for line in &self.lines {
            let text = egui::RichText::new(capital(line)).font(words(size::BODY)).color(t.muted);
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width().min(560.0));
                ui.add(egui::Label::new(text).wrap().selectable(true));
            });
        }
        self.action.map(|action| {
            ui.add_space(8.0);
            ui.add(Button::new(action))
        })
    }
}
