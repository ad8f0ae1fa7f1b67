//! A payload as it was sent, in lines as wide as the panel. Lines are found once; only those on the
//! screen are laid out, whatever the size.

use std::ops::Range;
use std::sync::Arc;

use egui::{Id, RichText, ScrollArea, Ui, pos2, vec2};

use super::words::hex;
use crate::engine::Selected;
use crate::ui::theme::{mono, size, tokens};
use crate::ui::widgets::{BAR, RowScroll};

/// Payloads up to this many bytes are shown as one text that can be selected.
const SMALL: usize = 16_000;
/// Height of a line.
const LINE: f32 = 17.0;

/// The lines of one payload at one width.
#[derive(Debug, Default)]
pub(super) struct RawView {
    scroll: RowScroll,
    key: (u64, usize),
    lines: Vec<Range<usize>>,
}

impl RawView {
    /// Shows the payload in at most so much room.
    pub(super) fn ui(&mut self, ui: &mut Ui, selected: &Arc<Selected>, room: f32) {
        let t = tokens(ui.ctx());
        let text = match selected.event.text() {
            Some(text) => text.to_owned(),
            None if selected.event.payload.len() <= SMALL => hex(&selected.event.payload),
            None => String::from_utf8_lossy(&selected.event.payload).into_owned(),
        };
        if text.is_empty() {
            ui.label(RichText::new("No payload").color(t.faint));
            return;
        }
        if text.len() <= SMALL {
            ScrollArea::vertical().id_salt("raw").max_height(room).auto_shrink([false, true]).show(
                ui,
                |ui| {
                    ui.set_max_width(ui.available_width() - 12.0);
                    let text = RichText::new(text).font(mono(size::DATA)).color(t.text);
                    ui.add(egui::Label::new(text).wrap().selectable(true));
                },
            );
            return;
        }
        self.long_ui(ui, selected.n, &text, room);
    }

    fn long_ui(&mut self, ui: &mut Ui, n: u64, text: &str, room: f32) {
        let t = tokens(ui.ctx());
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), room), egui::Sense::hover());
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::DATA), '0'));
        let columns = (((rect.width() - BAR - 2.0) / glyph) as usize).max(8);
        if self.key != (n, columns) {
            if self.key.0 != n {
                self.scroll = RowScroll::default();
            }
            self.key = (n, columns);
            self.lines = lines(text, columns);
        }
        let shown = self.scroll.show(ui, Id::unique("raw lines"), rect, self.lines.len(), LINE);
        let painter = ui.painter_at(rect);
        for (at, range) in self.lines[shown.first..shown.end].iter().enumerate() {
            let y = shown.y + at as f32 * LINE;
            let line = text[range.clone()].replace(|c: char| c.is_control(), " ");
            let galley = painter.layout_no_wrap(line, mono(size::DATA), t.text);
            painter.galley(pos2(rect.left(), y), galley, t.text);
        }
    }
}

/// Where to break the text so that no line is longer than so many characters.
fn lines(text: &str, columns: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut from = 0;
    let mut width = 0;
    for (at, c) in text.char_indices() {
        if c == '\n' {
            lines.push(from..at);
            from = at + 1;
            width = 0;
        } else {
            if width == columns {
                lines.push(from..at);
                from = at;
                width = 0;
            }
            width += 1;
        }
    }
    if from < text.len() {
        lines.push(from..text.len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_must() {
        let text = "abc\ndefgh\n\nüöä";
        let shown: Vec<&str> = lines(text, 3).into_iter().map(|range| &text[range]).collect();
        assert_eq!(shown, ["abc", "def", "gh", "", "üöä"]);
        assert!(lines("", 3).is_empty());
    }
}
