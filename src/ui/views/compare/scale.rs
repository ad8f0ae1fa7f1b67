//! How many clients one server holds, and what each of them costs: the table every article quotes,
//! measured here.

use egui::{RichText, Ui, vec2};
use lucide_icons::Icon;

use super::scale_table;
use crate::engine::{CompareView, ScaleView};
use crate::model::Command;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{icon_font, size, tokens};
use crate::ui::widgets::{Button, Empty, card, chip, muted, problem, section};

/// Clients a transport that can be chosen.
const STEPS: [usize; 4] = [100, 1_000, 5_000, 10_000];

/// Which steps are chosen.
#[derive(Debug)]
pub(super) struct Scale {
    chosen: [bool; STEPS.len()],
}

impl Default for Scale {
    fn default() -> Self {
        Self { chosen: [true, true, false, false] }
    }
}

impl Scale {
    fn steps(&self) -> Vec<usize> {
        let chosen = STEPS.into_iter().zip(self.chosen);
        chosen.filter(|(_, is_chosen)| *is_chosen).map(|(step, _)| step).collect()
    }

    /// Start or stop.
    pub(super) fn button_ui(&self, ui: &mut Ui, compare: &CompareView, out: &mut Outbox) {
        let runs = compare.scale.as_ref().is_some_and(|scale| scale.doing.is_some());
        if runs {
            if ui.add(Button::new("Stop").primary().wide(58.0)).clicked() {
                out.send(Command::StopScale);
            }
            return;
        }
        let steps = self.steps();
        let button = ui.add_enabled(!steps.is_empty(), Button::new("Start").primary().wide(58.0));
        let tip = "A server in a process of its own, and clients that only receive";
        let why = "Choose how many clients first";
        if button.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
            out.send(Command::StartScale(steps));
        }
    }

    /// Shows the page.
    pub(super) fn ui(&mut self, ui: &mut Ui, compare: &CompareView) {
        let scale = compare.scale.as_deref();
        let runs = scale.is_some_and(|scale| scale.doing.is_some());
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.horizontal_wrapped(|ui| {
                muted(ui, "Clients a transport");
                ui.add_space(4.0);
                ui.spacing_mut().item_spacing.x = 4.0;
                ui.add_enabled_ui(!runs, |ui| {
                    for (step, is_on) in STEPS.into_iter().zip(&mut self.chosen) {
                        let text = format::thousands(step as u64);
                        let name = format!("{text} clients");
                        if chip(ui, *is_on, &text, &name).clicked() {
                            *is_on = !*is_on;
                        }
                    }
                });
            });
            about_ui(ui, scale);
            if let Some(scale) = scale {
                progress_ui(ui, scale);
                error_ui(ui, scale);
            }
        });
        match scale.filter(|scale| !scale.rows.is_empty()) {
            Some(scale) => {
                card(ui, |ui| {
                    ui.set_width(ui.available_width());
                    scale_table::ui(ui, &scale.rows);
                });
            }
            None if !runs => {
                let text = "Choose how many clients and start: each step opens them, sends \
                            messages to all of them, and measures";
                Empty::new(Icon::Users, "Nothing measured on this machine yet").line(text).show(ui);
            }
            None => {}
        }
    }
}

fn about_ui(ui: &mut Ui, scale: Option<&ScaleView>) {
    let t = tokens(ui.ctx());
    let text = "The server runs in a process of its own, so that its memory is its own; clients \
                only receive. One step follows the other, on this machine, over loopback";
    let label = |ui: &mut Ui, text: &str| {
        let text = RichText::new(text).size(size::DATA).color(t.muted);
        ui.add(egui::Label::new(text).wrap());
    };
    label(ui, text);
    if let Some((now, before)) = scale.and_then(|scale| scale.file_limit) {
        let now_text = format::thousands(now);
        let raised = if now == before {
            String::new()
        } else {
            format!(", raised from {}", format::thousands(before))
        };
        label(ui, &format!("Files a process may hold open here: {now_text}{raised}"));
    }
}

fn progress_ui(ui: &mut Ui, scale: &ScaleView) {
    let Some((what, share)) = &scale.doing else { return };
    let t = tokens(ui.ctx());
    section(ui, "Now");
    ui.label(RichText::new(what).color(t.text));
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), 4.0), egui::Sense::hover());
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    response.widget_info(|| {
        let role = egui::Role::ProgressIndicator;
        let mut info = egui::WidgetInfo::labeled(role, true, "Scale run");
        info.value = Some(f64::from(share));
        info
    });
    ui.painter().rect_filled(rect, 2.0, t.control_down);
    let done = rect.with_max_x(rect.left() + rect.width() * share);
    ui.painter().rect_filled(done, 2.0, t.accent);
}

fn error_ui(ui: &mut Ui, scale: &ScaleView) {
    let Some((what, hint)) = &scale.error else { return };
    told_ui(ui, what, hint);
}

/// What went wrong, and what to try.
pub(super) fn told_ui(ui: &mut Ui, what: &str, hint: &str) {
    let t = tokens(ui.ctx());
    ui.horizontal_top(|ui| {
        let icon = RichText::new(char::from(Icon::CircleAlert)).font(icon_font(16.0));
        ui.label(icon.color(t.bad));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            problem(ui, what);
            if !hint.is_empty() {
                let hint = RichText::new(crate::ui::views::capital(hint)).size(size::DATA);
                ui.add(egui::Label::new(hint.color(t.muted)).wrap().selectable(true));
            }
        });
    });
}

/// What went otherwise than asked for.
pub(super) fn notes_ui(ui: &mut Ui, notes: &[String]) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.y = 2.0;
    for note in notes {
        ui.horizontal_top(|ui| {
            let icon = RichText::new(char::from(Icon::Info)).font(icon_font(14.0));
            ui.label(icon.color(t.warn));
            let note = RichText::new(crate::ui::views::capital(note)).color(t.muted);
            ui.add(egui::Label::new(note).wrap().selectable(true));
        });
    }
}
