//! What a payload means: how it was read, what it says, and what it carries below.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::hex::HexView;
use super::image_view::ImageView;
use super::json_tree::{JsonTree, Which};
use super::raw::RawView;
use crate::decode::{Body, Decoded};
use crate::engine::Selected;
use crate::ui::scene::Scene;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{hline, select};

/// Of the room, what the outer payload takes at most where another is shown below it.
const OUTER: f32 = 0.45;

/// The views of the outer payload and of the one below it.
#[derive(Debug, Default)]
pub(super) struct DecodedView {
    outer: BodyView,
    inner: BodyView,
    /// Which of the payloads within is shown, for this event.
    chosen: (u64, usize),
}

/// One payload of an event: its name, and how deep it lies.
struct Layer<'a> {
    name: String,
    decoded: &'a Decoded,
}

/// The payloads of an event, each after the one it lies in.
fn layers(decoded: &Decoded) -> Vec<Layer<'_>> {
    fn add<'a>(decoded: &'a Decoded, outer: &str, layers: &mut Vec<Layer<'a>>) {
        for inner in &decoded.inner {
            let name = match outer {
                "" => inner.name.clone(),
                outer => format!("{outer}, {}", inner.name.to_lowercase()),
            };
            layers.push(Layer { name: name.clone(), decoded: &inner.decoded });
            add(&inner.decoded, &name, layers);
        }
    }
    let mut layers = vec![Layer { name: String::new(), decoded }];
    add(decoded, "", &mut layers);
    layers
}

impl DecodedView {
    /// Shows the payload in at most so much room.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        selected: &Arc<Selected>,
        scene: Scene<'_>,
        room: f32,
    ) {
        let (n, edition) = (selected.n, selected.edition);
        let layers = layers(&selected.decoded);
        let top = ui.cursor().top();
        if self.chosen.0 != n || self.chosen.1 >= layers.len() {
            // The innermost of the first is what people look for.
            let first = &selected.decoded.inner;
            let depth = std::iter::successors(first.first(), |inner| inner.decoded.inner.first());
            self.chosen = (n, depth.count());
        }
        let outer = &layers[0];
        head_ui(ui, outer.decoded);
        if layers.len() == 1 {
            let left = room - (ui.cursor().top() - top);
            self.outer.ui(ui, (n, edition, 0), &outer.decoded.body, scene, left);
            return;
        }
        // What is only a wrapper is told in its line.
        if matches!(outer.decoded.body, Body::Tree(_) | Body::Image(_)) {
            let left = room - (ui.cursor().top() - top);
            self.outer.ui(ui, (n, edition, 0), &outer.decoded.body, scene, left * OUTER);
        }
        ui.add_space(6.0);
        hline(ui);
        ui.add_space(6.0);
        self.chooser_ui(ui, &layers);
        let chosen = &layers[self.chosen.1];
        head_ui(ui, chosen.decoded);
        let left = room - (ui.cursor().top() - top);
        let which = (n, edition, self.chosen.1);
        self.inner.ui(ui, which, &chosen.decoded.body, scene, left.max(80.0));
    }

    /// Names the payload that is shown below, and lets another be chosen.
    fn chooser_ui(&mut self, ui: &mut Ui, layers: &[Layer<'_>]) {
        ui.horizontal(|ui| {
            let names: Vec<String> = layers[1..]
                .iter()
                .map(|layer| format!("{} · {}", layer.name, layer.decoded.label))
                .collect();
            let entries: Vec<_> = names.iter().map(|name| (name.as_str(), None, "")).collect();
            if entries.len() == 1 {
                let t = tokens(ui.ctx());
                ui.label(RichText::new(&names[0]).size(size::DATA).color(t.muted));
            } else {
                let extent = egui::vec2((ui.available_width() - 12.0).min(260.0), 22.0);
                let at = self.chosen.1.max(1) - 1;
                if let Some(picked) = select(ui, "Payload within", at, &entries, extent) {
                    self.chosen.1 = picked + 1;
                }
            }
        });
        ui.add_space(2.0);
    }
}

/// How it was read, and what it is in one line.
fn head_ui(ui: &mut Ui, decoded: &Decoded) {
    let t = tokens(ui.ctx());
    let left_out = decoded.left_out;
    // That JSON is JSON goes without saying.
    let is_plain = matches!(decoded.decoder, "json" | "text" | "hex") && !decoded.is_chosen();
    let how = (!is_plain).then(|| format!("{}: {}", decoded.label, decoded.why));
    let more = (left_out > 0).then(|| format!("{left_out} more in it are not read"));
    let lines = [
        (how.as_deref(), t.faint),
        (decoded.fell_back.as_deref(), t.warn),
        (decoded.summary.as_deref(), t.text),
        (more.as_deref(), t.warn),
    ];
    for (text, color) in lines {
        if let Some(text) = text {
            let text = RichText::new(text).size(size::DATA).color(color);
            ui.add(egui::Label::new(text).wrap().selectable(true));
            ui.add_space(4.0);
        }
    }
}

/// The view of one body.
#[derive(Debug, Default)]
struct BodyView {
    tree: JsonTree,
    raw: RawView,
    hex: HexView,
    image: ImageView,
}

impl BodyView {
    fn ui(&mut self, ui: &mut Ui, which: Which, body: &Body, scene: Scene<'_>, room: f32) {
        match body {
            Body::Tree(tree) => self.tree.ui(ui, which, tree, scene.zone, room),
            Body::Text(text) => self.raw.ui(ui, which, text, true, room),
            Body::Image(image) => self.image.ui(ui, which, image, room),
            Body::Bytes(bytes) => self.hex.ui(ui, which, bytes, room),
        }
    }
}
