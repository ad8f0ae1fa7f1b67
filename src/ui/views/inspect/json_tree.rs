//! A JSON document as a tree. Only what is open is listed, only what is on the screen is painted.

use std::borrow::Cow;
use std::collections::HashSet;

use egui::{Color32, Id, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::raw::wrapped;
use crate::decode::{Shape, Tree, Value};
use crate::engine::Selected;
use crate::ui::format::{self, Zone};
use crate::ui::scene::Scene;
use crate::ui::theme::{Tokens, icon_font, mono, size, tokens};
use crate::ui::widgets::{BAR, Line, RowScroll};

/// Where a value is: the position of each step among its siblings.
type Path = Vec<u32>;

/// Height of a line.
const LINE: f32 = 20.0;
/// Containers deeper than this begin closed.
const OPEN_DEPTH: usize = 3;
/// Containers with more children than this begin closed.
const OPEN_CHILDREN: usize = 100;

/// Bytes of an open string that are listed.
const TEXT: usize = 200_000;
/// Width of a step to the right, and of the room for the arrow.
const STEP: f32 = 16.0;
const ARROW: f32 = 14.0;

/// One line of the tree.
#[derive(Debug)]
struct Node {
    path: Path,
    key: String,
    shown: Shown,
}

/// What a line shows of its value.
#[derive(Debug)]
enum Shown {
    Container {
        words: String,
        is_open: bool,
    },
    Text {
        text: String,
        is_long: bool,
    },
    /// A line of an open string.
    Part(String),
    Number {
        text: String,
        time: Option<i64>,
    },
    Word(String),
}

impl Shown {
    /// Whether it is open, where it can be opened and closed.
    fn is_open(&self) -> Option<bool> {
        match self {
            Self::Container { is_open, .. } => Some(*is_open),
            Self::Text { is_long: true, .. } => Some(false),
            _ => None,
        }
    }
}

/// The lines of one document.
#[derive(Debug, Default)]
pub(super) struct JsonTree {
    scroll: RowScroll,
    event: Option<u64>,
    nodes: Vec<Node>,
    /// Containers and strings that are not as they would be by themselves.
    turned: HashSet<Path>,
    /// Characters that fit beside each other.
    columns: usize,
}

impl JsonTree {
    /// Shows the document of this event in at most so much height.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        selected: &Selected,
        root: &Tree,
        scene: Scene<'_>,
        height: f32,
    ) {
        let event = Some(selected.n);
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::DATA), '0'));
        let columns = ((ui.available_width() - BAR - ARROW) / glyph).max(20.0) as usize;
        if self.event != event {
            *self = Self { event, columns, ..Self::default() };
            self.list(root);
        } else if self.columns != columns {
            self.columns = columns;
            self.list(root);
        }
        let height = height.min(self.nodes.len() as f32 * LINE);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let id = Id::unique("json lines");
        let shown = self.scroll.show(ui, id, rect, self.nodes.len(), LINE);
        let mut turned = None;
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        ui.shrink_clip_rect(rect);
        ui.ctx().allow_widget_id_changes_in(rect);
        for at in shown.first..shown.end {
            let y = shown.y + (at - shown.first) as f32 * LINE;
            let line = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width() - BAR, LINE));
            if node_ui(&mut ui, id.with(at), &self.nodes[at], line, root, scene.zone) {
                turned = Some(self.nodes[at].path.clone());
            }
        }
        if let Some(path) = turned {
            if !self.turned.remove(&path) {
                self.turned.insert(path);
            }
            self.list(root);
        }
    }

    /// Lists an open string, in lines as wide as the room.
    fn add_text(&mut self, text: &str, key: String, path: &Path) {
        let count = format::count(text.chars().count() as u64, "character");
        let shown = Shown::Container { words: format!("string, {count}"), is_open: true };
        self.nodes.push(Node { path: path.clone(), key, shown });
        let room = self.columns.saturating_sub((path.len() + 1) * 2).max(20);
        let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= TEXT).last();
        let start = if text.len() > TEXT { &text[..end.unwrap_or_default()] } else { text };
        let mut add = |text: &str| {
            let shown = Shown::Part(text.replace(|c: char| c.is_control(), " "));
            self.nodes.push(Node { path: path.clone(), key: String::new(), shown });
        };
        for range in wrapped(start, room) {
            add(&start[range]);
        }
        if start.len() < text.len() {
            add("… the rest is in Raw");
        }
    }

    fn list(&mut self, root: &Tree) {
        self.nodes.clear();
        let mut path = Vec::new();
        self.add(root.root(), String::new(), &mut path);
    }

    fn add(&mut self, value: Value<'_>, key: String, path: &mut Path) {
        let count = value.len();
        let by_itself = path.is_empty() || (path.len() < OPEN_DEPTH && count <= OPEN_CHILDREN);
        let is_open = count > 0 && (by_itself != self.turned.contains(path));
        let shown = match value.shape() {
            Shape::Object => {
                let keys = if count == 1 { "key" } else { "keys" };
                Shown::Container { words: format!("object, {count} {keys}"), is_open }
            }
            Shape::Array => {
                let items = if count == 1 { "item" } else { "items" };
                Shown::Container { words: format!("array, {count} {items}"), is_open }
            }
            Shape::Text => {
                let text = value.text().unwrap_or_default();
                let before = path.len() * 2 + key.chars().count() + 3;
                let is_long = text.contains('\n')
                    || text.chars().nth(self.columns.saturating_sub(before)).is_some();
                if is_long && self.turned.contains(path) {
                    return self.add_text(&text, key, path);
                }
                Shown::Text { text: text.chars().take(400).collect(), is_long }
            }
            Shape::Number => {
                let time = value.number().and_then(format::unix_time);
                Shown::Number { text: value.text().unwrap_or_default().into_owned(), time }
            }
            Shape::Bytes => Shown::Word(super::words::hex(value.raw())),
            Shape::Word => Shown::Word(value.text().unwrap_or_default().into_owned()),
        };
        self.nodes.push(Node { path: path.clone(), key, shown });
        if !is_open {
            return;
        }
        for (at, value) in value.children().enumerate() {
            path.push(u32::try_from(at).unwrap_or(u32::MAX));
            let key = value.key().map_or_else(|| at.to_string(), Cow::into_owned);
            self.add(value, key, path);
            path.pop();
        }
    }
}

/// Paints a line; whether it was opened or closed.
fn node_ui(ui: &mut Ui, id: Id, node: &Node, rect: Rect, root: &Tree, zone: &Zone) -> bool {
    let t = tokens(ui.ctx());
    let is_open = node.shown.is_open();
    let sense = if is_open.is_some() { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(rect.intersect(ui.clip_rect()), id, sense);
    let label = format!("{} {}", node.key, words_of(&node.shown));
    response.widget_info(|| WidgetInfo::labeled(Role::TreeItem, true, label.trim()));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, t.row_state);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(rect, 4.0, stroke, StrokeKind::Inside);
        if ui.input(|input| input.events.contains(&egui::Event::Copy)) {
            ui.ctx().copy_text(value_text(node, root));
        }
    }
    let inner = usize::from(matches!(node.shown, Shown::Part(_)));
    let mut left = rect.left() + (node.path.len() + inner) as f32 * STEP;
    if let Some(is_open) = is_open {
        let icon = if is_open { Icon::ChevronDown } else { Icon::ChevronRight };
        let at = pos2(left + 5.0, rect.center().y);
        let middle = egui::Align2::CENTER_CENTER;
        ui.painter().text(at, middle, char::from(icon), icon_font(12.0), t.faint);
    }
    left += ARROW;
    let galley = painted(t, node, zone).fit(ui, rect.right() - left);
    let at = pos2(left, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at.round(), galley, t.text);
    response.context_menu(|ui| menu_ui(ui, node, root));
    response.clicked() && is_open.is_some()
}

fn words_of(shown: &Shown) -> &str {
    match shown {
        Shown::Container { words, .. } => words,
        Shown::Text { text, .. }
        | Shown::Number { text, .. }
        | Shown::Part(text)
        | Shown::Word(text) => text,
    }
}

fn painted(t: &Tokens, node: &Node, zone: &Zone) -> Line {
    let mut line = Line::default();
    let font = || mono(size::DATA);
    if !node.key.is_empty() {
        line.add(&node.key, font(), t.muted).add(" ", font(), t.muted);
    }
    let mut add = |text: &str, color: Color32| {
        line.add(text, font(), color);
    };
    match &node.shown {
        Shown::Container { words, .. } => add(words, t.faint),
        Shown::Part(text) => add(text, t.json_string),
        Shown::Text { text, .. } => {
            add(&format!("\"{}\"", text.replace(|c: char| c.is_control(), " ")), t.json_string);
        }
        Shown::Number { text, time } => {
            add(text, t.json_number);
            if let Some(time) = time {
                add(&format!(" = {}", zone.clock_zoned(*time)), t.faint);
            }
        }
        Shown::Word(text) => add(text, t.json_word),
    }
    line
}

fn menu_ui(ui: &mut Ui, node: &Node, root: &Tree) {
    ui.set_min_width(140.0);
    if ui.button("Copy value").clicked() {
        ui.ctx().copy_text(value_text(node, root));
        ui.close();
    }
    if ui.button("Copy path").clicked() {
        ui.ctx().copy_text(path_text(node, root));
        ui.close();
    }
}

/// The whole value: a string as it is, a number as it was spelled, anything else as JSON.
fn value_text(node: &Node, root: &Tree) -> String {
    let value = node.path.iter().try_fold(root.root(), |value, at| value.child(*at as usize));
    value
        .map(|value| value.text().map_or_else(|| value.to_json(), Cow::into_owned))
        .unwrap_or_default()
}

/// The path as the options take it: `data.0.seq`.
fn path_text(node: &Node, root: &Tree) -> String {
    let mut value = root.root();
    let mut steps = Vec::new();
    for at in &node.path {
        let Some(next) = value.child(*at as usize) else { break };
        steps.push(next.key().map_or_else(|| at.to_string(), Cow::into_owned));
        value = next;
    }
    steps.join(".")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn document(source: &str) -> Tree {
        let mut tree = crate::decode::Builder::default();
        tree.json(source).unwrap();
        tree.finish().unwrap()
    }

    fn texts(source: &str, turned: &[u32]) -> Vec<String> {
        let root = document(source);
        let mut tree = JsonTree { columns: 40, ..JsonTree::default() };
        if !turned.is_empty() {
            tree.turned.insert(turned.to_vec());
        }
        tree.list(&root);
        tree.nodes.iter().skip(1).map(|node| words_of(&node.shown).to_owned()).collect()
    }

    #[test]
    fn numbers_are_spelled_as_they_were_sent() {
        let numbers = ["50242", "1.10", "-0", "1E5", "12345678901234567890", "0.1000"];
        assert_eq!(texts(&format!("[{}]", numbers.join(",")), &[]), numbers);
        let large = "123456789012345678901234567890";
        assert_eq!(texts(&format!(r#"{{"a":"x 1","b":{large}}}"#), &[]), ["x 1", large]);
    }

    #[test]
    fn a_long_string_opens_into_lines() {
        let long = "0123456789".repeat(9);
        let source = format!(r#"{{"short":"abc","long":"{long}"}}"#);
        assert_eq!(texts(&source, &[]), ["abc", &long]);
        let open = texts(&source, &[1]);
        assert_eq!(open[..2], ["abc", "string, 90 characters"]);
        assert_eq!(open[2..].concat(), long);
        assert!(open.len() > 4, "{open:?}");
    }

    #[test]
    fn only_what_is_open_is_listed() {
        let many: Vec<u32> = (0..1000).collect();
        let value = serde_json::json!({ "a": { "b": { "c": { "d": 1 } } }, "many": many, "n": 7 });
        let value = document(&value.to_string());
        let mut tree = JsonTree::default();
        tree.list(&value);
        let keys: Vec<&str> = tree.nodes.iter().map(|node| node.key.as_str()).collect();
        assert_eq!(keys, ["", "a", "b", "c", "many", "n"]);
        tree.turned.insert(vec![1]);
        tree.list(&value);
        assert_eq!(tree.nodes.len(), 1006);
        let last = tree.nodes.last().map(|node| path_text(node, &value));
        assert_eq!(last.as_deref(), Some("n"));
        assert_eq!(path_text(&tree.nodes[5], &value), "many.0");
    }
}
