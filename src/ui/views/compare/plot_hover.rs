//! The line under the pointer, with what every lane has there.

use egui::{Color32, Rect, Response, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_plot::PlotTransform;

use super::plot::Drawn;
use super::plot_axis::Page;
use super::plot_data::{between, reached};
use crate::ui::theme::{mono, size, tokens, words};

const ROW: f32 = 17.0;

/// What a lane has at a place: its y, where it has one, and words.
fn value(page: Page, drawn: &Drawn<'_>, x: f64, near: f64) -> (Option<f64>, String) {
    let lines = drawn.lines;
    let y = match page {
        Page::Distribution => {
            let before = lines.share.first().is_some_and(|first| x < first.x);
            if before { Some(0.0) } else { between(&lines.share, x) }
        }
        Page::Time => {
            let points = lines.medians.iter().flatten();
            let nearest = points.min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()));
            nearest.filter(|point| (point.x - x).abs() <= near).map(|point| point.y)
        }
        Page::Wire => reached(&lines.wire, x),
        Page::Connections => reached(&lines.connections, x),
    };
    if page == Page::Time {
        let is_lost =
            lines.outages.iter().any(|(from, to)| *from <= x && to.is_none_or(|to| x < to));
        if is_lost {
            return (None, String::from("lost"));
        }
    }
    (y, y.map_or_else(|| String::from("–"), |y| page.value(y)))
}

/// Shows both while the pointer is in the plot.
pub(super) fn ui(
    ui: &Ui,
    page: Page,
    drawn: &[Drawn<'_>],
    transform: &PlotTransform,
    response: &Response,
) {
    let t = tokens(ui.ctx());
    let frame = *transform.frame();
    let Some(mouse) = response.hover_pos().filter(|mouse| frame.contains(*mouse)) else { return };
    let x = transform.value_from_position(mouse).x;
    let near = transform.bounds().width() / 40.0;
    let painter = ui.painter_at(frame);
    painter.vline(mouse.x, frame.y_range(), Stroke::new(1.0, t.faint));
    let mut rows: Vec<(Color32, &str, String)> = Vec::new();
    for drawn in drawn {
        let (y, text) = value(page, drawn, x, near);
        if let Some(y) = y {
            let at = pos2(mouse.x, transform.position_from_point_y(y));
            painter.circle(at, 3.0, drawn.color, Stroke::new(1.5, t.panel));
        }
        rows.push((drawn.color, drawn.lane.spec.name(), text));
    }
    box_ui(ui, frame, mouse.x, &page.at(x), &rows);
}

/// The values in a box beside the line, inside the plot.
fn box_ui(ui: &Ui, frame: Rect, x: f32, head: &str, rows: &[(Color32, &str, String)]) {
    let t = tokens(ui.ctx());
    let painter = ui.painter_at(frame);
    let layout = |text: &str, font, color| painter.layout_no_wrap(text.to_owned(), font, color);
    let head = layout(head, words(size::SMALL), t.muted);
    let cells: Vec<_> = rows
        .iter()
        .map(|(color, name, value)| {
            let name = layout(name, words(size::DATA), t.text);
            (*color, name, layout(value, mono(size::DATA), t.text))
        })
        .collect();
    let widest = cells.iter().map(|(_, name, value)| name.size().x + value.size().x);
    let width = widest.fold(head.size().x, |most, wide| most.max(wide + 15.0 + 18.0));
    let extent = vec2(width + 20.0, ROW * (cells.len() as f32 + 1.0) + 12.0);
    let right = x + 12.0;
    let fits = right + extent.x <= frame.right();
    let left = if fits { right } else { (x - 12.0 - extent.x).max(frame.left()) };
    let top = (frame.center().y - extent.y / 2.0).max(frame.top());
    let place = Rect::from_min_size(pos2(left, top).round(), extent);
    painter.rect(place, size::RADIUS, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let inner = place.shrink2(vec2(10.0, 6.0));
    painter.galley(inner.min, head, t.muted);
    for (at, (color, name, value)) in cells.into_iter().enumerate() {
        let middle = inner.top() + ROW * (at as f32 + 1.5);
        let mark = Rect::from_center_size(pos2(inner.left() + 4.0, middle), vec2(8.0, 8.0));
        painter.rect_filled(mark, 2.0, color);
        let at = pos2(inner.left() + 15.0, middle - name.size().y / 2.0);
        painter.galley(at.round(), name, t.text);
        let at = pos2(inner.right() - value.size().x, middle - value.size().y / 2.0);
        painter.galley(at.round(), value, t.text);
    }
}
