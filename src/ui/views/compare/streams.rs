//! The event streams of one page: when each was asked for, open and heard from, on one time axis;
//! those that wait for a connection are plain to see.

use egui::{
    Align, Align2, Color32, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use crate::engine::{StreamView, StreamsView};
use crate::ui::format;
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::views::capital;

const ROW: f32 = 22.0;

/// The time that all the streams of these pages fit in, in milliseconds.
pub(super) fn span<'a>(pages: impl Iterator<Item = &'a StreamsView>) -> f64 {
    let firsts = pages.flat_map(|page| &page.streams).filter_map(|stream| stream.first_ms);
    (firsts.fold(0.0, f64::max) * 1.15).max(10.0)
}

/// Shows a page.
pub(super) fn ui(ui: &mut Ui, page: &StreamsView, span: f64) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(page.label).font(medium(size::BODY)).color(t.text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let waiting = page.waiting();
            let text = format!(
                "{} over {}",
                format::count(page.streams.len() as u64, "stream"),
                format::count(page.connections as u64, "connection"),
            );
            if waiting > 0 {
                let waiting = format!("{} waiting", format::thousands(waiting as u64));
                ui.label(RichText::new(waiting).size(size::DATA).color(t.warn));
            }
            ui.label(RichText::new(text).size(size::DATA).color(t.muted));
        });
    });
    for (at, stream) in page.streams.iter().enumerate() {
        row_ui(ui, page, at, stream, span);
    }
}

/// What is told of a stream, and its colour.
fn told(ui: &Ui, stream: &StreamView) -> (String, Color32) {
    let t = tokens(ui.ctx());
    match (&stream.error, stream.opened_ms, stream.first_ms) {
        (Some(error), ..) => (capital(error), t.bad),
        (None, Some(opened), Some(first)) => {
            let (opened, first) = (format::millis(opened), format::millis(first));
            (format!("open {opened} · first message {first}"), t.text)
        }
        (None, Some(opened), None) => {
            (format!("open {}, nothing yet", format::millis(opened)), t.warn)
        }
        (None, None, _) if stream.asked_ms.is_some() => (stream.state().into(), t.muted),
        (None, None, _) => (stream.state().into(), t.warn),
    }
}

fn row_ui(ui: &mut Ui, page: &StreamsView, at: usize, stream: &StreamView, span: f64) {
    const NUMBER: f32 = 24.0;
    const WORDS: f32 = 230.0;
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let (text, color) = told(ui, stream);
    response.widget_info(|| {
        let text = format!("{} stream {}: {text}", page.label, at + 1);
        WidgetInfo::labeled(Role::Row, true, text)
    });
    let painter = ui.painter_at(rect);
    let middle = rect.center().y;
    let number = format!("{}", at + 1);
    let place = pos2(rect.left() + 14.0, middle);
    painter.text(place, Align2::RIGHT_CENTER, number, mono(size::DATA), t.faint);
    let room = (rect.width() - NUMBER - WORDS).max(40.0);
    let left = rect.left() + NUMBER;
    let x = |ms: f64| left + room * (ms / span).clamp(0.0, 1.0) as f32;
    let bar = |from: f64, to: f64, color| {
        let (from, to) = (x(from), x(to).max(x(from) + 1.0));
        let bar = Rect::from_min_max(pos2(from, middle - 4.0), pos2(to, middle + 4.0));
        painter.rect_filled(bar, 2.0, color);
    };
    // What is not over goes on to the edge.
    let asked = stream.asked_ms.unwrap_or(span);
    let opened = stream.opened_ms.unwrap_or(span);
    let first = stream.first_ms.unwrap_or(span);
    // The moment it takes to ask is no waiting.
    if asked > span * 0.02 {
        bar(0.0, asked, t.warn);
    }
    if stream.asked_ms.is_some() {
        bar(asked, opened, t.faint);
    }
    if stream.opened_ms.is_some() {
        bar(opened, first, t.control_down);
    }
    if stream.first_ms.is_some() {
        bar(first, span, t.sse);
    }
    let place = pos2(left + room + 10.0, middle);
    painter.text(place, Align2::LEFT_CENTER, &text, words(size::DATA), color);
    let count = format::count(stream.messages, "message");
    response.on_hover_text(format!("{}: {text}; {count} so far", stream.state()));
}
