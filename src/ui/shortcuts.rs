//! The sheet of shortcuts: the table of actions, and the keys of the timeline, which belong to it
//! alone.

use egui::{Id, Modal, RichText, Ui};

use super::action::Action;
use super::theme::{size, tokens};
use super::widgets::{heading, kbd, modal_frame, section};

const TIMELINE: [(&str, &str); 7] = [
    ("↑ ↓", "The event before, the next"),
    ("Page up, Page down", "A page of them"),
    ("Home", "The first event"),
    ("End", "The newest, and follow"),
    ("Enter", "Show it in the detail"),
    ("Esc", "Close the detail"),
    ("↑ in the composer", "What was sent before"),
];

/// Shows it while `is_open`.
pub(crate) fn sheet_ui(ui: &mut Ui, is_open: &mut bool) {
    if !*is_open {
        return;
    }
    let t = tokens(ui.ctx());
    let room = ui.ctx().content_rect().size() - egui::vec2(80.0, 120.0);
    let modal = Modal::new(Id::unique("shortcuts")).frame(modal_frame(ui)).backdrop_color(t.veil);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(room.x.min(760.0));
        heading(ui, "Keyboard shortcuts");
        ui.add_space(6.0);
        let all: Vec<(String, &str)> = Action::ALL
            .into_iter()
            .filter_map(|action| Some((action.keys(ui.ctx())?, action.spec().text)))
            .collect();
        // The timeline's own keys make the second column as long as the first.
        let half = (all.len() + TIMELINE.len()).div_ceil(2) + 1;
        let (first, second) = all.split_at(half.min(all.len()));
        egui::ScrollArea::vertical().max_height(room.y).min_scrolled_height(room.y).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.x = 36.0;
                ui.columns_const(|[left, right]| {
                    section(left, "Everywhere");
                    rows_ui(left, first);
                    section(right, "Everywhere");
                    rows_ui(right, second);
                    right.add_space(6.0);
                    section(right, "Timeline and composer");
                    rows_ui(right, &TIMELINE);
                });
            },
        );
    });
    if modal.should_close() {
        *is_open = false;
    }
}

fn rows_ui<K: AsRef<str>>(ui: &mut Ui, rows: &[(K, &str)]) {
    for (keys, text) in rows {
        row_ui(ui, keys.as_ref(), text);
    }
}

fn row_ui(ui: &mut Ui, keys: &str, text: &str) {
    let color = tokens(ui.ctx()).text;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GAP;
        ui.label(RichText::new(text).size(size::BODY).color(color));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            kbd(ui, keys, egui::Sense::hover())
        });
    });
}
