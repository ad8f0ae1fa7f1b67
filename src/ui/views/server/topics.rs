//! The topics there are, how much was said in each, and how many listen.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::fold::Fold;
use crate::engine::TopicView;
use crate::ui::format;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{card, line};

/// Room for a number.
const NUMBER: f32 = 68.0;

/// The card's state.
#[derive(Debug)]
pub(super) struct TopicsCard {
    is_open: bool,
}

impl Default for TopicsCard {
    fn default() -> Self {
        Self { is_open: true }
    }
}

impl TopicsCard {
    /// Shows the card, unless there are none.
    pub(super) fn ui(&mut self, ui: &mut Ui, topics: &[TopicView]) {
        if topics.is_empty() {
            return;
        }
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            let note = format::count(topics.len() as u64, "topic");
            let fold = Fold::heading("Topics");
            let fold = if self.is_open { fold } else { fold.note(&note, None) };
            fold.show(ui, &mut self.is_open);
            if self.is_open {
                row_ui(ui, ("Name", "Messages", "Followers"), None);
                for topic in topics {
                    let messages = format::thousands(topic.messages);
                    let followers = format::thousands(topic.followers);
                    row_ui(ui, (&topic.name, &messages, &followers), Some(topic));
                }
            }
        });
    }
}

/// A topic, or the headings.
fn row_ui(ui: &mut Ui, (name, messages, followers): (&str, &str, &str), topic: Option<&TopicView>) {
    let t = tokens(ui.ctx());
    let extent = vec2(ui.available_width(), if topic.is_some() { size::ROW } else { 18.0 });
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    let said = topic.map(|topic| {
        let messages = format::count(topic.messages, "message");
        format!("{name}: {messages}, {}", format::count(topic.followers, "follower"))
    });
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, said.as_deref().unwrap_or_default())
    });
    let (font, ink, data, color) = match topic {
        Some(_) => (words(size::BODY), t.text, mono(size::DATA), t.text),
        None => (words(size::SMALL), t.faint, words(size::SMALL), t.faint),
    };
    let middle = rect.center().y;
    let room = rect.width() - 2.0 * NUMBER - size::GAP;
    let name = line(ui, name, font, ink, room);
    let is_cut = name.elided;
    ui.painter().galley(pos2(rect.left(), middle - name.size().y / 2.0).round(), name, ink);
    for (text, right) in [(messages, rect.right() - NUMBER), (followers, rect.right())] {
        let at = pos2(right, middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, data.clone(), color);
    }
    if let (true, Some(topic)) = (is_cut, topic) {
        response.on_hover_text(&topic.name);
    }
}
