//! A field to type in, with its error beneath it.

use std::ops::Range;

use egui::text::CCursor;
use egui::text_edit::TextEditOutput;
use egui::{
    Color32, Frame, Id, Margin, Rect, Response, Stroke, StrokeKind, TextEdit, Ui, pos2, vec2,
};
use lucide_icons::Icon;

use super::problem;
use crate::ui::theme::{icon_font, mono, size, tokens, words};

/// Width of a mark under no character, about that of one.
const CHARACTER: f32 = 7.0;

/// A field under construction.
#[must_use = "it is shown by `show`"]
pub(crate) struct Field<'a> {
    text: &'a mut String,
    name: &'a str,
    hint: &'a str,
    id: Option<Id>,
    icon: Option<Icon>,
    height: f32,
    width: f32,
    rows: usize,
    is_data: bool,
    is_secret: bool,
    error: Option<&'a str>,
    wrong: Option<Range<usize>>,
}

impl<'a> Field<'a> {
    /// A field of one line, as wide as the room.
    pub(crate) fn new(text: &'a mut String, name: &'a str) -> Self {
        Self {
            text,
            name,
            hint: "",
            id: None,
            icon: None,
            height: size::CONTROL,
            width: f32::INFINITY,
            rows: 1,
            is_data: true,
            is_secret: false,
            error: None,
            wrong: None,
        }
    }

    /// Shown while it is empty.
    pub(crate) fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// With an identity that others can give the focus to.
    pub(crate) fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    /// With an icon before the text.
    pub(crate) fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// As high as a chip.
    pub(crate) fn small(mut self) -> Self {
        self.height = size::CHIP;
        self
    }

    /// So wide.
    pub(crate) fn width(mut self, width: f32) -> Self {
        self.width = width;
        self
    }

    /// For several lines.
    pub(crate) fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// For words rather than data.
    pub(crate) fn words(mut self) -> Self {
        self.is_data = false;
        self
    }

    /// With its text hidden.
    pub(crate) fn secret(mut self, is_secret: bool) -> Self {
        self.is_secret = is_secret;
        self
    }

    /// What is wrong with the text, told beneath it.
    pub(crate) fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// The characters that are wrong, which are underlined.
    pub(crate) fn wrong(mut self, wrong: Option<Range<usize>>) -> Self {
        self.wrong = wrong;
        self
    }

    /// Shows it.
    pub(crate) fn show(self, ui: &mut Ui) -> Response {
        match self.error {
            None => self.bare(ui).0,
            Some(error) => {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 3.0;
                    let (response, _) = self.bare(ui);
                    problem(ui, error);
                    response
                })
                .inner
            }
        }
    }

    /// Shows it, and tells where the characters are that are wrong.
    pub(crate) fn show_marked(self, ui: &mut Ui) -> (Response, Option<Rect>) {
        self.bare(ui)
    }

    fn bare(self, ui: &mut Ui) -> (Response, Option<Rect>) {
        let t = tokens(ui.ctx());
        let font = if self.is_data { mono(size::DATA) } else { words(size::BODY) };
        let width = self.width.min(ui.available_width());
        let side = 9;
        let line = ui.fonts_mut(|fonts| fonts.row_height(&font));
        let above = ((self.height - line) / 2.0).floor().max(0.0) as i8;
        let left = if self.icon.is_some() { side + 20 } else { side };
        let margin = Margin { left, right: side, top: above, bottom: above };
        let ground = Frame::new().fill(t.control).corner_radius(size::RADIUS).inner_margin(margin);
        let edit = if self.rows > 1 {
            TextEdit::multiline(self.text).desired_rows(self.rows)
        } else {
            TextEdit::singleline(self.text).align(egui::Align2::LEFT_CENTER)
        };
        let hint = egui::RichText::new(self.hint).font(words(size::BODY)).color(t.faint);
        let mut edit = edit
            .font(font)
            .frame(ground)
            .password(self.is_secret)
            .text_color(t.text)
            .hint_text(hint)
            .desired_width(width)
            .min_size(vec2(width.min(24.0), self.height));
        if let Some(id) = self.id {
            edit = edit.id(id);
        }
        let shown = edit.show(ui);
        let marked = self.wrong.clone().map(|wrong| mark(ui, &shown, wrong));
        let response = shown.response.response.accessible_name(self.name);
        if let Some(icon) = self.icon {
            let at = response.rect.left_center() + vec2(f32::from(side) + 7.0, 0.0);
            let align = egui::Align2::CENTER_CENTER;
            ui.painter().text(at, align, char::from(icon), icon_font(13.0), t.faint);
        }
        let edge = match self.error {
            Some(_) => t.bad,
            None if marked.is_some() => t.bad,
            None if response.has_focus() => t.accent,
            None => Color32::TRANSPARENT,
        };
        let stroke = Stroke::new(1.0, edge);
        ui.painter().rect_stroke(response.rect, size::RADIUS, stroke, StrokeKind::Inside);
        (response, marked)
    }
}

/// Underlines characters of a text, as far as they are in view; behind its end there is room for
/// one.
fn mark(ui: &Ui, shown: &TextEditOutput, wrong: Range<usize>) -> Rect {
    let galley = &shown.galley;
    let x = |at: usize| galley.pos_from_cursor(CCursor::new(at)).left() + shown.galley_pos.x;
    let (left, right) = (x(wrong.start), x(wrong.end));
    // Behind the end of the text there is still room within the field.
    let view = shown.text_clip_rect.left()..=shown.response.response.rect.right() - 9.0;
    let left = left.clamp(*view.start(), (view.end() - CHARACTER).max(*view.start()));
    let right = right.clamp(left + CHARACTER, view.end().max(left + CHARACTER));
    let bottom = shown.galley_pos.y + galley.size().y + 1.0;
    let line = Rect::from_min_max(pos2(left, bottom), pos2(right, bottom + 2.0));
    ui.painter().rect_filled(line, 1.0, tokens(ui.ctx()).bad);
    line.with_min_y(shown.galley_pos.y)
}
