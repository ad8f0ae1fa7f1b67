//! The lessons: each sets the server up, runs, and explains in Compare what to watch.

use egui::{Align, Align2, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::fold::Fold;
use crate::engine::{CompareView, LessonSummary, Stage};
use crate::model::Command;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens, words};
use crate::ui::widgets::{Button, card, line};

/// Room for the word that runs one.
const RUN: f32 = 32.0;

/// The card's state.
#[derive(Debug)]
pub(super) struct LessonsCard {
    is_open: bool,
}

impl Default for LessonsCard {
    fn default() -> Self {
        Self { is_open: true }
    }
}

impl LessonsCard {
    /// Shows the card, unless there are none.
    pub(super) fn ui(&mut self, ui: &mut Ui, compare: &CompareView, out: &mut Outbox) {
        if compare.lessons.is_empty() {
            return;
        }
        let running = compare.run.as_ref().filter(|run| run.stage != Stage::Done);
        let running = running.and_then(|run| run.lesson.as_ref());
        let running = running.map(|running| running.lesson.id.as_str());
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            let note = format::count(compare.lessons.len() as u64, "lesson");
            let fold = Fold::heading("Lessons");
            let fold = if self.is_open { fold } else { fold.note(&note, None) };
            fold.show(ui, &mut self.is_open);
            if self.is_open {
                for lesson in compare.lessons.iter() {
                    lesson_ui(ui, lesson, running == Some(lesson.id.as_str()), out);
                }
            }
        });
    }
}

fn lesson_ui(ui: &mut Ui, lesson: &LessonSummary, is_running: bool, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let takes = format::seconds(lesson.seconds).replace(".0 s", " s");
    let about = format!("{}\n\nTakes {takes}; shown in Compare", lesson.about);
    let extent = vec2(ui.available_width(), size::CHIP);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &lesson.title));
    let middle = rect.center().y;
    // The word ends where those above it do; its ground goes beyond.
    let place = Rect::from_min_max(pos2(rect.right() - RUN, rect.top()), rect.max + vec2(8.0, 0.0));
    if is_running {
        let at = pos2(rect.right(), middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, "Running", words(size::DATA), t.good);
    } else {
        let name = format!("Run {}", lesson.title);
        let run = Button::new("Run").name(&name).quiet().small().color(t.accent);
        let layout = Layout::right_to_left(Align::Center);
        let mut child = ui.new_child(UiBuilder::new().max_rect(place).layout(layout));
        if child.add(run).on_hover_text(&about).clicked() {
            out.send(Command::RunLesson(lesson.id.clone()));
        }
    }
    let room = rect.width() - if is_running { 56.0 } else { RUN };
    let title = line(ui, &lesson.title, words(size::BODY), t.text, room);
    ui.painter().galley(pos2(rect.left(), middle - title.size().y / 2.0).round(), title, t.text);
    response.on_hover_text(about);
}
