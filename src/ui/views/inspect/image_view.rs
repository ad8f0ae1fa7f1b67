//! A picture in the room there is, never larger than it is itself.

use egui::{
    Color32, ColorImage, Image as Picture, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo,
    pos2, vec2,
};

use super::json_tree::Which;
use crate::decode::Image;
use crate::ui::theme::tokens;

/// Side of a square of the pattern behind what is transparent.
const SQUARE: f32 = 8.0;

/// The texture of the picture shown last.
#[derive(Default)]
pub(super) struct ImageView {
    texture: Option<(Which, TextureHandle)>,
}

impl std::fmt::Debug for ImageView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImageView")
    }
}

impl ImageView {
    /// Shows the picture in at most so much height.
    pub(super) fn ui(&mut self, ui: &mut Ui, which: Which, image: &Image, height: f32) {
        if self.texture.as_ref().is_none_or(|(of, _)| *of != which) {
            let size = image.shown.map(|side| side as usize);
            let pixels = ColorImage::from_rgba_unmultiplied(size, &image.rgba);
            let texture = ui.ctx().load_texture("payload", pixels, TextureOptions::LINEAR);
            self.texture = Some((which, texture));
        }
        let Some((_, texture)) = &self.texture else { return };
        let whole = vec2(image.width as f32, image.height as f32) / ui.pixels_per_point();
        let room = vec2(ui.available_width() - 12.0, height.max(1.0));
        let scale = (room / whole).min_elem().min(1.0);
        let (rect, response) = ui.allocate_exact_size(whole * scale, Sense::hover());
        let label = format!("Image, {} × {} pixels", image.width, image.height);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &label));
        let t = tokens(ui.ctx());
        squares(&ui.painter_at(rect), rect, [t.panel, t.control]);
        Picture::new(texture).paint_at(ui, rect);
    }
}

fn squares(painter: &egui::Painter, rect: egui::Rect, colors: [Color32; 2]) {
    painter.rect_filled(rect, 0.0, colors[0]);
    let columns = (rect.width() / SQUARE).ceil() as usize;
    let rows = (rect.height() / SQUARE).ceil() as usize;
    for row in 0..rows {
        for column in (row % 2..columns).step_by(2) {
            let at = rect.min + vec2(column as f32, row as f32) * SQUARE;
            let square = egui::Rect::from_min_max(
                at,
                pos2((at.x + SQUARE).min(rect.right()), (at.y + SQUARE).min(rect.bottom())),
            );
            painter.rect_filled(square, 0.0, colors[1]);
        }
    }
}
