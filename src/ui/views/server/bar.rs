//! The bar above the page: whether the server runs, where, who may come in, and what can be done to
//! all of it at once.

use egui::{Align, Color32, Layout, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::network;
use super::publish::Publish;
use super::restart::Restarting;
use crate::engine::ServerView;
use crate::model::TransportKind;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{Button, line, pill};

/// What opening the room does.
pub(super) const OPENS: &str = "Lets everyone in this network come in who has the token, and shows \
                                a QR code to scan. The server then listens beyond this machine; \
                                who is connected has to come back";
/// What closing it does.
const CLOSES: &str = "Everyone in this network who has the token can come in. Closing the room \
                      leaves only this machine, and cuts everyone off";
/// Why nothing can be done for the moment.
const BUSY: &str = "The server is starting or stopping";
/// The window is wide enough for what can also be done elsewhere.
const ROOMY: f32 = 1300.0;

/// The bar's state.
#[derive(Debug, Default)]
pub(super) struct Bar {
    /// Room for the address, as far as the last frame knew.
    room: Option<f32>,
    /// What is open below its buttons.
    pub publish: Publish,
    pub restart: Restarting,
}

impl Bar {
    /// Shows it. `why_not` tells why it cannot start with what is set.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        server: &ServerView,
        why_not: Option<&str>,
        out: &mut Outbox,
    ) {
        let is_roomy = ui.available_width() > ROOMY;
        ui.horizontal_centered(|ui| {
            let room = self.room.unwrap_or(240.0);
            let taken = state_ui(ui, server, why_not, room, out);
            let left = ui.cursor().left();
            let right = Layout::right_to_left(Align::Center);
            let right = ui.with_layout(right, |ui| {
                self.buttons_ui(ui, server, (why_not, is_roomy), out);
                ui.min_rect().left()
            });
            // What is left goes to the address, from the next pass on.
            let room = (taken + right.inner - left).max(60.0);
            let before = self.room.replace(room);
            if before.is_none_or(|before| (before - room).abs() > 0.5) {
                ui.ctx().request_discard("the address has another width");
            }
        });
    }

    /// From right to left.
    fn buttons_ui(
        &mut self,
        ui: &mut Ui,
        server: &ServerView,
        (why_not, is_roomy): (Option<&str>, bool),
        out: &mut Outbox,
    ) {
        let is_running = server.url.is_some();
        let word = if is_running { "Stop" } else { "Start" };
        let why_not = why_not.filter(|_| !is_running);
        let why_not = if server.is_busy { Some(BUSY) } else { why_not };
        let button = ui.add_enabled(why_not.is_none(), Button::new(word).primary());
        let tip = Action::ToggleServer.tooltip(ui.ctx());
        let why = why_not.unwrap_or_default();
        if button.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
            out.act(Action::ToggleServer);
        }
        if is_running {
            self.restart.button_ui(ui, server, out);
            let can = !server.is_busy && server.client_count > 0;
            let button = ui.add_enabled(can, Button::new("Cut all"));
            let tip = Action::CutAll.tooltip(ui.ctx());
            let why = "Nobody is connected";
            if button.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
                out.act(Action::CutAll);
            }
            self.publish.button_ui(ui, server, out);
        }
        if is_roomy || !is_running {
            let demo = ui.add_enabled(!server.is_busy, Button::new("Connect over all five"));
            if demo.on_hover_text(Action::StartDemo.tooltip(ui.ctx())).clicked() {
                out.act(Action::StartDemo);
            }
        }
    }
}

/// Answers how wide the address is.
fn state_ui(
    ui: &mut Ui,
    server: &ServerView,
    why_not: Option<&str>,
    room: f32,
    out: &mut Outbox,
) -> f32 {
    let t = tokens(ui.ctx());
    let Some(url) = &server.url else {
        let (color, word, text) = if server.is_busy {
            (t.accent, "Starting", "")
        } else {
            (t.faint, "Stopped", "Every transport, fed by one source on this machine")
        };
        pill(ui, color, word);
        let taken = text_ui(ui, text, words(size::BODY), t.muted, room);
        if room_switch(ui, server, why_not).clicked() {
            out.act(Action::ToggleRoom);
        }
        return taken;
    };
    let (color, word) = if server.is_busy { (t.warn, "Restarting") } else { (t.good, "Listening") };
    pill(ui, color, word);
    let url = server.join.as_ref().map_or(url, |join| &join.url);
    let taken = text_ui(ui, url, mono(size::DATA), t.text, room);
    let copy = Button::new("Copy").icon(Icon::Copy).name("Copy the address");
    if ui.add(copy).on_hover_text("Copy the address").clicked() {
        ui.ctx().copy_text(url.clone());
    }
    if room_switch(ui, server, None).clicked() {
        out.act(Action::ToggleRoom);
    }
    let network = &server.options.network;
    let troubles = network::present(network, &TransportKind::ALL).len() as u64;
    if troubles > 0 {
        let sign = pill(ui, t.warn, &format::count(troubles, "trouble"));
        sign.on_hover_text(network::details(network));
    }
    taken
}

/// One line, cut where the room ends, and whole in its tooltip where it is. Answers how wide it is.
fn text_ui(ui: &mut Ui, text: &str, font: egui::FontId, color: Color32, room: f32) -> f32 {
    let galley = line(ui, text, font, color, room);
    let extent = vec2(galley.size().x, galley.size().y);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let is_cut = galley.elided;
    ui.painter().galley(rect.min.round(), galley, color);
    if is_cut {
        response.on_hover_text(text);
    }
    extent.x
}

/// The switch that lets others in, in the colour of a warning while it does. A server that is
/// stopped is started by it, unless there is a reason why not.
fn room_switch(ui: &mut Ui, server: &ServerView, why_not: Option<&str>) -> Response {
    const NAME: &str = "Open to the room";
    let t = tokens(ui.ctx());
    let is_open = server.join.is_some();
    let color = if is_open { t.warn } else { t.muted };
    let galley = ui.painter().layout_no_wrap(NAME.into(), words(size::DATA), color);
    let extent = vec2(galley.size().x + 52.0, size::CHIP);
    let why_not = if server.is_busy { Some(BUSY) } else { why_not };
    let sense = if why_not.is_some() { Sense::hover() } else { Sense::click() };
    let (rect, response) = ui.allocate_exact_size(extent, sense);
    response.widget_info(|| WidgetInfo::selected(Role::Switch, why_not.is_none(), is_open, NAME));
    let fill = if response.hovered() { t.control_hover } else { t.control };
    let edge = if response.has_focus() { t.accent } else { Color32::TRANSPARENT };
    let stroke = egui::Stroke::new(1.0, edge);
    let painter = ui.painter();
    painter.rect(rect, 12.0, fill, stroke, egui::StrokeKind::Inside);
    let middle = rect.center().y;
    let track = egui::Rect::from_center_size(pos2(rect.left() + 22.0, middle), vec2(24.0, 14.0));
    let ground = if is_open { t.warn } else { t.faint };
    painter.rect_filled(track, 7.0, ground);
    let knob = if is_open { track.right() - 7.0 } else { track.left() + 7.0 };
    painter.circle_filled(pos2(knob, middle), 5.0, t.knob);
    let at = pos2(track.right() + 6.0, middle - galley.size().y / 2.0);
    painter.galley(at.round(), galley, color);
    if let Some(why) = why_not {
        return response.on_hover_text(why);
    }
    let keys = Action::ToggleRoom.keys(ui.ctx()).unwrap_or_default();
    let text = if is_open { CLOSES } else { OPENS };
    response.on_hover_text(format!("{text} · {keys}"))
}
