//! How the connection came about, or why it did not: phases as a small waterfall, the request, the
//! answer and its body.

use egui::{Color32, Rect, RichText, Sense, Ui, pos2, vec2};

use super::words::{phases, warning};
use super::{body, certificates};
use crate::engine::Selected;
use crate::model::{Event, Headers, Meta, is_secret_header};
use crate::ui::format;
use crate::ui::scene::Scene;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::views::capital;
use crate::ui::widgets::{fact, section};

/// Shows it.
pub(super) fn ui(ui: &mut Ui, selected: &Selected, scene: Scene<'_>) {
    let t = tokens(ui.ctx());
    let own = &selected.event;
    let has_head = own.meta().status.is_some() || !own.meta().headers.is_empty();
    let event = if has_head { Some(own) } else { selected.handshake.as_ref() };
    let Some(event) = event else {
        ui.label(RichText::new("No handshake was recorded for this connection").color(t.muted));
        return;
    };
    ui.spacing_mut().item_spacing.y = 3.0;
    let meta = event.meta();
    origin_ui(ui, event);
    timing_ui(ui, event);
    for (name, value) in negotiated(meta) {
        fact(ui, name, &value, t.text);
    }
    if meta.insecure {
        fact(ui, "Certificate", "not verified", t.bad);
    }
    certificates::ui(ui, &meta.certificates, scene);
    if meta.method.is_some() || !meta.request_headers.is_empty() {
        let method = meta.method.as_deref().unwrap_or("GET");
        let url = meta.url.as_deref().unwrap_or_default();
        head_ui(ui, "Request", &format!("{method} {url}"), &meta.request_headers);
    }
    if meta.status.is_some() || !meta.headers.is_empty() {
        let version = meta.version.as_deref().unwrap_or_default();
        let status = meta.status.map(|status| status.to_string()).unwrap_or_default();
        let reason = meta.reason.as_deref().unwrap_or_default();
        let line = format!("{version} {status} {reason}");
        head_ui(ui, "Response", line.trim(), &meta.headers);
    }
    if event.kind.is_state() && !event.payload.is_empty() {
        ui.add_space(6.0);
        body::ui(ui, event, 16_000);
    }
    if let Some(cause) = meta.cause.as_deref().filter(|_| warning(event).is_none()) {
        ui.add_space(6.0);
        sentence(ui, cause, t.bad);
    }
}

/// The way to the peer, and what was agreed on with it.
fn negotiated(meta: &Meta) -> Vec<(&'static str, String)> {
    let header = |headers: &Headers, name: &str| {
        let found: Vec<&str> = headers
            .iter()
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!found.is_empty()).then(|| found.join(", "))
    };
    // What was asked for and not agreed on is worth knowing, too.
    let agreed = |name: &str| {
        let none = || header(&meta.request_headers, name).map(|_| String::from("none"));
        header(&meta.headers, name).or_else(none).filter(|_| meta.status == Some(101))
    };
    let all = [
        ("Peer", meta.remote.clone()),
        ("Proxy", meta.proxy.clone()),
        ("TLS", meta.tls.clone()),
        ("Subprotocol", agreed("sec-websocket-protocol")),
        ("Extensions", agreed("sec-websocket-extensions")),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Under what reserve a connection came about, and why over this transport.
pub(super) fn origin_ui(ui: &mut Ui, event: &Event) {
    let t = tokens(ui.ctx());
    let told = [(warning(event), t.warn), (event.meta().chosen.as_deref(), t.muted)];
    for (text, color) in told {
        if let Some(text) = text {
            sentence(ui, text, color);
            ui.add_space(4.0);
        }
    }
}

pub(super) fn sentence(ui: &mut Ui, text: &str, color: Color32) {
    let text = RichText::new(capital(text)).color(color);
    ui.add(egui::Label::new(text).wrap().selectable(true));
}

/// The phases of an attempt, one below the other, each where it took place.
pub(super) fn timing_ui(ui: &mut Ui, event: &Event) {
    let t = tokens(ui.ctx());
    let Some(timing) = event.meta().timing else { return };
    let phases = phases(&timing);
    let sum: f64 = phases.iter().map(|(_, ms)| ms).sum();
    let whole = timing.total.unwrap_or(sum).max(sum).max(1e-6);
    let colors = [t.short_poll, t.websocket, t.sse, t.websocket, t.long_poll];
    let names = ["DNS", "TCP", "TLS", "connect", "answer"];
    let mut from = 0.0;
    for (name, ms) in phases {
        let desired = vec2(ui.available_width(), 20.0);
        let (rect, response) = ui.allocate_exact_size(desired, Sense::hover());
        let label = format!("{name}: {}", format::millis(ms));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
        let painter = ui.painter();
        let left = egui::Align2::LEFT_CENTER;
        painter.text(rect.left_center(), left, name, words(size::DATA), t.muted);
        let right = egui::Align2::RIGHT_CENTER;
        let value = format::millis(ms);
        painter.text(rect.right_center(), right, value, mono(size::DATA), t.text);
        let track = Rect::from_min_max(
            pos2(rect.left() + 60.0, rect.center().y - 3.0),
            pos2(rect.right() - 72.0, rect.center().y + 3.0),
        );
        painter.rect_filled(track, 3.0, t.grid);
        let x = |ms: f64| track.left() + track.width() * (ms / whole) as f32;
        let bar = Rect::from_min_max(
            pos2(x(from), track.top()),
            pos2((x(from + ms)).max(x(from) + 2.0), track.bottom()),
        );
        let color = names.iter().position(|other| *other == name).map_or(t.accent, |at| colors[at]);
        painter.rect_filled(bar, 3.0, color);
        from += ms;
    }
    if let Some(total) = timing.total {
        fact(ui, "Total", &format::millis(total), t.text);
    }
}

fn head_ui(ui: &mut Ui, title: &str, first: &str, headers: &Headers) {
    let t = tokens(ui.ctx());
    ui.add_space(6.0);
    section(ui, title);
    let mut job = egui::text::LayoutJob::default();
    let mut add = |text: &str, color| {
        job.append(text, 0.0, egui::TextFormat::simple(mono(size::DATA), color));
    };
    add(first, t.text);
    for (name, value) in headers {
        add("\n", t.text);
        add(name, t.muted);
        add(": ", t.muted);
        // On the screen of a workshop a token is as public as in a file.
        add(if is_secret_header(name) { "••••••" } else { value }, t.text);
    }
    job.wrap.max_width = ui.available_width();
    ui.add(egui::Label::new(job).wrap().selectable(true));
}
