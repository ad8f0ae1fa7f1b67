//! The lessons: each sets the server up, runs, and explains in Compare what to watch.

use egui::{Align, Layout, RichText, Ui};

use super::fold::Fold;
use crate::engine::{CompareView, LessonSummary, Stage};
use crate::model::Command;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens, words};
use crate::ui::widgets::{Button, card, line};

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
            ui.spacing_mut().item_spacing.y = 4.0;
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
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if is_running {
                ui.label(RichText::new("Running").size(size::DATA).color(t.good));
            } else {
                // Its words end where those above it do.
                ui.add_space(-8.0);
                let name = format!("Run {}", lesson.title);
                let run = Button::new("Run").name(&name).quiet().small().color(t.accent);
                if ui.add(run).on_hover_text(&about).clicked() {
                    out.send(Command::RunLesson(lesson.id.clone()));
                }
            }
            let room = ui.available_width();
            let galley = line(ui, &lesson.title, words(size::BODY), t.text, room);
            let extent = egui::vec2(room, size::CHIP);
            let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::hover());
            response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &lesson.title));
            let at = rect.left_center() - egui::vec2(0.0, galley.size().y / 2.0);
            ui.painter().galley(at.round(), galley, t.text);
            response.on_hover_text(about);
        });
    });
}
