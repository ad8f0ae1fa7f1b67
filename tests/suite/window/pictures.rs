//! Pictures of the window in both themes, compared with those of the repository.

use egui::{Theme, Vec2};
use wirescope::engine::Snapshot;

use super::fixture;
use super::stage::Stage;

/// Development only: writes a picture for looking at.
#[test]
fn look() {
    let Ok(folder) = std::env::var("LOOK") else { return };
    let wanted = std::env::var("ONLY").unwrap_or_default();
    let wide = Vec2::new(1440.0, 900.0);
    let save = |name: &str, stage: &mut Stage| {
        let image = stage.window.render().unwrap();
        image.save(format!("{folder}/{name}.png")).unwrap();
    };
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let want = |name: &str| wanted.is_empty() || format!("{name}-{word}").contains(&wanted);
        if want("first") {
            let first = Snapshot { recents: fixture::recents(), ..Snapshot::default() };
            save(&format!("first-{word}"), &mut Stage::sized(first, wide, theme));
        }
        if want("inspect") {
            let mut stage = Stage::sized(fixture::busy(), wide, theme);
            stage.click_like("48126 ");
            save(&format!("inspect-{word}"), &mut stage);
        }
    }
}
