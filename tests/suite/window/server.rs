//! The Server page driven by accessible name: what is set and pressed becomes commands.

use egui::{Key, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use wirescope::engine::Snapshot;
use wirescope::model::{Command, Restart, Shape};
use wirescope::ui::action::Action;

use super::fixture_server;
use super::stage::Stage;

fn page(snapshot: Snapshot) -> Stage {
    let mut stage = Stage::new(snapshot);
    stage.click("Server");
    stage.sent();
    stage
}

fn act(stage: &mut Stage, action: Action) {
    let ctx = stage.window.ctx.clone();
    let app = stage.window.state_mut().as_mut().expect("shown");
    app.act(&ctx, action);
    stage.window.run();
}

fn slider<'a>(stage: &'a Stage, name: &'a str) -> egui_kittest::Node<'a> {
    stage.window.get_by_role_and_label(egui::accesskit::Role::Slider, name)
}

#[test]
fn rate_and_size_are_set_while_the_server_runs() {
    let mut stage = page(fixture_server::workshop());
    stage.click("Connections");
    assert!(slider(&stage, "History").accesskit_node().is_disabled());
    assert!(!slider(&stage, "Messages").accesskit_node().is_disabled());
    slider(&stage, "Messages").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert!(source.rate > 12.0, "{}", source.rate);

    let rect = slider(&stage, "Payload").rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    stage.window.drag_at(at(0.34));
    stage.window.run();
    stage.window.hover_at(at(0.6));
    stage.window.run();
    assert_eq!(stage.sent(), [], "not while it is being dragged");
    stage.window.drop_at(at(0.6));
    stage.window.run();
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert!(source.size > 1_000, "{}", source.size);
}

#[test]
fn the_server_is_started_with_its_settings_and_stopped() {
    let mut stage = page(Snapshot::default());
    stage.window.get_all_by_label("Start").next().expect("a button").click();
    stage.window.run();
    let sent = stage.sent();
    let [Command::StartServer(options)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(options.listen.port(), 4100);
    stage.show(fixture_server::workshop());
    assert!(stage.has_like("messages: 61,204"));
    stage.click("Stop");
    assert_eq!(stage.sent(), [Command::StopServer]);
}

#[test]
fn burst_shape_and_topics_are_set_while_the_server_runs() {
    let mut stage = page(fixture_server::workshop());
    slider(&stage, "Burst").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert!(source.burst > 1, "{}", source.burst);
    stage.window.get_by_role_and_label(egui::accesskit::Role::ComboBox, "Shape").click();
    stage.window.run();
    stage.click("Chat");
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(source.shape, Shape::Chat);
    stage.type_into("Topics", ", news");
    assert_eq!(stage.sent(), [], "not while it is being typed");
    stage.press(Key::Enter);
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(source.topics, ["default", "news"]);
}

#[test]
fn the_room_is_opened_with_one_click_and_closed_with_another() {
    let mut stage = page(fixture_server::alone());
    assert!(!stage.has_like("QR code of"));
    assert!(stage.has_like("listens beyond this machine"), "what it does is said beforehand");
    stage.click("Open to the room");
    assert_eq!(stage.sent(), [Command::OpenRoom(true)]);
    stage.show(fixture_server::workshop());
    assert!(stage.has("QR code of http://192.168.1.5:4100/?join=7F3K-22QD"));
    assert!(stage.has("7F3K-22QD") && stage.has("192.168.1.5:4100"));
    stage.click("Open to the room");
    assert_eq!(stage.sent(), [Command::OpenRoom(false)]);
}

#[test]
fn the_code_is_shown_large_and_put_away() {
    let mut stage = page(fixture_server::workshop());
    let code = "QR code of http://192.168.1.5:4100/?join=7F3K-22QD";
    let small = stage.window.get_by_label(code).rect();
    stage.click(code);
    let codes = stage.window.get_all_by_label(code);
    let large = codes.map(|node| node.rect().width()).fold(0.0, f32::max);
    assert!(large > 2.0 * small.width(), "{large}");
    stage.click("Close");
    assert_eq!(stage.window.get_all_by_label(code).count(), 1);
}

#[test]
fn a_client_is_cut_and_so_are_all() {
    let mut stage = page(fixture_server::workshop());
    assert!(stage.has("Clients · 18 connected, 3 have fallen behind"));
    stage.click("Cut SSE 192.168.1.40, client 4");
    assert_eq!(stage.sent(), [Command::CutClient(4)]);
    stage.click("Cut all");
    assert_eq!(stage.sent(), [Command::CutAll]);
    let list = stage.window.get_by_role_and_label(egui::accesskit::Role::List, "Clients");
    list.focus();
    stage.window.run();
    stage.press(Key::ArrowDown);
    stage.press(Key::ArrowDown);
    stage.press(Key::Delete);
    assert_eq!(stage.sent(), [Command::CutClient(2)]);
}

#[test]
fn only_the_clients_on_the_screen_are_written() {
    let mut stage = page(fixture_server::crowded());
    assert!(stage.has_like("5,000 connected") && stage.has_like("the first 500 are listed"));
    assert!(stage.has_like("client 1") && !stage.has_like("client 400"));
    let list = stage.window.get_by_role_and_label(egui::accesskit::Role::List, "Clients");
    list.focus();
    stage.window.run();
    stage.press(Key::End);
    stage.press(Key::Delete);
    assert_eq!(stage.sent(), [Command::CutClient(500)]);
}

#[test]
fn nobody_to_cut_is_said_and_how_to_connect() {
    let mut stage = page(fixture_server::alone());
    assert!(stage.has("Nobody is connected"));
    assert!(stage.window.get_by_label("Cut all").accesskit_node().is_disabled());
    stage.click("Connect over every transport");
    assert_eq!(stage.sent(), [Command::Demo]);
}

fn write(stage: &mut Stage, text: &str) {
    let field = stage.window.get_by_label("Message to publish");
    field.focus();
    field.type_text(text);
    stage.window.run();
}

#[test]
fn a_message_is_published_by_hand() {
    let mut stage = page(fixture_server::workshop());
    stage.click("Publish…");
    write(&mut stage, "{\"text\": ");
    assert!(stage.has_like("This is no JSON object"));
    assert!(stage.window.get_by_label("Send").accesskit_node().is_disabled());
    write(&mut stage, "\"hello\"}");
    stage.click("Send");
    let message = |text: &str| Command::Publish { topic: "default".into(), text: text.into() };
    assert_eq!(stage.sent(), [message("{\"text\": \"hello\"}")]);
    assert!(stage.has("1 message sent"), "it stays open for the next");
    stage.ctrl(Key::Enter);
    assert_eq!(stage.sent(), [message("{\"text\": \"hello\"}")]);
    stage.press(Key::Escape);
    assert!(!stage.has("Send"));
}

#[test]
fn the_server_is_restarted_as_it_was_asked_for() {
    let mut stage = page(fixture_server::workshop());
    act(&mut stage, Action::RestartServer);
    stage.click("Forgets its history");
    stage.click("Restart now");
    let down = std::time::Duration::from_secs(2);
    assert_eq!(stage.sent(), [Command::RestartServer(Restart { down, forgets: true })]);
    assert!(!stage.has("Restart now"));
}

#[test]
fn a_lesson_is_run_from_its_row() {
    let mut stage = page(fixture_server::workshop());
    stage.click("Run A proxy that buffers");
    assert_eq!(stage.sent(), [Command::RunLesson("buffering-proxy".into())]);
}

#[test]
fn actions_work_from_any_page_and_only_while_the_server_runs() {
    let mut stage = Stage::new(Snapshot::default());
    for action in [Action::ToggleRoom, Action::Publish, Action::CutAll, Action::RestartServer] {
        act(&mut stage, action);
    }
    assert_eq!(stage.sent(), []);
    stage.show(fixture_server::workshop());
    act(&mut stage, Action::ToggleRoom);
    act(&mut stage, Action::CutAll);
    assert_eq!(stage.sent(), [Command::OpenRoom(false), Command::CutAll]);
    act(&mut stage, Action::Publish);
    assert!(stage.has("Message to publish"));
}

/// Everything with a name lies within the window, in the smallest one, too.
#[test]
fn nothing_is_clipped_in_a_small_window() {
    for snapshot in [fixture_server::workshop(), fixture_server::alone(), Snapshot::default()] {
        let size = Vec2::new(900.0, 600.0);
        let mut stage = Stage::sized(snapshot, size, egui::Theme::Dark);
        stage.click("Server");
        let by = egui_kittest::kittest::By::new();
        let named = by.predicate(|node| node.bounding_box().is_some());
        for node in stage.window.query_all(named) {
            let rect = node.rect();
            let name = node.accesskit_node().label().unwrap_or_default();
            assert!(rect.right() <= size.x + 0.5, "{name} ends at {}", rect.right());
        }
    }
}
