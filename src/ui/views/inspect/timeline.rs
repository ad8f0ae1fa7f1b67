//! The timeline: every event a row, painted by looking up only those on the screen, so that a
//! million cost what twenty do.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use egui::{
    EventFilter, Id, Key, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::row::{Columns, Row, head_ui};
use crate::engine::{Entry, Rows, SessionView};
use crate::model::{Command, Event, Filter};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{BAR, Button, RowScroll, Shown};

/// Height of the row with the names of the columns.
const HEAD: f32 = 26.0;
/// Events remembered, about.
const REMEMBERED: usize = 1_200;

/// What the person did to the list.
pub(super) enum Picked {
    /// Chose the event of this number.
    Event(u64),
    /// Wants to see the chosen one.
    Open,
    /// Chose none.
    Nothing,
}

/// Where the list stands.
#[derive(Debug)]
pub(super) struct Timeline {
    scroll: RowScroll,
    follows: bool,
    /// Rows there were when following ended.
    seen: usize,
    /// Rows whose payloads were asked for.
    asked: Range<usize>,
    /// The event to keep in place while a new filter is searched for.
    anchor: Option<u64>,
    /// The filter of the last frame, to notice another.
    was_filtered: Option<Filter>,
    /// The topmost event of the last frame.
    top: Option<u64>,
    /// What was read of events near the screen: a row that was painted once does not go blank while
    /// its neighbours are read.
    read: HashMap<u64, Arc<Event>>,
    /// The rows that `read` was last filled from.
    rows: Rows,
    /// The focus came by the keyboard, and is shown.
    is_tabbed: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            scroll: RowScroll::default(),
            follows: true,
            seen: 0,
            asked: 0..0,
            anchor: None,
            was_filtered: None,
            top: None,
            read: HashMap::new(),
            rows: Rows::default(),
            is_tabbed: false,
        }
    }
}

/// How many rows pass the filter.
fn count(session: &SessionView) -> usize {
    session.matches.as_ref().map_or_else(|| session.index.len(), |matches| matches.at.len())
}

/// The event in a row.
fn entry(session: &SessionView, row: usize) -> Option<Entry> {
    let at = match &session.matches {
        None => row,
        Some(matches) => matches.at.get(row)? as usize,
    };
    session.index.get(at)
}

/// The first row whose event has at least this number.
fn row_of(session: &SessionView, n: u64) -> usize {
    let (mut low, mut high) = (0, count(session));
    while low < high {
        let middle = usize::midpoint(low, high);
        if entry(session, middle).is_some_and(|entry| entry.n < n) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Timeline {
    /// Whether the newest event is kept in view.
    pub(super) fn follows(&self) -> bool {
        self.follows
    }

    /// Goes to the newest event and stays there.
    pub(super) fn follow(&mut self) {
        self.follows = true;
        self.anchor = None;
    }

    /// Stays where it is.
    pub(super) fn pause(&mut self, session: &SessionView) {
        if self.follows {
            self.follows = false;
            self.seen = count(session);
        }
    }

    /// Shows the list.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        selected: Option<u64>,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) -> Option<Picked> {
        let area = ui.max_rect();
        let head = Rect::from_min_size(area.min, vec2(area.width(), HEAD));
        let body = Rect::from_min_max(pos2(area.left(), head.bottom()), area.max);
        let columns = Columns::new(area);
        head_ui(ui, head, &columns);
        let id = Id::unique("timeline").with(session.id);
        let total = count(session);
        self.keep_place(session);
        let mut picked = self.keys(ui, id, session, selected, body);
        if self.follows {
            self.scroll.put_end();
        }
        let shown = self.scroll.show(ui, id, body, total, size::ROW);
        if shown.moved {
            self.anchor = None;
            if shown.at_end { self.follow() } else { self.pause(session) }
        }
        self.top = entry(session, shown.first).map(|entry| entry.n);
        if self.asked != (shown.first..shown.end) {
            self.asked = shown.first..shown.end;
            out.send(Command::View(session.id, self.asked.clone()));
        }
        self.remember(session, &shown);
        let clicked = rows_ui(ui, id, session, &self.read, &shown, body, &columns, selected, scene);
        if self.is_tabbed && ui.memory(|memory| memory.has_focus(id)) {
            let stroke = Stroke::new(1.0, tokens(ui.ctx()).accent);
            ui.painter().rect_stroke(area.shrink(1.0), 4.0, stroke, StrokeKind::Inside);
        }
        if let Some(n) = clicked {
            self.is_tabbed = false;
            ui.memory_mut(|memory| memory.request_focus(id));
            self.pause_unless_last(session, n);
            picked = Some(Picked::Event(n));
        }
        self.new_ui(ui, body, total);
        picked
    }

    /// Keeps what was read of the rows on the screen and around them.
    fn remember(&mut self, session: &SessionView, shown: &Shown) {
        if Arc::ptr_eq(&self.rows, &session.rows) {
            return;
        }
        self.rows = Arc::clone(&session.rows);
        self.read.extend(session.rows.iter().map(|(n, event)| (*n, Arc::clone(event))));
        if self.read.len() > REMEMBERED {
            let number = |row| entry(session, row).map(|entry| entry.n);
            let first = number(shown.first.saturating_sub(100)).unwrap_or_default();
            let last = number(shown.end + 100).unwrap_or(u64::MAX);
            let rows = &self.rows;
            self.read.retain(|n, _| (first..=last).contains(n) || rows.contains_key(n));
        }
    }

    /// Keeps the same events in view when another filter is set.
    fn keep_place(&mut self, session: &SessionView) {
        if self.was_filtered.as_ref() != Some(&session.filter) {
            if self.was_filtered.is_some() && !self.follows {
                self.anchor = self.top;
            }
            self.was_filtered = Some(session.filter.clone());
            self.asked = 0..0;
            self.seen = count(session);
        }
        if let Some(n) = self.anchor {
            self.scroll.put(row_of(session, n));
            let all = session.index.len();
            if session.matches.as_ref().is_none_or(|matches| matches.searched >= all) {
                self.anchor = None;
            }
        }
    }

    /// Choosing a row that is about to scroll away holds it still.
    fn pause_unless_last(&mut self, session: &SessionView, n: u64) {
        let last = count(session).checked_sub(1).and_then(|row| entry(session, row));
        if last.is_none_or(|last| last.n != n) {
            self.pause(session);
        }
    }

    fn keys(
        &mut self,
        ui: &Ui,
        id: Id,
        session: &SessionView,
        selected: Option<u64>,
        body: Rect,
    ) -> Option<Picked> {
        let area = ui.interact(body, id, Sense::focusable_noninteractive());
        area.widget_info(|| WidgetInfo::labeled(Role::List, true, "Timeline"));
        if area.gained_focus() {
            self.is_tabbed = ui.input(|input| input.key_down(Key::Tab));
        }
        let focused = ui.memory(egui::Memory::focused);
        let popup = egui::Popup::is_any_open(ui.ctx());
        let modal = ui.memory(|memory| memory.top_modal_layer().is_some());
        if popup || modal || focused.is_some_and(|focused| focused != id) {
            return None;
        }
        if focused == Some(id) {
            let arrows = EventFilter { vertical_arrows: true, escape: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        }
        let total = count(session);
        let page = f64::from(body.height() / size::ROW);
        let jump = (page as usize).saturating_sub(1).max(1);
        let current = selected.map(|n| row_of(session, n));
        let last = total.checked_sub(1)?;
        let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        let target = if pressed(Key::ArrowDown) {
            Some(current.map_or(last, |row| (row + 1).min(last)))
        } else if pressed(Key::ArrowUp) {
            Some(current.map_or(last, |row| row.saturating_sub(1)))
        } else if pressed(Key::PageDown) {
            Some(current.map_or(last, |row| (row + jump).min(last)))
        } else if pressed(Key::PageUp) {
            Some(current.unwrap_or(last).saturating_sub(jump))
        } else if pressed(Key::Home) {
            Some(0)
        } else {
            None
        };
        if let Some(row) = target {
            self.anchor = None;
            self.pause(session);
            self.scroll.reveal(row, page);
            return entry(session, row).map(|entry| Picked::Event(entry.n));
        }
        if pressed(Key::Escape) && selected.is_some() {
            return Some(Picked::Nothing);
        }
        (selected.is_some() && pressed(Key::Enter)).then_some(Picked::Open)
    }

    /// How many came since following ended, and the way back.
    fn new_ui(&mut self, ui: &mut Ui, body: Rect, total: usize) {
        if self.follows {
            return;
        }
        let new = total.saturating_sub(self.seen) as u64;
        if new == 0 {
            return;
        }
        let text = format!("{} new", format::thousands(new));
        let place = Rect::from_center_size(
            pos2(body.center().x, body.bottom() - 24.0),
            vec2(160.0, size::CHIP),
        );
        let layout = egui::Layout::centered_and_justified(egui::Direction::LeftToRight);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
        let button = Button::new(&text).icon(Icon::ArrowDown).primary().small();
        let tip = Action::Follow.tooltip(ui.ctx());
        if child.add(button).on_hover_text(tip).clicked() {
            self.follow();
            ui.ctx().request_repaint();
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what a row needs, looked up once for all")]
fn rows_ui(
    ui: &mut Ui,
    id: Id,
    session: &SessionView,
    read: &HashMap<u64, Arc<Event>>,
    shown: &Shown,
    body: Rect,
    columns: &Columns,
    selected: Option<u64>,
    scene: Scene<'_>,
) -> Option<u64> {
    let mut clicked = None;
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(body));
    ui.shrink_clip_rect(body);
    // The same place shows another event after scrolling.
    ui.ctx().allow_widget_id_changes_in(body);
    let mut before = shown.first.checked_sub(1).and_then(|row| entry(session, row));
    for row in shown.first..shown.end {
        let Some(entry) = entry(session, row) else { break };
        let y = shown.y + (row - shown.first) as f32 * size::ROW;
        let rect = Rect::from_min_size(pos2(body.left(), y), vec2(body.width(), size::ROW));
        let hit = rect.with_max_x(rect.right() - BAR).intersect(body);
        let response = ui.interact(hit, id.with(entry.n), Sense::CLICK);
        let event = session.rows.get(&entry.n).or_else(|| read.get(&entry.n));
        let event = event.map(Arc::as_ref);
        let painted = Row { session, entry, event, before, rect, columns, scene };
        let text = painted.text();
        response.widget_info(|| {
            let size = format::size(u64::from(entry.size));
            let label = format!("{} {} {text} {size}", entry.n, entry.kind.word());
            WidgetInfo::selected(Role::Row, true, selected == Some(entry.n), label)
        });
        if response.clicked() {
            clicked = Some(entry.n);
        }
        painted.paint(&ui, &text, selected == Some(entry.n), response.hovered());
        before = Some(entry);
    }
    clicked
}
