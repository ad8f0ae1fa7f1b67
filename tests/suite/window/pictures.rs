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
        if want("waiting") {
            let mut stage = Stage::sized(fixture::busy(), wide, theme);
            stage.click_like("consul.local/v1/health");
            save(&format!("waiting-{word}"), &mut stage);
        }
        if want("refused") {
            let snapshot = one(fixture::refused(1));
            save(&format!("refused-{word}"), &mut Stage::sized(snapshot, wide, theme));
        }
        if want("connecting") {
            let snapshot = one(fixture::connecting(1));
            save(&format!("connecting-{word}"), &mut Stage::sized(snapshot, wide, theme));
        }
        if want("nothing") {
            let snapshot = one(fixture::filtered(fixture::ticker(2000), "nowhere", 0));
            save(&format!("nothing-{word}"), &mut Stage::sized(snapshot, wide, theme));
        }
        if want("server") {
            let snapshot = Snapshot { server: fixture::serving(), ..Snapshot::default() };
            let mut stage = Stage::sized(snapshot, wide, theme);
            stage.click("Server");
            save(&format!("server-{word}"), &mut stage);
        }
        if want("stopped") {
            let mut stage = Stage::sized(Snapshot::default(), wide, theme);
            stage.click("Server");
            save(&format!("stopped-{word}"), &mut stage);
        }
        if want("captures") {
            let snapshot = Snapshot { recents: fixture::recents(), ..Snapshot::default() };
            let mut stage = Stage::sized(snapshot, wide, theme);
            stage.click("Captures");
            stage.click("Delete workshop.wirescope");
            save(&format!("captures-{word}"), &mut stage);
        }
        if want("palette") {
            let mut stage = Stage::sized(fixture::busy(), wide, theme);
            stage.ctrl(egui::Key::K);
            save(&format!("palette-{word}"), &mut stage);
        }
        if want("shortcuts") {
            let mut stage = Stage::sized(fixture::busy(), wide, theme);
            stage.press(egui::Key::Questionmark);
            save(&format!("shortcuts-{word}"), &mut stage);
        }
        if want("options") {
            let mut stage = Stage::sized(Snapshot::default(), wide, theme);
            stage.click("Options");
            stage.click("Add header");
            stage.type_into("Header 1 name", "Authorization:");
            save(&format!("options-{word}"), &mut stage);
        }
        if want("handshake") {
            let mut stage = Stage::sized(fixture::busy(), wide, theme);
            stage.click_like("48126 ");
            stage.click("Handshake");
            save(&format!("handshake-{word}"), &mut stage);
        }
        if want("hex") {
            let mut busy = fixture::busy();
            let mut first = fixture::ticker(48_131);
            fixture::select(&mut first, 48_127);
            busy.sessions[0] = std::sync::Arc::new(first);
            let mut stage = Stage::sized(busy, wide, theme);
            stage.click_like("48127 ");
            stage.click("Rate");
            save(&format!("hex-{word}"), &mut stage);
        }
        if want("small") {
            let mut stage = Stage::sized(fixture::busy(), Vec2::new(900.0, 600.0), theme);
            save(&format!("small-{word}"), &mut stage);
            stage.click_like("48126 ");
            stage.window.run();
            save(&format!("small-chosen-{word}"), &mut stage);
        }
        if want("large") {
            let mut stage = Stage::sized(fixture::busy(), Vec2::new(2560.0, 1440.0), theme);
            stage.click_like("48126 ");
            stage.click("Both");
            save(&format!("large-{word}"), &mut stage);
        }
        if want("notices") {
            let snapshot = Snapshot { notices: fixture::notices(), ..fixture::busy() };
            let mut stage = Stage::sized(snapshot, wide, theme);
            stage.window.event(egui::Event::PointerMoved(egui::pos2(700.0, 750.0)));
            stage.window.run();
            save(&format!("notices-{word}"), &mut stage);
        }
    }
}

/// A snapshot of this session alone.
fn one(session: wirescope::engine::SessionView) -> Snapshot {
    Snapshot { sessions: vec![std::sync::Arc::new(session)], ..Snapshot::default() }
}
