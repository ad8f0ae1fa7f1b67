//! The first thing one sees: what Wirescope is for, the three ways to begin, and recent captures.

use egui::{
    Align, CornerRadius, Layout, Margin, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2,
};
use lucide_icons::Icon;

use crate::engine::RecentCapture;
use crate::model::Command;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{icon_font, medium, mono, semibold, size, tokens, words};
use crate::ui::widgets::{kbd, line, section};

/// Width of the three cards together.
const WIDTH: f32 = 928.0;
/// Recent captures listed.
const RECENT: usize = 6;

/// Shows it.
pub(super) fn ui(ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let above = ((ui.available_height() - 460.0) * 0.3).clamp(16.0, 120.0);
        let width = WIDTH.min(ui.available_width() - 48.0);
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            ui.add_space(above);
            ui.spacing_mut().item_spacing.y = 6.0;
            let title = RichText::new("See every frame of a live endpoint");
            ui.label(title.font(semibold(24.0)).color(t.text));
            let text = "WebSocket, Server-Sent Events, long poll and short poll, recorded to disk \
                        from the first byte";
            ui.add(egui::Label::new(RichText::new(text).color(t.muted)).wrap());
            ui.add_space(20.0);
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                cards_ui(ui, out);
                recents_ui(ui, scene, out);
            });
            ui.add_space(24.0);
            keys_ui(ui);
            ui.add_space(24.0);
        });
    });
}

fn cards_ui(ui: &mut Ui, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let cards = [
        (
            Icon::Play,
            t.good,
            "Start the demo server",
            "Five transports fed by one source on this machine, connected side by side",
            Action::StartDemo,
        ),
        (
            Icon::Plug,
            t.accent,
            "Connect to an endpoint",
            "Type an address above. What it speaks is found by asking it",
            Action::FocusAddress,
        ),
        (
            Icon::FolderOpen,
            t.short_poll,
            "Open a capture",
            "A .wirescope file: choose one, or drop it on this window",
            Action::OpenCapture,
        ),
    ];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let width = (ui.available_width() - 28.0) / 3.0;
        for (icon, color, title, text, action) in cards {
            let extent = vec2(width, if width < 240.0 { 172.0 } else { 152.0 });
            let (rect, response) = ui.allocate_exact_size(extent, Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, title));
            let fill = if response.hovered() { t.control } else { t.panel };
            let edge = if response.has_focus() { t.accent } else { t.line };
            let radius = CornerRadius::same(size::CARD_RADIUS);
            let stroke = Stroke::new(1.0, edge);
            ui.painter().rect(rect, radius, fill, stroke, egui::StrokeKind::Inside);
            let ground = egui::Rect::from_min_size(rect.min + vec2(20.0, 20.0), vec2(34.0, 34.0));
            ui.painter().rect_filled(ground, size::RADIUS, t.selected);
            let middle = egui::Align2::CENTER_CENTER;
            ui.painter().text(ground.center(), middle, char::from(icon), icon_font(17.0), color);
            let at = rect.min + vec2(20.0, 70.0);
            ui.painter().text(at, egui::Align2::LEFT_TOP, title, medium(15.0), t.text);
            let wrap = width - 40.0;
            let body = ui.painter().layout(text.to_owned(), words(size::BODY), t.muted, wrap);
            ui.painter().galley(rect.min + vec2(20.0, 95.0), body, t.muted);
            if response.on_hover_text(action.tooltip(ui.ctx())).clicked() {
                out.act(action);
            }
        }
    });
}

fn recents_ui(ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
    if scene.snapshot.recents.is_empty() {
        return;
    }
    ui.add_space(28.0);
    section(ui, "Recent captures");
    ui.spacing_mut().item_spacing.y = 0.0;
    for recent in scene.snapshot.recents.iter().take(RECENT) {
        if recent_ui(ui, recent, scene) {
            out.send(Command::Open(recent.path.clone()));
        }
    }
}

fn recent_ui(ui: &mut Ui, recent: &RecentCapture, scene: Scene<'_>) -> bool {
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    let name = format!("Open {}", recent.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(
            rect.shrink2(vec2(0.0, 2.0)).expand2(vec2(8.0, 0.0)),
            5.0,
            t.control,
        );
    }
    let mut parts = vec![recent.what.clone(), format::thousands(recent.events)];
    if recent.was_cut_off {
        parts.push(String::from("cut off"));
    }
    let columns = [
        (&recent.name, 0.0, mono(size::DATA), t.text),
        (&parts.join(" · "), 0.42, words(size::BODY), t.muted),
    ];
    for (text, share, font, color) in columns {
        let left = rect.left() + rect.width() * share;
        let galley = line(ui, text, font, color, rect.width() * 0.4);
        let at = egui::pos2(left, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at.round(), galley, color);
    }
    let day = scene.zone.day(recent.modified_wall_ns, scene.wall_ns);
    let right = egui::Align2::RIGHT_CENTER;
    ui.painter().text(rect.right_center(), right, day, words(size::BODY), t.muted);
    response.on_hover_text(recent.path.display().to_string()).clicked()
}

fn keys_ui(ui: &mut Ui) {
    let t = tokens(ui.ctx());
    let keys = [
        (Action::FocusAddress, "address"),
        (Action::Palette, "every command"),
        (Action::OpenCapture, "open"),
        (Action::Shortcuts, "shortcuts"),
    ];
    egui::Frame::new().inner_margin(Margin::ZERO).show(ui, |ui| {
        // Centred by hand: a horizontal layout takes all the room there is.
        let text =
            |word: &str| ui.painter().layout_no_wrap(word.to_owned(), words(size::DATA), t.muted);
        let caps: Vec<(String, &str, f32)> = keys
            .into_iter()
            .map(|(action, word)| {
                let cap = action.keys(ui.ctx()).unwrap_or_default();
                let galley = ui.painter().layout_no_wrap(cap.clone(), words(size::SMALL), t.muted);
                let width = (galley.size().x + 12.0).max(19.0) + 5.0 + text(word).size().x + 12.0;
                (cap, word, width)
            })
            .collect();
        let width = caps.iter().map(|(_, _, width)| width).sum::<f32>() - 12.0;
        ui.allocate_ui_with_layout(vec2(width, 20.0), Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            for (cap, word, _) in caps {
                kbd(ui, &cap, Sense::hover());
                ui.label(RichText::new(word).size(size::DATA).color(t.muted));
                ui.add_space(7.0);
            }
        });
    });
}
