//! Restarting the server under its clients: how long it is down, and whether it forgets.

use std::time::Duration;

use egui::{Layout, Popup, PopupCloseBehavior, PopupKind, RichText, Ui};

use crate::engine::ServerView;
use crate::model::{Command, Restart};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, Scale, slider, switch};

/// What is being set.
#[derive(Debug)]
pub(super) struct Restarting {
    is_open: bool,
    down: f64,
    forgets: bool,
}

impl Default for Restarting {
    fn default() -> Self {
        Self { is_open: false, down: 2.0, forgets: false }
    }
}

impl Restarting {
    /// Opens it.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// Shows the button, and what is below it while it is open.
    pub(super) fn button_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let button = ui.add_enabled(!server.is_busy, Button::new("Restart…"));
        let button = button.on_hover_text(Action::RestartServer.tooltip(ui.ctx()));
        if button.clicked() {
            self.is_open = !self.is_open;
        }
        let mut is_open = self.is_open;
        let pressed = Popup::from_response(&button)
            .kind(PopupKind::Popup)
            .open_bool(&mut is_open)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .gap(6.0)
            .show(|ui| {
                ui.set_width(300.0);
                egui::Frame::new().inner_margin(8).show(ui, |ui| self.form_ui(ui)).inner
            });
        self.is_open = is_open;
        if pressed.is_some_and(|pressed| pressed.inner) {
            let down = Duration::try_from_secs_f64(self.down).unwrap_or_default();
            out.send(Command::RestartServer(Restart { down, forgets: self.forgets }));
            self.is_open = false;
        }
    }

    fn form_ui(&mut self, ui: &mut Ui) -> bool {
        let t = tokens(ui.ctx());
        ui.spacing_mut().item_spacing.y = 8.0;
        let text = "Ends every connection without a word, as a crash or a deployment does, and \
                    begins again";
        ui.label(RichText::new(text).size(size::DATA).color(t.muted));
        let shown = if self.down > 0.0 { format::seconds(self.down) } else { "at once".into() };
        let shown = RichText::new(shown).color(t.text);
        slider(ui, "Down for", shown, &mut self.down, Scale::even(0.0, 30.0, 0.5))
            .on_hover_text("How long nobody listens");
        switch(ui, &mut self.forgets, "Forgets its history", false).on_hover_text(
            "Ids begin again and nothing can be resumed, as when messages are kept in memory only",
        );
        let right = Layout::right_to_left(egui::Align::Center);
        ui.with_layout(right, |ui| ui.add(Button::new("Restart now").danger()).clicked()).inner
    }
}
