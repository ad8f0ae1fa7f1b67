//! The bar at the bottom: the server, who is on it, what was delivered, and the recording.

use egui::{Response, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::words::is_on;
use crate::engine::{ServerView, TransportStats};
use crate::model::{Command, TransportKind};
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens, words};
use crate::ui::widgets::{line, separated};

/// Shows it.
pub(super) fn ui(ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let server = &scene.snapshot.server;
    let compare = &scene.snapshot.compare;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        match &server.url {
            Some(url) => {
                let place = url.trim_start_matches("http://").trim_start_matches("https://");
                separated(ui, &format!("Server {place}"), t.muted);
                separated(ui, &clients(server), t.muted);
                let sum = |of: fn(&TransportStats) -> u64| -> u64 {
                    server.transports.iter().map(of).sum()
                };
                let delivered = format::thousands(sum(|stats| stats.messages_out));
                separated(ui, &format!("{delivered} delivered"), t.muted);
            }
            None => {
                separated(ui, "Server stopped", t.muted);
            }
        }
        let Some(capture) = &compare.capture else { return };
        let name = capture.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let is_on = compare.run.as_ref().is_some_and(|run| is_on(run));
        let text = if is_on { format!("recording {name}") } else { format!("recorded {name}") };
        if is_on {
            let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
            ui.painter().circle_filled(rect.center(), 4.0, t.bad);
        }
        let tip = format!("Every event of every lane; click to open it. {}", capture.display());
        if link_ui(ui, &text).on_hover_text(tip).clicked() {
            out.send(Command::Open(capture.clone()));
        }
    });
}

/// Words that lead somewhere, underlined when they are about to.
fn link_ui(ui: &mut Ui, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let galley = line(ui, text, words(size::SMALL), t.muted, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), text));
    let is_lit = response.hovered() || response.has_focus();
    let ink = if is_lit { t.accent } else { t.muted };
    ui.painter().galley_with_override_text_color(rect.min.round(), galley, ink);
    if is_lit {
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, ink));
    }
    response
}

/// `18 clients: 5 WebSocket, 6 SSE`.
fn clients(server: &ServerView) -> String {
    let active: u64 = server.transports.iter().map(|stats| stats.active).sum();
    let parts: Vec<String> = server
        .transports
        .iter()
        .filter(|stats| stats.active > 0)
        .map(|stats| {
            let kind = TransportKind::from_word(&stats.transport);
            let count = format::thousands(stats.active);
            match kind {
                Some(kind @ (TransportKind::Websocket | TransportKind::Sse)) => {
                    format!("{count} {}", kind.label())
                }
                Some(kind) => format!("{count} {}", kind.label().to_lowercase()),
                None => format!("{count} {}", stats.transport),
            }
        })
        .collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{}{colon}{}", format::count(active, "client"), parts.join(", "))
}
