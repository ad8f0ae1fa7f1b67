//! Scrolling over any number of rows of one height. The position is a row and a fraction in `f64`,
//! so that the millionth row stands as still as the first.

use egui::{Id, Rect, Sense, Ui, pos2, vec2};

use crate::ui::theme::tokens;

/// Room the bar takes at the right.
pub(crate) const BAR: f32 = 10.0;

/// Where a list is scrolled to.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowScroll {
    top: f64,
    /// Where the handle of the bar is held, from its top.
    grip: Option<f32>,
}

/// What is on the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// The first row, perhaps only its lower part.
    pub first: usize,
    /// One past the last.
    pub end: usize,
    /// Top of the first row on the screen.
    pub y: f32,
    /// The person has just scrolled.
    pub moved: bool,
    /// The last row is wholly visible.
    pub at_end: bool,
}

impl RowScroll {
    /// Puts this row at the top.
    pub(crate) fn put(&mut self, row: usize) {
        self.top = row as f64;
    }

    /// Puts the last row at the bottom.
    pub(crate) fn put_end(&mut self) {
        self.top = f64::MAX;
    }

    /// Scrolls no further than needed for this row to be wholly visible in a page of so many rows.
    pub(crate) fn reveal(&mut self, row: usize, page: f64) {
        let row = row as f64;
        self.top = self.top.clamp((row + 1.0 - page).min(row), row);
    }

    /// Takes the wheel and the bar, and tells which rows to paint in `rect`.
    pub(crate) fn show(&mut self, ui: &Ui, id: Id, rect: Rect, total: usize, row: f32) -> Shown {
        let page = f64::from(rect.height() / row);
        let last_top = (total as f64 - page).max(0.0);
        let before = self.top.clamp(0.0, last_top);
        self.top = before;
        if ui.rect_contains_pointer(rect) {
            let wheel = ui.input(|input| input.smooth_scroll_delta().y);
            let top = (before - f64::from(wheel / row)).clamp(0.0, last_top);
            if (top - before).abs() > f64::EPSILON {
                // What moves a list moves nothing around it.
                ui.input_mut(|input| input.smooth_scroll_delta.y = 0.0);
                self.top = top;
            }
        }
        if last_top > 0.0 {
            self.bar(ui, id.with("bar"), rect, page / total as f64, last_top);
        }
        self.top = self.top.clamp(0.0, last_top);
        let first = self.top.floor();
        let point = ui.pixels_per_point();
        let hidden = ((self.top - first) as f32 * row * point).round() / point;
        let y = rect.top() - hidden;
        let count = ((rect.bottom() - y) / row).ceil() as usize;
        let first = first as usize;
        Shown {
            first,
            end: (first + count).min(total),
            y,
            moved: (self.top - before).abs() > f64::EPSILON,
            at_end: self.top >= last_top - 0.01,
        }
    }

    fn bar(&mut self, ui: &Ui, id: Id, rect: Rect, share: f64, last_top: f64) {
        let t = tokens(ui.ctx());
        let track = Rect::from_min_max(pos2(rect.right() - BAR, rect.top()), rect.max);
        let height = (f64::from(track.height()) * share).max(28.0) as f32;
        let room = f64::from(track.height() - height).max(1.0);
        // Not a stop of Tab: the list it belongs to is one.
        let response = ui.interact(track, id, Sense::DRAG);
        match response.interact_pointer_pos() {
            Some(pointer) => {
                let at = (self.top / last_top * room) as f32;
                let held = pointer.y - track.top() - at;
                // The handle stays under the pointer; elsewhere it comes there by its middle.
                let is_on_handle = (0.0..=height).contains(&held);
                let grip = *self.grip.get_or_insert(if is_on_handle { held } else { height / 2.0 });
                if !is_on_handle || response.drag_delta().y != 0.0 {
                    let y = f64::from(pointer.y - track.top() - grip);
                    self.top = (y / room).clamp(0.0, 1.0) * last_top;
                }
            }
            None => self.grip = None,
        }
        let at = (self.top.clamp(0.0, last_top) / last_top * room) as f32;
        let active = response.hovered() || response.dragged();
        let width = if active { 7.0 } else { 4.0 };
        let left = track.right() - width - 2.0;
        let handle = Rect::from_min_size(pos2(left, track.top() + at), vec2(width, height))
            .shrink2(vec2(0.0, 2.0));
        let color = if active { t.faint } else { t.control_down };
        ui.painter().rect_filled(handle, width / 2.0, color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(scroll: &mut RowScroll, total: usize) -> Shown {
        let mut shown = None;
        let ctx = egui::Context::default();
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 220.0));
            shown = Some(scroll.show(ui, Id::unique("list"), rect, total, 22.0));
        });
        output.drop_without_applying_deltas();
        shown.unwrap_or(Shown { first: 0, end: 0, y: 0.0, moved: false, at_end: false })
    }

    #[test]
    fn any_row_of_many_millions_stands_on_its_pixel() {
        let mut scroll = RowScroll::default();
        for row in [0, 1, 999_999, 12_345_678, 99_999_000] {
            scroll.put(row);
            let shown = show(&mut scroll, 100_000_000);
            assert_eq!((shown.first, shown.end, shown.y), (row, row + 10, 0.0));
        }
    }

    #[test]
    fn the_end_is_the_end_and_a_short_list_stays_at_its_beginning() {
        let mut scroll = RowScroll::default();
        scroll.put_end();
        let shown = show(&mut scroll, 1_000_000);
        assert_eq!((shown.first, shown.end, shown.at_end), (999_990, 1_000_000, true));
        let shown = show(&mut scroll, 3);
        assert_eq!((shown.first, shown.end, shown.at_end), (0, 3, true));
        assert_eq!(show(&mut scroll, 0).end, 0);
    }

    #[test]
    fn a_row_is_revealed_with_the_least_movement() {
        let mut scroll = RowScroll::default();
        scroll.put(100);
        scroll.reveal(105, 10.0);
        assert_eq!(show(&mut scroll, 1000).first, 100);
        scroll.reveal(115, 10.0);
        assert_eq!(show(&mut scroll, 1000).first, 106);
        scroll.reveal(50, 10.0);
        assert_eq!(show(&mut scroll, 1000).first, 50);
    }
}
