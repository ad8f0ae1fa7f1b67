//! The window without a mouse: what Tab reaches, in which order, and that one sees where one is.

use egui::{Key, Rect, Theme, vec2};
use egui_kittest::kittest::{By, NodeT, Queryable};
use wirescope::engine::Snapshot;

use super::stage::Stage;
use super::{fixture, fixture_compare, fixture_server};

/// Most stops that are looked at.
const MOST: usize = 90;

/// What has the focus: its name, or what kind of thing it is, and where.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method has one lifetime")]
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

/// Each of these in this order, whatever comes between.
fn assert_order(stops: &[String], wanted: &[&str]) {
    let mut rest = stops.iter();
    for name in wanted {
        let is_there = rest.any(|stop| stop.starts_with(name));
        assert!(is_there, "{name} is missing or out of order in {stops:#?}");
    }
}

#[test]
fn everything_on_the_first_face_is_reached_and_seen() {
    for theme in [Theme::Dark, Theme::Light] {
        let snapshot = Snapshot { recents: fixture::recents(), ..Snapshot::default() };
        let mut stage = Stage::sized(snapshot, vec2(1440.0, 900.0), theme);
        let stops = stops(&mut stage);
        let wanted = [
            "Options",
            "Connect",
            "Start the demo server",
            "Connect to an endpoint",
            "Open a capture",
            "Open ticks.wirescope",
            "Inspect",
            "Server",
            "Captures",
            "Theme",
            "Every command",
            "Transport",
            "Address",
        ];
        assert_order(&stops, &wanted);
    }
}

#[test]
fn everything_around_the_timeline_is_reached_and_seen() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::sized(fixture::busy(), vec2(1440.0, 900.0), theme);
        stage.click_like("48126 ");
        let stops = stops(&mut stage);
        let wanted = [
            "Pretty",
            "Raw",
            "Hex",
            "Handshake",
            "object, 6 keys",
            "Copy",
            "Edit and resend",
            "Copy as websocat",
            "Format",
            "Message",
            "How it is sent",
            "Send",
            "Latency",
            "Transport",
            "Address",
            "Options",
            "Disconnect",
            "New session",
            "stream.example.com",
            "Filter",
            "Messages received",
            "Follow",
            "Timeline",
        ];
        assert_order(&stops, &wanted);
        assert!(stops.iter().all(|stop| !stop.contains(" text ")), "a list is one stop: {stops:?}");
    }
}

#[test]
fn every_option_is_reached_and_seen() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::sized(Snapshot::default(), vec2(1440.0, 900.0), theme);
        stage.click("Options");
        let stops = stops(&mut stage);
        let wanted = [
            "Authorization",
            "Add header",
            "Method",
            "Body",
            "Last-Event-ID",
            "Dialect",
            "Subprotocols",
            "Attempts",
            "First wait",
            "Proxy",
            "Accept any certificate",
            "CA file",
            "Certificate",
            "Key",
            "Offer compression",
            "Echo",
            "Largest",
            "Add message",
            "Time path",
        ];
        assert_order(&stops, &wanted);
    }
}

#[test]
fn everything_on_the_server_page_is_reached_and_seen() {
    let size = vec2(1440.0, 1200.0);
    let mut stage = Stage::sized(fixture_server::troubled(), size, Theme::Dark);
    stage.click("Server");
    stage.click("Connections end");
    let stops = stops(&mut stage);
    let wanted = [
        "Copy the address",
        "Open to the room",
        "Stop",
        "Restart",
        "Cut all",
        "Publish",
        "Source",
        "Messages",
        "Burst",
        "Payload",
        "Shape",
        "Topics",
        "Connections",
        "Network",
        "All",
        "Stream",
        "Delay and bandwidth",
        "Connections end",
        "Idle cut",
        "Idle cut after",
        "Idle cut by",
        "Back to a good network",
        "Lessons",
        "Run No heartbeat behind a NAT",
        "Clients",
        "QR code of",
        "Copy the address with the token",
        "Topics",
    ];
    assert_order(&stops, &wanted);
    assert!(stops.iter().all(|stop| !stop.starts_with("Cut SSE")), "a list is one stop");
}

#[test]
fn everything_on_the_compare_page_is_reached_and_seen() {
    let bar = ["Lanes", "Lessons", "Scale"];
    let run = ["Stop", "Export report", "Restart run", "Kill server now"];
    let tabs = ["Source and network", "Needs", "Lanes and time"];
    let recording = "recording workshop.wirescope";
    let conditions = ["Shape", "Messages", "Payload", "All of them…", "Make it good", "Delay"];
    let network = ["Cut connections", "Proxy buffers", "Idle cut-off", "Server heartbeats"];
    let legend = ["Distribution", "WebSocket in the plot", "Automatic in the plot", "Why"];
    let next = ["Stream lane", "Sent: 1 min", "Another server"];
    let pages: [(&str, Vec<&[&str]>); 6] = [
        ("Compare", vec![&run, &legend, &tabs, &conditions, &network]),
        ("Needs", vec![&tabs, &["Two ways", "Nothing may be missed"]]),
        ("Lanes and time", vec![&tabs, &next]),
        ("Export report", vec![&["Choose a place…", "To a path…"]]),
        ("Lessons", vec![&run, &["Run A proxy that buffers", "Run The thundering herd"]]),
        ("Scale", vec![&["Start", "100 clients", "10,000 clients"]]),
    ];
    let snapshot = fixture_compare::comparing();
    let mut stage = Stage::sized(snapshot, vec2(1440.0, 1200.0), Theme::Dark);
    for (name, parts) in pages {
        stage.click(name);
        let stops = stops(&mut stage);
        let wanted = [&bar[..], &parts.concat(), &[recording]].concat();
        assert_order(&stops, &wanted);
        if name == "Export report" {
            stage.press(Key::Escape);
        }
    }
}

#[test]
fn what_gets_the_focus_in_a_column_is_scrolled_to() {
    let mut stage = Stage::sized(fixture_server::troubled(), vec2(900.0, 600.0), Theme::Dark);
    stage.click("Server");
    for _ in 0..MOST {
        stage.press(Key::Tab);
        let Some((name, rect)) = focused(&stage) else { continue };
        if name.starts_with("Run No backoff") {
            assert!(rect.bottom() < 580.0, "{name} is at {rect:?}");
            return;
        }
    }
    panic!("the lessons were not reached");
}
