//! Server: the built-in one, what it sends, over what kind of network, to whom, and what it counts.

mod bar;
mod clients;
mod connections;
mod fold;
mod join;
mod lessons;
mod network;
mod publish;
mod restart;
pub(super) mod scoped;
mod settings;
mod source;
mod told;
mod topics;
mod transports;
mod troubles;

use egui::{Id, Memory, Panel, Rect, ScrollArea, Ui, UiBuilder, vec2};
use lucide_icons::Icon;

use crate::engine::{ServerView, TransportStats};
use crate::model::{Command, TransportKind};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Empty, bar_frame, card, problem, separated};

/// The least height of the clients.
const CLIENTS: f32 = 190.0;
/// The least width of the page for a third column.
const THREE: f32 = 1160.0;

/// The page's state, one part a card.
#[derive(Debug, Default)]
pub(crate) struct ServerPage {
    settings: settings::Settings,
    bar: bar::Bar,
    source: source::SourcePart,
    connections: connections::ConnectionsPart,
    network: network::NetworkCard,
    lessons: lessons::LessonsCard,
    clients: clients::Clients,
    join: join::JoinCard,
    topics: topics::TopicsCard,
    /// What had the focus in the frame before.
    focused: Option<Id>,
}

impl ServerPage {
    /// Whether an action has anything to apply to.
    pub(crate) fn can(server: &ServerView, action: Action) -> bool {
        let is_running = server.url.is_some() && !server.is_busy;
        match action {
            Action::ToggleServer | Action::ToggleRoom => !server.is_busy,
            Action::CutAll => is_running && server.client_count > 0,
            _ => is_running,
        }
    }

    /// Does what the keyboard, the palette or a button asks for.
    pub(crate) fn act(&mut self, server: &ServerView, action: Action, out: &mut Outbox) {
        match action {
            Action::ToggleServer => self.toggle(server, out),
            Action::ToggleRoom => self.toggle_room(server, out),
            Action::CutAll => out.send(Command::CutAll),
            Action::Publish => self.bar.publish.open(),
            Action::RestartServer => self.bar.restart.open(),
            _ => {}
        }
    }

    /// Opens the room or closes it. A server that is stopped starts for it, with what is set.
    fn toggle_room(&mut self, server: &ServerView, out: &mut Outbox) {
        if server.url.is_some() {
            return out.send(Command::OpenRoom(server.join.is_none()));
        }
        self.settings.take_over(server);
        if let Ok(mut options) = self.settings.draft(server).read() {
            // Beyond this machine, a token is made where none is given.
            options.listen.set_ip([0; 4].into());
            out.send(Command::StartServer(Box::new(options)));
        }
    }

    /// Starts the server, or stops it.
    fn toggle(&mut self, server: &ServerView, out: &mut Outbox) {
        if server.url.is_some() {
            return out.send(Command::StopServer);
        }
        // The page may not have been seen since it stopped.
        self.settings.take_over(server);
        if let Ok(options) = self.settings.draft(server).read() {
            out.send(Command::StartServer(Box::new(options)));
        }
    }

    /// Shows the page.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let server = &scene.snapshot.server;
        self.settings.take_over(server);
        let why_not = self.settings.why_not();
        let why_not = why_not.as_deref();
        Panel::top("server bar")
            .exact_size(size::BAR + 1.0)
            .frame(bar_frame(ui))
            .resizable(false)
            .show(ui, |ui| self.bar.ui(ui, server, why_not, out));
        let canvas = egui::Frame::new().fill(t.canvas);
        egui::CentralPanel::no_frame().frame(canvas).show(ui, |ui| {
            let focus = self.new_focus(ui);
            let page = ui.max_rect().shrink2(vec2(size::PAD, 0.0));
            let left_width = if page.width() >= THREE { 300.0 } else { 264.0 };
            let (left, rest) = split(page, left_width);
            column(ui, ("server left", left), focus, |ui, _| self.left_ui(ui, scene, out));
            if server.url.is_none() {
                return column(ui, ("server middle", rest), focus, |ui, _| {
                    stopped_ui(ui, server, why_not, out);
                });
            }
            let has_right = page.width() >= THREE;
            let right_width = if has_right { 236.0 + size::PAD } else { 0.0 };
            let (middle, right) = split(rest, rest.width() - right_width);
            column(ui, ("server middle", middle), focus, |ui, bottom| {
                self.middle_ui(ui, (bottom, has_right), scene, out);
            });
            if has_right {
                column(ui, ("server right", right), focus, |ui, _| {
                    self.join.column_ui(ui, server, out);
                    self.topics.ui(ui, &server.topics);
                });
            }
        });
    }

    /// Where the focus has just gone to.
    fn new_focus(&mut self, ui: &Ui) -> Option<Rect> {
        let focused = ui.memory(Memory::focused);
        let before = std::mem::replace(&mut self.focused, focused);
        let response = ui.ctx().read_response(focused.filter(|_| focused != before)?)?;
        (response.layer_id == ui.layer_id()).then_some(response.rect)
    }

    fn left_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let server = &scene.snapshot.server;
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 5.0;
            self.source.ui(ui, server, &mut self.settings, out);
            ui.add_space(4.0);
            self.connections.ui(ui, server, &mut self.settings);
        });
        self.network.ui(ui, server, &mut self.settings, out);
        self.lessons.ui(ui, &scene.snapshot.compare, out);
    }

    /// Fills the column down to `bottom`, or goes beyond it where there is too little room.
    fn middle_ui(
        &mut self,
        ui: &mut Ui,
        (bottom, has_right): (f32, bool),
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let server = &scene.snapshot.server;
        error_ui(ui, server);
        if !has_right {
            self.join.strip_ui(ui, server);
        }
        transports::ui(ui, &server.transports);
        let height = (bottom - ui.cursor().top()).floor().max(CLIENTS);
        let (place, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::hover());
        self.clients.ui(ui, place, scene, out);
        if !has_right {
            self.topics.ui(ui, &server.topics);
        }
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
            separated(ui, &format::count(server.client_count, "client"), t.muted);
            let behind = clients::behind(server);
            if behind > 0 {
                separated(ui, &format!("{} behind", format::thousands(behind)), t.warn);
            }
            if server.refused > 0 {
                let text = format!("{} refused", format::thousands(server.refused));
                separated(ui, &text, t.warn)
                    .on_hover_text("Connections turned away because there were too many");
            }
            let delivered: u64 = sum(|stats| stats.messages_out);
            separated(ui, &format!("{} delivered", format::thousands(delivered)), t.muted);
            let wire = format::size(sum(|stats| stats.wire_out));
            separated(ui, &format!("{wire} on the wire"), t.muted);
            let troubles =
                network::present(&server.options.network, &TransportKind::ALL).len() as u64;
            if troubles > 0 {
                let text = format!("network with {}", format::count(troubles, "trouble"));
                separated(ui, &text, t.warn);
            }
            if server.join.is_some() {
                separated(ui, "room open", t.warn);
            }
        });
    }
}

/// So much of a place on the left, and what is left of it behind a gap.
fn split(place: Rect, width: f32) -> (Rect, Rect) {
    let edge = (place.left() + width).round();
    (place.with_max_x(edge), place.with_min_x((edge + size::PAD).min(place.right())))
}

/// A column that scrolls where its content is longer, and to what gets the focus. Its content is
/// told where it ends.
fn column(
    ui: &mut Ui,
    (id, place): (&str, Rect),
    focus: Option<Rect>,
    add: impl FnOnce(&mut Ui, f32),
) {
    let mut child = ui.new_child(UiBuilder::new().max_rect(place));
    child.set_clip_rect(place.expand2(vec2(size::PAD / 2.0, 0.0)).intersect(ui.clip_rect()));
    // At rest, a bar beside cards would be taken for a line between panels.
    let bar = &mut child.spacing_mut().scroll;
    (bar.dormant_background_opacity, bar.active_background_opacity) = (0.0, 0.0);
    (bar.interact_background_opacity, bar.dormant_handle_opacity) = (0.0, 0.5);
    let focus = focus.filter(|focus| place.x_range().contains(focus.center().x));
    ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).show(&mut child, |ui| {
        ui.set_width(place.width());
        ui.spacing_mut().item_spacing = vec2(size::PAD, size::PAD);
        let top = ui.cursor().top();
        ui.add_space(size::PAD);
        // Scrolled, everything lies higher by as much.
        add(ui, top + place.height() - size::PAD);
        ui.add_space(size::PAD - ui.spacing().item_spacing.y);
        if let Some(focus) = focus.filter(|focus| !place.contains_rect(*focus)) {
            ui.scroll_to_rect(focus.expand(size::PAD), None);
        }
    });
}

fn error_ui(ui: &mut Ui, server: &ServerView) {
    if let Some(error) = &server.error {
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            problem(ui, error);
        });
    }
}

fn stopped_ui(ui: &mut Ui, server: &ServerView, why_not: Option<&str>, out: &mut Outbox) {
    error_ui(ui, server);
    if server.is_busy {
        let face = Empty::new(Icon::Server, "One moment");
        face.line("The server is starting or stopping").show(ui);
        return;
    }
    let face = Empty::new(Icon::Server, "The server is stopped");
    if let Some(why) = why_not {
        face.line("It cannot start with what is set").line(why).show(ui);
        return;
    }
    let text = "Start it to give clients something to connect to, on one address";
    let face = face.line(text).action("Start");
    if face.show(ui).is_some_and(|button| button.clicked()) {
        out.act(Action::ToggleServer);
    }
}
