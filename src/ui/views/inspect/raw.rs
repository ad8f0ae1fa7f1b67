//! A payload as it was sent, in lines as wide as the panel. Lines are found once; only those on the
//! screen are laid out, whatever the size.

use std::ops::Range;

use egui::{Id, RichText, ScrollArea, Ui, pos2, vec2};

use super::json_tree::Which;
use super::words::hex;
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
    key: Option<(Which, usize)>,
    lines: Vec<Range<usize>>,
}

impl RawView {
    /// Shows the payload in at most so much room. What is no text is shown in hexadecimal, unless it
    /// is to be taken `as_text`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        which: Which,
        payload: &[u8],
        as_text: bool,
        room: f32,
    ) {
        let t = tokens(ui.ctx());
        if payload.is_empty() {
            ui.label(RichText::new("No payload").color(t.faint));
            return;
        }
        if payload.len() > SMALL {
            self.long_ui(ui, which, payload, room);
            return;
        }
        let text = match std::str::from_utf8(payload) {
            Ok(text) => plain(text),
            Err(_) if as_text => plain(&String::from_utf8_lossy(payload)),
            Err(_) => hex(payload),
        };
        let area = ScrollArea::vertical().id_salt(("raw", which.2)).max_height(room);
        area.auto_shrink([false, true]).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - 12.0);
            let text = RichText::new(text).font(mono(size::DATA)).color(t.text);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
    }

    fn long_ui(&mut self, ui: &mut Ui, which: Which, payload: &[u8], room: f32) {
        let t = tokens(ui.ctx());
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), room), egui::Sense::hover());
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::DATA), '0'));
        let columns = (((rect.width() - BAR - 2.0) / glyph) as usize).max(8);
        if self.key != Some((which, columns)) {
            if self.key.is_none_or(|(of, _)| of != which) {
                self.scroll = RowScroll::default();
            }
            self.key = Some((which, columns));
            self.lines = lines(payload, columns);
        }
        let id = Id::unique(("raw lines", which.2));
        let shown = self.scroll.show(ui, id, rect, self.lines.len(), LINE);
        let painter = ui.painter_at(rect);
        for (at, range) in self.lines[shown.first..shown.end].iter().enumerate() {
            let y = shown.y + at as f32 * LINE;
            let line = String::from_utf8_lossy(&payload[range.clone()]);
            let line = line.replace(|c: char| c.is_control(), " ");
            let galley = painter.layout_no_wrap(line, mono(size::DATA), t.text);
            painter.galley(pos2(rect.left(), y), galley, t.text);
        }
    }
}

/// The text without the characters that no font has a shape for.
fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

/// Where to break the text so that no line is longer than so many characters. Characters are told
/// by their first byte, which needs no look at the rest.
fn lines(text: &[u8], columns: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut from = 0;
    let mut width = 0;
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'\n' {
            lines.push(from..at);
            from = at + 1;
            width = 0;
        } else if byte & 0xc0 != 0x80 {
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

/// The same, but broken after the last space of a line where it has one.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<Range<usize>> {
    let mut wrapped = Vec::new();
    let mut next = 0;
    for line in text.split('\n') {
        let (mut from, end) = (next, next + line.len());
        next = end + 1;
        while let Some((at, _)) = text[from..end].char_indices().nth(columns) {
            let broken = text[from..from + at].rfind(' ').map_or(at, |space| space + 1);
            wrapped.push(from..from + broken);
            from += broken;
        }
        wrapped.push(from..end);
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        let shown = |text: &'static str| {
            wrapped(text, 6).into_iter().map(|range| &text[range]).collect::<Vec<_>>()
        };
        assert_eq!(
            shown("one two three\n\nüüüüüüüü"),
            ["one ", "two ", "three", "", "üüüüüü", "üü"]
        );
    }

    #[test]
    fn lines_end_where_they_must() {
        let text = "abc\ndefgh\n\nüöä";
        let ranges = lines(text.as_bytes(), 3);
        let shown: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
        assert_eq!(shown, ["abc", "def", "gh", "", "üöä"]);
        assert!(lines(b"", 3).is_empty());
    }
}
