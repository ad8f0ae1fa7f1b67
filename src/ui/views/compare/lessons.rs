//! The lessons there are, each started with one click.

use egui::{Align, Layout, RichText, Ui};
use lucide_icons::Icon;

use crate::engine::LessonSummary;
use crate::model::Command;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{medium, size, tokens};
use crate::ui::widgets::{Button, Empty, hline, section};

/// Shows the list; whether one was started.
pub(super) fn ui(ui: &mut Ui, lessons: &[LessonSummary], out: &mut Outbox) -> bool {
    if lessons.is_empty() {
        let text = "They come with the program, as files in assets/lessons";
        Empty::new(Icon::GraduationCap, "No lessons").line(text).show(ui);
        return false;
    }
    section(ui, "Lessons");
    let mut is_started = false;
    for (at, lesson) in lessons.iter().enumerate() {
        if at > 0 {
            hline(ui);
        }
        is_started |= row_ui(ui, lesson, out);
    }
    is_started
}

fn row_ui(ui: &mut Ui, lesson: &LessonSummary, out: &mut Outbox) -> bool {
    const RIGHT: f32 = 128.0;
    let t = tokens(ui.ctx());
    ui.horizontal(|ui| {
        let room = (ui.available_width() - RIGHT).max(80.0);
        ui.allocate_ui_with_layout(egui::vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(room);
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(
                egui::Label::new(
                    RichText::new(&lesson.title).font(medium(size::BODY)).color(t.text),
                )
                .wrap(),
            );
            let about = RichText::new(&lesson.about).size(size::DATA).color(t.muted);
            ui.add(egui::Label::new(about).wrap());
        });
        let run = ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Run {}", lesson.title);
            let button = Button::new("Run").icon(Icon::Play).name(&name).small();
            let run = ui.add(button).on_hover_text("Sets everything up, and tells what to watch");
            let time = RichText::new(format::seconds(lesson.seconds.max(10.0))).size(size::DATA);
            ui.label(time.color(t.faint));
            run.clicked()
        });
        if run.inner {
            out.send(Command::RunLesson(lesson.id.clone()));
        }
        run.inner
    })
    .inner
}
