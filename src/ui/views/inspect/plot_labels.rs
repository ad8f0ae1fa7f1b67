//! Where the words beside the lines of a plot go: on the side where there is room, inside the
//! frame, never over each other, and cut only between words.

use std::cmp::Ordering;

use egui::{Color32, Rangef, Rect, pos2};

/// Between a line and its words.
const GAP: f32 = 6.0;
/// Between the words of neighbours.
const APART: f32 = 12.0;
/// Height of a row of words.
const ROW: f32 = 14.0;
/// Less room than this holds nothing worth reading.
const LEAST: f32 = 40.0;

/// Words that belong to a line across the plot.
pub(super) struct Label {
    /// Where the line is; the words stand before its beginning or behind its end.
    pub x: Rangef,
    /// Which row they are written in, from the top.
    pub row: usize,
    /// They stand before the line where there is room on both sides.
    pub goes_left: bool,
    /// What they say; shortened first.
    pub text: String,
    /// What follows, shortened last.
    pub tail: String,
    /// Their colour.
    pub color: Color32,
}

/// Words with their place.
pub(super) struct Placed {
    /// Where they are.
    pub rect: Rect,
    /// What is left of them.
    pub text: String,
    /// Their colour.
    pub color: Color32,
}

/// Finds a place for as many labels as fit; those with the most room around their line come first,
/// so that what is dropped is what had the least. `width` measures a text.
pub(super) fn place(
    labels: Vec<Label>,
    frame: Rect,
    taken: Vec<Rect>,
    width: impl Fn(&str) -> f32,
) -> Vec<Placed> {
    let lines: Vec<(usize, Rangef)> = labels.iter().map(|label| (label.row, label.x)).collect();
    let mut by_room: Vec<(Rangef, Label)> = labels
        .into_iter()
        .filter(|label| frame.x_range().contains(label.x.center()))
        .map(|label| {
            let others = lines.iter().filter(|(row, x)| *row == label.row && *x != label.x);
            let mut room = frame.x_range().shrink(2.0);
            for (_, x) in others {
                if x.max <= label.x.min {
                    room.min = room.min.max(x.max + GAP);
                } else {
                    room.max = room.max.min(x.min - GAP);
                }
            }
            (room, label)
        })
        .collect();
    let most =
        |(room, label): &(Rangef, Label)| (label.x.min - room.min).max(room.max - label.x.max);
    by_room.sort_by(|a, b| most(b).total_cmp(&most(a)));
    let mut taken = taken;
    let mut placed = Vec::new();
    for (room, label) in by_room {
        let Some((rect, text)) = fit(&label, frame, room, &taken, &width) else { continue };
        taken.push(rect);
        placed.push(Placed { rect, text, color: label.color });
    }
    placed
}

fn fit(
    label: &Label,
    frame: Rect,
    room: Rangef,
    taken: &[Rect],
    width: &impl Fn(&str) -> f32,
) -> Option<(Rect, String)> {
    let top = frame.top() + 1.0 + label.row as f32 * ROW;
    let row = Rect::from_min_max(pos2(frame.left(), top), pos2(frame.right(), top + ROW));
    let Rangef { min: mut from, max: mut to } = room;
    for other in taken.iter().filter(|other| other.intersects(row.shrink(1.0))) {
        if other.x_range().expand(1.0).contains(label.x.center()) {
            return None;
        }
        if other.right() <= label.x.center() {
            from = from.max(other.right() + APART);
        } else {
            to = to.min(other.left() - APART);
        }
    }
    let (left, right) = (label.x.min - GAP - from, to - label.x.max - GAP);
    let fitting = |room: f32| {
        let text = shortened(&label.text, &label.tail, |text| width(text) <= room)?;
        (room >= LEAST.min(width(&text))).then_some(text)
    };
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let (before, behind) = (fitting(left), fitting(right));
    let goes_left = match length(&before).cmp(&length(&behind)) {
        Ordering::Equal => label.goes_left,
        order => order == Ordering::Greater,
    };
    let text = if goes_left { before } else { behind }?;
    let wide = width(&text);
    let at = if goes_left { label.x.min - GAP - wide } else { label.x.max + GAP };
    Some((Rect::from_min_max(pos2(at, top), pos2(at + wide, top + ROW)), text))
}

/// The text and its tail as far as they fit: first without the last words of the text, then without
/// the tail. `None` where not even the first word fits.
fn shortened(text: &str, tail: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let whole = format!("{text}{tail}");
    if fits(&whole) {
        return Some(whole);
    }
    let words: Vec<&str> = text.split(' ').collect();
    let cut = |count: usize, tail: &str| {
        let start = words[..count].join(" ");
        format!("{}…{tail}", start.trim_end_matches([',', ':', ';', '.', ' ', '·']))
    };
    let with_tail = (2..words.len()).rev().map(|count| cut(count, tail));
    let alone = (1..=words.len())
        .rev()
        .map(|count| if count == words.len() { text.to_owned() } else { cut(count, "") });
    // A single word before the tail says less than all of the words without it.
    let with_tail = with_tail.filter(|_| !tail.is_empty());
    with_tail.chain(alone).find(|text| fits(text))
}

/// The text up to so many characters, cut between words.
pub(super) fn at_word(text: &str, most: usize) -> String {
    shortened(text, "", |text| text.chars().count() <= most)
        .unwrap_or_else(|| text.chars().take(most.saturating_sub(1)).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSE: &str = "the server ended the response";

    fn frame() -> Rect {
        Rect::from_min_max(pos2(100.0, 0.0), pos2(700.0, 150.0))
    }

    fn label(x: f32, row: usize, text: &str) -> Label {
        let color = Color32::TRANSPARENT;
        let tail = String::from(if row == 0 { " · down 3.1 s" } else { "" });
        Label { x: Rangef::point(x), row, goes_left: row == 0, text: text.into(), tail, color }
    }

    fn placed(labels: Vec<Label>) -> Vec<Placed> {
        place(labels, frame(), Vec::new(), |text| text.chars().count() as f32 * 6.6)
    }

    #[test]
    fn words_are_cut_between_words_and_end_with_an_ellipsis() {
        let fits = |most: usize| move |text: &str| text.chars().count() <= most;
        let tail = " · down 3.1 s";
        let table = [
            (60, Some("the server ended the response · down 3.1 s")),
            (36, Some("the server ended the… · down 3.1 s")),
            (32, Some("the server ended… · down 3.1 s")),
            (11, Some("the server…")),
            (2, None),
        ];
        for (most, wanted) in table {
            assert_eq!(shortened(CAUSE, tail, fits(most)).as_deref(), wanted, "{most}");
        }
        assert_eq!(at_word(CAUSE, 20), "the server ended…");
        assert_eq!(at_word("abcdefghij", 5), "abcd…");
    }

    #[test]
    fn words_go_where_there_is_room_and_never_beyond_the_frame() {
        for x in [104.0, 300.0, 690.0] {
            let found = placed(vec![label(x, 0, CAUSE), label(x + 4.0, 1, "reopened, id 48,090")]);
            assert_eq!(found.len(), 2, "{x}");
            for one in found {
                assert!(one.rect.left() >= 100.0 && one.rect.right() <= 700.0, "{x}: {}", one.text);
                assert!(!one.text.ends_with('…'), "{x}: {}", one.text);
            }
        }
    }

    #[test]
    fn words_never_overlap_and_the_one_with_the_least_room_is_dropped() {
        let lines = [120.0, 300.0, 308.0, 316.0, 500.0, 690.0];
        let found = placed(lines.into_iter().map(|x| label(x, 0, CAUSE)).collect());
        for (at, one) in found.iter().enumerate() {
            assert!(found[at + 1..].iter().all(|other| !other.rect.intersects(one.rect)));
            assert!(lines.iter().all(|x| !one.rect.x_range().contains(*x)), "{}", one.text);
        }
        let of = |x: f32| {
            let beside = |one: &&Placed| {
                (one.rect.left() - x - GAP).abs() < 0.5 || (x - GAP - one.rect.right()).abs() < 0.5
            };
            found.iter().find(beside)
        };
        assert!(of(308.0).is_none(), "there is no room between its neighbours");
        assert!(of(500.0).is_some() && of(690.0).is_some(), "there is room beside these");
    }
}
