//! The composer: what to send, read and checked before it goes, with everything sent before at
//! hand.

use egui::{Id, Key, KeyboardShortcut, Margin, Modifiers, Stroke, TextEdit, Ui, vec2};
use lucide_icons::Icon;

use crate::engine::SessionView;
use crate::model::{Command, Say, TransportKind};
use crate::ui::scene::Outbox;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{Button, problem, select};

const FIELD: &str = "composer";
/// Why nothing can be sent.
const NOT_OPEN: &str = "Nothing can be sent while the connection is not open";
/// Messages remembered.
const HISTORY: usize = 100;

/// How the text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Text,
    Json,
    Binary,
}

const MODES: [(Mode, &str, &str); 3] = [
    (Mode::Text, "Text", "Sent as it stands"),
    (Mode::Json, "JSON", "Checked before it is sent"),
    (Mode::Binary, "Hex", "Bytes as 77 73 31, sent as a binary message"),
];

/// The composer's state.
#[derive(Debug, Default)]
pub(super) struct Composer {
    mode: Mode,
    text: String,
    error: Option<String>,
    history: Vec<(Mode, String)>,
    /// How far back the history is being looked at.
    back: usize,
    /// The frame from which the field is to have the focus.
    focus_from: Option<u64>,
    /// How high it was, and how wide its button.
    height: Option<f32>,
    button: Option<f32>,
}

/// Gives the focus to the field.
pub(super) fn focus(ctx: &egui::Context) {
    ctx.memory_mut(|memory| memory.request_focus(Id::unique(FIELD)));
}

fn read(mode: Mode, text: &str) -> Result<Say, String> {
    match mode {
        Mode::Text => Ok(Say::Text(text.to_owned())),
        Mode::Json => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map(|_| Say::Text(text.to_owned()))
            .map_err(|error| format!("no JSON: {error}")),
        Mode::Binary => bytes(text).map(|bytes| Say::Binary(bytes.into())),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .ok_or("only digits 0–9 and a–f, as in 77 73 31")?;
    if !digits.len().is_multiple_of(2) {
        return Err(String::from("half a byte at the end"));
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

impl Composer {
    /// Puts this text in, to be changed and sent.
    pub(super) fn write(&mut self, ctx: &egui::Context, text: String) {
        let is_json = text.trim_start().starts_with(['{', '[']);
        self.mode = if is_json { Mode::Json } else { Mode::Text };
        self.text = text;
        self.error = None;
        // In the frame of a click elsewhere a field gives its focus away again.
        self.focus_from = Some(ctx.cumulative_frame_nr() + 1);
        ctx.request_repaint();
    }

    fn send(&mut self, session: &SessionView, out: &mut Outbox) {
        match read(self.mode, &self.text) {
            Ok(say) => {
                out.send(Command::Send(session.id, say));
                self.history.push((self.mode, std::mem::take(&mut self.text)));
                let extra = self.history.len().saturating_sub(HISTORY);
                self.history.drain(..extra);
                self.back = 0;
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    fn step(&mut self, older: bool) {
        let next = if older { self.back + 1 } else { self.back.saturating_sub(1) };
        if next > self.history.len() || (next == self.back) {
            return;
        }
        self.back = next;
        let entry = self.history.len().checked_sub(next).and_then(|at| self.history.get(at));
        match entry.filter(|_| next > 0) {
            Some((mode, text)) => (self.mode, self.text) = (*mode, text.clone()),
            None => self.text.clear(),
        }
    }

    /// The height it takes.
    pub(super) fn height(&self) -> f32 {
        self.height.unwrap_or(size::CHIP + 26.0)
    }

    /// Shows the composer.
    pub(super) fn ui(&mut self, ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        if self.focus_from.is_some_and(|from| ui.ctx().cumulative_frame_nr() >= from) {
            self.focus_from = None;
            focus(ui.ctx());
        }
        let is_open = session.phase.is_open();
        let kind = session.transport.or(session.endpoint.transport);
        let posts = kind.is_some_and(|kind| kind != TransportKind::Websocket);
        let edge = if self.error.is_some() { t.bad } else { t.line };
        let margin = Margin { left: size::PAD as i8, right: size::PAD as i8, top: 8, bottom: 8 };
        let shown = egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            if let Some(error) = &self.error {
                problem(ui, error);
            }
            egui::Frame::new()
                .fill(t.control)
                .stroke(Stroke::new(1.0, edge))
                .corner_radius(size::CARD_RADIUS)
                .inner_margin(Margin::symmetric(4, 4))
                .show(ui, |ui| {
                    ui.add_enabled_ui(is_open, |ui| self.row_ui(ui, session, posts, out));
                });
        });
        let height = Some(shown.response.rect.height());
        if std::mem::replace(&mut self.height, height) != height {
            ui.ctx().request_discard("the composer has another height");
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, session: &SessionView, posts: bool, out: &mut Outbox) {
        ui.horizontal_top(|ui| {
            let entries = MODES.map(|(_, name, tip)| (name, None, tip));
            let chosen = MODES.iter().position(|(mode, ..)| *mode == self.mode).unwrap_or_default();
            let extent = vec2(66.0, size::CHIP);
            if let Some(picked) = select(ui, "Format", chosen, &entries, extent) {
                self.mode = MODES[picked].0;
                self.error = None;
            }
            let (word, tip) = if posts {
                ("POST", "Send it as the body of a POST to the address · Enter")
            } else {
                ("Send", "Enter; Shift Enter for a new line")
            };
            let room = self.button.unwrap_or(72.0) + ui.spacing().item_spacing.x;
            let entered = self.field_ui(ui, ui.available_width() - room);
            let is_open = ui.is_enabled();
            let can = is_open && !(self.text.is_empty() && posts);
            let button = Button::new(word).icon(Icon::SendHorizontal).primary().small();
            let why = if is_open { "There is nothing to send" } else { NOT_OPEN };
            let button = ui.add_enabled(can, button);
            let wide = Some(button.rect.width());
            if std::mem::replace(&mut self.button, wide) != wide {
                ui.ctx().request_discard("the button has another width");
            }
            let clicked = button.on_hover_text(tip).on_disabled_hover_text(why).clicked();
            if clicked || (entered && !self.text.is_empty()) {
                self.send(session, out);
            }
        });
    }

    fn field_ui(&mut self, ui: &mut Ui, width: f32) -> bool {
        let t = tokens(ui.ctx());
        let id = Id::unique(FIELD);
        let enter = ui.memory(|memory| memory.has_focus(id)) && {
            let pressed = |keys: Modifiers| {
                ui.input_mut(|input| {
                    input.consume_shortcut(&KeyboardShortcut::new(keys, Key::Enter))
                })
            };
            !ui.input(|input| input.modifiers.shift)
                && (pressed(Modifiers::COMMAND) || pressed(Modifiers::NONE))
        };
        if ui.memory(|memory| memory.has_focus(id)) && !self.text.contains('\n') {
            let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            if pressed(Key::ArrowUp) {
                self.step(true);
            } else if pressed(Key::ArrowDown) {
                self.step(false);
            }
        }
        let hint = if !ui.is_enabled() {
            NOT_OPEN
        } else if self.mode == Mode::Binary {
            "77 73 31"
        } else {
            "Write a message"
        };
        let hint = egui::RichText::new(hint).font(words(size::BODY)).color(t.faint);
        let lines = self.text.lines().count().clamp(1, 6);
        let edit = TextEdit::multiline(&mut self.text)
            .id(id)
            .font(mono(size::DATA))
            .text_color(t.text)
            .hint_text(hint)
            .frame(egui::Frame::new().inner_margin(Margin::symmetric(6, 4)))
            .desired_rows(lines)
            .desired_width(width)
            .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter));
        let response = ui.add(edit).accessible_name("Message");
        if response.has_focus() {
            // The frame around field and buttons is not the field's own.
            let edge = Stroke::new(1.0, t.accent);
            let radius = size::RADIUS;
            ui.painter().rect_stroke(response.rect, radius, edge, egui::StrokeKind::Inside);
        }
        if response.changed() {
            self.error = None;
            self.back = 0;
        }
        enter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_before_it_goes() {
        assert_eq!(read(Mode::Text, "x"), Ok(Say::Text("x".into())));
        assert!(read(Mode::Json, "{").is_err());
        assert_eq!(read(Mode::Json, "{\"a\":1}"), Ok(Say::Text("{\"a\":1}".into())));
        assert_eq!(read(Mode::Binary, "77 73,31"), Ok(Say::Binary((&b"ws1"[..]).into())));
        assert!(read(Mode::Binary, "7").is_err());
        assert!(read(Mode::Binary, "xy").is_err());
    }

    #[test]
    fn what_was_sent_comes_back() {
        let history = vec![(Mode::Text, "one".into()), (Mode::Json, "2".into())];
        let mut composer = Composer { history, ..Composer::default() };
        composer.step(true);
        assert_eq!((composer.mode, composer.text.as_str()), (Mode::Json, "2"));
        composer.step(true);
        composer.step(true);
        assert_eq!((composer.mode, composer.text.as_str()), (Mode::Text, "one"));
        composer.step(false);
        composer.step(false);
        assert_eq!(composer.text, "");
    }
}
