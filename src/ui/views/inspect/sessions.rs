//! The sessions on the left: what each is, what it is doing, how fast and how late.

use egui::{Align, Layout, Margin, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::words::{is_insecure, state_words};
use crate::engine::{Origin, SessionView};
use crate::model::{Command, SessionId};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{icon_font, medium, size, tokens, words};
use crate::ui::widgets::{Button, Line, dot, icon_button, line, section};

/// Height of one session.
const HEIGHT: f32 = 49.0;

/// Shows them; answers the one that was picked.
pub(super) fn ui(
    ui: &mut Ui,
    scene: Scene<'_>,
    chosen: Option<SessionId>,
    out: &mut Outbox,
) -> Option<SessionId> {
    let mut picked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::Frame::new().inner_margin(Margin { left: 16, right: 10, top: 10, bottom: 1 }).show(
        ui,
        |ui| {
            ui.horizontal(|ui| {
                section(ui, "Sessions");
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let action = Action::NewSession;
                    let tip = action.tooltip(ui.ctx());
                    if icon_button(ui, Icon::Plus, "New session").on_hover_text(tip).clicked() {
                        out.act(action);
                    }
                });
            });
        },
    );
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for session in &scene.snapshot.sessions {
            let response = session_ui(ui, session, chosen == Some(session.id), scene, out);
            if response.clicked() {
                picked = Some(session.id);
            }
            response.context_menu(|ui| menu_ui(ui, session, out));
            super::connect_bar::tick(ui, session);
        }
        ui.add_space(size::PAD);
    });
    picked
}

fn session_ui(
    ui: &mut Ui,
    session: &SessionView,
    is_chosen: bool,
    scene: Scene<'_>,
    out: &mut Outbox,
) -> Response {
    let t = tokens(ui.ctx());
    let desired = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    let rect = rect.shrink2(vec2(8.0, 0.0));
    let (words_now, color) = state_words(session, t, scene.zone);
    let insecure = if is_insecure(session) { ", certificate not verified" } else { "" };
    let name = format!("{}, {words_now}{insecure}", session.title);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, &name));
    let pointed = ui.rect_contains_pointer(rect);
    if is_chosen {
        ui.painter().rect_filled(rect, size::RADIUS, t.selected);
    } else if pointed || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS, t.control);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(rect, size::RADIUS, stroke, egui::StrokeKind::Inside);
    }
    let close = if pointed { 24.0 } else { 0.0 };
    if session.origin == Origin::File {
        let at = pos2(rect.left() + 11.0, rect.top() + 16.0);
        let file = char::from(Icon::FileText);
        ui.painter().text(at, egui::Align2::CENTER_CENTER, file, icon_font(12.0), t.muted);
    } else {
        dot(ui, pos2(rect.left() + 11.0, rect.top() + 16.0), color);
    }
    let left = rect.left() + 23.0;
    let room = rect.right() - left - 8.0;
    let title = line(ui, &session.title, medium(size::BODY), t.text, room - close);
    let is_cut = title.elided;
    ui.painter().galley(pos2(left, rect.top() + 8.0), title, t.text);
    let below = second_line(ui, session, &words_now, color, room);
    ui.painter().galley(pos2(left, rect.top() + 27.0), below, t.muted);
    if pointed {
        let corner = Rect::from_min_size(rect.right_top() + vec2(-28.0, 4.0), vec2(24.0, 24.0));
        let tip = Action::CloseSession.spec().tip;
        let button = Button::new("").icon(Icon::X).name("Close session").quiet().small();
        let closed = ui.place(corner, button).on_hover_text(tip);
        if closed.clicked() {
            out.send(Command::Close(session.id));
        }
    }
    if is_cut { response.on_hover_text(session.endpoint.url.as_str()) } else { response }
}

/// Transport, then whatever matters most now: rate and latency while open, the state otherwise.
fn second_line(
    ui: &Ui,
    session: &SessionView,
    state: &str,
    color: egui::Color32,
    room: f32,
) -> std::sync::Arc<egui::Galley> {
    let t = tokens(ui.ctx());
    let font = || words(size::DATA);
    let mut line = Line::default();
    let transport = session.transport.or(session.endpoint.transport);
    line.add(transport.map_or("Auto", |kind| kind.label()), font(), t.transport(transport));
    let mut rest = Vec::new();
    if is_insecure(session) {
        rest.push((String::from("not verified"), t.bad));
    }
    if session.origin == Origin::File {
        rest.push((format::count(session.index.len() as u64, "event"), t.muted));
    } else if session.phase.is_open() && session.silent_ns.is_none() {
        rest.push((format::rate(session.stats.rate), t.muted));
        if let Some(latency) = &session.stats.latency {
            rest.push((format::millis(latency.p50), t.muted));
        }
    } else {
        // The first letter goes down, since the words stand in the middle of a line here.
        let mut state = state.to_owned();
        if let Some(first) = state.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        rest.push((state, color));
    }
    for (text, color) in rest {
        line.add(" · ", font(), t.faint).add(&text, font(), color);
    }
    line.fit(ui, room)
}

fn menu_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    let id = session.id;
    let live = session.origin == Origin::Live;
    let entries = [
        (live && !session.phase.is_over(), Action::Disconnect, Command::Disconnect(id)),
        (live && !session.phase.is_open(), Action::Reconnect, Command::Reconnect(id)),
        (true, Action::SaveCapture, Command::SaveDialog(id)),
        (true, Action::CloseSession, Command::Close(id)),
    ];
    ui.set_min_width(190.0);
    for (applies, action, command) in entries {
        let spec = action.spec();
        let button = Button::new(spec.text).icon(spec.icon).quiet().small();
        if applies && ui.add(button).on_hover_text(spec.tip).clicked() {
            out.send(command);
            ui.close();
        }
    }
    super::command_line::menu_ui(ui, session, out);
    let copy = Button::new("Copy address").icon(Icon::Copy).quiet().small();
    if ui.add(copy).clicked() {
        ui.ctx().copy_text(session.endpoint.url.to_string());
        ui.close();
    }
}
