//! The bar at the bottom: how much, how fast, what is missing, and where it is recorded.

use egui::{Align, Layout, Sense, Ui, pos2, vec2};
use lucide_icons::Icon;

use super::words::{NOT_VERIFIED, is_insecure};
use crate::engine::{Origin, Recording, SessionView};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::tokens;
use crate::ui::widgets::{icon_button, separated};

/// Shows it.
pub(super) fn ui(
    ui: &mut Ui,
    session: Option<&SessionView>,
    scene: Scene<'_>,
    shows_plots: bool,
    out: &mut Outbox,
) {
    let t = tokens(ui.ctx());
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let Some(session) = session else {
            separated(ui, "Ready", t.muted);
            let count = scene.snapshot.sessions.len() as u64;
            separated(ui, &format::count(count, "session"), t.faint);
            if let Some(url) = &scene.snapshot.server.url {
                separated(ui, &format!("server {url}"), t.faint);
            }
            return;
        };
        let stats = &session.stats;
        if is_insecure(session) {
            separated(ui, NOT_VERIFIED, t.bad);
        }
        if session.origin == Origin::Live {
            separated(ui, &format::rate(stats.rate), t.muted);
            separated(ui, &format!("{}/s", format::bytes(stats.byte_rate)), t.muted);
        }
        separated(ui, &format::count(session.index.len() as u64, "event"), t.muted);
        if let Some((lost, doubled, disordered)) = stats.sequence {
            let number = format::thousands;
            let text = format!(
                "{} lost · {} duplicated · {} out of order",
                number(lost),
                number(doubled),
                number(disordered)
            );
            separated(ui, &text, if lost + doubled + disordered > 0 { t.warn } else { t.muted });
        }
        if stats.reconnects > 0 {
            separated(ui, &format::count(u64::from(stats.reconnects), "reconnect"), t.muted);
        }
        recording_ui(ui, &session.recording, out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = if shows_plots { "Hide the plots" } else { "Show the plots" };
            let icon = if shows_plots { Icon::PanelBottomClose } else { Icon::ChartLine };
            if !super::face::never_opened(session) && icon_button(ui, icon, text).clicked() {
                out.act(Action::TogglePlots);
            }
        });
    });
}

fn recording_ui(ui: &mut Ui, recording: &Recording, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let name = recording.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let bytes = format::size(recording.bytes);
    let (text, color) = match (&recording.error, recording.saving, recording.is_running) {
        (Some((why, _)), ..) => (format!("not recording: {why}"), t.bad),
        (_, Some((_, 0)), _) => (String::from("saving…"), t.muted),
        (_, Some((done, all)), _) => {
            let done = format::thousands(done);
            (format!("saving {done} of {}", format::count(all, "event")), t.muted)
        }
        (.., true) => (format!("recording {name} {bytes}").replace("  ", " "), t.muted),
        (.., false) => (format!("{name} {bytes}").trim().to_owned(), t.muted),
    };
    if recording.is_running || recording.error.is_some() {
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
        ui.painter().circle_filled(pos2(rect.center().x, rect.center().y), 4.0, t.bad);
    }
    let place = if recording.is_saved { "" } else { "Not saved yet; kept in a temporary place. " };
    let tip =
        format!("{place}{} · {}", recording.path.display(), Action::SaveCapture.tooltip(ui.ctx()));
    if separated(ui, &text, color).on_hover_text(tip).clicked() {
        out.act(Action::SaveCapture);
    }
}
