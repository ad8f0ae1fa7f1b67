//! The bar above the timeline: what to show, how much of it there is, and whether to follow.

use egui::{Align, Color32, Id, Key, Layout, Rect, RichText, Ui, pos2};
use lucide_icons::Icon;

use super::timeline::Timeline;
use crate::engine::SessionView;
use crate::model::{Class, Command, Filter};
use crate::ui::action::Action;
use crate::ui::format::{count, thousands};
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Field, chip, icon_button};

const FIELD: &str = "filter";

/// The filter as it is typed.
#[derive(Debug, Default)]
pub(super) struct FilterBar {
    filter: Filter,
    is_taken_over: bool,
}

/// Gives the focus to the field.
pub(super) fn focus(ctx: &egui::Context) {
    ctx.memory_mut(|memory| memory.request_focus(Id::unique(FIELD)));
}

const fn words_of(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Received => ("↓ In", "Messages received"),
        Class::Sent => ("↑ Out", "Messages sent"),
        Class::Control => {
            ("Control", "Frames and heads of the protocol: pings, comments, requests")
        }
        Class::State => ("State", "Changes of the connection's state"),
    }
}

impl FilterBar {
    /// Takes over a filter.
    pub(super) fn set(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// Shows the bar.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        timeline: &mut Timeline,
        out: &mut Outbox,
    ) {
        if !std::mem::replace(&mut self.is_taken_over, true) {
            self.filter = session.filter.clone();
        }
        let bar = ui.max_rect();
        let before = self.filter.clone();
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let wide = ui.available_width();
            let field = Field::new(&mut self.filter.text, "Filter")
                .id(Id::unique(FIELD))
                .hint(if wide < 570.0 { "Filter" } else { "Filter by text" })
                .icon(Icon::Search)
                .small()
                .width((wide - 450.0).clamp(96.0, 330.0))
                .show(ui);
            if field.has_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
                self.filter.text.clear();
            }
            for class in Class::ALL {
                let (text, tip) = words_of(class);
                let is_on = self.filter.classes.contains(&class);
                if chip(ui, is_on, text, tip).on_hover_text(tip).clicked() {
                    match self.filter.classes.iter().position(|on| *on == class) {
                        Some(at) => drop(self.filter.classes.remove(at)),
                        None => self.filter.classes.push(class),
                    }
                }
            }
            if !self.filter.is_empty() {
                let tip = Action::ClearFilter.spec().text;
                if icon_button(ui, Icon::X, tip).clicked() {
                    self.filter = Filter::default();
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let tip = Action::Follow.tooltip(ui.ctx());
                let follows = timeline.follows();
                if chip(ui, follows, "Follow", "Follow").on_hover_text(tip).clicked() {
                    if follows { timeline.pause(session) } else { timeline.follow() }
                }
                let t = tokens(ui.ctx());
                let text = RichText::new(counts(session)).size(size::DATA).color(t.muted);
                if wide > 500.0 {
                    ui.add(egui::Label::new(text).truncate());
                }
            });
        });
        progress_ui(ui, session, bar);
        if self.filter != before {
            out.send(Command::Filter(session.id, self.filter.clone()));
        }
    }
}

fn counts(session: &SessionView) -> String {
    let all = session.index.len() as u64;
    match &session.matches {
        None => count(all, "event"),
        Some(matches) => format!("{} of {}", thousands(matches.at.len() as u64), thousands(all)),
    }
}

/// A line along the bottom of the bar while the search goes on.
fn progress_ui(ui: &Ui, session: &SessionView, bar: Rect) {
    let Some(matches) = &session.matches else { return };
    let all = session.index.len();
    if matches.searched >= all {
        return;
    }
    let share = matches.searched as f32 / all as f32;
    let color: Color32 = tokens(ui.ctx()).accent;
    let (left, right) = (ui.clip_rect().left(), ui.clip_rect().right());
    let end = left + (right - left) * share;
    let line = Rect::from_min_max(pos2(left, bar.bottom() - 2.0), pos2(end, bar.bottom()));
    ui.painter().rect_filled(line, 0.0, color);
}
