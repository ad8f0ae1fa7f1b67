//! Saving to a path that is typed, for desktops without a file dialog; asks before anything is
//! replaced.

use std::path::PathBuf;

use egui::{Id, Key, Modal, RichText, Ui};

use super::scene::{Outbox, Scene};
use super::theme::tokens;
use super::widgets::{Button, Field, heading, modal_frame, switch};
use crate::engine::SessionView;
use crate::model::{Command, SessionId};

/// What is being typed, for which session.
#[derive(Debug, Default)]
pub(crate) struct Saving {
    session: Option<SessionId>,
    path: String,
    replace: bool,
    is_new: bool,
    /// Whose path was typed last, to be there again when it could not be written.
    last: Option<SessionId>,
}

impl Saving {
    /// Asks for the place of this session's recording.
    pub(crate) fn open(&mut self, session: &SessionView) {
        let path = if self.last == Some(session.id) && !session.recording.is_saved {
            std::mem::take(&mut self.path)
        } else if session.recording.is_saved {
            session.recording.path.display().to_string()
        } else {
            let name: String = session
                .title
                .chars()
                .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-') { c } else { '-' })
                .collect();
            format!("{}.wirescope", name.trim_matches('-'))
        };
        *self = Self { session: Some(session.id), path, replace: false, is_new: true, last: None };
    }

    /// Shows the question while it is open.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let Some(session) = scene.session(self.session).map(|session| session.id) else {
            return;
        };
        let t = tokens(ui.ctx());
        let modal = Modal::new(Id::unique("save to path"))
            .frame(modal_frame(ui))
            .backdrop_color(t.veil)
            .show(ui.ctx(), |ui| {
                ui.set_width(460.0);
                heading(ui, "Save capture to path");
                let text = "The recording moves there and goes on; relative to the folder \
                        Wirescope was started in";
                ui.label(RichText::new(text).color(t.muted));
                let field =
                    Field::new(&mut self.path, "Path").hint("/home/me/ticks.wirescope").show(ui);
                if std::mem::take(&mut self.is_new) {
                    field.request_focus();
                }
                switch(ui, &mut self.replace, "Replace a file that is there already", true);
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let can = !self.path.trim().is_empty();
                    let saved = ui.add_enabled(can, Button::new("Save").primary()).clicked();
                    let left = ui.add(Button::new("Cancel").quiet()).clicked();
                    ((saved || entered) && can, left)
                })
                .inner
            });
        let (save, cancel) = modal.inner;
        if save {
            let path = PathBuf::from(self.path.trim());
            self.last = Some(session);
            out.send(Command::SaveAs { session, path, replace: self.replace });
        }
        if save || cancel || modal.should_close() {
            self.session = None;
        }
    }
}
