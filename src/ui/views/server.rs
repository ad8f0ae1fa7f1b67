//! Server: the built-in one, started and stopped, its settings, and what it counts for each
//! transport.

use std::time::Duration;

use egui::{Align, Layout, Margin, Panel, Response, RichText, ScrollArea, Slider, Ui, vec2};
use lucide_icons::Icon;

use crate::engine::{ServerView, TransportStats};
use crate::model::{Command, ServerOptions, Source, TransportKind};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{medium, mono, size, tokens};
use crate::ui::widgets::{
    Button, Empty, Field, bar_frame, card, fact, pill, problem, section, separated, switch,
};

/// The settings as they are typed.
#[derive(Debug, Default)]
pub(crate) struct ServerPage {
    draft: Option<Draft>,
    /// Rate and size that the running server was asked for and does not have yet.
    asked: Option<Source>,
}

#[derive(Debug, Clone)]
struct Draft {
    listen: String,
    options: ServerOptions,
    heartbeat: Duration,
}

impl Draft {
    fn of(options: &ServerOptions) -> Self {
        Self {
            listen: options.listen.to_string(),
            options: options.clone(),
            heartbeat: options.heartbeat.unwrap_or(Duration::from_secs(15)),
        }
    }

    fn read(&self) -> Result<ServerOptions, String> {
        let why = "an address and a port, as in 127.0.0.1:4100";
        let listen = self.listen.trim().parse().map_err(|_| String::from(why))?;
        let options = ServerOptions { listen, ..self.options.clone() };
        options.checked().map_err(|error| error.to_string())
    }
}

/// How often and how much: what can be set while the server runs. Whether a new setting is
/// complete, which it is not while a slider is being dragged.
fn source_ui(ui: &mut Ui, source: &mut Source) -> bool {
    let rate = format!("{} /s", number(source.rate));
    let rate = slider(ui, "Messages", &rate, &mut source.rate, (0.0, 10_000.0), true);
    let mut value = source.size as f64;
    let bytes = format::size(source.size as u64);
    let size = slider(ui, "Payload", &bytes, &mut value, (1.0, 1_000_000.0), true);
    source.size = (value.round() as usize).max(1);
    [rate, size]
        .iter()
        .any(|slider| slider.drag_stopped() || (slider.changed() && !slider.dragged()))
}

impl Draft {
    /// The settings that are fixed while the server runs.
    fn ui(&mut self, ui: &mut Ui) {
        let error = self.read().err();
        let shown = error.as_deref().filter(|error| error.starts_with("an address"));
        let t = tokens(ui.ctx());
        ui.label(RichText::new("Listen on").color(t.muted));
        Field::new(&mut self.listen, "Listen on").small().error(shown).show(ui);
        if let Some(error) = error.as_deref().filter(|_| shown.is_none()) {
            problem(ui, error);
        }
        let options = &mut self.options;
        let mut value = options.history as f64;
        let kept = format::thousands(options.history as u64);
        slider(ui, "History", &kept, &mut value, (0.0, 1_000_000.0), true);
        options.history = value.round() as usize;
        seconds(ui, "Hold", &mut options.hold, 120.0);
        seconds(ui, "Reconnection time", &mut options.retry, 60.0);
        let mut beats = options.heartbeat.is_some();
        switch(ui, &mut beats, "Heartbeats", false);
        if beats {
            seconds(ui, "Heartbeat", &mut self.heartbeat, 120.0);
        }
        options.heartbeat = beats.then_some(self.heartbeat);
    }
}

impl ServerPage {
    /// Starts the server, or stops it.
    pub(crate) fn toggle(&mut self, server: &ServerView, out: &mut Outbox) {
        if server.url.is_some() {
            out.send(Command::StopServer);
            return;
        }
        let draft = self.draft.get_or_insert_with(|| Draft::of(&server.options));
        if let Ok(options) = draft.read() {
            out.send(Command::StartServer(Box::new(options)));
        }
    }

    /// Shows the page.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let server = &scene.snapshot.server;
        self.take_over(server);
        Panel::top("server bar")
            .exact_size(size::BAR + 1.0)
            .frame(bar_frame(ui))
            .resizable(false)
            .show(ui, |ui| self.bar_ui(ui, server, out));
        let margin = Margin::same(size::PAD as i8);
        let canvas = egui::Frame::new().fill(t.canvas).inner_margin(margin);
        egui::CentralPanel::no_frame().frame(canvas).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(size::PAD, size::PAD);
                ui.horizontal_top(|ui| {
                    let left = 300.0_f32.min(ui.available_width() * 0.4);
                    ui.allocate_ui_with_layout(
                        vec2(left, 0.0),
                        Layout::top_down(Align::Min),
                        |ui| {
                            self.settings_ui(ui, server, out);
                        },
                    );
                    ui.vertical(|ui| numbers_ui(ui, server, out));
                });
            });
        });
    }

    /// Takes over the settings of a running server, but for those it is being asked to change.
    fn take_over(&mut self, server: &ServerView) {
        let has = &server.options.source;
        let is_done = server.url.is_none() || server.error.is_some();
        self.asked = self.asked.take().filter(|asked| asked != has && !is_done);
        if server.url.is_some() || self.draft.is_none() {
            let mut draft = Draft::of(&server.options);
            if let Some(source) = &self.asked {
                draft.options.source = source.clone();
            }
            self.draft = Some(draft);
        }
    }

    fn bar_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        ui.horizontal_centered(|ui| {
            match &server.url {
                Some(url) => {
                    pill(ui, t.good, "Listening");
                    ui.label(RichText::new(url).font(mono(size::DATA)).color(t.text));
                    let copy = ui.add(Button::new("Copy").icon(Icon::Copy));
                    if copy.on_hover_text("Copy the address").clicked() {
                        ui.ctx().copy_text(url.clone());
                    }
                }
                None if server.is_busy => {
                    pill(ui, t.accent, "Starting");
                }
                None => {
                    pill(ui, t.faint, "Stopped");
                    let text = "Every transport, fed by one source on this machine";
                    ui.label(RichText::new(text).color(t.muted));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let can = self.draft.as_ref().is_some_and(|draft| draft.read().is_ok());
                let (word, can) = match &server.url {
                    Some(_) => ("Stop", true),
                    None => ("Start", can),
                };
                let tip = Action::ToggleServer.tooltip(ui.ctx());
                let button = Button::new(word).primary();
                let button = ui.add_enabled(can && !server.is_busy, button).on_hover_text(tip);
                if button.clicked() {
                    out.act(Action::ToggleServer);
                }
                let tip = Action::StartDemo.tooltip(ui.ctx());
                let demo = ui.add_enabled(!server.is_busy, Button::new("Connect over all five"));
                if demo.on_hover_text(tip).clicked() {
                    out.act(Action::StartDemo);
                }
            });
        });
    }

    fn settings_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let Some(draft) = &mut self.draft else { return };
        let is_running = server.url.is_some() || server.is_busy;
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 6.0;
            section(ui, "Source");
            let is_set =
                ui.add_enabled_ui(!server.is_busy, |ui| source_ui(ui, &mut draft.options.source));
            let source = &draft.options.source;
            if server.url.is_some() && *source != server.options.source {
                self.asked = Some(source.clone());
                if is_set.inner {
                    out.send(Command::SetSource(source.clone()));
                }
            }
        });
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 6.0;
            section(ui, "Connections");
            if is_running {
                let t = tokens(ui.ctx());
                let text = "Stop the server to change these";
                ui.label(RichText::new(text).size(size::DATA).color(t.muted));
            }
            ui.add_enabled_ui(!is_running, |ui| draft.ui(ui));
        });
    }

    /// Shows the numbers at the bottom of the window.
    pub(crate) fn status_ui(ui: &mut Ui, scene: Scene<'_>) {
        let t = tokens(ui.ctx());
        let server = &scene.snapshot.server;
        ui.horizontal_centered(|ui| {
            let Some(url) = &server.url else {
                separated(ui, "Server stopped", t.muted);
                return;
            };
            let sum = |of: fn(&TransportStats) -> u64| server.transports.iter().map(of).sum();
            let place = url.trim_start_matches("http://").trim_start_matches("https://");
            separated(ui, &format!("Server {place}"), t.muted);
            separated(ui, &format::count(sum(|stats| stats.active), "client"), t.muted);
            let delivered: u64 = sum(|stats| stats.messages_out);
            separated(ui, &format!("{} delivered", format::thousands(delivered)), t.muted);
            let wire = format::size(sum(|stats| stats.wire_out));
            separated(ui, &format!("{wire} on the wire"), t.muted);
        });
    }
}

fn number(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        format!("{value:.1}")
    } else {
        format::thousands(value.round() as u64)
    }
}

fn seconds(ui: &mut Ui, name: &str, duration: &mut Duration, most: f64) {
    let mut value = duration.as_secs_f64();
    slider(ui, name, &format::seconds(value), &mut value, (0.5, most), false);
    *duration = Duration::try_from_secs_f64((value * 2.0).round() / 2.0).unwrap_or(*duration);
}

/// A name, its value, and a slider below them both.
fn slider(
    ui: &mut Ui,
    name: &str,
    shown: &str,
    value: &mut f64,
    (least, most): (f64, f64),
    is_steep: bool,
) -> Response {
    let t = tokens(ui.ctx());
    ui.scope(|ui| {
        let width = ui.available_width();
        let spacing = ui.spacing_mut();
        spacing.item_spacing.y = 1.0;
        spacing.interact_size.y = 16.0;
        spacing.slider_rail_height = 4.0;
        spacing.slider_width = width;
        ui.horizontal(|ui| {
            ui.label(RichText::new(name).color(t.muted));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(shown).font(mono(size::DATA)).color(t.text));
            });
        });
        let visuals = ui.visuals_mut();
        visuals.selection.bg_fill = t.accent;
        for state in [
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
        ] {
            state.bg_fill = t.control_down;
            state.fg_stroke = egui::Stroke::new(1.5, t.accent);
        }
        let step = if most > 1000.0 { 1.0 } else { 0.5 };
        let slider = Slider::new(value, least..=most)
            .logarithmic(is_steep)
            .smallest_positive(1.0)
            .step_by(step)
            .show_value(false);
        let slider = ui.add(slider).accessible_name(name);
        if slider.has_focus() {
            let stroke = egui::Stroke::new(1.0, t.accent);
            let around = slider.rect.expand2(vec2(4.0, 1.0));
            ui.painter().rect_stroke(around, 4.0, stroke, egui::StrokeKind::Inside);
        }
        slider
    })
    .inner
}

fn numbers_ui(ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
    if let Some(error) = &server.error {
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            problem(ui, error);
        });
    }
    if server.url.is_none() {
        let text = "Start it to give clients something to connect to, on one address";
        let face = Empty::new(Icon::Server, "The server is stopped").line(text).action("Start");
        if face.show(ui).is_some_and(|button| button.clicked()) {
            out.act(Action::ToggleServer);
        }
        return;
    }
    let columns = ((ui.available_width() + size::PAD) / (190.0 + size::PAD)).floor().max(1.0);
    let width = (ui.available_width() + size::PAD) / columns - size::PAD;
    for row in server.transports.chunks(columns as usize) {
        ui.horizontal_top(|ui| {
            for stats in row {
                ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                    transport_ui(ui, stats);
                });
            }
        });
    }
}

fn transport_ui(ui: &mut Ui, stats: &TransportStats) {
    let t = tokens(ui.ctx());
    let kind = TransportKind::from_word(&stats.transport);
    let name = kind.map_or_else(|| super::capital(&stats.transport), |kind| kind.label().into());
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let (mark, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
            ui.painter().rect_filled(mark, 2.0, t.transport(kind));
            ui.label(RichText::new(name).color(t.text));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let active = RichText::new(format::thousands(stats.active)).font(medium(20.0));
                ui.label(active.color(t.text)).on_hover_text("Connected now");
            });
        });
        fact(ui, "messages out", &format::thousands(stats.messages_out), t.text);
        fact(ui, "wire out", &format::size(stats.wire_out), t.text);
        fact(ui, "opened", &format::thousands(stats.opened), t.text);
        fact(ui, "reconnects", &format::thousands(stats.reconnects), t.text);
        let errors = if stats.errors > 0 { t.warn } else { t.text };
        fact(ui, "errors", &format::thousands(stats.errors), errors);
        let p50 = stats.duration_p50.map_or_else(|| String::from("–"), format::seconds);
        fact(ui, "duration p50", &p50, t.text);
    });
}
