//! The bar at the top: the parts of the page, what the run is doing, and what can be done to it.

use egui::{Align, Layout, Sense, Ui, vec2};

use super::export::Export;
use super::words::{is_on, sentence, state};
use super::{Compare, Part};
use crate::engine::RunView;
use crate::model::Command;
use crate::ui::action::Action;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens, words};
use crate::ui::widgets::{Button, line, pill, tab};

impl Compare {
    /// Shows it.
    pub(super) fn bar_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let compare = &scene.snapshot.compare;
        let run = compare.run.as_deref();
        ui.horizontal_centered(|ui| {
            ui.scope(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                for (part, name) in Part::ALL {
                    if tab(ui, self.part == part, name).clicked() {
                        self.part = part;
                    }
                }
            });
            ui.add_space(4.0);
            if self.part == Part::Scale {
                let doing = compare.scale.as_ref().and_then(|scale| scale.doing.as_ref());
                match doing {
                    Some((what, _)) => {
                        pill(ui, t.good, "Running");
                        self.sentence_ui(ui, what);
                    }
                    None => self.sentence_ui(ui, "How many clients one server holds"),
                }
            } else {
                let (color, text) = state(t, run);
                pill(ui, color, &text);
                self.sentence_ui(ui, &sentence(run));
            }
            let right = ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let right = ui.max_rect().right();
                if self.part == Part::Scale {
                    self.scale.button_ui(ui, compare, out);
                } else {
                    self.buttons_ui(ui, scene, out);
                }
                right - ui.min_rect().left()
            });
            self.buttons = right.inner;
        });
        self.export.ui(ui, out);
    }

    /// As much of it as there is room for before the buttons.
    fn sentence_ui(&self, ui: &mut Ui, text: &str) {
        const LEAST: f32 = 90.0;
        let t = tokens(ui.ctx());
        let room = ui.available_width() - self.buttons - size::GAP * 2.0;
        if room < LEAST {
            return;
        }
        let galley = line(ui, text, words(size::BODY), t.muted, room);
        let (is_cut, extent) = (galley.elided, galley.size());
        let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
        ui.painter().galley(rect.min.round(), galley, t.muted);
        if is_cut {
            response.on_hover_text(text);
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let run = scene.snapshot.compare.run.as_deref();
        let runs = run.is_some_and(is_on);
        let tip = Action::ToggleRun.tooltip(ui.ctx());
        let word = if runs { "Stop" } else { "Start" };
        let can = self.can(scene.snapshot, Action::ToggleRun);
        let button = ui.add_enabled(can, Button::new(word).primary().wide(58.0));
        let why = "Lanes and time: something there cannot be used";
        if button.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
            out.act(Action::ToggleRun);
        }
        Export::button_ui(ui, self.can(scene.snapshot, Action::ExportReport), out);
        if let Some(run) = run {
            let tip = "Begin again from nothing, with what is set now";
            if ui.add(Button::new("Restart run")).on_hover_text(tip).clicked() {
                self.restart(run, out);
            }
        }
        if runs {
            let can = self.can(scene.snapshot, Action::KillServer);
            let tip = Action::KillServer.tooltip(ui.ctx());
            let why = "The run goes to another server, or the built-in one is not running";
            let kill = ui.add_enabled(can, Button::new("Kill server now"));
            if kill.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
                out.act(Action::KillServer);
            }
        }
        // Keeps what is before it from touching the buttons.
        ui.allocate_exact_size(vec2(0.0, 1.0), Sense::hover());
    }

    /// The same once more: a lesson, or the comparison as it is set now.
    pub(super) fn restart(&mut self, run: &RunView, out: &mut Outbox) {
        match &run.lesson {
            Some(lesson) => out.send(Command::RunLesson(lesson.lesson.id.clone())),
            None => self.setup.start(out),
        }
    }
}
