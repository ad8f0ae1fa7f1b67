//! The program as the window sees it: takes the newest snapshot, shows the chosen page, and carries
//! out what was asked for.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use egui::{Align, Color32, Layout, Panel, RichText, Sense, Ui, ViewportCommand, vec2};
use jiff::tz::TimeZone;
use lucide_icons::Icon;

use super::action::{self, Action};
use super::format::Zone;
use super::palette::Palette;
use super::saving::Saving;
use super::scene::{Outbox, Scene, session_of};
use super::theme::{self, icon_font, semibold, size, tokens, words};
use super::toasts::Toasts;
use super::views::{Captures, Compare, Inspect, ServerPage};
use super::widgets::{Button, bar_frame, fill, hold, kbd};
use super::{shortcuts, views};
use crate::engine::{Handle, Notice, Severity, Snapshot};
use crate::model::Command;

/// Where and when the window is looked at; fixed in tests, so that pictures do not change.
#[derive(Debug, Clone)]
pub struct Place {
    zone: Zone,
    now: fn() -> i64,
}

impl Place {
    /// This machine's time zone and clock.
    pub fn here() -> Self {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        };
        Self { zone: Zone(TimeZone::system()), now }
    }

    /// UTC, at the moment that `now` tells in nanoseconds since the Unix epoch.
    pub fn utc(now: fn() -> i64) -> Self {
        Self { zone: Zone(TimeZone::UTC), now }
    }
}

/// A page of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tab {
    #[default]
    Inspect,
    Compare,
    Server,
    Captures,
}

impl Tab {
    const ALL: [(Self, &'static str, Action); 4] = [
        (Self::Inspect, "Inspect", Action::ShowInspect),
        (Self::Compare, "Compare", Action::ShowCompare),
        (Self::Server, "Server", Action::ShowServer),
        (Self::Captures, "Captures", Action::ShowCaptures),
    ];
}

/// The window's state, one part a view.
pub struct App {
    engine: Handle,
    snapshot: Arc<Snapshot>,
    place: Place,
    tab: Tab,
    inspect: Inspect,
    compare: Compare,
    server: ServerPage,
    captures: Captures,
    palette: Palette,
    saving: Saving,
    toasts: Toasts,
    shows_shortcuts: bool,
}

impl App {
    /// A window on this engine. `first` is asked for at once.
    pub fn new(ctx: &egui::Context, engine: Handle, place: Place, first: Option<Command>) -> Self {
        theme::install(ctx);
        let snapshot = engine.snapshot();
        let mut app = Self {
            engine,
            snapshot,
            place,
            tab: Tab::default(),
            inspect: Inspect::default(),
            compare: Compare::default(),
            server: ServerPage::default(),
            captures: Captures::default(),
            palette: Palette::default(),
            saving: Saving::default(),
            toasts: Toasts::default(),
            shows_shortcuts: false,
        };
        match first {
            Some(first) => app.ask(first),
            None if app.snapshot.sessions.is_empty() => app.inspect.focus_address(ctx),
            None => {}
        }
        app
    }

    fn ask(&mut self, command: Command) {
        if let Command::Open(path) = &command
            && let Some(session) = session_of(&self.snapshot, path)
        {
            // It is there already, and perhaps still growing.
            self.tab = Tab::Inspect;
            let snapshot = Arc::clone(&self.snapshot);
            return self.inspect.choose(Some(session.id), &snapshot);
        }
        match &command {
            Command::Connect(_) | Command::Demo | Command::Open(_) | Command::OpenDialog => {
                self.tab = Tab::Inspect;
                self.inspect.expect(&command);
            }
            Command::RunLesson(_) => {
                self.tab = Tab::Compare;
                self.compare.show_lanes();
            }
            _ => {}
        }
        if !self.engine.send(command) {
            let text = "Wirescope is too busy to take that; try again in a moment";
            let (severity, hint) = (Severity::Error, None);
            self.toasts.say(Notice { id: 0, severity, text: text.to_owned(), hint });
        }
    }

    /// Whether an action has anything to apply to.
    pub fn can(&self, action: Action) -> bool {
        match action {
            Action::ToggleServer
            | Action::ToggleRoom
            | Action::Publish
            | Action::CutAll
            | Action::RestartServer => ServerPage::can(&self.snapshot.server, action),
            Action::ToggleRun
            | Action::KillServer
            | Action::ExportReport
            | Action::ReportToPath => self.compare.can(&self.snapshot, action),
            Action::ThemeSystem | Action::ThemeDark | Action::ThemeLight => true,
            action => self.inspect.can(&self.snapshot, action),
        }
    }

    /// Does what the keyboard, the palette or a button asks for.
    pub fn act(&mut self, ctx: &egui::Context, action: Action) {
        if !self.can(action) {
            return;
        }
        match action {
            Action::ShowInspect => self.tab = Tab::Inspect,
            Action::ShowCompare => self.tab = Tab::Compare,
            Action::ShowServer => self.tab = Tab::Server,
            Action::ShowCaptures => self.tab = Tab::Captures,
            Action::ThemeSystem => ctx.set_theme(egui::ThemePreference::System),
            Action::ThemeDark => ctx.set_theme(egui::Theme::Dark),
            Action::ThemeLight => ctx.set_theme(egui::Theme::Light),
            Action::Palette => self.palette.toggle(),
            Action::Shortcuts => self.shows_shortcuts = !self.shows_shortcuts,
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Action::OpenCapture => self.ask(Command::OpenDialog),
            Action::StartDemo => self.ask(Command::Demo),
            Action::ToggleServer
            | Action::ToggleRoom
            | Action::Publish
            | Action::CutAll
            | Action::RestartServer => {
                self.tab = Tab::Server;
                let mut out = Outbox::default();
                self.server.act(&self.snapshot.server, action, &mut out);
                self.carry_out(ctx, out);
            }
            Action::ToggleRun
            | Action::KillServer
            | Action::ExportReport
            | Action::ReportToPath => {
                self.tab = Tab::Compare;
                let mut out = Outbox::default();
                self.compare.act(&self.snapshot, action, &mut out);
                self.carry_out(ctx, out);
            }
            Action::SaveToPath => {
                if let Some(session) = self.inspect.chosen(&self.snapshot) {
                    self.saving.open(session);
                }
            }
            action => {
                self.tab = Tab::Inspect;
                let mut out = Outbox::default();
                self.inspect.act(ctx, &self.snapshot, action, &mut out);
                self.carry_out(ctx, out);
            }
        }
        ctx.request_repaint();
    }

    fn carry_out(&mut self, ctx: &egui::Context, out: Outbox) {
        for command in out.commands {
            self.ask(command);
        }
        for action in out.actions {
            self.act(ctx, action);
        }
        for notice in out.notices {
            self.toasts.say(notice);
        }
    }

    /// Takes the newest snapshot.
    pub fn take_in(&mut self) {
        self.snapshot = self.engine.snapshot();
        self.inspect.absorb(&self.snapshot);
    }

    /// Shows everything, and carries out what is asked for.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        // An address never begins with one of these keys, so an empty field leaves them alone.
        let typing = ctx.egui_wants_keyboard_input() && !self.inspect.awaits_address(&ctx);
        for action in action::pressed(&ctx, typing) {
            self.act(&ctx, action);
        }
        // Not in `take_in`, which sees the same input again while the window is hidden.
        for path in views::dropped_files(&ctx) {
            self.ask(Command::Open(path));
        }
        let snapshot = Arc::clone(&self.snapshot);
        let zone = self.place.zone.clone();
        let scene = Scene { snapshot: &snapshot, zone: &zone, wall_ns: (self.place.now)() };
        let mut out = Outbox::default();

        let bar = bar_frame(ui);
        Panel::top("tabs")
            .exact_size(size::TABS + 1.0)
            .frame(bar)
            .resizable(false)
            .show(ui, |ui| self.top_ui(ui, &mut out));
        let status =
            Panel::bottom("status").exact_size(size::STATUS + 1.0).frame(bar).resizable(false);
        let status = hold(ui, status);
        match self.tab {
            Tab::Inspect => self.inspect.ui(ui, scene, &mut out),
            Tab::Compare => self.compare.ui(ui, scene, &mut out),
            Tab::Server => self.server.ui(ui, scene, &mut out),
            Tab::Captures => self.captures.ui(ui, scene, &mut out),
        }
        fill(ui, status, |ui| match self.tab {
            Tab::Inspect => self.inspect.status_ui(ui, scene, &mut out),
            Tab::Compare => Compare::status_ui(ui, scene, &mut out),
            Tab::Server => ServerPage::status_ui(ui, scene),
            Tab::Captures => Captures::status_ui(ui, scene),
        });

        resizer_ui(ui);
        views::drop_hint_ui(ui);
        self.toasts.ui(ui, scene, &mut out);
        self.saving.ui(ui, scene, &mut out);
        shortcuts::sheet_ui(ui, &mut self.shows_shortcuts);
        let picked = {
            let can = |action| self.can(action);
            let entries = Palette::entries(scene, can);
            self.palette.ui(ui, entries)
        };
        if let Some(picked) = picked {
            match picked {
                super::palette::Entry::Do(action) => out.act(action),
                super::palette::Entry::Show(session) => {
                    self.tab = Tab::Inspect;
                    self.inspect.choose(Some(session), &snapshot);
                }
            }
        }
        self.carry_out(&ctx, out);
    }

    fn top_ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let mark = RichText::new(char::from(Icon::Activity)).font(icon_font(18.0));
            ui.label(mark.color(t.accent));
            ui.add_space(8.0);
            ui.label(RichText::new("Wirescope").font(semibold(size::BODY)).color(t.text));
            ui.add_space(22.0);
            for (tab, text, action) in Tab::ALL {
                if tab_ui(ui, self.tab == tab, text, action) {
                    out.act(action);
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = size::GAP;
                theme_ui(ui, out);
                let keys = Action::Palette.keys(ui.ctx()).unwrap_or_default();
                let cap = kbd(ui, &keys, Sense::click());
                let cap = cap.on_hover_text(Action::Palette.tooltip(ui.ctx()));
                if cap.accessible_name("Every command").clicked() {
                    out.act(Action::Palette);
                }
            });
        });
    }
}

/// Shows which edge of a panel has the focus; nothing else that can have it is so thin.
fn resizer_ui(ui: &Ui) {
    const THIN: f32 = 7.0;
    // Asking for a response takes the focus away from what was not clicked.
    if ui.input(|input| input.pointer.any_pressed() || input.pointer.any_released()) {
        return;
    }
    let focused = ui.memory(egui::Memory::focused);
    let Some(edge) = focused.and_then(|id| ui.ctx().read_response(id)) else { return };
    let rect = edge.rect;
    if rect.width().min(rect.height()) <= THIN {
        let thin = (rect.size() / 2.0 - vec2(1.0, 1.0)).min(vec2(2.0, 2.0));
        ui.painter().rect_filled(rect.shrink2(thin), 1.0, tokens(ui.ctx()).accent);
    }
}

fn tab_ui(ui: &mut Ui, is_chosen: bool, text: &str, action: Action) -> bool {
    let t = tokens(ui.ctx());
    let font = words(size::BODY);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    let desired = vec2(galley.size().x + 24.0, ui.available_height());
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    let role = egui::Role::Tab;
    response.widget_info(|| egui::WidgetInfo::selected(role, true, is_chosen, text));
    let color = if is_chosen || response.hovered() { t.text } else { t.muted };
    ui.painter().galley((rect.center() - galley.size() / 2.0).round(), galley, color);
    if is_chosen {
        let edge = egui::Rect::from_min_max(
            egui::pos2(rect.left(), rect.bottom() - 2.0),
            rect.right_bottom(),
        );
        ui.painter().rect_filled(edge, 0.0, t.accent);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(rect.shrink(4.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
    response.on_hover_text(action.tooltip(ui.ctx())).clicked()
}

fn theme_ui(ui: &mut Ui, out: &mut Outbox) {
    let chosen = ui.ctx().options(|options| options.theme_preference);
    let (icon, name) = match chosen {
        egui::ThemePreference::System => (Icon::Monitor, "System"),
        egui::ThemePreference::Dark => (Icon::Moon, "Dark"),
        egui::ThemePreference::Light => (Icon::Sun, "Light"),
    };
    let button = ui.add(Button::new(name).icon(icon).quiet().small().name("Theme"));
    let button = button.on_hover_text("Dark, light, or as the system");
    egui::Popup::menu(&button).width(150.0).show(|ui| {
        for action in [Action::ThemeSystem, Action::ThemeDark, Action::ThemeLight] {
            let spec = action.spec();
            let text = spec.text.trim_start_matches("Theme: ");
            let mut word = text.to_owned();
            word[..1].make_ascii_uppercase();
            let wide = ui.available_width();
            if ui.add(Button::new(&word).icon(spec.icon).quiet().small().wide(wide)).clicked() {
                out.act(action);
                ui.close();
            }
        }
    });
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_in();
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        Color32::to_normalized_gamma_f32(visuals.panel_fill)
    }
}
