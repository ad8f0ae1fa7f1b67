//! The bar above the timeline: what to show, how much of it there is, and whether to follow.

use egui::text::{CCursor, CCursorRange};
use egui::{
    Align, Color32, Id, Key, Label, Layout, Popup, Rect, Response, RichText, Role, Sense, TextEdit,
    Ui, WidgetInfo, pos2,
};
use lucide_icons::Icon;

use super::filter_help;
use super::timeline::Timeline;
use crate::analysis::query::{Query, QueryError};
use crate::engine::SessionView;
use crate::model::{Class, Command, Filter};
use crate::ui::action::Action;
use crate::ui::format::{count, thousands};
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::views::capital;
use crate::ui::widgets::{Field, chip, icon_button};

const FIELD: &str = "filter";

/// The filter as it is typed, and as it is in force: while what is typed cannot be understood, the
/// last query that could stays.
#[derive(Debug, Default)]
pub(super) struct FilterBar {
    typed: Filter,
    /// The last text that was understood.
    in_force: String,
    error: Option<QueryError>,
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
        self.typed = filter;
        self.read();
    }

    /// Whether what is typed cannot be understood.
    pub(super) fn is_wrong(&self) -> bool {
        self.error.is_some()
    }

    fn read(&mut self) {
        self.error = Query::parse(&self.typed.text).err();
        if self.error.is_none() {
            self.in_force.clone_from(&self.typed.text);
        }
    }

    fn filter(&self) -> Filter {
        Filter { text: self.in_force.clone(), classes: self.typed.classes.clone() }
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
            self.set(session.filter.clone());
        }
        let bar = ui.max_rect();
        let (typed, before) = (self.typed.text.clone(), self.filter());
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let wide = ui.available_width();
            self.field_ui(ui, wide);
            for class in Class::ALL {
                let (text, tip) = words_of(class);
                let is_on = self.typed.classes.contains(&class);
                if chip(ui, is_on, text, tip).on_hover_text(tip).clicked() {
                    match self.typed.classes.iter().position(|on| *on == class) {
                        Some(at) => drop(self.typed.classes.remove(at)),
                        None => self.typed.classes.push(class),
                    }
                }
            }
            if !self.typed.is_empty() {
                let tip = Action::ClearFilter.spec().text;
                if icon_button(ui, Icon::X, tip).clicked() {
                    self.typed = Filter::default();
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
                    ui.add(Label::new(text).truncate());
                }
            });
        });
        progress_ui(ui, session, bar);
        if self.typed.text != typed {
            self.read();
        }
        let filter = self.filter();
        if filter != before {
            out.send(Command::Filter(session.id, filter));
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, wide: f32) {
        let has_guide = wide > 450.0;
        let width = (wide - if has_guide { 490.0 } else { 450.0 }).clamp(96.0, 420.0);
        let wrong = self.error.as_ref().map(|error| error.chars(&self.typed.text));
        let (field, mark) = Field::new(&mut self.typed.text, "Filter")
            .id(Id::unique(FIELD))
            .hint(if wide < 640.0 { "Filter" } else { "Filter, as in symbol = \"AAPL\"" })
            .icon(Icon::Search)
            .small()
            .width(width)
            .wrong(wrong)
            .show_marked(ui);
        // With Escape the focus leaves, too.
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            self.typed.text.clear();
        }
        if let (Some(error), Some(mark)) = (&self.error, mark) {
            error_ui(ui, &field, mark, error, &self.in_force);
        }
        if has_guide && let Some(example) = filter_help::ui(ui) {
            example.clone_into(&mut self.typed.text);
            type_on(ui.ctx(), example.chars().count());
        }
    }
}

/// Gives the focus to the field, behind so many characters.
fn type_on(ctx: &egui::Context, chars: usize) {
    let id = Id::unique(FIELD);
    let mut state = TextEdit::load_state(ctx, id).unwrap_or_default();
    let end = CCursorRange::one(CCursor::new(chars));
    state.cursor.set_char_range(Some(end));
    state.store(ctx, id);
    focus(ctx);
}

/// What is wrong, below where it is wrong, over what is there; and what is shown meanwhile.
fn error_ui(ui: &Ui, field: &Response, mark: Rect, error: &QueryError, in_force: &str) {
    let t = tokens(ui.ctx());
    let said = error.to_string();
    let place = ui.interact(mark, field.id.with("wrong"), Sense::hover());
    place.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Wrong here: {said}")));
    let anchor = field.rect.with_min_x(mark.left() - 12.0);
    Popup::new(field.id.with("error"), ui.ctx().clone(), anchor, ui.layer_id())
        .gap(6.0)
        .interactable(false)
        .show(|ui| {
            ui.set_max_width(440.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.horizontal_top(|ui| {
                ui.label(crate::ui::theme::icon(Icon::CircleAlert).color(t.bad));
                ui.add(Label::new(RichText::new(capital(&said)).color(t.bad)).wrap());
            });
            let meanwhile = match in_force.trim() {
                "" => String::from("Meanwhile no query is in force"),
                text => format!("Meanwhile the query in force is {text}"),
            };
            ui.add(Label::new(RichText::new(meanwhile).size(size::DATA).color(t.muted)).wrap());
        });
}

/// Events shown of those there are, and how far the search is.
fn counts(session: &SessionView) -> String {
    let all = session.index.len() as u64;
    let Some(matches) = &session.matches else { return count(all, "event") };
    let shown = format!("{} of {}", thousands(matches.at.len() as u64), thousands(all));
    match (matches.searched as u64 * 100).checked_div(all) {
        Some(percent) if percent < 100 => format!("{shown} · {percent} %"),
        _ => shown,
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
