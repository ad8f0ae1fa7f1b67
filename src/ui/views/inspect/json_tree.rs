//! A document as a tree. Only the lines on the screen are looked at, whatever the document's size.

use std::borrow::Cow;

use egui::{Color32, Id, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::tree_line::{Path, Shown, TreeLine, path_text};
use super::tree_lines::Lines;
use crate::decode::Tree;
use crate::ui::format::Zone;
use crate::ui::theme::{Tokens, icon_font, mono, size, tokens};
use crate::ui::widgets::{BAR, Line, RowScroll};

/// Height of a line.
const LINE: f32 = 20.0;
/// Width of a step to the right, and of the room for the arrow.
const STEP: f32 = 16.0;
const ARROW: f32 = 14.0;

/// A document within an event, as views tell them apart: the event's number, its edition, and which
/// of the payloads in it.
pub(super) type Which = (u64, u64, usize);

/// The view of one document.
#[derive(Debug, Default)]
pub(super) struct JsonTree {
    scroll: RowScroll,
    which: Option<Which>,
    lines: Lines,
}

impl JsonTree {
    /// Shows the document in at most so much height.
    pub(super) fn ui(&mut self, ui: &mut Ui, which: Which, tree: &Tree, zone: &Zone, height: f32) {
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::DATA), '0'));
        let columns = ((ui.available_width() - BAR - ARROW) / glyph).max(20.0) as usize;
        if self.which == Some(which) {
            self.lines.set_columns(tree, columns);
        } else {
            let lines = Lines::new(tree, columns);
            *self = Self { which: Some(which), lines, ..Self::default() };
        }
        let height = height.min(self.lines.len() as f32 * LINE);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let id = Id::unique(("json lines", which.2));
        let shown = self.scroll.show(ui, id, rect, self.lines.len(), LINE);
        let mut turned = None;
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        ui.shrink_clip_rect(rect);
        ui.ctx().allow_widget_id_changes_in(rect);
        for at in shown.first..shown.end {
            let Some(line) = self.lines.get(tree, at) else { continue };
            let y = shown.y + (at - shown.first) as f32 * LINE;
            let rect = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width() - BAR, LINE));
            turned = line_ui(&mut ui, id.with(at), line, rect, tree, zone).or(turned);
        }
        if let Some(path) = turned {
            self.lines.turn(tree, path);
        }
    }
}

/// Paints a line; where it was opened or closed, its path.
fn line_ui(
    ui: &mut Ui,
    id: Id,
    line: TreeLine<'_>,
    rect: Rect,
    tree: &Tree,
    zone: &Zone,
) -> Option<Path> {
    let t = tokens(ui.ctx());
    let is_open = line.shown.is_open();
    let sense = if is_open.is_some() { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(rect.intersect(ui.clip_rect()), id, sense);
    let label = format!("{} {}", line.key, line.shown.words());
    response.widget_info(|| WidgetInfo::labeled(Role::TreeItem, true, label.trim()));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, t.row_state);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(rect, 4.0, stroke, StrokeKind::Inside);
        if ui.input(|input| input.events.contains(&egui::Event::Copy)) {
            ui.ctx().copy_text(value_text(&line));
        }
    }
    let inner = usize::from(matches!(line.shown, Shown::Part(_)));
    let mut left = rect.left() + (line.path.len() + inner) as f32 * STEP;
    if let Some(is_open) = is_open {
        let icon = if is_open { Icon::ChevronDown } else { Icon::ChevronRight };
        let at = pos2(left + 5.0, rect.center().y);
        let middle = egui::Align2::CENTER_CENTER;
        ui.painter().text(at, middle, char::from(icon), icon_font(12.0), t.faint);
    }
    left += ARROW;
    let galley = painted(t, &line, zone).fit(ui, rect.right() - left);
    let at = pos2(left, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at.round(), galley, t.text);
    response.context_menu(|ui| menu_ui(ui, &line, tree));
    (response.clicked() && is_open.is_some()).then_some(line.path)
}

fn painted(t: &Tokens, line: &TreeLine<'_>, zone: &Zone) -> Line {
    let mut out = Line::default();
    let font = || mono(size::DATA);
    if !line.key.is_empty() {
        out.add(&line.key, font(), t.muted).add(" ", font(), t.muted);
    }
    let mut add = |text: &str, color: Color32| {
        out.add(text, font(), color);
    };
    match &line.shown {
        Shown::Container { words, .. } => add(words, t.faint),
        Shown::Part(text) => add(text, t.json_string),
        Shown::Text { text, .. } => {
            add(&format!("\"{}\"", text.replace(char::is_control, " ")), t.json_string);
        }
        Shown::Number { text, time } => {
            add(text, t.json_number);
            if let Some(time) = time {
                add(&format!(" = {}", zone.clock_zoned(*time)), t.faint);
            }
        }
        Shown::Bytes(text) => add(text, t.muted),
        Shown::Word(text) => add(text, t.json_word),
    }
    if let Some(note) = line.value.note().filter(|_| !matches!(line.shown, Shown::Part(_))) {
        add(&format!("  {note}"), t.faint);
    }
    out
}

fn menu_ui(ui: &mut Ui, line: &TreeLine<'_>, tree: &Tree) {
    ui.set_min_width(140.0);
    if ui.button("Copy value").clicked() {
        ui.ctx().copy_text(value_text(line));
        ui.close();
    }
    if ui.button("Copy path").clicked() {
        ui.ctx().copy_text(path_text(tree, &line.path));
        ui.close();
    }
}

/// The whole value: a text as it is, a number as it was spelled, anything else as JSON.
fn value_text(line: &TreeLine<'_>) -> String {
    line.value.text().map_or_else(|| line.value.to_json(), Cow::into_owned)
}
