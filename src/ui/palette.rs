//! Ctrl K: every action and every session by name, found by the letters one remembers.

use egui::{Align2, Id, Key, Modal, Modifiers, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use super::action::Action;
use super::scene::Scene;
use super::theme::{icon_font, size, tokens, words};
use super::widgets::{Field, line, modal_frame};
use crate::model::{SessionId, TransportKind};

/// What can be picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Entry {
    /// An action.
    Do(Action),
    /// A session to show.
    Show(SessionId),
}

/// A line of the palette.
pub(crate) struct Choice {
    entry: Entry,
    icon: Icon,
    text: String,
    keys: Option<&'static str>,
    action: Option<Action>,
}

/// The palette's state.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    is_open: bool,
    is_new: bool,
    text: String,
    at: usize,
}

/// How well `typed` fits `text`: every letter in order, better the closer together and the nearer
/// to beginnings of words. `None` where a letter is missing.
fn fit(typed: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut score = 0;
    let mut from = 0;
    for letter in typed.to_lowercase().chars().filter(|letter| !letter.is_whitespace()) {
        let found = text.iter().skip(from).position(|other| *other == letter)? + from;
        let begins = found == 0 || !text[found - 1].is_alphanumeric();
        score += if begins { 8 } else { 0 };
        score += if found == from && from > 0 { 5 } else { 0 };
        score -= i32::try_from(found - from).unwrap_or(i32::MAX).min(12);
        from = found + 1;
    }
    Some(score - i32::try_from(text.len()).unwrap_or(i32::MAX) / 8)
}

impl Palette {
    /// Opens it, or closes it.
    pub(crate) fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, is_new: true, ..Self::default() };
    }

    /// All there is to pick from now.
    pub(crate) fn entries(scene: Scene<'_>, can: impl Fn(Action) -> bool) -> Vec<Choice> {
        let actions = Action::ALL.into_iter().filter(|action| can(*action)).map(|action| {
            let spec = action.spec();
            Choice {
                entry: Entry::Do(action),
                icon: spec.icon,
                text: spec.text.to_owned(),
                keys: None,
                action: Some(action),
            }
        });
        let sessions = scene.snapshot.sessions.iter().map(|session| Choice {
            entry: Entry::Show(session.id),
            icon: Icon::Radio,
            text: format!("Session: {}", session.title),
            keys: session.transport.map(TransportKind::label),
            action: None,
        });
        actions.chain(sessions).collect()
    }

    /// Shows it while it is open; answers what was picked.
    pub(crate) fn ui(&mut self, ui: &mut Ui, choices: Vec<Choice>) -> Option<Entry> {
        if !self.is_open {
            return None;
        }
        let t = tokens(ui.ctx());
        let mut fitting: Vec<(i32, Choice)> = choices
            .into_iter()
            .filter_map(|choice| Some((fit(&self.text, &choice.text)?, choice)))
            .collect();
        if !self.text.trim().is_empty() {
            fitting.sort_by_key(|(score, _)| -score);
        }
        let picked_by_key = self.keys(ui, fitting.len());
        let width = (ui.ctx().content_rect().width() - 80.0).clamp(280.0, 560.0);
        let id = Id::unique("palette");
        let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 90.0));
        let frame = modal_frame(ui).inner_margin(8);
        let modal =
            Modal::new(id).area(area).frame(frame).backdrop_color(t.veil).show(ui.ctx(), |ui| {
                ui.set_width(width);
                let field = Field::new(&mut self.text, "Command")
                    .hint("Type a command or a session")
                    .words()
                    .icon(Icon::Search)
                    .show(ui);
                field.request_focus();
                if field.changed() {
                    self.at = 0;
                }
                ui.add_space(2.0);
                self.list_ui(ui, &fitting)
            });
        let entry = |at: usize| fitting.get(at).map(|(_, choice)| choice.entry);
        let picked = modal.inner.or(picked_by_key.then_some(self.at)).and_then(entry);
        if picked.is_some() || modal.should_close() {
            self.is_open = false;
        }
        self.is_new = false;
        picked
    }

    fn keys(&mut self, ui: &Ui, count: usize) -> bool {
        let last = count.saturating_sub(1);
        ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            if pressed(Key::ArrowDown) {
                self.at = if self.at >= last { 0 } else { self.at + 1 };
            }
            if pressed(Key::ArrowUp) {
                self.at = if self.at == 0 { last } else { self.at - 1 };
            }
            self.at = self.at.min(last);
            !self.is_new && pressed(Key::Enter)
        })
    }

    fn list_ui(&mut self, ui: &mut Ui, fitting: &[(i32, Choice)]) -> Option<usize> {
        let t = tokens(ui.ctx());
        if fitting.is_empty() {
            ui.label(egui::RichText::new("Nothing is called so").color(t.muted));
            return None;
        }
        let mut picked = None;
        let height = (ui.ctx().content_rect().height() - 240.0).clamp(120.0, 420.0);
        egui::ScrollArea::vertical()
            .max_height(height)
            .min_scrolled_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                for (at, (_, choice)) in fitting.iter().enumerate() {
                    let response = choice_ui(ui, choice, at == self.at);
                    if response.clicked() {
                        picked = Some(at);
                    }
                    if at == self.at
                        && ui.input(egui::InputState::smooth_scroll_delta) == egui::Vec2::ZERO
                    {
                        response.scroll_to_me(None);
                    }
                }
            });
        picked
    }
}

fn choice_ui(ui: &mut Ui, choice: &Choice, is_at: bool) -> egui::Response {
    let t = tokens(ui.ctx());
    let desired = vec2(ui.available_width(), 28.0);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, is_at, &choice.text));
    if is_at {
        ui.painter().rect_filled(rect, 5.0, t.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 5.0, t.control);
    }
    let center = |x: f32| egui::pos2(x, rect.center().y);
    let glyph = char::from(choice.icon);
    let icon = icon_font(size::ICON);
    ui.painter().text(center(rect.left() + 16.0), Align2::CENTER_CENTER, glyph, icon, t.muted);
    let keys = choice.action.and_then(|action| action.keys(ui.ctx()));
    let keys = keys.as_deref().or(choice.keys).unwrap_or_default();
    let right = rect.right() - 8.0;
    let font = words(size::SMALL);
    let drawn = ui.painter().text(center(right), Align2::RIGHT_CENTER, keys, font, t.faint);
    let room = drawn.left() - rect.left() - 44.0;
    let text = line(ui, &choice.text, words(size::BODY), t.text, room);
    let at = egui::pos2(rect.left() + 32.0, rect.center().y - text.size().y / 2.0);
    ui.painter().galley(at.round(), text, t.text);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_comes_first() {
        let best = |typed: &str| {
            Action::ALL
                .into_iter()
                .filter_map(|action| Some((fit(typed, action.spec().text)?, action)))
                .max_by_key(|(score, _)| *score)
                .map(|(_, action)| action)
        };
        assert_eq!(best("demo"), Some(Action::StartDemo));
        assert_eq!(best("dark"), Some(Action::ThemeDark));
        assert_eq!(best("filt"), Some(Action::FocusFilter));
        assert_eq!(best("new s"), Some(Action::NewSession));
        assert_eq!(best("zzz"), None);
    }
}
