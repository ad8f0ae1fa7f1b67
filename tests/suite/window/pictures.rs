//! Pictures of the window in both themes. A few are compared with those of the repository; all of
//! them can be written to a folder to be looked at:
//! `LOOK=/tmp/pictures cargo test --test suite window::pictures::look -- --ignored`.

use std::sync::Arc;

use egui::{Key, Theme, Vec2, vec2};
use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable;
use wirescope::engine::{SessionView, Snapshot};

use super::stage::Stage;
use super::{compare, fixture, fixture_compare, fixture_server, states};

const WIDE: Vec2 = vec2(1440.0, 900.0);
const NARROW: Vec2 = vec2(900.0, 600.0);

/// A picture: its name, the size of the window, what there is to show, and what to do first.
type Picture = (&'static str, Vec2, fn() -> Snapshot, fn(&mut Stage));

const ALL: &[Picture] = &[
    ("first-run", WIDE, first_run, |_| {}),
    ("inspect", WIDE, fixture::busy, |stage| stage.click_like("48126 ")),
    ("lost", WIDE, fixture::busy, |stage| stage.click_like("consul.local/v1/health")),
    ("narrow", vec2(900.0, 600.0), fixture::busy, |stage| stage.click_like("48126 ")),
    ("refused", WIDE, || one(fixture::refused(1)), |_| {}),
    ("connecting", WIDE, || one(fixture::connecting(1)), |_| {}),
    ("nothing-matches", WIDE, || one(fixture::filtered(fixture::ticker(2000), "x", 0)), |_| {}),
    ("filtered", WIDE, || one(fixture::filtered(fixture::ticker(2000), "x", 7)), |_| {}),
    ("searching", WIDE, searching, |_| {}),
    (
        "filter-wrong",
        WIDE,
        || one(fixture::ticker(2000)),
        |stage| {
            stage.type_into("Filter", "symbol = \"AAPL\"");
            stage.type_into("Filter", " and latency > 5kg");
        },
    ),
    ("filter-guide", WIDE, fixture::busy, |stage| stage.click("How to filter")),
    (
        "filter-wrong-narrow",
        vec2(900.0, 600.0),
        || one(fixture::ticker(2000)),
        |stage| {
            stage.type_into("Filter", "symbol = \"AAPL\" and not (kind:pingg or size > 60)");
        },
    ),
    ("capture", WIDE, capture, |_| {}),
    ("server", WIDE, serving, |stage| stage.click("Server")),
    ("server-alone", WIDE, fixture_server::alone, |stage| stage.click("Server")),
    ("server-large-code", WIDE, serving, |stage| {
        stage.click("Server");
        stage.click_like("QR code of");
    }),
    ("server-publish", WIDE, serving, |stage| {
        stage.click("Server");
        stage.click("Publish…");
        let text = "{\"type\": \"news\", \"text\": \"Hello\"";
        stage.window.event(egui::Event::Text(text.into()));
    }),
    ("server-restart", WIDE, serving, |stage| {
        stage.click("Server");
        stage.click("Restart…");
    }),
    ("server-network", WIDE, fixture_server::troubled, |stage| {
        stage.click("Server");
        stage.click("Source");
        stage.click("Delay and bandwidth");
        stage.click("Connections end");
    }),
    ("server-network-proxies", WIDE, fixture_server::troubled, |stage| {
        stage.click("Server");
        stage.click("Source");
        stage.click("Lessons");
        stage.click("Errors");
        stage.click("Proxies");
        stage.click("Heartbeats and headers");
    }),
    ("server-network-one", WIDE, fixture_server::troubled, |stage| {
        stage.click("Server");
        stage.click("Source");
        stage.window.get_by_role_and_label(egui::accesskit::Role::Tab, "SSE").click();
        stage.window.run();
        let role = egui::accesskit::Role::DisclosureTriangle;
        stage.window.get_by_role_and_label(role, "Messages").click();
        stage.window.run();
        stage.click("Proxies");
    }),
    ("server-troubled-narrow", vec2(900.0, 600.0), fixture_server::troubled, |stage| {
        stage.click("Server");
    }),
    ("server-many", WIDE, fixture_server::crowded, |stage| stage.click("Server")),
    ("server-stopped", WIDE, Snapshot::default, |stage| stage.click("Server")),
    ("captures", WIDE, first_run, |stage| {
        stage.click("Captures");
        stage.click("Delete workshop.wirescope");
    }),
    ("palette", WIDE, fixture::busy, |stage| stage.ctrl(Key::K)),
    ("shortcuts", WIDE, fixture::busy, |stage| stage.press(Key::Questionmark)),
    ("options", WIDE, Snapshot::default, |stage| {
        stage.click("Options");
        stage.click("Add header");
        stage.type_into("Header 1 name", "Authorization:");
    }),
    ("handshake", WIDE, fixture::busy, |stage| {
        stage.click_like("48126 ");
        stage.click("Handshake");
    }),
    ("bytes", WIDE, binary, |stage| {
        stage.click_like("48127 ");
        stage.click("Rate");
    }),
    ("huge", vec2(2560.0, 1440.0), fixture::busy, |stage| {
        stage.click_like("48126 ");
        stage.click("Both");
    }),
    ("notices", WIDE, notices, |_| {}),
    ("late", WIDE, late, |stage| stage.click_like("3 open")),
    ("late-narrow", vec2(900.0, 600.0), late, |_| {}),
    (
        "long-string",
        WIDE,
        || one(fixture::with_payload(LONG)),
        |stage| {
            stage.click_like("501 text");
            stage.click_like("prompt Tell");
        },
    ),
    ("recording", WIDE, recording, |stage| stage.click("Captures")),
    ("frames", WIDE, || one(states::fragmented()), |stage| stage.click_like("501 text")),
    ("violation", WIDE, || one(states::violation()), |stage| stage.click_like("501 violation")),
    ("insecure", WIDE, insecure, |stage| {
        stage.click_like("495 text");
        stage.click("Handshake");
    }),
    (
        "repeating",
        WIDE,
        || one(states::repeating()),
        |stage| {
            stage.click("How it is sent");
        },
    ),
    (
        "close",
        WIDE,
        || one(fixture::ticker(2000)),
        |stage| {
            stage.click("Format");
            stage.click("Close");
            stage.type_into("Close code", "1012");
            stage.click("Gaps");
        },
    ),
    ("sizes", WIDE, fixture::busy, |stage| {
        stage.click_like("48126 ");
        stage.click("Size");
    }),
    ("pasted", WIDE, Snapshot::default, |stage| {
        stage.ctrl(Key::L);
        let line = "curl -sN -u me:secret -m 10 -H 'Accept: text/event-stream' -k \
                    'https://example.com/events?room=1'";
        stage.window.event(egui::Event::Paste(line.into()));
        stage.window.run();
        stage.click("Options");
    }),
    ("options-narrow", vec2(900.0, 600.0), Snapshot::default, |stage| stage.click("Options")),
    ("server-narrow", vec2(900.0, 600.0), serving, |stage| stage.click("Server")),
    ("server-narrow-alone", vec2(900.0, 600.0), fixture_server::alone, |stage| {
        stage.click("Server");
    }),
    ("server-narrow-stopped", vec2(900.0, 600.0), Snapshot::default, |stage| {
        stage.click("Server");
    }),
    ("server-middle", vec2(1180.0, 720.0), fixture_server::troubled, |stage| {
        stage.click("Server");
    }),
    ("server-huge", vec2(2560.0, 1440.0), serving, |stage| stage.click("Server")),
    ("compare", WIDE, fixture_compare::comparing, |stage| stage.click("Compare")),
    (
        "compare-four",
        WIDE,
        || fixture_compare::with(fixture_compare::run(&[0, 1, 2, 3])),
        |stage| {
            stage.click("Compare");
        },
    ),
    ("compare-narrow", NARROW, fixture_compare::comparing, |stage| stage.click("Compare")),
    ("compare-narrow-low", vec2(900.0, 1900.0), fixture_compare::comparing, |stage| {
        stage.click("Compare");
    }),
    ("compare-time", WIDE, fixture_compare::comparing, |stage| {
        stage.click("Compare");
        stage.click("Over time");
        stage.click("Why");
        stage.click("Needs");
    }),
    ("compare-connections", WIDE, fixture_compare::comparing, |stage| {
        stage.click("Compare");
        stage.click("Connections");
        stage.click("Lanes and time");
        stage.click("Stream in the plot");
    }),
    ("compare-nothing", WIDE, fixture_compare::nothing, |stage| stage.click("Compare")),
    ("compare-nothing-narrow", NARROW, fixture_compare::nothing, |stage| stage.click("Compare")),
    (
        "compare-lesson",
        WIDE,
        || fixture_compare::learning(fixture_compare::lesson()),
        |stage| {
            stage.click("Compare");
        },
    ),
    ("compare-lesson-done", WIDE, compare::learned, |stage| stage.click("Compare")),
    (
        "compare-herds",
        WIDE,
        || fixture_compare::learning(fixture_compare::herds()),
        |stage| {
            stage.click("Compare");
        },
    ),
    (
        "compare-streams",
        WIDE,
        || fixture_compare::learning(fixture_compare::streams()),
        |stage| {
            stage.click("Compare");
        },
    ),
    ("compare-lessons", WIDE, fixture_compare::comparing, |stage| {
        stage.click("Compare");
        stage.click("Lessons");
    }),
    ("compare-scale", WIDE, compare::scaling, |stage| {
        stage.click("Compare");
        stage.click("Scale");
    }),
    ("compare-error", WIDE, compare::failed, |stage| stage.click("Compare")),
];

/// Those that are compared: every part of the window once, in both themes.
const COMPARED: [(&str, Theme); 8] = [
    ("first-run", Theme::Dark),
    ("inspect", Theme::Dark),
    ("inspect", Theme::Light),
    ("lost", Theme::Light),
    ("narrow", Theme::Dark),
    ("server", Theme::Light),
    ("compare", Theme::Dark),
    ("compare-lesson", Theme::Light),
];

fn first_run() -> Snapshot {
    Snapshot { recents: fixture::recents(), ..Snapshot::default() }
}

fn one(session: SessionView) -> Snapshot {
    Snapshot { sessions: vec![Arc::new(session)], ..Snapshot::default() }
}

fn serving() -> Snapshot {
    fixture_server::workshop()
}

fn notices() -> Snapshot {
    Snapshot { notices: fixture::notices(), ..fixture::busy() }
}

fn searching() -> Snapshot {
    let mut view = fixture::filtered(fixture::ticker(48_131), "AAPL", 3);
    if let Some(matches) = &mut view.matches {
        matches.searched = 20_000;
    }
    one(view)
}

/// Strings that do not fit, and numbers that a float would round.
const LONG: &str = r#"{"model":"m-1","usage":{"id":12345678901234567890,"cost":0.10},"prompt":"Tell me, in a few words, what a server-sent event is, how it differs from a WebSocket message, and when one would choose the one over the other.\nWrite it for people who have seen neither.","short":"ok"}"#;

fn recording() -> Snapshot {
    let recents = fixture::recents();
    let mut busy = fixture::busy();
    let mut first = SessionView::clone(&busy.sessions[0]);
    first.recording.path.clone_from(&recents[1].path);
    busy.sessions[0] = Arc::new(first);
    Snapshot { recents, ..busy }
}

fn late() -> Snapshot {
    let mut view = fixture::late();
    fixture::select(&mut view, 3);
    one(view)
}

fn capture() -> Snapshot {
    let mut view = fixture::waiting(1);
    view.origin = wirescope::engine::Origin::File;
    view.title = "consul.wirescope".into();
    view.insecure = true;
    one(view)
}

/// Beside one that is verified.
fn insecure() -> Snapshot {
    let mut snapshot = fixture::busy();
    snapshot.sessions[0] = Arc::new(states::insecure());
    snapshot
}

fn binary() -> Snapshot {
    let mut snapshot = fixture::busy();
    let mut first = fixture::ticker(48_131);
    fixture::select(&mut first, 48_127);
    snapshot.sessions[0] = Arc::new(first);
    snapshot
}

fn taken(&(_, size, snapshot, act): &Picture, theme: Theme) -> Stage {
    let mut stage = Stage::sized(snapshot(), size, theme);
    act(&mut stage);
    stage.window.remove_cursor();
    stage.window.run();
    stage
}

#[expect(clippy::default_trait_access, reason = "its type belongs to a crate of egui's")]
fn can_draw() -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let instance = egui_kittest::wgpu::default_wgpu_setup().new_instance().await;
        instance.request_adapter(&Default::default()).await.is_ok()
    })
}

#[test]
fn the_window_looks_as_it_did() {
    if !can_draw() {
        crate::support::left_out("pictures of the window", "mesa-vulkan-drivers");
        return;
    }
    // Rasterisers differ in the rounding of edges, never in where things are.
    let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(48);
    let mut results = egui_kittest::SnapshotResults::new();
    for (name, theme) in COMPARED {
        let picture = ALL.iter().find(|picture| picture.0 == name).unwrap();
        let theme_name = if theme == Theme::Dark { "dark" } else { "light" };
        let mut stage = taken(picture, theme);
        stage.window.snapshot_options(format!("{name}-{theme_name}"), &options);
        results.extend_harness(&mut stage.window);
    }
    results.unwrap();
}

#[test]
#[ignore = "writes pictures to the folder LOOK, to be looked at"]
fn look() {
    let folder = std::env::var("LOOK").expect("LOOK names a folder");
    let only = std::env::var("ONLY").unwrap_or_default();
    for picture in ALL {
        for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let name = format!("{}-{word}", picture.0);
            if name.contains(&only) {
                let image = taken(picture, theme).window.render().unwrap();
                image.save(format!("{folder}/{name}.png")).unwrap();
            }
        }
    }
}
