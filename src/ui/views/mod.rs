//! The pages of the window, and what a file dropped on any of them does.

mod captures;
mod compare;
mod inspect;
mod server;

use std::path::PathBuf;

use egui::{Align2, Id, LayerId, Order, Stroke, StrokeKind, Ui};

pub(crate) use captures::Captures;
pub(crate) use compare::Compare;
pub(crate) use inspect::Inspect;
pub(crate) use server::ServerPage;

use super::theme::{medium, tokens};

/// Paths of the files that were dropped on the window.
pub(crate) fn dropped_files(ctx: &egui::Context) -> Vec<PathBuf> {
    ctx.input(|input| {
        input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect()
    })
}

/// Says what happens to a file that is held over the window.
pub(crate) fn drop_hint_ui(ui: &Ui) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let t = tokens(ui.ctx());
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0.0, t.veil);
    let stroke = Stroke::new(2.0, t.accent);
    painter.rect_stroke(rect.shrink(12.0), 8.0, stroke, StrokeKind::Inside);
    let text = "Drop to open the capture";
    painter.text(rect.center(), Align2::CENTER_CENTER, text, medium(18.0), t.text);
}

/// The text with its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
