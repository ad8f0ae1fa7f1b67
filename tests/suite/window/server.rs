//! The Server page driven by accessible name: what is set and pressed becomes commands.

use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use wirescope::engine::Snapshot;
use wirescope::model::{
    Command, Impairment, Network, Reported, Restart, Shape, TransportKind, Trouble,
};
use wirescope::ui::action::Action;

use super::fixture_server;
use super::stage::Stage;

fn page(snapshot: Snapshot) -> Stage {
    let mut stage = Stage::new(snapshot);
    stage.click("Server");
    stage.sent();
    stage
}

/// The same in a window that is high enough for everything to be open.
fn tall(snapshot: Snapshot) -> Stage {
    let mut stage = Stage::sized(snapshot, Vec2::new(1440.0, 2600.0), egui::Theme::Dark);
    stage.click("Server");
    stage.sent();
    stage
}

/// Opens or closes a group.
fn fold(stage: &mut Stage, name: &str) {
    stage.window.get_by_role_and_label(Role::DisclosureTriangle, name).click();
    stage.window.run();
}

fn act(stage: &mut Stage, action: Action) {
    let ctx = stage.window.ctx.clone();
    let app = stage.window.state_mut().as_mut().expect("shown");
    app.act(&ctx, action);
    stage.window.run();
}

fn slider<'a>(stage: &'a Stage, name: &'a str) -> egui_kittest::Node<'a> {
    stage.window.get_by_role_and_label(Role::Slider, name)
}

#[test]
fn rate_and_size_are_set_while_the_server_runs() {
    let mut stage = page(fixture_server::workshop());
    fold(&mut stage, "Connections");
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
    stage.window.get_by_role_and_label(Role::ComboBox, "Shape").click();
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
    assert!(stage.has_like("then listens beyond this machine"), "what it does is said beforehand");
    stage.click("Open to the room");
    assert_eq!(stage.sent(), [Command::OpenRoom(true)]);
    stage.show(fixture_server::workshop());
    assert!(stage.has("QR code of http://192.168.1.5:4100/?join=7F3K-22QD"));
    assert!(stage.has("7F3K-22QD") && stage.has("192.168.1.5:4100"));
    stage.click("Open to the room");
    assert_eq!(stage.sent(), [Command::OpenRoom(false)]);
}

#[test]
fn a_server_that_is_stopped_starts_for_the_room_with_what_is_set() {
    let mut stage = tall(Snapshot::default());
    fold(&mut stage, "Heartbeats and headers");
    stage.click("No heartbeats");
    for way in [
        |stage: &mut Stage| stage.click("Open to the room"),
        |stage: &mut Stage| {
            act(stage, Action::ToggleRoom);
        },
    ] {
        way(&mut stage);
        let sent = stage.sent();
        let [Command::StartServer(options)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((options.listen, &options.join), (([0, 0, 0, 0], 4100).into(), &None));
        assert!(options.network.of(TransportKind::Sse).without_heartbeats);
    }
    act(&mut stage, Action::ToggleServer);
    let sent = stage.sent();
    let [Command::StartServer(options)] = &sent[..] else { panic!("{sent:?}") };
    assert!(options.listen.ip().is_loopback(), "without the room it is for this machine");
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let mut stage = page(Snapshot::default());
    stage.type_into("Listen on", "x");
    fold(&mut stage, "Connections");
    assert!(!stage.has("Listen on"));
    let why = "Listen on takes an address and a port, as in 127.0.0.1:4100";
    let said = |stage: &Stage| stage.window.query_all_by_label(why).count();
    assert_eq!(said(&stage), 1, "where the clients would be");
    for (role, name) in [(Role::Button, "Start"), (Role::Switch, "Open to the room")] {
        let button = stage.window.get_by_role_and_label(role, name);
        assert!(button.accesskit_node().is_disabled(), "{name}");
        let place = button.rect().center();
        stage.window.hover_at(place);
        stage.window.run_steps(44);
        assert_eq!(said(&stage), 2, "in the tooltip of {name}");
    }
}

#[test]
fn the_next_start_does_not_open_the_room_again() {
    let mut snapshot = fixture_server::workshop();
    snapshot.server.options.listen = ([0, 0, 0, 0], 4107).into();
    let mut stage = page(snapshot.clone());
    snapshot.server.url = None;
    snapshot.server.join = None;
    stage.show(snapshot);
    act(&mut stage, Action::ToggleServer);
    let sent = stage.sent();
    let [Command::StartServer(options)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((options.listen, &options.join), (([127, 0, 0, 1], 4107).into(), &None));
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
    let list = stage.window.get_by_role_and_label(Role::List, "Clients");
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
    assert!(
        stage.has_like("5,000 connected")
            && stage.has_like("of the first 500, 84 have fallen behind")
    );
    assert!(stage.has_like("client 1") && !stage.has_like("client 400"));
    let list = stage.window.get_by_role_and_label(Role::List, "Clients");
    list.focus();
    stage.window.run();
    stage.press(Key::End);
    stage.press(Key::Delete);
    assert_eq!(stage.sent(), [Command::CutClient(500)]);
}

#[test]
fn what_the_columns_do_not_say_is_in_the_tooltip() {
    let mut stage = page(fixture_server::workshop());
    let row = stage.window.get_by_label_contains("SSE 192.168.1.40 Safari").rect();
    stage.window.hover_at(row.center());
    stage.window.run_steps(4);
    std::iter::repeat_n((), 40).for_each(|()| stage.window.step());
    assert!(stage.has("Mozilla/5.0 (iPhone; CPU iPhone OS 20_1 like Mac OS X)"));
    assert!(stage.has_like("Client 4, connected since 12:41:15 UTC"));
    assert!(stage.has_like("3 messages wait for it"));
}

#[test]
fn who_a_client_is_and_what_it_reports_can_be_read() {
    let mut snapshot = fixture_server::workshop();
    let mut clients = snapshot.server.clients.to_vec();
    clients[3].name = Some("hazel-jay-73".into());
    clients[3].reported = Some(Reported {
        median_ms: Some(9.8),
        p95_ms: Some(41.2),
        delivered: Some(1_899),
        lost: Some(2),
        reconnects: Some(1),
    });
    snapshot.server.clients = clients.into();
    let mut stage = page(snapshot);
    let told = "median 9.8 ms, 95 % within 41 ms, 1,899 delivered, 2 lost, 1 reconnect";
    let said = format!("hazel-jay-73, it reports {told}");
    let place = stage.window.get_by_label_contains(&said).rect().center();
    stage.window.hover_at(place);
    stage.window.run_steps(4);
    std::iter::repeat_n((), 40).for_each(|()| stage.window.step());
    assert!(stage.has_like("Client 4, hazel-jay-73, connected since 12:41:15 UTC"));
    assert!(stage.has(&format!("It reports {told}")));
}

#[test]
fn a_client_is_told_whole_whichever_columns_there_are() {
    for size in [Vec2::new(1440.0, 900.0), Vec2::new(900.0, 600.0)] {
        let mut stage = Stage::sized(fixture_server::workshop(), size, egui::Theme::Dark);
        stage.click("Server");
        let name = "SSE 192.168.1.40 Safari · iPhone, since 12:41, 1,904 delivered, 262 kB on the \
                    wire, 3 behind, Mozilla/5.0 (iPhone; CPU iPhone OS 20_1 like Mac OS X), it \
                    reports median 9.8 ms";
        assert!(stage.has(name), "{size}");
    }
}

#[test]
fn all_that_is_counted_for_a_transport_can_be_read() {
    let mut snapshot = fixture_server::workshop();
    let websocket = &mut snapshot.server.transports[0];
    (websocket.slow, websocket.messages_in, websocket.payload_in) = (2, 7, 90);
    snapshot.server.refused = 3;
    let mut stage = page(snapshot.clone());
    assert!(stage.has("slow: 2") && stage.has("requests: 9") && stage.has("requests: 40,122"));
    let rest = [
        "5 connected now",
        "4 closed",
        "7 messages from clients",
        "payload 90 B in, 6.1 MB out",
        "wire 320 kB in",
        "duration mean 6:49",
        "duration p95 12:24",
        "duration p99 18:36",
    ];
    let head = stage.window.get_by_label(&format!("WebSocket, {}", rest.join(", "))).rect();
    stage.window.hover_at(head.center());
    stage.window.run_steps(4);
    std::iter::repeat_n((), 40).for_each(|()| stage.window.step());
    assert!(stage.has(&rest.join("\n")));
    assert!(stage.has_like("3 refused"), "the bar at the bottom says so");
    // In a small window the same is said of the rows of a table.
    let mut stage = Stage::sized(snapshot, Vec2::new(900.0, 600.0), egui::Theme::Dark);
    stage.click("Server");
    assert!(stage.has_like(&format!("requests: 9, slow: 2, {}", rest.join(", "))));
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
    let down = Duration::from_secs(2);
    assert_eq!(stage.sent(), [Command::RestartServer(Restart { down, forgets: true })]);
    assert!(!stage.has("Restart now"));
}

#[test]
fn a_server_that_starts_or_stops_is_not_offered_to_be_started() {
    let mut snapshot = Snapshot::default();
    snapshot.server.is_busy = true;
    let stage = page(snapshot);
    assert!(stage.has("One moment"));
    let starts: Vec<_> = stage.window.query_all_by_label("Start").collect();
    assert!(starts.iter().all(|start| start.accesskit_node().is_disabled()));
}

#[test]
fn a_lesson_is_run_from_its_row() {
    let mut stage = page(fixture_server::workshop());
    stage.click("Run A proxy that buffers");
    assert_eq!(stage.sent(), [Command::RunLesson("buffering-proxy".into())]);
    assert!(!stage.has_like("Clients · "), "it is shown on the page that explains it");
}

#[test]
fn actions_work_from_any_page_and_only_while_the_server_runs() {
    let mut stage = Stage::new(Snapshot::default());
    for action in [Action::Publish, Action::CutAll, Action::RestartServer] {
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

fn network(stage: &mut Stage) -> Network {
    let sent = stage.sent();
    let [Command::SetNetwork(network)] = &sent[..] else { panic!("{sent:?}") };
    Network::clone(network)
}

#[test]
fn a_trouble_is_set_for_all_that_feel_it_while_the_server_runs() {
    let mut stage = tall(fixture_server::workshop());
    fold(&mut stage, "Proxies");
    stage.window.get_by_role_and_label(Role::ComboBox, "Buffering proxy").click();
    stage.window.run();
    stage.click("To the end");
    let set = network(&mut stage);
    let felt: Vec<_> =
        TransportKind::ALL.into_iter().filter(|kind| set.of(*kind).buffering.is_some()).collect();
    assert_eq!(felt, [TransportKind::Sse, TransportKind::Stream]);
    assert!(!stage.has("1 trouble"), "the server has not got it yet");
    let mut snapshot = fixture_server::workshop();
    snapshot.server.options.network = set;
    stage.show(snapshot);
    assert!(stage.has("1 trouble"), "the bar shows a sign");
}

#[test]
fn a_trouble_is_set_for_one_transport_alone() {
    let mut stage = tall(fixture_server::workshop());
    stage.window.get_by_role_and_label(Role::Tab, "Long poll").click();
    stage.window.run();
    fold(&mut stage, "Delay and bandwidth");
    slider(&stage, "Delay").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    let set = network(&mut stage);
    let mut others = set.clone();
    assert!(!others.of(TransportKind::LongPoll).delay.is_zero());
    *others.of_mut(TransportKind::LongPoll) = Impairment::default();
    assert!(others.is_good());
    fold(&mut stage, "Proxies");
    assert!(stage.has_like("Long poll does not feel: Buffering proxy"));
    assert!(!stage.has("Blocked upgrade"));
}

#[test]
fn what_differs_is_said_and_set_alike_by_one_touch() {
    let mut stage = tall(fixture_server::troubled());
    fold(&mut stage, "Delay and bandwidth");
    assert!(stage.has_like("Differs: WebSocket 80ms, SSE 250ms"));
    slider(&stage, "Delay").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    let set = network(&mut stage);
    let delays = TransportKind::ALL.map(|kind| set.of(kind).delay);
    assert!(delays.iter().all(|delay| *delay == delays[0]), "{delays:?}");
    assert_eq!(set.of(TransportKind::Sse).jitter, Duration::from_millis(20), "left as it was");
}

#[test]
fn every_trouble_has_its_control_and_what_it_imitates() {
    let mut stage = tall(fixture_server::troubled());
    let groups = ["Delay and bandwidth", "Connections end", "Messages", "Errors", "Proxies"];
    for group in groups.into_iter().chain(["Heartbeats and headers"]) {
        fold(&mut stage, group);
    }
    for trouble in Trouble::ALL {
        assert!(stage.has_like(trouble.title()), "{trouble} has no control");
        assert!(stage.has(trouble.imitates()), "{trouble} is not explained");
    }
}

#[test]
fn a_value_that_no_slider_reaches_is_shown_and_left_alone() {
    let mut snapshot = fixture_server::workshop();
    let far = ["delay=1m,slow-accept=1m,cut=1h/reset,bandwidth=1GB,drop=1000000,buffer=7B"];
    snapshot.server.options.network = Network::parse(far).unwrap();
    snapshot.server.options.source.size = 1;
    let mut stage = tall(snapshot);
    for group in ["Delay and bandwidth", "Connections end", "Messages", "Proxies"] {
        fold(&mut stage, group);
    }
    assert_eq!(stage.sent(), []);
    assert!(stage.has("every 1,000,000th") && stage.has("7 B"));
}

#[test]
fn a_bad_network_is_seen_everywhere_and_mended_with_one_click() {
    let mut stage = tall(fixture_server::troubled());
    assert!(stage.has("6 troubles") && stage.has("network with 6 troubles"));
    fold(&mut stage, "Network");
    assert!(!stage.has("Back to a good network"));
    fold(&mut stage, "Network");
    stage.click("Back to a good network");
    assert_eq!(stage.sent(), [Command::SetNetwork(Box::default())]);
}

#[test]
fn a_server_starts_with_the_network_that_was_set_before() {
    let mut stage = tall(Snapshot::default());
    fold(&mut stage, "Heartbeats and headers");
    stage.click("No heartbeats");
    assert_eq!(stage.sent(), [], "nothing runs yet");
    stage.window.get_all_by_label("Start").next().expect("a button").click();
    stage.window.run();
    let sent = stage.sent();
    let [Command::StartServer(options)] = &sent[..] else { panic!("{sent:?}") };
    assert!(options.network.of(TransportKind::Websocket).without_heartbeats);
    assert!(!options.network.of(TransportKind::ShortPoll).without_heartbeats, "it has none");
}
