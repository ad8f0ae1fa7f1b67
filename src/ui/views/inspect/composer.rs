//! The composer: what to send, read and checked before it goes, with everything sent before at
//! hand.

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Key, KeyboardShortcut, Margin, Modifiers, Stroke, TextEdit, Ui, vec2};
use lucide_icons::Icon;

use super::composer_more::{More, strips_ui};
use super::composer_read::{Mode, Wrong, close_code, in_frames, read, written};
use crate::engine::SessionView;
use crate::model::{Command, Event, Say, TransportKind, close_meaning};
use crate::ui::scene::Outbox;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{Button, Field, line, problem, select};

const FIELD: &str = "composer";
/// Why nothing can be sent.
const NOT_OPEN: &str = "Nothing can be sent while the connection is not open";
/// Messages remembered.
const HISTORY: usize = 100;

/// The composer's state.
#[derive(Debug, Default)]
pub(super) struct Composer {
    mode: Mode,
    text: String,
    /// The close code as it is typed.
    code: String,
    more: More,
    wrong: Option<Wrong>,
    history: Vec<(Mode, String)>,
    /// How far back the history is being looked at.
    back: usize,
    /// The frame from which the field is to have the focus.
    focus_from: Option<u64>,
    /// How high it was, and how wide what stands to the right of the field.
    height: Option<f32>,
    right: Option<f32>,
}

/// Gives the focus to the field.
pub(super) fn focus(ctx: &egui::Context) {
    ctx.memory_mut(|memory| memory.request_focus(Id::unique(FIELD)));
}

/// Selects the character that is wrong.
fn point_at(ctx: &egui::Context, at: usize) {
    let id = Id::unique(FIELD);
    let mut state = TextEdit::load_state(ctx, id).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(at), CCursor::new(at + 1));
    state.cursor.set_char_range(Some(range));
    TextEdit::store_state(ctx, id, state);
    focus(ctx);
}

impl Composer {
    /// Puts an event in, to be changed and sent.
    pub(super) fn edit(&mut self, ctx: &egui::Context, event: &Event) {
        (self.mode, self.text, self.code) = written(event);
        self.wrong = None;
        // In the frame of a click elsewhere a field gives its focus away again.
        self.focus_from = Some(ctx.cumulative_frame_nr() + 1);
        ctx.request_repaint();
    }

    fn send(&mut self, ctx: &egui::Context, session: &SessionView, out: &mut Outbox) {
        let path = self.text.trim();
        if self.mode == Mode::File && !path.is_empty() {
            out.send(Command::SendFile(session.id, path.into()));
            return self.sent();
        }
        match self.say() {
            Ok((say, every)) => {
                out.send(Command::Send(session.id, say.clone()));
                if let Some(every) = every {
                    let again = Say::Repeat(Some((Box::new(say), every)));
                    out.send(Command::Send(session.id, again));
                }
                self.sent();
            }
            Err(wrong) => {
                if let Some(at) = wrong.at {
                    point_at(ctx, at);
                }
                self.wrong = Some(wrong);
            }
        }
    }

    /// What is to be sent, and how often.
    fn say(&self) -> Result<(Say, Option<std::time::Duration>), Wrong> {
        let say = read(self.mode, &self.text, &self.code)?;
        let frames = self.more.frames().map_err(|why| Wrong::from(why.as_str()))?;
        let every = self.more.every().map_err(|why| Wrong::from(why.as_str()))?;
        let every = every.filter(|_| self.mode != Mode::Close);
        Ok((in_frames(say, frames), every))
    }

    fn sent(&mut self) {
        self.history.push((self.mode, std::mem::take(&mut self.text)));
        let extra = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..extra);
        self.back = 0;
        self.wrong = None;
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
        let edge = if self.wrong.is_some() { t.bad } else { t.line };
        let margin = Margin { left: size::PAD as i8, right: size::PAD as i8, top: 8, bottom: 8 };
        let shown = egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            strips_ui(ui, session, out);
            if let Some(wrong) = &self.wrong {
                problem(ui, &wrong.text);
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
            self.mode_ui(ui, posts);
            if self.mode == Mode::Close {
                self.code_ui(ui);
            }
            let room = self.right.unwrap_or(104.0) + ui.spacing().item_spacing.x;
            let entered = self.field_ui(ui, (ui.available_width() - room).max(60.0));
            let from = ui.cursor().left();
            if self.mode == Mode::File {
                let button = ui.add(Button::new("Choose…").quiet().small());
                if button.on_hover_text("Choose a file and send it").clicked() {
                    out.send(Command::SendFileDialog(session.id));
                }
            } else if self.mode != Mode::Close {
                self.more.button_ui(ui, session, (!posts, self.mode.is_data()), out);
            }
            let clicked = self.send_ui(ui, posts);
            let wide = Some(ui.min_rect().right() - from);
            if std::mem::replace(&mut self.right, wide) != wide {
                ui.ctx().request_discard("the right of the composer has another width");
            }
            if clicked || (entered && !self.text.is_empty()) {
                self.send(ui.ctx(), session, out);
            }
        });
    }

    fn mode_ui(&mut self, ui: &mut Ui, posts: bool) {
        let modes = if posts { &Mode::ALL[..Mode::OF_HTTP] } else { &Mode::ALL[..] };
        let entries: Vec<_> = modes.iter().map(|(_, name, tip)| (*name, None, *tip)).collect();
        let chosen = modes.iter().position(|(mode, ..)| *mode == self.mode);
        if chosen.is_none() {
            self.mode = Mode::default();
        }
        let extent = vec2(76.0, size::CHIP);
        if let Some(picked) = select(ui, "Format", chosen.unwrap_or_default(), &entries, extent) {
            self.mode = modes[picked].0;
            self.wrong = None;
        }
    }

    /// The close code, and what it means.
    fn code_ui(&mut self, ui: &mut Ui) {
        let t = tokens(ui.ctx());
        let field = Field::new(&mut self.code, "Close code").hint("none").small().width(58.0);
        let field = field.show(ui);
        // The ground of a field is the composer's own.
        if !field.has_focus() {
            let edge = Stroke::new(1.0, t.line);
            ui.painter().rect_stroke(field.rect, size::RADIUS, edge, egui::StrokeKind::Inside);
        }
        if field.changed() {
            self.wrong = None;
        }
        let (text, color) = match close_code(&self.code) {
            Ok(None) => ("without a code", t.faint),
            Ok(Some(code)) => (close_meaning(code), t.muted),
            Err(_) => ("no code", t.bad),
        };
        let galley = line(ui, text, words(size::DATA), color, 170.0);
        let extent = vec2(galley.size().x, size::CHIP);
        let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
        let at = rect.left_center() - vec2(0.0, galley.size().y / 2.0);
        ui.painter().galley(at.round(), galley, color);
    }

    fn send_ui(&self, ui: &mut Ui, posts: bool) -> bool {
        let (word, tip) = match (posts, self.more.every()) {
            (true, _) => ("POST", "Send it as the body of a POST to the address · Enter"),
            (false, Ok(Some(_))) if self.mode != Mode::Close && self.mode != Mode::File => {
                ("Send", "Now, and again each time; it can be stopped here · Enter")
            }
            _ => ("Send", "Enter; Shift Enter for a new line"),
        };
        let is_open = ui.is_enabled();
        let lacks = self.text.is_empty() && (posts || !self.mode.may_be_empty());
        let why = if is_open { "There is nothing to send" } else { NOT_OPEN };
        let button = Button::new(word).icon(Icon::SendHorizontal).primary().small();
        let button = ui.add_enabled(is_open && !lacks, button);
        button.on_hover_text(tip).on_disabled_hover_text(why).clicked()
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
        let hint = if ui.is_enabled() { self.mode.hint() } else { NOT_OPEN };
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
            self.wrong = None;
            self.back = 0;
        }
        enter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
