//! How others come in: the QR code, the address and the token while the room is open; otherwise
//! what opening it does.

use egui::{
    FontId, Id, Mesh, Modal, Rect, Response, RichText, Role, Sense, Shape, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};
use lucide_icons::Icon;

use super::bar::OPENS;
use crate::engine::{JoinView, ServerView};
use crate::ui::action::Action;
use crate::ui::scene::Outbox;
use crate::ui::theme::{icon, medium, mono, size, tokens};
use crate::ui::widgets::{Button, card, section};

/// Light modules around a code on each side, which readers need to find it (ISO/IEC 18004).
const QUIET: usize = 4;

/// The card's state.
#[derive(Debug, Default)]
pub(super) struct JoinCard {
    /// The code fills the window, for a projector.
    is_large: bool,
}

impl JoinCard {
    /// Shows the card as a column.
    pub(super) fn column_ui(&mut self, ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
        let Some(join) = server.join.as_deref() else { return closed_ui(ui, server, out) };
        let t = tokens(ui.ctx());
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 6.0;
            ui.vertical_centered(|ui| {
                self.code_ui(ui, join, ui.available_width());
                ui.add_space(2.0);
                ui.label(
                    RichText::new("Join from a browser").font(medium(size::BODY)).color(t.text),
                );
                address_ui(ui, join, 17.0, 24.0);
                let text = "Everyone in this network can scan this while the room is open";
                ui.label(RichText::new(text).size(size::DATA).color(t.muted));
                copy_ui(ui, join);
            });
        });
        self.large_ui(ui, join);
    }

    /// Shows the card as a strip across the page.
    pub(super) fn strip_ui(&mut self, ui: &mut Ui, server: &ServerView) {
        let Some(join) = server.join.as_deref() else { return };
        let t = tokens(ui.ctx());
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 16.0;
                self.code_ui(ui, join, 124.0);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 4.0;
                    let title = RichText::new("Join from a browser").font(medium(size::BODY));
                    ui.label(title.color(t.text));
                    address_ui(ui, join, 20.0, 24.0);
                    ui.horizontal(|ui| {
                        copy_ui(ui, join);
                        let text = "Everyone in this network can scan this";
                        ui.label(RichText::new(text).size(size::DATA).color(t.muted));
                    });
                });
            });
        });
        self.large_ui(ui, join);
    }

    fn code_ui(&mut self, ui: &mut Ui, join: &JoinView, most: f32) {
        let code = code(ui, join, most);
        if code.on_hover_text("Show it large, for a projector").clicked() {
            self.is_large = true;
        }
    }

    fn large_ui(&mut self, ui: &Ui, join: &JoinView) {
        if !self.is_large {
            return;
        }
        let t = tokens(ui.ctx());
        let room = ui.ctx().content_rect().size();
        let frame = crate::ui::widgets::modal_frame(ui);
        let modal = Modal::new(Id::unique("join")).frame(frame).backdrop_color(t.veil);
        let shown = modal.show(ui.ctx(), |ui| {
            let most = (room.y - 300.0).clamp(160.0, 720.0);
            ui.set_width((room.x - 160.0).min(820.0));
            ui.vertical_centered(|ui| {
                ui.spacing_mut().item_spacing.y = 10.0;
                code(ui, join, most);
                address_ui(ui, join, 36.0, 52.0);
                ui.add(Button::new("Close")).clicked()
            })
            .inner
        });
        self.is_large = !(shown.inner || shown.should_close());
    }
}

/// What opening the room does, and the button that does it.
fn closed_ui(ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 8.0;
        section(ui, "Join from a browser");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.label(icon(Icon::DoorClosed).color(t.muted));
            ui.label(RichText::new("Only this machine").font(medium(size::BODY)).color(t.text));
        });
        let text = RichText::new(OPENS).size(size::DATA).color(t.muted);
        ui.add(egui::Label::new(text).wrap());
        let button = Button::new("Let others join").icon(Icon::QrCode);
        let button = ui.add_enabled(!server.is_busy, button);
        if button.on_hover_text(Action::ToggleRoom.tooltip(ui.ctx())).clicked() {
            out.act(Action::ToggleRoom);
        }
    });
}

fn copy_ui(ui: &mut Ui, join: &JoinView) {
    let button =
        Button::new("Copy").icon(Icon::Copy).name("Copy the address with the token").small();
    if ui.add(button).on_hover_text("Copy the address with the token").clicked() {
        ui.ctx().copy_text(join.url.clone());
    }
}

/// Host and port, and the token, as large as fits.
fn address_ui(ui: &mut Ui, join: &JoinView, host: f32, token: f32) {
    let t = tokens(ui.ctx());
    let address = join.url.split("/?").next().unwrap_or(&join.url);
    let address = address.trim_start_matches("http://");
    fitted(ui, address, mono(host), t.text);
    let response = fitted(ui, &join.token, mono(token), t.warn);
    response.on_hover_text("The token: whoever knows it comes in, nobody else does");
}

/// A line, smaller where the room asks for it.
fn fitted(ui: &mut Ui, text: &str, font: FontId, color: egui::Color32) -> Response {
    let wide = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), color).size().x;
    let share = (ui.available_width() / wide.max(1.0)).min(1.0);
    let font = FontId::new((font.size * share).floor().max(size::DATA), font.family);
    ui.label(RichText::new(text).font(font).color(color))
}

/// The code, every module as many whole pixels wide as the others.
fn code(ui: &mut Ui, join: &JoinView, most: f32) -> Response {
    let t = tokens(ui.ctx());
    let count = join.qr_side + 2 * QUIET;
    let point = ui.pixels_per_point();
    let module = (most * point / count as f32).floor().max(1.0) / point;
    let side = module * count as f32;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    let name = format!("QR code of {}", join.url);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let corner = (rect.min.to_vec2() * point).round() / point;
    let corner = pos2(corner.x, corner.y);
    let ground = Rect::from_min_size(corner, Vec2::splat(side));
    ui.painter().rect_filled(ground, 6.0, t.code_paper);
    let mut mesh = Mesh::default();
    let first = corner + Vec2::splat(module * QUIET as f32);
    for (row, modules) in join.qr.chunks(join.qr_side.max(1)).enumerate() {
        let mut from = 0;
        while from < modules.len() {
            let run = modules[from..].iter().take_while(|dark| **dark).count();
            if run > 0 {
                let at = first + vec2(from as f32, row as f32) * module;
                let extent = vec2(run as f32, 1.0) * module;
                mesh.add_colored_rect(Rect::from_min_size(at, extent), t.code_ink);
            }
            from += run.max(1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    if response.has_focus() {
        let stroke = egui::Stroke::new(2.0, t.accent);
        let outside = egui::StrokeKind::Outside;
        ui.painter().rect_stroke(ground.expand(1.0), 6.0, stroke, outside);
    }
    response
}
