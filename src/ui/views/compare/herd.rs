//! What a lesson's herds did: connections attempted in each slice, and how many clients were open;
//! all on one scale, so that they can be compared.

use egui::{Align, Layout, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::words::minutes;
use crate::engine::HerdView;
use crate::model::TransportKind;
use crate::ui::format;
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::widgets::fact;

const HEIGHT: f32 = 150.0;

/// What all of them fit in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    attempts: u32,
    slices: usize,
}

impl Bounds {
    /// Those of these herds; each is drawn from the same moment before it was lost.
    pub(super) fn of<'a>(herds: impl Iterator<Item = &'a HerdView>) -> Self {
        let none = Self { attempts: 1, slices: 1 };
        herds.fold(none, |most, herd| {
            let first = first(herd);
            Self {
                attempts: most.attempts.max(herd.peak()),
                slices: most.slices.max(herd.attempts.len().saturating_sub(first)),
            }
        })
    }
}

/// The slice one second before the server was lost.
fn first(herd: &HerdView) -> usize {
    let from = herd.lost_at_s.map_or(0.0, |at| (at - 1.0).max(0.0));
    if herd.slice_s > 0.0 { (from / herd.slice_s) as usize } else { 0 }
}

/// Shows one.
pub(super) fn ui(ui: &mut Ui, herd: &HerdView, bounds: Bounds) {
    let t = tokens(ui.ctx());
    let kind = TransportKind::from_word(herd.transport);
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(herd.label).font(medium(size::BODY)).color(t.text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let over = kind.map_or(herd.transport, TransportKind::label);
            let text = format!(
                "{} of {} open over {over}",
                format::thousands(herd.connected as u64),
                format::count(herd.clients as u64, "client"),
            );
            ui.label(RichText::new(text).size(size::DATA).color(t.muted));
        });
    });
    plot_ui(ui, herd, bounds);
    let slice = format::millis(herd.slice_s * 1e3);
    fact(ui, &format!("Most attempts in {slice}"), &format::thousands(herd.peak().into()), t.text);
    fact(ui, "Attempts in all", &format::thousands(herd.attempted()), t.text);
    let failed = if herd.failed > 0 { t.warn } else { t.text };
    fact(ui, "Of them failed", &format::thousands(herd.failed), failed);
    let (back, color) = match (herd.lost_at_s, herd.back_after_s) {
        (_, Some(back)) => (format::seconds(back), t.text),
        (Some(_), None) => (String::from("not yet"), t.warn),
        (None, None) => (String::from("not lost yet"), t.muted),
    };
    fact(ui, "All back after", &back, color);
}

/// Attempts as bars, open clients as a line; what is under the pointer in words.
fn plot_ui(ui: &mut Ui, herd: &HerdView, bounds: Bounds) {
    let t = tokens(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| {
        let text = format!("Attempts to come back: {}", herd.label);
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let painter = ui.painter_at(rect);
    let from = first(herd);
    let attempts = herd.attempts.get(from..).unwrap_or_default();
    let open = herd.open.get(from..).unwrap_or_default();
    // At most a bar a point: of several slices the greatest.
    let per_bar = bounds.slices.div_ceil(rect.width().max(1.0) as usize / 2).max(1);
    let step = rect.width() / bounds.slices.div_ceil(per_bar).max(1) as f32;
    let (top, base) = (rect.top() + 16.0, rect.bottom() - 1.0);
    let height = base - top;
    for quarter in 1..=2 {
        let y = base - height * quarter as f32 / 2.0;
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.grid));
    }
    let color = t.transport(TransportKind::from_word(herd.transport));
    for (at, slices) in attempts.chunks(per_bar).enumerate() {
        let most = slices.iter().copied().max().unwrap_or_default();
        if most > 0 {
            let x = rect.left() + at as f32 * step;
            let tall = height * most as f32 / bounds.attempts.max(1) as f32;
            let bar = Rect::from_min_max(
                pos2(x, base - tall.max(1.0)),
                pos2(x + (step * 0.8).max(1.0), base),
            );
            painter.rect_filled(bar, 0.0, color);
        }
    }
    let points = open.chunks(per_bar).enumerate().map(|(at, slices)| {
        let open = slices.last().copied().unwrap_or_default();
        let share = open as f32 / herd.clients.max(1) as f32;
        pos2(rect.left() + (at as f32 + 0.5) * step, base - height * share.min(1.0))
    });
    painter.line(points.collect(), Stroke::new(1.5, t.text));
    painter.hline(rect.x_range(), base, Stroke::new(1.0, t.line));
    let words_at = |x: f32, text: String, align| {
        painter.text(pos2(x, rect.top()), align, text, words(size::SMALL), t.faint);
    };
    let slice = format::millis(herd.slice_s * 1e3);
    let scale = format::thousands(bounds.attempts.into());
    words_at(rect.left(), format!("up to {scale} attempts per {slice}"), egui::Align2::LEFT_TOP);
    words_at(rect.right(), String::from("line: clients open"), egui::Align2::RIGHT_TOP);
    let Some(mouse) = response.hover_pos() else { return };
    let at = ((mouse.x - rect.left()) / step) as usize * per_bar;
    let Some(slices) = attempts.get(at..(at + per_bar).min(attempts.len())) else { return };
    painter.vline(mouse.x, rect.y_range(), Stroke::new(1.0, t.faint));
    let text = format!(
        "at {}\n{} attempts\n{} open",
        minutes((from + at) as f64 * herd.slice_s),
        format::thousands(slices.iter().copied().map(u64::from).sum()),
        format::thousands(open.get(at).copied().unwrap_or_default().into()),
    );
    let galley = painter.layout_no_wrap(text, mono(size::SMALL), t.text);
    let fits = mouse.x + 10.0 + galley.size().x < rect.right();
    let x = if fits { mouse.x + 10.0 } else { mouse.x - 10.0 - galley.size().x };
    let place = Rect::from_min_size(pos2(x, top + 6.0), galley.size());
    painter.rect_filled(place.expand2(vec2(5.0, 3.0)), 4.0, t.control);
    painter.galley(place.min, galley, t.text);
}
