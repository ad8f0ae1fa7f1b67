//! Compare: the same messages over several lanes at once, lessons, and how many clients a server
//! holds.

mod bar;
mod card;
mod export;
mod herd;
mod lanes;
mod lesson;
mod lessons;
mod plot;
mod plot_axis;
mod plot_data;
mod plot_hover;
mod scale;
mod scale_table;
mod setup;
mod setup_network;
mod setup_run;
mod status;
mod streams;
mod verdict;
mod words;

use std::sync::Arc;
use std::time::Duration;

use egui::{
    CentralPanel, Margin, Panel, Rect, ScrollArea, Stroke, StrokeKind, Ui, UiBuilder, vec2,
};
use lucide_icons::Icon;

use crate::engine::{LessonView, RunView, Snapshot};
use crate::model::{Command, Restart};
use crate::ui::action::Action;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Empty, bar_frame, card};
use export::Export;
use plot::Plots;
use scale::Scale;
use setup::Setup;
use words::is_on;

/// How long nobody listens when the server is killed: long enough to be seen, and for a client
/// without backoff to try more than once.
const DOWN: Duration = Duration::from_secs(3);
/// From here on the settings stand beside the plot.
const WIDE: f32 = 1000.0;
/// The least height of title, legend and plot.
const PLOT: f32 = 250.0;
/// From the edge of a card to what is in it.
const SIDE: f32 = 14.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Lanes,
    Lessons,
    Scale,
}

impl Part {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Lanes, "Lanes"), (Self::Lessons, "Lessons"), (Self::Scale, "Scale")];
}

/// The page's state.
#[derive(Debug, Default)]
pub(crate) struct Compare {
    part: Part,
    setup: Setup,
    plots: Plots,
    scale: Scale,
    export: Export,
    /// Reasons and what would change it are shown.
    shows_reasons: bool,
    /// The height of the verdict in the last frame.
    verdict: f32,
    /// The lesson that is over is not shown any longer.
    has_closed: bool,
    /// The width of the buttons at the top in the last frame.
    buttons: f32,
}

impl Compare {
    /// Whether an action has anything to apply to.
    pub(crate) fn can(&self, snapshot: &Snapshot, action: Action) -> bool {
        let run = snapshot.compare.run.as_deref();
        match action {
            Action::ToggleRun => run.is_some_and(is_on) || self.setup.read().is_ok(),
            Action::KillServer => {
                let is_elsewhere = run.is_some_and(|run| is_on(run) && run.setup.other.is_some());
                snapshot.server.url.is_some() && !snapshot.server.is_busy && !is_elsewhere
            }
            Action::ExportReport | Action::ReportToPath => {
                run.is_some_and(|run| !run.lanes.is_empty())
            }
            _ => false,
        }
    }

    /// Does what the keyboard, the palette or a button asks for.
    pub(crate) fn act(&mut self, snapshot: &Snapshot, action: Action, out: &mut Outbox) {
        let runs = snapshot.compare.run.as_deref().is_some_and(is_on);
        match action {
            Action::ToggleRun if runs => out.send(Command::StopRun),
            Action::ToggleRun => {
                self.part = Part::Lanes;
                self.setup.start(out);
            }
            Action::KillServer => {
                out.send(Command::RestartServer(Restart { down: DOWN, forgets: false }));
            }
            Action::ExportReport => out.send(Command::ReportDialog),
            Action::ReportToPath => self.export.open(),
            _ => {}
        }
    }

    /// Shows the lanes, where what begins is to be seen.
    pub(crate) fn show_lanes(&mut self) {
        self.part = Part::Lanes;
    }

    /// Shows the page.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let compare = &scene.snapshot.compare;
        if compare.run.as_deref().is_some_and(is_on) {
            self.has_closed = false;
        }
        Panel::top("compare bar")
            .exact_size(size::BAR + 1.0)
            .frame(bar_frame(ui))
            .resizable(false)
            .show(ui, |ui| self.bar_ui(ui, scene, out));
        let margin = Margin::same(size::PAD as i8);
        let canvas = egui::Frame::new().fill(tokens(ui.ctx()).canvas).inner_margin(margin);
        CentralPanel::no_frame().frame(canvas).show(ui, |ui| {
            let room = ui.available_height();
            let part = self.part;
            let scroll = ScrollArea::vertical().id_salt(("compare", part as u8));
            scroll.auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = size::PAD;
                match (part, compare.run.as_deref()) {
                    (Part::Lanes, Some(run)) => self.run_ui(ui, run, room, scene, out),
                    (Part::Lanes, None) => self.empty_ui(ui, scene, out),
                    (Part::Lessons, _) => {
                        card(ui, |ui| {
                            ui.set_width(ui.available_width());
                            lessons::ui(ui, &compare.lessons, out);
                        });
                    }
                    (Part::Scale, _) => self.scale.ui(ui, compare),
                }
            });
        });
    }

    /// Before anything was compared: what this is, the lessons, and what would be compared.
    fn empty_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let wide = ui.available_width();
        let beside = wide >= 720.0;
        let right = if beside { (wide * 0.36).min(440.0) } else { 0.0 };
        let left = wide - right - if beside { size::PAD } else { 0.0 };
        let layout = egui::Layout::top_down(egui::Align::Min);
        let lessons = |ui: &mut Ui, out: &mut Outbox| {
            card(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.add_space(10.0);
                let start = ui.vertical_centered(|ui| {
                    let what = "Every lane gets the same messages at the same moment; latency, \
                                losses and bytes are counted as they arrive";
                    let face = Empty::new(Icon::ChartSpline, "Compare transports side by side");
                    face.line(what).action("Compare now").show_here(ui)
                });
                if start.inner.is_some_and(|button| button.clicked()) {
                    out.act(Action::ToggleRun);
                }
                ui.add_space(10.0);
            });
            card(ui, |ui| {
                ui.set_width(ui.available_width());
                lessons::ui(ui, &scene.snapshot.compare.lessons, out);
            });
        };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            ui.allocate_ui_with_layout(vec2(left, 0.0), layout, |ui| {
                ui.set_width(left);
                lessons(ui, out);
            });
            if beside {
                ui.allocate_ui_with_layout(vec2(right, 0.0), layout, |ui| {
                    card(ui, |ui| {
                        ui.set_width(ui.available_width());
                        self.setup.all_ui(ui, scene, out);
                    });
                });
            }
        });
    }

    /// A comparison that runs, or what it came to.
    fn run_ui(
        &mut self,
        ui: &mut Ui,
        run: &RunView,
        room: f32,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let top = ui.cursor().top();
        self.plots.update(run);
        if let Some((what, hint)) = &run.error {
            card(ui, |ui| {
                ui.set_width(ui.available_width());
                scale::told_ui(ui, what, hint);
            });
        }
        if !run.notes.is_empty() {
            card(ui, |ui| {
                ui.set_width(ui.available_width());
                scale::notes_ui(ui, &run.notes);
            });
        }
        if let Some(told) = run.lesson.as_ref().filter(|_| !self.has_closed) {
            let asked = card(ui, |ui| {
                ui.set_width(ui.available_width());
                lesson::ui(ui, run, told)
            });
            match asked.inner {
                Some(lesson::Asked::Again) => self.restart(run, out),
                Some(lesson::Asked::Close) => self.has_closed = true,
                None => {}
            }
        }
        if let Some(told) = &run.lesson {
            crowds_ui(ui, told);
        }
        if run.lanes.is_empty() {
            if run.lesson.is_none() && is_on(run) {
                let text = "The one before ends first, and each lane connects";
                Empty::new(Icon::ChartSpline, "Opening the lanes").line(text).show(ui);
            }
            return;
        }
        let scale = scene.snapshot.compare.scale.as_deref();
        let hot = lanes::ui(ui, run, &self.plots.lines, scale);
        let left = room - (ui.cursor().top() - top);
        self.lower_ui(ui, run, hot, left, scene, out);
    }

    /// Plot and settings, beside each other where there is room.
    fn lower_ui(
        &mut self,
        ui: &mut Ui,
        run: &RunView,
        hot: Option<usize>,
        left: f32,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let wide = ui.available_width();
        let is_wide = wide >= WIDE;
        let has_verdict = run.verdict.is_some() || run.lesson.is_none();
        let verdict = if has_verdict { self.verdict + 8.0 } else { 0.0 };
        let least = PLOT + verdict + 2.0 * SIDE;
        // What stands below it wants to be seen, too.
        let height = if is_wide { left.max(least) } else { least + 40.0 }.floor();
        let settings = if is_wide { (wide * 0.3).clamp(300.0, 440.0).floor() } else { 0.0 };
        let gap = if is_wide { size::PAD } else { 0.0 };
        let (place, _) = ui.allocate_exact_size(vec2(wide, height), egui::Sense::hover());
        let split = place.right() - settings - gap;
        card_at(ui, place.with_max_x(split), "plot", |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            let room = ui.available_height() - verdict;
            self.plots.ui(ui, run, hot, room);
            if !has_verdict {
                return;
            }
            let top = ui.cursor().top();
            verdict::ui(ui, run, &mut self.shows_reasons);
            let verdict = (ui.cursor().top() - top).ceil();
            if (verdict - self.verdict).abs() > 0.5 {
                self.verdict = verdict;
                ui.ctx().request_repaint();
            }
        });
        if is_wide {
            card_at(ui, place.with_min_x(split + gap), "settings", |ui| {
                self.setup.tabs_ui(ui, scene, out);
            });
        } else {
            card(ui, |ui| {
                ui.set_width(ui.available_width());
                self.setup.columns_ui(ui, scene, out);
            });
        }
    }

    /// Shows the numbers at the bottom of the window.
    pub(crate) fn status_ui(ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        status::ui(ui, scene, out);
    }
}

/// What a lesson's crowds did, two beside each other.
fn crowds_ui(ui: &mut Ui, told: &LessonView) {
    let bounds = herd::Bounds::of(told.herds.iter().map(AsRef::as_ref));
    pairs_ui(ui, &told.herds, |ui, herd| herd::ui(ui, herd, bounds));
    let span = streams::span(told.streams.iter().map(AsRef::as_ref));
    pairs_ui(ui, &told.streams, |ui, page| streams::ui(ui, page, span));
}

/// Cards, two in a row where there is room.
fn pairs_ui<T>(ui: &mut Ui, all: &[Arc<T>], add: impl Fn(&mut Ui, &T)) {
    let columns = if ui.available_width() >= 820.0 { 2 } else { 1 };
    for row in all.chunks(columns) {
        ui.spacing_mut().item_spacing.x = size::PAD;
        ui.columns(columns, |columns| {
            for (ui, one) in columns.iter_mut().zip(row) {
                card(ui, |ui| {
                    ui.set_width(ui.available_width());
                    add(ui, one);
                });
            }
        });
    }
}

/// A card of this size.
fn card_at(ui: &mut Ui, rect: Rect, name: &str, add: impl FnOnce(&mut Ui)) {
    let t = tokens(ui.ctx());
    let stroke = Stroke::new(1.0, t.line);
    ui.painter().rect(rect, size::CARD_RADIUS, t.panel, stroke, StrokeKind::Inside);
    let inner = rect.shrink(SIDE);
    let mut child = ui.new_child(UiBuilder::new().max_rect(inner).id_salt(name));
    child.shrink_clip_rect(rect);
    add(&mut child);
}
