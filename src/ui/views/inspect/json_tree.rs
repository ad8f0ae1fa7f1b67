//! A JSON document as a tree. Only what is open is listed, only what is on the screen is painted.

use std::collections::HashSet;

use egui::{Color32, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;
use serde_json::Value;

use crate::ui::format::{self, Zone};
use crate::ui::scene::Scene;
use crate::ui::theme::{Tokens, icon_font, mono, size, tokens};
use crate::ui::widgets::{Line, RowScroll};

/// Height of a line.
const LINE: f32 = 20.0;
/// Containers deeper than this begin closed.
const OPEN_DEPTH: usize = 3;
/// Containers with more children than this begin closed.
const OPEN_CHILDREN: usize = 100;

/// Where a value is: the position of each step among its siblings.
type Path = Vec<u32>;

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
    Container { words: String, is_open: bool },
    Text(String),
    Number { text: String, time: Option<i64> },
    Word(String),
}

/// The lines of one document.
#[derive(Debug, Default)]
pub(super) struct JsonTree {
    scroll: RowScroll,
    event: Option<u64>,
    nodes: Vec<Node>,
    /// Containers that are not as they would be by themselves.
    turned: HashSet<Path>,
}

fn children(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    }
}

fn child(value: &Value, at: u32) -> Option<&Value> {
    match value {
        Value::Array(items) => items.get(at as usize),
        Value::Object(fields) => fields.values().nth(at as usize),
        _ => None,
    }
}

impl JsonTree {
    /// Shows the document of this event in at most so much height.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        event: u64,
        root: &Value,
        scene: Scene<'_>,
        height: f32,
    ) {
        if self.event != Some(event) {
            *self = Self { event: Some(event), ..Self::default() };
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
            let line = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width() - 10.0, LINE));
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

    fn list(&mut self, root: &Value) {
        self.nodes.clear();
        let mut path = Vec::new();
        self.add(root, String::new(), &mut path);
    }

    fn add(&mut self, value: &Value, key: String, path: &mut Path) {
        let count = children(value);
        let by_itself = path.is_empty() || (path.len() < OPEN_DEPTH && count <= OPEN_CHILDREN);
        let is_open = count > 0 && (by_itself != self.turned.contains(path));
        let shown = match value {
            Value::Object(_) => {
                let keys = if count == 1 { "key" } else { "keys" };
                Shown::Container { words: format!("object, {count} {keys}"), is_open }
            }
            Value::Array(_) => {
                let items = if count == 1 { "item" } else { "items" };
                Shown::Container { words: format!("array, {count} {items}"), is_open }
            }
            Value::String(text) => Shown::Text(text.chars().take(400).collect()),
            Value::Number(number) => {
                let time = number.as_f64().and_then(format::unix_time);
                let text = match (time, number.as_i64()) {
                    (None, Some(whole)) => format::signed(whole),
                    _ => number.to_string(),
                };
                Shown::Number { text, time }
            }
            Value::Bool(_) | Value::Null => Shown::Word(value.to_string()),
        };
        self.nodes.push(Node { path: path.clone(), key, shown });
        if !is_open {
            return;
        }
        let mut step = |tree: &mut Self, at: usize, key: String, value: &Value| {
            path.push(u32::try_from(at).unwrap_or(u32::MAX));
            tree.add(value, key, path);
            path.pop();
        };
        match value {
            Value::Object(fields) => {
                for (at, (key, value)) in fields.iter().enumerate() {
                    step(self, at, key.clone(), value);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    step(self, at, at.to_string(), value);
                }
            }
            _ => {}
        }
    }
}

/// Paints a line; whether it was opened or closed.
fn node_ui(ui: &mut Ui, id: Id, node: &Node, rect: Rect, root: &Value, zone: &Zone) -> bool {
    let t = tokens(ui.ctx());
    let response = ui.interact(rect.intersect(ui.clip_rect()), id, Sense::click());
    let label = format!("{} {}", node.key, words_of(&node.shown));
    response.widget_info(|| WidgetInfo::labeled(Role::TreeItem, true, label.trim()));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, t.row_state);
    }
    let mut left = rect.left() + node.path.len() as f32 * 16.0;
    if let Shown::Container { is_open, .. } = &node.shown {
        let icon = if *is_open { Icon::ChevronDown } else { Icon::ChevronRight };
        let at = pos2(left + 5.0, rect.center().y);
        let middle = egui::Align2::CENTER_CENTER;
        ui.painter().text(at, middle, char::from(icon), icon_font(12.0), t.faint);
    }
    left += 14.0;
    let galley = painted(t, node, zone).fit(ui, rect.right() - left);
    let at = pos2(left, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at.round(), galley, t.text);
    response.context_menu(|ui| menu_ui(ui, node, root));
    response.clicked() && matches!(node.shown, Shown::Container { .. })
}

fn words_of(shown: &Shown) -> &str {
    match shown {
        Shown::Container { words, .. } => words,
        Shown::Text(text) | Shown::Number { text, .. } | Shown::Word(text) => text,
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
        Shown::Text(text) => {
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

fn menu_ui(ui: &mut Ui, node: &Node, root: &Value) {
    ui.set_min_width(140.0);
    if ui.button("Copy value").clicked() {
        let value = node.path.iter().try_fold(root, |value, at| child(value, *at));
        let text = match value {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        ui.ctx().copy_text(text);
        ui.close();
    }
    if ui.button("Copy path").clicked() {
        ui.ctx().copy_text(path_text(node, root));
        ui.close();
    }
}

/// The path as the options take it: `data.0.seq`.
fn path_text(node: &Node, root: &Value) -> String {
    let mut value = root;
    let mut steps = Vec::new();
    for at in &node.path {
        steps.push(match value {
            Value::Object(fields) => fields.keys().nth(*at as usize).cloned().unwrap_or_default(),
            _ => at.to_string(),
        });
        let Some(next) = child(value, *at) else { break };
        value = next;
    }
    steps.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_is_listed() {
        let many: Vec<u32> = (0..1000).collect();
        let value = serde_json::json!({ "a": { "b": { "c": { "d": 1 } } }, "many": many, "n": 7 });
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
