//! A payload as bytes: offset, hexadecimal, characters; only the lines on the screen are written.

use std::fmt::Write;

use egui::{Id, RichText, Sense, Ui, pos2, vec2};

use super::json_tree::Which;
use crate::ui::theme::{mono, size, tokens};
use crate::ui::widgets::{BAR, RowScroll};

/// Height of a line.
const LINE: f32 = 18.0;

/// Where the dump stands.
#[derive(Debug, Default)]
pub(super) struct HexView {
    scroll: RowScroll,
    which: Option<Which>,
}

impl HexView {
    /// Shows the payload in at most so much room.
    pub(super) fn ui(&mut self, ui: &mut Ui, which: Which, bytes: &[u8], room: f32) {
        let t = tokens(ui.ctx());
        if bytes.is_empty() {
            ui.label(RichText::new("No payload").color(t.faint));
            return;
        }
        if self.which.replace(which) != Some(which) {
            self.scroll = RowScroll::default();
        }
        let font = || mono(size::SMALL);
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&font(), '0'));
        let columns = ((ui.available_width() - BAR) / glyph) as usize;
        // Offset, two spaces, three a byte, a space, one a byte.
        let per_line = match columns.saturating_sub(11) / 4 {
            16.. => 16,
            12..16 => 12,
            8..12 => 8,
            _ => 4,
        };
        let total = bytes.len().div_ceil(per_line);
        let height = room.min(total as f32 * LINE);
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let label = format!("{} as bytes", crate::ui::format::size(bytes.len() as u64));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
        let shown = self.scroll.show(ui, Id::unique(("hex lines", which.2)), rect, total, LINE);
        let painter = ui.painter_at(rect);
        for line in shown.first..shown.end {
            let offset = line * per_line;
            let part = &bytes[offset..(offset + per_line).min(bytes.len())];
            let y = shown.y + (line - shown.first) as f32 * LINE;
            let (hex, ascii) = written(part, per_line);
            let parts = [
                (0, format!("{offset:08x}"), t.faint),
                (10, hex, t.text),
                (11 + per_line * 3, ascii, t.muted),
            ];
            for (column, text, color) in parts {
                let galley = painter.layout_no_wrap(text, font(), color);
                painter.galley(pos2(rect.left() + column as f32 * glyph, y), galley, color);
            }
        }
    }
}

fn written(bytes: &[u8], per_line: usize) -> (String, String) {
    let mut hex = String::with_capacity(per_line * 3);
    let mut ascii = String::with_capacity(per_line);
    for byte in bytes {
        let _ = write!(hex, "{byte:02x} ");
        let is_shown = byte.is_ascii_graphic() || *byte == b' ';
        ascii.push(if is_shown { char::from(*byte) } else { '.' });
    }
    (hex, ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_bytes_and_characters() {
        assert_eq!(written(b"a\x00z~", 8), ("61 00 7a 7e ".into(), "a.z~".into()));
    }
}
