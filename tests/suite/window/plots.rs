//! What the plots of a comparison tell the pointer and the keyboard.

use egui::accesskit::Role;
use egui::{Key, Rect, Shape, pos2};
use egui_kittest::kittest::Queryable;
use wirescope::model::Way;

use super::fixture_compare::comparing;
use super::stage::Stage;

/// The page with this plot, and where that is.
fn plot(tab: &str, name: &str) -> (Stage, Rect) {
    let mut stage = Stage::new(comparing());
    stage.ctrl(Key::Num2);
    stage.click(tab);
    let place = stage.window.get_by_role_and_label(Role::Image, name).rect();
    (stage, place)
}

/// What the readout says of every lane with the pointer at this share of the width.
fn read(stage: &mut Stage, place: Rect, share: f32) -> Vec<String> {
    let at = pos2(place.left() + place.width() * share, place.center().y);
    stage.window.hover_at(at);
    stage.window.run();
    let shapes = stage.window.output().shapes.iter();
    let texts: Vec<_> = shapes
        .filter_map(|clipped| match &clipped.shape {
            Shape::Text(text) if place.contains(text.pos) => Some(text.galley.text().to_owned()),
            _ => None,
        })
        .collect();
    // A name, then what it has there.
    let value = |way: Way| {
        let name = texts.iter().position(|text| text == way.label())?;
        texts.get(name + 1).cloned()
    };
    Way::ALL.into_iter().filter_map(value).collect()
}

#[test]
fn the_pointer_reads_every_lane_at_one_place() {
    for (tab, name, unit) in [
        ("Distribution", "Latency distribution, share of messages delivered within", "%"),
        ("Over time", "Latency over time, median of each slice, breaks shaded", "s"),
        ("Wire bytes", "Bytes on the wire, both ways, so far", "B"),
        ("Connections", "Connections opened, so far, breaks shaded", "1"),
    ] {
        let (mut stage, place) = plot(tab, name);
        let said = read(&mut stage, place, 0.3);
        assert_eq!(said.len(), Way::ALL.len(), "{tab}: {said:?}");
        assert!(said.iter().all(|value| value.ends_with(unit)), "{tab}: {said:?}");
    }
}

#[test]
fn a_break_is_told_by_a_word() {
    let (mut stage, place) =
        plot("Over time", "Latency over time, median of each slice, breaks shaded");
    // Four seconds of a thousand, a few pixels wide.
    let shares = (0..60_u8).map(|step| 0.37 + f32::from(step) * 0.001);
    let said: Vec<_> = shares.map(|share| read(&mut stage, place, share)).collect();
    let is_lost = |values: &Vec<String>| values.iter().all(|value| value == "lost");
    let lost = said.iter().filter(|values| is_lost(values)).count();
    assert!((1..30).contains(&lost), "every lane was lost for a while: {said:?}");
}

#[test]
fn a_name_with_the_focus_stresses_its_line() {
    let (mut stage, place) = plot("Wire bytes", "Bytes on the wire, both ways, so far");
    let lines = |stage: &Stage| -> Vec<String> {
        let shapes = stage.window.output().shapes.iter();
        let inside = shapes.filter(|clipped| matches!(clipped.shape, Shape::Path(_)));
        let inside = inside.filter(|clipped| place.contains_rect(clipped.clip_rect));
        inside.map(|clipped| format!("{:?}", clipped.shape)).collect()
    };
    let before = lines(&stage);
    assert!(!before.is_empty());
    stage.window.get_by_role_and_label(Role::CheckBox, "SSE in the plot").focus();
    stage.window.run();
    let after = lines(&stage);
    assert_eq!(before.len(), after.len());
    assert_ne!(before, after);
}
