//! What the plots of a comparison tell the pointer and the keyboard.

use egui::accesskit::Role;
use egui::{Key, Rect, Shape};
use egui_kittest::kittest::Queryable;

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
