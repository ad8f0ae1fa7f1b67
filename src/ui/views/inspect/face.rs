//! The faces of a session that has nothing to list: connecting, refused, open but silent, hidden by
//! its own filter; and the strip above the list that tells of a connection that was lost.

use egui::{Align, Layout, Margin, RichText, Ui};
use lucide_icons::Icon;

use super::body;
use super::words::is_insecure;
use crate::analysis::Phase;
use crate::engine::{Origin, SessionView};
use crate::model::{Command, Kind};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene, now_ns};
use crate::ui::theme::{icon, size, tokens};
use crate::ui::views::capital;
use crate::ui::widgets::{Button, Empty};

/// What the strip says.
pub(super) struct Strip {
    icon: Icon,
    is_bad: bool,
    text: String,
    hint: Option<String>,
    button: Option<&'static str>,
}

/// Whether the session ended without ever having been open.
pub(super) fn never_opened(session: &SessionView) -> bool {
    matches!(session.phase, Phase::Ended { was_open: false, .. }) && session.stats.received == 0
}

/// The strip for a session that was lost, failed, is insecure or cannot be recorded.
pub(super) fn strip(session: &SessionView, scene: Scene<'_>) -> Option<Strip> {
    if let Some((text, hint)) = &session.recording.error {
        return Some(Strip {
            icon: Icon::HardDrive,
            is_bad: true,
            text: format!("The recording stopped: {text}"),
            hint: Some(hint.clone()),
            button: None,
        });
    }
    match &session.phase {
        _ if session.origin == Origin::File => None,
        Phase::Waiting { until_ns, retry: (at, most), cause, hint } => {
            let left = until_ns.saturating_sub(now_ns(session)) as f64 / 1e9;
            Some(Strip {
                icon: Icon::Unplug,
                is_bad: false,
                text: format!("{}. Retry {at} of {most} in {left:.1} s", capital(cause)),
                hint: hint.clone(),
                button: Some("Retry now"),
            })
        }
        Phase::Connecting { attempt } if *attempt > 1 => Some(Strip {
            icon: Icon::RotateCw,
            is_bad: false,
            text: format!("Connecting again, attempt {attempt}"),
            hint: None,
            button: None,
        }),
        Phase::Ended { at_ns, was_open, cause, hint, .. }
            if session.origin == Origin::Live && !never_opened(session) =>
        {
            let at = scene.zone.clock(super::words::wall(session, *at_ns));
            let cause =
                if cause.is_empty() { String::from("Disconnected") } else { capital(cause) };
            Some(Strip {
                icon: if hint.is_some() { Icon::CircleAlert } else { Icon::CircleStop },
                is_bad: hint.is_some() || !was_open,
                text: format!("{cause}, at {at}"),
                hint: hint.clone(),
                button: Some("Connect again"),
            })
        }
        _ if is_insecure(session) => Some(Strip {
            icon: Icon::LockOpen,
            is_bad: true,
            text: String::from("The certificate is not verified"),
            hint: Some(String::from("Anyone on the way can read and change everything")),
            button: None,
        }),
        _ => None,
    }
}

/// Shows the strip.
pub(super) fn strip_ui(ui: &mut Ui, strip: &Strip, session: &SessionView, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let color = if strip.is_bad { t.bad } else { t.warn };
    egui::Frame::new().inner_margin(Margin::symmetric(0, 5)).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.label(icon(strip.icon).color(color));
            let button = strip.button.map_or(0.0, |_| 120.0);
            let room = ui.available_width() - button;
            ui.allocate_ui_with_layout(egui::vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                let text = RichText::new(&strip.text).color(t.text);
                ui.add(egui::Label::new(text).wrap().selectable(true));
                if let Some(hint) = &strip.hint {
                    let hint = RichText::new(hint).size(size::DATA).color(t.muted);
                    ui.add(egui::Label::new(hint).wrap().selectable(true));
                }
            });
            if let Some(text) = strip.button {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let tip = Action::Reconnect.tooltip(ui.ctx());
                    if ui.add(Button::new(text).small()).on_hover_text(tip).clicked() {
                        out.send(Command::Reconnect(session.id));
                    }
                });
            }
        });
    });
}

/// Shows a face in place of the list; `false` when there is a list to show.
pub(super) fn ui(ui: &mut Ui, session: &SessionView, scene: Scene<'_>, out: &mut Outbox) -> bool {
    let t = tokens(ui.ctx());
    let host = session.endpoint.url.host_str().unwrap_or_default();
    if never_opened(session) {
        refused_ui(ui, session, out);
        return true;
    }
    let searched = session.matches.as_ref().is_some_and(|m| m.searched >= session.index.len());
    let hides = session.matches.as_ref().is_some_and(|matches| matches.at.is_empty());
    if hides && searched && !session.index.is_empty() {
        let text = format!(
            "None of {} passes the filter",
            format::count(session.index.len() as u64, "event")
        );
        let face =
            Empty::new(Icon::FunnelX, "Nothing matches").line(&text).action("Clear the filter");
        if face.show(ui).is_some_and(|button| button.clicked()) {
            out.act(Action::ClearFilter);
        }
        return true;
    }
    let is_live = session.origin == Origin::Live;
    match &session.phase {
        Phase::New | Phase::Connecting { attempt: 0 | 1 }
            if is_live && !heard_anything(session) =>
        {
            let title = format!("Connecting to {host}");
            let text = "Looking up the name, opening the connection, waiting for an answer";
            let face = Empty::new(Icon::Plug, &title).color(t.accent).line(text).action("Cancel");
            if face.show(ui).is_some_and(|button| button.clicked()) {
                out.send(Command::Disconnect(session.id));
            }
            true
        }
        Phase::Waiting { .. } if !session.index.is_empty() => false,
        _ if session.index.is_empty() => {
            let at = scene.zone.clock(session.start_wall_ns);
            let text = format!("Recorded since {at}");
            Empty::new(Icon::Hourglass, "Nothing yet").line(&text).show(ui);
            true
        }
        _ => false,
    }
}

/// Whether there is more to see than that an attempt began.
fn heard_anything(session: &SessionView) -> bool {
    session.index.iter_from(0).take(4).any(|entry| entry.kind != Kind::Connecting)
}

fn refused_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let Phase::Ended { status, cause, hint, n, .. } = &session.phase else { return };
    let title = match status {
        Some(status) => format!("Refused with {status}"),
        None => String::from("No connection"),
    };
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            ui.add_space((ui.available_height() * 0.16).clamp(12.0, 110.0));
            let face = Empty::new(Icon::CircleX, &title).color(t.bad).line(cause);
            face.line(hint.as_deref().unwrap_or_default()).show_here(ui);
            ui.add_space(8.0);
            body_ui(ui, session, *n);
            ui.add_space(10.0);
            if session.origin == Origin::File {
                return;
            }
            let tip = Action::Reconnect.tooltip(ui.ctx());
            if ui.add(Button::new("Connect again").primary()).on_hover_text(tip).clicked() {
                out.send(Command::Reconnect(session.id));
            }
            if ui.add(Button::new("Change the options").quiet()).clicked() {
                out.act(Action::ToggleOptions);
            }
        });
    });
}

/// The start of the body that came with the refusal.
fn body_ui(ui: &mut Ui, session: &SessionView, n: u64) {
    let t = tokens(ui.ctx());
    let Some(event) = session.rows.get(&n) else { return };
    if event.payload.is_empty() {
        return;
    }
    let width = (ui.available_width() - 48.0).min(640.0);
    ui.allocate_ui_with_layout(egui::vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
        egui::Frame::new()
            .fill(t.panel)
            .stroke(egui::Stroke::new(1.0, t.line))
            .corner_radius(size::CARD_RADIUS)
            .inner_margin(Margin::symmetric(12, 10))
            .show(ui, |ui| {
                ui.set_width(width - 26.0);
                ui.spacing_mut().item_spacing.y = 4.0;
                body::ui(ui, event, 2_000);
            });
    });
}
