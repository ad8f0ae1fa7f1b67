//! Publishing by hand: a topic and a message, sent to everyone who follows it.

use egui::{Key, Layout, Modifiers, Popup, PopupCloseBehavior, PopupKind, RichText, Ui};

use super::source::labelled;
use crate::engine::ServerView;
use crate::model::{Command, DEFAULT_TOPIC};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, Field, problem};

/// What is being written.
#[derive(Debug)]
pub(super) struct Publish {
    is_open: bool,
    is_new: bool,
    topic: String,
    text: String,
    /// Messages sent since it was opened.
    sent: u64,
}

impl Default for Publish {
    fn default() -> Self {
        let topic = DEFAULT_TOPIC.to_owned();
        Self { is_open: false, is_new: false, topic, text: String::new(), sent: 0 }
    }
}

impl Publish {
    /// Opens it.
    pub(super) fn open(&mut self) {
        (self.is_open, self.is_new, self.sent) = (true, true, 0);
    }

    /// Shows the button, and what is below it while it is open.
    pub(super) fn button_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let button = ui.add_enabled(!server.is_busy, Button::new("Publish…"));
        let button = button.on_hover_text(Action::Publish.tooltip(ui.ctx()));
        if button.clicked() {
            if self.is_open {
                self.is_open = false;
            } else {
                self.open();
            }
        }
        let mut is_open = self.is_open;
        Popup::from_response(&button)
            .kind(PopupKind::Popup)
            .open_bool(&mut is_open)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .gap(6.0)
            .show(|ui| {
                ui.set_width(380.0);
                egui::Frame::new().inner_margin(8).show(ui, |ui| self.form_ui(ui, server, out));
            });
        self.is_open = is_open;
    }

    fn form_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        ui.spacing_mut().item_spacing.y = 8.0;
        // Before the field, which would take it for a new line.
        let enter = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        labelled(ui, "Topic", |ui| {
            Field::new(&mut self.topic, "Topic").hint(DEFAULT_TOPIC).small().show(ui);
        });
        let field = Field::new(&mut self.text, "Message to publish")
            .hint("Text, or a JSON object as in {\"type\": \"news\", \"text\": \"Hello\"}")
            .rows(4)
            .show(ui);
        if std::mem::take(&mut self.is_new) {
            field.request_focus();
        }
        let wrong = wrong(&self.topic, &self.text);
        if let Some(wrong) = &wrong {
            problem(ui, wrong);
        }
        let can = wrong.is_none() && !self.text.trim().is_empty();
        ui.horizontal(|ui| {
            let topic = topic(&self.topic);
            let known = server.topics.iter().find(|known| known.name == topic);
            let told = match (self.sent, known) {
                (0, Some(known)) => format!("To {}", format::count(known.followers, "follower")),
                (0, None) => String::from("To a topic that nobody follows yet"),
                (sent, _) => format!("{} sent", format::count(sent, "message")),
            };
            ui.label(RichText::new(told).size(size::DATA).color(t.muted));
            let right = Layout::right_to_left(egui::Align::Center);
            ui.with_layout(right, |ui| {
                let send = ui.add_enabled(can, Button::new("Send").primary());
                let send =
                    send.on_hover_text("Send it to everyone who follows the topic · Ctrl Enter");
                if (send.clicked() || enter) && can {
                    let text = self.text.trim().to_owned();
                    out.send(Command::Publish { topic, text });
                    self.sent += 1;
                }
            });
        });
    }
}

/// The topic that was typed.
fn topic(typed: &str) -> String {
    let name = typed.trim();
    if name.is_empty() { DEFAULT_TOPIC.to_owned() } else { name.to_owned() }
}

/// Why it cannot be sent. What begins as an object is meant to be one.
fn wrong(topic: &str, text: &str) -> Option<String> {
    if topic.trim().chars().count() > 64 {
        return Some("the name of a topic has at most 64 characters".into());
    }
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let read = serde_json::from_str::<serde::de::IgnoredAny>(text.trim());
    read.err().map(|error| format!("this is no JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_objects_can_be_sent_and_half_an_object_cannot() {
        assert_eq!(wrong("", "hello"), None);
        assert_eq!(wrong("", " {\"a\": 1} "), None);
        assert!(wrong("", "{\"a\": ").is_some());
        assert!(wrong(&"x".repeat(65), "hello").is_some());
        assert_eq!(topic("  "), DEFAULT_TOPIC);
    }
}
