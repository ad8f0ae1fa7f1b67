//! The line that opens and closes what is below it, and says in a few words what is in there.

use egui::{Align2, Color32, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use crate::ui::theme::{icon_font, size, tokens, words};
use crate::ui::widgets::line;

/// Room for the mark that tells which way it goes.
const MARK: f32 = 14.0;

/// A line under construction.
#[must_use = "it is shown by `show`"]
pub(super) struct Fold<'a> {
    name: &'a str,
    note: (&'a str, Option<Color32>),
    is_heading: bool,
}

impl<'a> Fold<'a> {
    /// The heading of a card.
    pub(super) fn heading(name: &'a str) -> Self {
        Self { name, note: ("", None), is_heading: true }
    }

    /// A group within one.
    pub(super) fn group(name: &'a str) -> Self {
        Self { name, note: ("", None), is_heading: false }
    }

    /// What is in there, in this colour or as what explains.
    pub(super) fn note(mut self, note: &'a str, color: Option<Color32>) -> Self {
        self.note = (note, color);
        self
    }

    /// Shows it; pressing it changes `is_open`.
    pub(super) fn show(self, ui: &mut Ui, is_open: &mut bool) -> Response {
        let t = tokens(ui.ctx());
        let height = if self.is_heading { 18.0 } else { size::CHIP };
        let extent = vec2(ui.available_width(), height);
        let (rect, mut response) = ui.allocate_exact_size(extent, Sense::click());
        if response.clicked() {
            *is_open = !*is_open;
            response.mark_changed();
        }
        let (enabled, name) = (ui.is_enabled(), self.name);
        let role = Role::DisclosureTriangle;
        response.widget_info(|| {
            let mut info = WidgetInfo::selected(role, enabled, *is_open, name);
            info.hint_text = (!self.note.0.is_empty()).then(|| self.note.0.to_owned());
            info
        });
        let is_lit = response.hovered() || response.has_focus();
        let (shown, font, color) = if self.is_heading {
            (name.to_uppercase(), words(size::SMALL), if is_lit { t.muted } else { t.faint })
        } else {
            (name.to_owned(), words(size::BODY), if is_lit { t.text } else { t.muted })
        };
        let middle = rect.center().y;
        let named = line(ui, &shown, font, color, rect.width() - MARK);
        let left = rect.left() + named.size().x + size::GAP;
        ui.painter().galley(pos2(rect.left(), middle - named.size().y / 2.0).round(), named, color);
        let mark = char::from(if *is_open { Icon::ChevronUp } else { Icon::ChevronDown });
        let ink = if is_lit { t.text } else { t.faint };
        let at = pos2(rect.right(), middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, mark, icon_font(13.0), ink);
        let (note, color) = (self.note.0, self.note.1.unwrap_or(t.faint));
        let edge = rect.right() - MARK - 4.0;
        let note = line(ui, note, words(size::DATA), color, edge - left);
        let at = pos2(edge - note.size().x, middle - note.size().y / 2.0);
        ui.painter().galley(at.round(), note, color);
        if response.has_focus() {
            let stroke = egui::Stroke::new(1.0, t.accent);
            let around = rect.expand2(vec2(5.0, 1.0));
            ui.painter().rect_stroke(around, 4.0, stroke, egui::StrokeKind::Inside);
        }
        response
    }
}
