//! How the composer's message goes out: in how many frames, how often, and whether pings are
//! answered meanwhile; with a strip for all that goes on by itself.

use std::time::Duration;

use egui::{Popup, RichText, Ui};
use lucide_icons::Icon;

use super::composer_read::FRAMES;
use super::options_draft::duration;
use super::words::hex;
use crate::engine::SessionView;
use crate::model::{Command, Say};
use crate::ui::scene::Outbox;
use crate::ui::theme::{icon, size, tokens};
use crate::ui::widgets::{Button, Field, switch};

/// Room for the words before a field.
const LABEL: f32 = 96.0;

/// What was typed.
#[derive(Debug, Default)]
pub(super) struct More {
    frames: String,
    every: String,
}

impl More {
    /// Into how many frames a message is cut.
    pub(super) fn frames(&self) -> Result<usize, String> {
        match self.frames.trim() {
            "" => Ok(1),
            typed => typed
                .parse()
                .ok()
                .filter(|count| (1..=FRAMES).contains(count))
                .ok_or_else(|| format!("a number of frames from 1 to {FRAMES}")),
        }
    }

    /// How often it is sent; `None` is once.
    pub(super) fn every(&self) -> Result<Option<Duration>, String> {
        match self.every.trim() {
            "" => Ok(None),
            typed => duration(typed).map(Some),
        }
    }

    /// What is not as usual: `in 3 frames · every 25 s`.
    fn summary(&self) -> String {
        let frames = match self.frames() {
            Ok(1) => None,
            Ok(count) => Some(format!("In {count} frames")),
            Err(_) => Some(String::from("!")),
        };
        let every = match (self.every(), self.every.trim()) {
            (Ok(None), _) => None,
            (Ok(_), typed) => Some(format!("Every {typed}")),
            (Err(_), _) => Some(String::from("!")),
        };
        frames.into_iter().chain(every).collect::<Vec<_>>().join(" · ")
    }

    /// Shows the button and what is below it. `is_data` messages can be cut into frames.
    pub(super) fn button_ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        (is_websocket, is_data): (bool, bool),
        out: &mut Outbox,
    ) {
        let t = tokens(ui.ctx());
        let summary = self.summary();
        let is_wrong = self.frames().is_err() || self.every().is_err();
        let mut button = Button::new(&summary).name("How it is sent").quiet().small();
        if summary.is_empty() {
            button = button.icon(Icon::Timer);
        }
        if is_wrong {
            button = button.color(t.bad);
        }
        let button = ui.add(button).on_hover_text("How it is sent: how often, in how many frames");
        Popup::menu(&button)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .gap(6.0)
            .show(|ui| {
                ui.set_width(300.0);
                egui::Frame::new().inner_margin(8).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 6.0;
                    let every = self.every().err();
                    row(ui, "Every", &mut self.every, "once, or as in 25s", every.as_deref());
                    if is_websocket {
                        ui.add_enabled_ui(is_data, |ui| {
                            let frames = self.frames().err();
                            row(ui, "Frames", &mut self.frames, "1", frames.as_deref());
                        });
                        let mut answers = !session.sending.withholds_pongs;
                        let tip = "The protocol asks for it; see how the server takes it without";
                        let switch = switch(ui, &mut answers, "Answer pings", false);
                        if switch.on_hover_text(tip).changed() {
                            out.send(Command::Send(session.id, Say::AnswerPings(answers)));
                        }
                    }
                });
            });
    }
}

fn row(ui: &mut Ui, name: &str, text: &mut String, hint: &str, error: Option<&str>) {
    ui.horizontal_top(|ui| {
        let extent = egui::vec2(LABEL - size::GAP, size::CHIP);
        let (rect, _) = ui.allocate_exact_size(extent, egui::Sense::hover());
        let (font, color) = (crate::ui::theme::words(size::BODY), tokens(ui.ctx()).muted);
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, color);
        Field::new(text, name).hint(hint).small().error(error).show(ui);
    });
}

/// What is sent again and again, in a few words.
fn preview(say: &Say) -> String {
    let start = |text: &str| text.chars().take(80).collect::<String>().replace('\n', " ");
    let first = |bytes: &[u8]| hex(&bytes[..bytes.len().min(24)]);
    match say {
        Say::Text(text) => start(text),
        Say::Binary(bytes) => first(bytes),
        Say::Ping(bytes) => format!("ping {}", first(bytes)),
        Say::Pong(bytes) => format!("pong {}", first(bytes)),
        Say::Fragments { is_text, parts } => {
            let whole = parts.concat();
            let shown =
                if *is_text { start(&String::from_utf8_lossy(&whole)) } else { first(&whole) };
            format!("{} frames of {shown}", parts.len())
        }
        Say::Close(code, _) => format!("close {}", code.unwrap_or_default()),
        Say::AnswerPings(_) | Say::Repeat(_) => String::new(),
    }
}

/// What goes on by itself, each with the button that ends it. It is seen as long as it lasts.
pub(super) fn strips_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    if !session.phase.is_open() {
        return;
    }
    let sending = &session.sending;
    if let Some((say, every)) = &sending.repeats {
        let every = humantime::format_duration(*every);
        let text = format!("Sent every {every}: {}", preview(say));
        if strip_ui(ui, Icon::Repeat, &text, "Stop") {
            out.send(Command::Send(session.id, Say::Repeat(None)));
        }
    }
    if sending.withholds_pongs {
        let text = "Pings of the server are not answered";
        if strip_ui(ui, Icon::EyeOff, text, "Answer pings") {
            out.send(Command::Send(session.id, Say::AnswerPings(true)));
        }
    }
}

fn strip_ui(ui: &mut Ui, glyph: Icon, text: &str, button: &str) -> bool {
    let t = tokens(ui.ctx());
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(icon(glyph).color(t.warn));
        let right = egui::Layout::right_to_left(egui::Align::Center);
        let row = ui.with_layout(right, |ui| {
            let clicked = ui.add(Button::new(button).small()).clicked();
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = RichText::new(text).size(size::DATA).color(t.text);
                ui.add(egui::Label::new(text).truncate());
            });
            clicked
        });
        row.inner
    });
    row.inner
}
