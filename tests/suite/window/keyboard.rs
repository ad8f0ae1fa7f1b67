//! The window without a mouse: what Tab reaches, in which order, and that one sees where one is.

use egui::{Key, Rect};
use egui_kittest::kittest::{By, NodeT, Queryable};
use wirescope::engine::Snapshot;

use super::fixture;
use super::stage::Stage;

/// Most stops that are looked at.
const MOST: usize = 60;

/// What has the focus: its name, or what kind of thing it is, and where.
fn focused(stage: &Stage) -> Option<(String, Rect)> {
    let by = By::new().predicate(|node| node.is_focused());
    let node = stage.window.query_all(by).last()?;
    let name = node.accesskit_node().label().or_else(|| node.accesskit_node().value());
    Some((name.unwrap_or_else(|| format!("{:?}", node.accesskit_node().role())), node.rect()))
}

/// What is painted in a place.
fn painted(stage: &Stage, place: Rect) -> Vec<String> {
    let shapes = stage.window.output().shapes.iter();
    shapes
        .filter(|clipped| clipped.shape.visual_bounding_rect().intersects(place.expand(2.0)))
        .map(|clipped| format!("{:?}", clipped.shape))
        .collect()
}

/// Presses Tab until it comes round, and tells where it stopped. Each stop has to look otherwise
/// with the focus than without.
fn stops(stage: &mut Stage) -> Vec<String> {
    let mut names = Vec::new();
    let mut before: Option<(String, Rect, Vec<String>)> = None;
    for _ in 0..MOST {
        stage.press(Key::Tab);
        let Some((name, rect)) = focused(stage) else { continue };
        if let Some((name, rect, with)) = before.take() {
            assert_ne!(painted(stage, rect), with, "the focus on {name} cannot be seen");
        }
        if names.first() == Some(&name) {
            return names;
        }
        before = Some((name.clone(), rect, painted(stage, rect)));
        names.push(name);
    }
    panic!("Tab never came round: {names:?}");
}

#[test]
fn explore() {
    let mut stage = Stage::new(Snapshot { recents: fixture::recents(), ..Snapshot::default() });
    for _ in 0..30 {
        stage.press(Key::Tab);
        println!("first {:?}", focused(&stage));
    }
    let mut stage = Stage::new(fixture::busy());
    stage.click_like("48126 ");
    for _ in 0..60 {
        stage.press(Key::Tab);
        println!("busy {:?}", focused(&stage));
    }
}
