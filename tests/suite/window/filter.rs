//! The filter as it is typed: what is wrong is marked where it is wrong, and nothing is lost meanwhile.

use std::sync::Arc;

use egui::{Key, Rect};
use egui_kittest::kittest::Queryable;
use wirescope::analysis::query::GUIDE;
use wirescope::engine::Snapshot;
use wirescope::model::{Class, Command, Filter, SessionId};

use super::fixture;
use super::stage::Stage;

const FIRST: SessionId = SessionId(1);

fn ticker() -> Stage {
    let sessions = vec![Arc::new(fixture::ticker(500))];
    let mut stage = Stage::new(Snapshot { sessions, ..Snapshot::default() });
    stage.ctrl(Key::F);
    stage.all_sent();
    stage
}

fn types(stage: &mut Stage, text: &str) {
    stage.window.event(egui::Event::Text(text.into()));
    stage.window.run();
}

fn sets(text: &str, classes: &[Class]) -> Command {
    Command::Filter(FIRST, Filter { text: text.into(), classes: classes.to_vec() })
}

/// Where the mark under what is wrong is.
fn mark(stage: &Stage) -> Rect {
    stage.window.get_by_label_contains("Wrong here: ").rect()
}

#[test]
fn what_is_wrong_is_marked_under_its_character_and_said_below() {
    let mut stage = ticker();
    types(&mut stage, "kind:pinf");
    let four = mark(&stage);
    assert!(stage.has_like("No kind of event is called so; one of connecting"));
    let width = four.width() / 4.0;
    types(&mut stage, " ");
    let spaced = mark(&stage);
    assert!((spaced.left() - four.left()).abs() < 1.0, "{spaced} {four}");
    stage.press(Key::Home);
    types(&mut stage, "ab ");
    let moved = mark(&stage);
    assert!((moved.left() - four.left() - 3.0 * width).abs() < 1.0, "{moved} {four}");
    assert!((moved.width() - four.width()).abs() < 1.0, "{moved} {four}");
    assert_eq!(stage.sent(), [], "the engine is not bothered");
    // What is missing is marked behind the end.
    stage.press(Key::Escape);
    stage.ctrl(Key::F);
    types(&mut stage, "size >");
    let missing = mark(&stage);
    let left = four.left() - 5.0 * width;
    assert!((missing.left() - left - 6.0 * width).abs() < 1.0, "{missing} {four}");
    types(&mut stage, " 60");
    assert!(!stage.has_like("Wrong here") && !stage.has_like("xpected"));
    assert_eq!(stage.sent(), [sets("size > 60", &[])]);
}

#[test]
fn the_last_filter_that_was_understood_stays_in_force() {
    let mut stage = ticker();
    types(&mut stage, "aapl");
    assert_eq!(stage.sent(), [sets("aapl", &[])]);
    types(&mut stage, " (");
    assert!(stage.has("Meanwhile the query in force is aapl"));
    stage.click("Messages received");
    assert_eq!(stage.sent(), [sets("aapl", &[Class::Received])], "a chip works all the same");
    assert!(stage.has_like("Wrong here"), "and what is typed is kept");
    stage.click("Clear the filter");
    assert_eq!(stage.sent(), [sets("", &[])]);
    assert!(!stage.has_like("Wrong here"));
}

#[test]
fn what_was_never_understood_can_be_cleared_by_key() {
    let mut stage = ticker();
    types(&mut stage, "(");
    assert!(stage.has("Meanwhile no query is in force"));
    stage.press(Key::Escape);
    assert!(!stage.has_like("Wrong here"));
    assert_eq!(stage.sent(), []);
}

#[test]
fn the_guide_shows_every_example_and_tries_the_one_that_is_picked() {
    let mut stage = ticker();
    stage.click("How to filter");
    for (example, meaning) in GUIDE.iter().flat_map(|topic| topic.examples) {
        assert!(stage.has(&format!("{example}: {meaning}")), "{example}");
    }
    let (example, meaning) = GUIDE[1].examples[0];
    stage.click(&format!("{example}: {meaning}"));
    assert_eq!(stage.sent(), [sets(example, &[])]);
    assert!(!stage.has_like(meaning), "it closes");
    types(&mut stage, " x");
    assert_eq!(stage.sent(), [sets(&format!("{example} x"), &[])], "and one types on");
}
