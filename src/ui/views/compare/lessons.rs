//! The lessons there are, each started with one click.

use egui::{Align, Layout, Rect, RichText, Ui, UiBuilder, pos2};
use lucide_icons::Icon;

use crate::engine::LessonSummary;
use crate::model::Command;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{medium, size, tokens};
use crate::ui::widgets::{Button, Empty, hline, section};

/// Shows the list.
pub(super) fn ui(ui: &mut Ui, lessons: &[LessonSummary], out: &mut Outbox) {
    if lessons.is_empty() {
        let text = "They come with the program, as files in assets/lessons";
        Empty::new(Icon::GraduationCap, "No lessons").line(text).show(ui);
        return;
    }
    section(ui, "Lessons");
    ui.spacing_mut().item_spacing.y = 9.0;
    for (at, lesson) in lessons.iter().enumerate() {
        if at > 0 {
            hline(ui);
        }
        row_ui(ui, lesson, out);
    }
}

fn row_ui(ui: &mut Ui, lesson: &LessonSummary, out: &mut Outbox) {
    const RIGHT: f32 = 136.0;
    let t = tokens(ui.ctx());
    let whole = ui.available_width();
    let told = ui.scope(|ui| {
        ui.set_max_width((whole - RIGHT).max(80.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        let title = RichText::new(&lesson.title).font(medium(size::BODY)).color(t.text);
        ui.add(egui::Label::new(title).wrap());
        let about = RichText::new(&lesson.about).size(size::DATA).color(t.muted);
        ui.add(egui::Label::new(about).wrap());
    });
    let rect = told.response.rect;
    let place = Rect::from_min_max(
        pos2(rect.left() + whole - RIGHT, rect.top()),
        pos2(rect.left() + whole, rect.bottom()),
    );
    let layout = Layout::right_to_left(Align::Center);
    let mut right = ui.new_child(UiBuilder::new().max_rect(place).layout(layout));
    let name = format!("Run {}", lesson.title);
    let button = Button::new("Run").icon(Icon::Play).name(&name).small();
    let run = right.add(button).on_hover_text("Sets everything up, and tells what to watch");
    let time = RichText::new(format::seconds(lesson.seconds.max(10.0))).size(size::DATA);
    right.label(time.color(t.faint));
    if run.clicked() {
        out.send(Command::RunLesson(lesson.id.clone()));
    }
}
