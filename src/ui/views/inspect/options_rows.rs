//! Rows of the options: a word and its field, and lists of headers, parameters and messages that
//! grow and shrink.

use egui::{RichText, Ui};
use lucide_icons::Icon;

use super::options_draft::Slot;
use super::query;
use crate::model::is_secret_header;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, Field, icon_button, problem, section};

/// Room for the words before a field.
const LABEL: f32 = 112.0;
/// Width of the name of a header or a parameter.
const NAME: f32 = 140.0;

/// What is wrong with a field.
pub(super) fn at(wrong: &[(Slot, String)], slot: Slot) -> Option<&str> {
    wrong.iter().find(|(found, _)| *found == slot).map(|(_, why)| why.as_str())
}

/// The heading of what belongs together.
pub(super) fn group(ui: &mut Ui, name: &str) {
    if ui.min_rect().height() > 1.0 {
        ui.add_space(8.0);
    }
    section(ui, name);
}

/// Something to switch below a field, where fields begin.
pub(super) fn indented(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> egui::Response) {
    ui.horizontal(|ui| {
        ui.add_space(LABEL);
        add(ui);
    });
}

/// A word and a field for it.
pub(super) fn text_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str, error: Option<&str>) {
    labelled(ui, name, |ui| Field::new(text, name).hint(hint).small().error(error).show(ui));
}

/// A word and whatever is set there.
pub(super) fn labelled<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let t = tokens(ui.ctx());
    let row = ui.horizontal_top(|ui| {
        let extent = egui::vec2(LABEL - size::GAP, size::CHIP);
        let (rect, _) = ui.allocate_exact_size(extent, egui::Sense::hover());
        let font = crate::ui::theme::words(size::BODY);
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, t.muted);
        add(ui)
    });
    row.inner
}

/// A name, its value, and the button that takes both away; `true` when it was pressed.
struct Pair<'a> {
    /// What it is called: `Header 1`.
    what: String,
    hints: [&'a str; 2],
    is_secret: bool,
}

impl Pair<'_> {
    /// Answers whether it was changed, and whether it is to go.
    fn ui(&self, ui: &mut Ui, name: &mut String, value: &mut String) -> (bool, bool) {
        let what = &self.what;
        let row = ui.horizontal_top(|ui| {
            let label = format!("{what} name");
            let field = Field::new(name, &label).hint(self.hints[0]).small().width(NAME);
            let mut is_changed = field.show(ui).changed();
            let label = format!("{what} value");
            let room = ui.available_width() - size::CHIP - size::GAP;
            let field = Field::new(value, &label).hint(self.hints[1]).small().width(room);
            is_changed |= field.secret(self.is_secret).show(ui).changed();
            let mut lower = what.clone();
            lower[..1].make_ascii_lowercase();
            (is_changed, icon_button(ui, Icon::X, &format!("Remove {lower}")).clicked())
        });
        row.inner
    }
}

/// The headers of the request.
pub(super) fn headers_ui(
    ui: &mut Ui,
    headers: &mut Vec<(String, String)>,
    wrong: &[(Slot, String)],
) {
    let mut removed = None;
    for (row, (name, value)) in headers.iter_mut().enumerate() {
        ui.push_id(("header", row), |ui| {
            let what = format!("Header {}", row + 1);
            let is_secret = is_secret_header(name);
            let pair = Pair { what, hints: ["X-Room", "lobby"], is_secret };
            if pair.ui(ui, name, value).1 {
                removed = Some(row);
            }
            if let Some(error) = at(wrong, Slot::Header(row)) {
                problem(ui, error);
            }
        });
    }
    if let Some(removed) = removed {
        headers.remove(removed);
    }
    if ui.add(Button::new("Add header").icon(Icon::Plus).small()).clicked() {
        headers.push(Default::default());
    }
}

/// The parameters of the address; a change is written back into it.
pub(super) fn query_ui(ui: &mut Ui, url: &mut String) {
    let mut pairs = query::pairs(url);
    let mut change = None;
    for (row, (name, value)) in pairs.iter_mut().enumerate() {
        ui.push_id(("parameter", row), |ui| {
            let what = format!("Parameter {}", row + 1);
            let pair = Pair { what, hints: ["name", "value"], is_secret: false };
            match pair.ui(ui, name, value) {
                (_, true) => change = Some((row, None)),
                (true, _) => change = Some((row, Some((name.clone(), value.clone())))),
                _ => {}
            }
        });
    }
    if let Some((row, pair)) = change {
        *url = query::with(url, row, pair.as_ref().map(|(n, v)| (n.as_str(), v.as_str())));
    }
    let can = url.contains("://") || !url.trim().is_empty();
    let button = Button::new("Add parameter").icon(Icon::Plus).small();
    let button = ui.add_enabled(can && pairs.len() < query::MOST, button);
    if button.on_disabled_hover_text("There is no address yet").clicked() {
        *url = query::with(url, pairs.len(), Some(("", "")));
    }
}

/// The messages that are sent once the connection is open.
pub(super) fn sends_ui(ui: &mut Ui, sends: &mut Vec<String>) {
    let t = tokens(ui.ctx());
    let mut removed = None;
    for (row, text) in sends.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let label = format!("Message {}", row + 1);
            let room = ui.available_width() - size::CHIP - size::GAP;
            Field::new(text, &label).hint("{\"op\":\"subscribe\"}").small().width(room).show(ui);
            if icon_button(ui, Icon::X, &format!("Remove message {}", row + 1)).clicked() {
                removed = Some(row);
            }
        });
    }
    if let Some(removed) = removed {
        sends.remove(removed);
    }
    ui.horizontal(|ui| {
        if ui.add(Button::new("Add message").icon(Icon::Plus).small()).clicked() {
            sends.push(String::new());
        }
        let text = "sent each time the connection opens";
        ui.label(RichText::new(text).size(size::DATA).color(t.faint));
    });
}
