//! A lesson while it runs: which step is on, what happens, what to watch and when it goes on; and
//! at its end what was measured.

use egui::{Align, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::words::minutes;
use crate::engine::{LessonView, RunView, Stage, StepView};
use crate::ui::format;
use crate::ui::theme::{icon_font, medium, mono, size, tokens};
use crate::ui::widgets::{Button, muted, section};

/// What the person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To see it once more.
    Again,
    /// To see it no longer.
    Close,
}

/// Shows it.
pub(super) fn ui(ui: &mut Ui, run: &RunView, lesson: &LessonView) -> Option<Asked> {
    ui.spacing_mut().item_spacing.y = 6.0;
    let is_done = run.stage == Stage::Done || run.error.is_some();
    let asked = head_ui(ui, lesson, is_done);
    if is_done {
        for (at, step) in lesson.steps.iter().enumerate() {
            done_ui(ui, at, step);
        }
        return asked;
    }
    progress_ui(ui, lesson);
    let now = lesson.steps.get(lesson.step);
    if let Some(step) = now {
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.x = 28.0;
            ui.columns_const(|[left, right]| {
                told_ui(left, "What happens", &step.what, true);
                told_ui(right, "What to watch", &step.watch, false);
            });
        });
    }
    let over = lesson.steps.iter().take(lesson.step);
    for measured in over.filter_map(|step| step.measured.as_deref()) {
        measured_ui(ui, measured);
    }
    None
}

/// When it goes on.
fn next(lesson: &LessonView) -> String {
    match lesson.steps.get(lesson.step + 1) {
        Some(next) => {
            let wait = (next.at_s - lesson.elapsed_s).max(0.0);
            format!("next step at {}, in {}", minutes(next.at_s), short(wait))
        }
        None => format!("ends at {}", minutes(lesson.lesson.seconds)),
    }
}

/// Whole seconds: what counts down ten times a second is not read.
fn short(seconds: f64) -> String {
    let whole = seconds.ceil();
    if whole < 10.0 { format!("{whole} s") } else { format::seconds(whole) }
}

fn head_ui(ui: &mut Ui, lesson: &LessonView, is_done: bool) -> Option<Asked> {
    let t = tokens(ui.ctx());
    ui.horizontal(|ui| {
        let cap = RichText::new(char::from(Icon::GraduationCap)).font(icon_font(16.0));
        ui.label(cap.color(t.accent));
        ui.label(RichText::new(&lesson.lesson.title).font(medium(size::BODY)).color(t.text));
        let count = lesson.steps.len();
        let text = if is_done {
            format!("what was measured in {}", format::count(count as u64, "step"))
        } else {
            format!("step {} of {count}", (lesson.step + 1).min(count.max(1)))
        };
        muted(ui, &text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if is_done {
                let close = ui.add(Button::new("Close").quiet().small()).clicked();
                let again = Button::new("Run again").icon(Icon::RotateCw).small();
                let again = ui.add(again).clicked();
                return if close { Some(Asked::Close) } else { again.then_some(Asked::Again) };
            }
            let (now, all) = (minutes(lesson.elapsed_s), minutes(lesson.lesson.seconds));
            let text = RichText::new(format!("{now} of {all}")).font(mono(size::DATA));
            ui.label(text.color(t.text));
            ui.add_space(4.0);
            muted(ui, &next(lesson));
            None
        })
        .inner
    })
    .inner
}

/// How far it is, with the beginnings of its steps.
fn progress_ui(ui: &mut Ui, lesson: &LessonView) {
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    let all = lesson.lesson.seconds.max(0.1);
    let share = |seconds: f64| (seconds / all).clamp(0.0, 1.0) as f32;
    let done = share(lesson.elapsed_s);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, "Lesson");
        info.value = Some(f64::from(done));
        info
    });
    ui.painter().rect_filled(rect, 2.0, t.control_down);
    let filled = rect.with_max_x(rect.left() + rect.width() * done);
    ui.painter().rect_filled(filled, 2.0, t.accent);
    for step in lesson.steps.iter().skip(1) {
        let x = rect.left() + rect.width() * share(step.at_s);
        let gap = Rect::from_min_max(pos2(x - 1.0, rect.top()), pos2(x + 1.0, rect.bottom()));
        ui.painter().rect_filled(gap, 0.0, t.panel);
    }
}

fn told_ui(ui: &mut Ui, head: &str, text: &str, is_strong: bool) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.y = 2.0;
    section(ui, head);
    let color = if is_strong { t.text } else { t.muted };
    // The columns would stretch its lines to their width.
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.add(egui::Label::new(RichText::new(text).color(color)).wrap().selectable(true));
    });
}

fn measured_ui(ui: &mut Ui, text: &str) {
    let t = tokens(ui.ctx());
    ui.horizontal_top(|ui| {
        let check = RichText::new(char::from(Icon::Check)).font(icon_font(13.0));
        ui.label(check.color(t.good));
        ui.add(egui::Label::new(RichText::new(text).color(t.text)).wrap().selectable(true));
    });
}

/// A step that is over: what happened, and what came of it.
fn done_ui(ui: &mut Ui, at: usize, step: &StepView) {
    let t = tokens(ui.ctx());
    ui.horizontal_top(|ui| {
        let number = RichText::new(format!("{}", at + 1)).font(mono(size::DATA)).color(t.faint);
        ui.label(number);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let what = RichText::new(&step.what).color(t.muted);
            ui.add(egui::Label::new(what).wrap().selectable(true));
            match &step.measured {
                Some(measured) => measured_ui(ui, measured),
                None => {
                    ui.label(RichText::new("Nothing to measure").color(t.faint));
                }
            }
        });
    });
}
