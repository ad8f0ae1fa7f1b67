//! Writing the report to a path that is typed, for desktops without a file dialog.

use std::path::PathBuf;

use egui::{Id, Key, Modal, Ui};

use crate::model::Command;
use crate::ui::action::Action;
use crate::ui::scene::Outbox;
use crate::ui::theme::tokens;
use crate::ui::widgets::{Button, Field, heading, modal_frame, muted};

/// What is being typed.
#[derive(Debug, Default)]
pub(super) struct Export {
    path: String,
    is_open: bool,
    is_new: bool,
}

impl Export {
    /// Asks for the path; the last one is there again.
    pub(super) fn open(&mut self) {
        if self.path.is_empty() {
            self.path = String::from("report.html");
        }
        (self.is_open, self.is_new) = (true, true);
    }

    /// The button with its two ways.
    pub(super) fn button_ui(ui: &mut Ui, can: bool, out: &mut Outbox) {
        let button = ui.add_enabled(can, Button::new("Export report"));
        let tip = if can {
            "Table, plots, settings and verdict in one file: HTML, or JSON"
        } else {
            "There is nothing to report before a comparison has begun"
        };
        let button = button.on_hover_text(tip).on_disabled_hover_text(tip);
        egui::Popup::menu(&button).width(190.0).show(|ui| {
            let wide = ui.available_width();
            for (text, action) in
                [("Choose a place…", Action::ExportReport), ("To a path…", Action::ReportToPath)]
            {
                let entry = Button::new(text).icon(action.spec().icon).quiet().small().wide(wide);
                if ui.add(entry).on_hover_text(action.tooltip(ui.ctx())).clicked() {
                    out.act(action);
                    ui.close();
                }
            }
        });
    }

    /// Shows the question while it is open.
    pub(super) fn ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        if !self.is_open {
            return;
        }
        let modal = Modal::new(Id::unique("report to path"))
            .frame(modal_frame(ui))
            .backdrop_color(tokens(ui.ctx()).veil)
            .show(ui.ctx(), |ui| {
                ui.set_width(460.0);
                heading(ui, "Export report to path");
                muted(
                    ui,
                    "HTML, or JSON where the name ends in .json; relative to the folder Wirescope \
                     was started in",
                );
                let field = Field::new(&mut self.path, "Report path").hint("report.html").show(ui);
                if std::mem::take(&mut self.is_new) {
                    field.request_focus();
                }
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let can = !self.path.trim().is_empty();
                    let written = ui.add_enabled(can, Button::new("Write").primary()).clicked();
                    let left = ui.add(Button::new("Cancel").quiet()).clicked();
                    ((written || entered) && can, left)
                })
                .inner
            });
        let (write, cancel) = modal.inner;
        if write {
            out.send(Command::Report(PathBuf::from(self.path.trim())));
        }
        if write || cancel || modal.should_close() {
            self.is_open = false;
        }
    }
}
