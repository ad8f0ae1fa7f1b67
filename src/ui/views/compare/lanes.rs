//! The lanes as cards of one height, in as few rows as they can be read in.

use egui::{Rect, Sense, Ui, UiBuilder, pos2, vec2};

use super::card::{self, Card};
use super::plot_data::Lines;
use crate::engine::{RunView, ScaleView};
use crate::ui::theme::size;

/// The least a card can be read in.
const LEAST: f32 = 216.0;

/// Cards in a row, for so many in so much room: in as few rows as it takes, and none much fuller
/// than another.
fn columns(count: usize, room: f32) -> usize {
    let most = ((room + size::PAD) / (LEAST + size::PAD)).floor().max(1.0) as usize;
    let rows = count.div_ceil(most).max(1);
    count.div_ceil(rows).max(1)
}

/// Shows them; answers the one under the pointer.
pub(super) fn ui(
    ui: &mut Ui,
    run: &RunView,
    lines: &[Lines],
    scale: Option<&ScaleView>,
) -> Option<usize> {
    let room = ui.available_width();
    let columns = columns(run.lanes.len(), room);
    let width = ((room + size::PAD) / columns as f32 - size::PAD).floor();
    let has_reason = run.lanes.iter().any(|lane| lane.reason.is_some());
    let height = card::height(has_reason);
    let rows = run.lanes.len().div_ceil(columns);
    let whole = rows as f32 * (height + size::PAD) - size::PAD;
    let (place, _) = ui.allocate_exact_size(vec2(room, whole.max(0.0)), Sense::hover());
    let mut hot = None;
    for (at, lane) in run.lanes.iter().enumerate() {
        let (row, column) = (at / columns, at % columns);
        let min = pos2(
            place.left() + column as f32 * (width + size::PAD),
            place.top() + row as f32 * (height + size::PAD),
        );
        let rect = Rect::from_min_size(min.round(), vec2(width, height));
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(("lane", at)));
        let card = Card { lanes: &run.lanes, lane, at, lines: lines.get(at), scale, has_reason };
        if card.ui(&mut child, rect) {
            hot = Some(at);
        }
    }
    hot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_stand_in_even_rows() {
        let table = [(6, 1416.0, 6), (6, 876.0, 3), (4, 876.0, 2), (4, 1416.0, 4), (5, 876.0, 3)];
        for (count, room, wanted) in table {
            assert_eq!(columns(count, room), wanted, "{count} in {room}");
        }
        assert_eq!(columns(0, 876.0), 1);
        assert_eq!(columns(3, 10.0), 1);
    }
}
