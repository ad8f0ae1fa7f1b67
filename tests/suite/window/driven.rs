//! The window driven by accessible name: what is pressed becomes commands, what comes is shown.

use std::sync::Arc;

use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use wirescope::analysis::Phase;
use wirescope::engine::{Chunks, Matches, SessionView, Snapshot};
use wirescope::model::{Class, Command, Endpoint, Filter, Say, SessionId, TransportKind};
use wirescope::ui::action::Action;

use super::fixture;
use super::stage::Stage;

const FIRST: SessionId = SessionId(1);

fn one(session: SessionView) -> Snapshot {
    Snapshot { sessions: vec![Arc::new(session)], ..Snapshot::default() }
}

fn ticker() -> Stage {
    Stage::new(one(fixture::ticker(500)))
}

#[test]
fn the_first_run_offers_three_ways_to_begin() {
    let recents = fixture::recents();
    let mut stage = Stage::new(Snapshot { recents: recents.clone(), ..Snapshot::default() });
    stage.click("Start the demo server");
    assert_eq!(stage.sent(), [Command::Demo]);
    stage.click("Open a capture");
    assert_eq!(stage.sent(), [Command::OpenDialog]);
    stage.click("Open ticks.wirescope");
    assert_eq!(stage.sent(), [Command::Open(recents[0].path.clone())]);
    stage.click("Connect to an endpoint");
    stage.window.event(egui::Event::Text("localhost:3000".into()));
    stage.window.run();
    stage.press(Key::Enter);
    let wanted = Endpoint::parse("localhost:3000").unwrap();
    assert_eq!(stage.sent(), [Command::Connect(Box::new(wanted))]);
}

#[test]
fn enter_connects_with_the_transport_and_the_options() {
    let mut stage = Stage::new(Snapshot::default());
    stage.click("Transport");
    stage.click("SSE");
    stage.click("Options");
    stage.click("Add header");
    stage.type_into("Header 1 name", "X-Room");
    stage.type_into("Header 1 value", "7");
    stage.type_into("Last-Event-ID", "42");
    stage.ctrl(Key::L);
    stage.window.event(egui::Event::Text("https://example.com/events".into()));
    stage.window.run();
    stage.press(Key::Enter);
    let sent = stage.sent();
    let [Command::Connect(endpoint)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(endpoint.url.as_str(), "https://example.com/events");
    assert_eq!(endpoint.transport, Some(TransportKind::Sse));
    assert_eq!(endpoint.options.headers, [("X-Room".to_owned(), "7".to_owned())]);
    assert_eq!(endpoint.options.last_event_id.as_deref(), Some("42"));
}

#[test]
fn a_bad_address_says_so_and_sends_nothing() {
    let mut stage = Stage::new(Snapshot::default());
    stage.type_into("Address", "ftp://example.com/");
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), []);
    assert!(stage.has_like("is no scheme Wirescope speaks"));
    stage.click("Connect");
    assert_eq!(stage.sent(), []);
}

#[test]
fn an_option_that_cannot_be_read_says_so_and_nothing_connects() {
    let mut stage = Stage::new(Snapshot::default());
    stage.click("Options");
    stage.type_into("First wait", "soon");
    assert!(stage.has_like("A time as in 500ms"));
    stage.click("Options");
    stage.type_into("Address", "https://example.com/");
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), []);
    assert!(stage.has_like("A time as in 500ms"), "the sheet opens where the error is");
}

#[test]
fn rows_on_the_screen_are_asked_for_once() {
    let mut stage = ticker();
    let views: Vec<Command> = stage.all_sent();
    let last = views.last().expect("the rows at the end were asked for");
    let Command::View(FIRST, rows) = last else { panic!("{last:?}") };
    assert_eq!(rows.end, 500);
    assert!(rows.len() < 60, "{rows:?}");
    stage.window.run();
    assert_eq!(stage.all_sent(), [], "nothing changed");
}

#[test]
fn a_row_is_chosen_with_the_mouse_and_the_keyboard() {
    let mut stage = ticker();
    stage.all_sent();
    stage.click_like("495 text");
    assert_eq!(stage.sent(), [Command::Select(FIRST, Some(495))]);
    stage.press(Key::ArrowDown);
    stage.press(Key::ArrowUp);
    stage.press(Key::ArrowUp);
    let wanted = [496, 495, 494].map(|n| Command::Select(FIRST, Some(n)));
    assert_eq!(stage.sent(), wanted);
    stage.press(Key::Home);
    assert_eq!(stage.sent(), [Command::Select(FIRST, Some(1))]);
    assert!(stage.has_like("1 text"), "the first row is in view");
    stage.press(Key::PageDown);
    let sent = stage.sent();
    assert!(matches!(sent[..], [Command::Select(FIRST, Some(10..))]), "{sent:?}");
    stage.press(Key::Escape);
    assert_eq!(stage.sent(), [Command::Select(FIRST, None)]);
}

#[test]
fn the_chosen_event_is_shown_in_every_way() {
    let mut view = fixture::ticker(500);
    fixture::select(&mut view, 495);
    let mut stage = Stage::new(one(view));
    stage.click_like("495 text");
    assert!(stage.has_like("object, 6 keys") && stage.has_like("seq 2606"));
    assert!(stage.has_like("Payload / on the wire: 84 B / 86 B"));
    stage.click("Hex");
    assert!(stage.has_like("84 B as bytes"));
    stage.click("Handshake");
    assert!(stage.has_like("TLS: 12 ms") && stage.has_like("Sec-WebSocket-Accept"));
    assert!(!stage.has_like("Bearer abc"), "secrets stay off the screen");
    stage.click("Raw");
    assert!(stage.has_like(r#"{"type":"tick","seq":2606"#));
    stage.click("Edit and resend");
    stage.press(Key::Enter);
    let sent = stage.sent();
    assert!(
        matches!(&sent[..], [.., Command::Send(FIRST, Say::Text(text))] if text.contains("2606")),
        "{sent:?}"
    );
}

#[test]
fn json_is_shown_as_it_was_sent_and_long_strings_open() {
    let long = "a word and another ".repeat(12);
    let text = format!(r#"{{"id":12345678901234567890,"cost":1.10,"text":"{long}"}}"#);
    let mut stage = Stage::new(one(fixture::with_payload(&text)));
    stage.click_like("501 text");
    assert!(stage.has("id 12345678901234567890") && stage.has("cost 1.10"));
    assert!(!stage.has_like("228 characters"));
    stage.click_like("text a word");
    assert!(stage.has("text string, 228 characters"));
    stage.click("text string, 228 characters");
    assert!(!stage.has_like("228 characters"), "it closes again");
}

#[test]
fn following_pauses_when_one_looks_back_and_counts_what_is_new() {
    let mut stage = ticker();
    assert!(stage.has_like("500 text"));
    let middle = egui::pos2(600.0, 400.0);
    stage.window.hover_at(middle);
    stage.window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: Vec2::new(0.0, 20.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    stage.window.run();
    assert!(!stage.has_like("500 text"), "it scrolled back");
    stage.show(one(fixture::ticker(1_700)));
    assert!(stage.has("1,200 new"));
    assert!(!stage.has_like("1700 text"));
    stage.click("1,200 new");
    assert!(stage.has_like("1700 text") && !stage.has_like(" new"));
    stage.show(one(fixture::ticker(1_800)));
    assert!(stage.has_like("1800 text"), "it follows again");
}

#[test]
fn the_filter_is_sent_as_it_is_typed_and_shows_how_far_the_search_is() {
    let mut stage = ticker();
    stage.ctrl(Key::F);
    stage.window.event(egui::Event::Text("AAPL".into()));
    stage.window.run();
    let filter = Filter { text: "AAPL".into(), classes: vec![] };
    assert_eq!(stage.sent(), [Command::Filter(FIRST, filter.clone())]);
    let mut view = fixture::ticker(500);
    view.filter = filter;
    let mut at = Chunks::default();
    at.push(2_u32);
    at.push(498);
    view.matches = Some(Matches { at, searched: 200 });
    stage.show(one(view));
    assert!(stage.has("2 of 500 · 40 %"));
    assert!(stage.has_like("499 text") && !stage.has_like("498 text"));
    stage.click("Messages received");
    let filter = Filter { text: "AAPL".into(), classes: vec![Class::Received] };
    assert_eq!(stage.sent(), [Command::Filter(FIRST, filter)]);
}

#[test]
fn a_filter_that_hides_everything_offers_the_way_back() {
    let mut stage = Stage::new(one(fixture::filtered(fixture::ticker(500), "nowhere", 0)));
    assert!(stage.has("Nothing matches"));
    stage.all_sent();
    stage.window.get_all_by_label("Clear the filter").last().expect("a button").click();
    stage.window.run();
    assert_eq!(stage.sent(), [Command::Filter(FIRST, Filter::default())]);
}

#[test]
fn a_refusal_shows_status_body_and_what_to_try() {
    let mut stage = Stage::new(one(fixture::refused(1)));
    for part in ["Refused with 401", "missing API key", "add an Authorization header"] {
        assert!(stage.has_like(part), "{part}");
    }
    stage.all_sent();
    stage.window.get_all_by_label("Connect again").next().expect("a button").click();
    stage.window.run();
    assert_eq!(stage.sent(), [Command::Reconnect(FIRST)]);
}

#[test]
fn latencies_that_differ_by_decades_are_drawn_on_a_logarithmic_axis() {
    assert!(ticker().has("Latency") && !ticker().has("Latency, logarithmic"));
    assert!(Stage::new(one(fixture::late())).has("Latency, logarithmic"));
}

#[test]
fn a_return_without_a_cursor_warns_in_its_row_and_in_the_detail() {
    let mut view = fixture::late();
    fixture::select(&mut view, 3);
    let mut stage = Stage::new(one(view));
    assert!(stage.has_like("2 open 200 OK · SSE, because the answer is text/event-stream"));
    stage.click_like("3 open back after 3.1 s without a cursor: what was sent");
    for page in ["Pretty", "Handshake"] {
        stage.click(page);
        assert!(stage.has_like("Back after 3.1 s without a cursor"), "{page}");
    }
}

#[test]
fn a_row_that_was_painted_does_not_go_blank_while_others_are_read() {
    let mut stage = ticker();
    assert!(stage.has_like(r#"499 text {"type""#));
    let mut view = fixture::ticker(500);
    view.rows = Arc::default();
    stage.show(one(view));
    assert!(stage.has_like(r#"499 text {"type""#));
}

#[test]
fn saving_tells_how_many_events_are_done() {
    let mut view = fixture::ticker(500);
    view.recording.saving = Some((12_000, 1_000_000));
    let mut stage = Stage::new(one(view.clone()));
    assert!(stage.has("saving 12,000 of 1,000,000 events"));
    view.recording.saving = Some((0, 0));
    stage.show(one(view));
    assert!(stage.has("saving…"));
}

#[test]
fn every_state_has_its_own_face() {
    let mut stage = Stage::new(one(fixture::connecting(1)));
    assert!(stage.has("Connecting to far.example.com"));
    stage.show(one(fixture::waiting(1)));
    assert!(stage.has_like("Retry 3 of 10 in 3.2 s") && stage.has_like("check host, port"));
    stage.all_sent();
    stage.click("Retry now");
    assert_eq!(stage.sent(), [Command::Reconnect(FIRST)]);
    stage.show(one(fixture::closed(1)));
    assert!(stage.has_like("Disconnected, at 12:40:35"));
    let open = Phase::Open { attempt: 1, since_ns: 0 };
    let mut silent = fixture::session(1, "wss://h/p", TransportKind::Websocket, open);
    silent.silent_ns = Some(31_000_000_000);
    stage.show(one(silent));
    assert!(stage.has("Silent for 31 s"));
}

#[test]
fn the_composer_sends_what_can_be_read() {
    let mut stage = ticker();
    stage.ctrl(Key::M);
    stage.window.event(egui::Event::Text("hello".into()));
    stage.window.run();
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::Text("hello".into()))]);
    stage.click("Format");
    stage.click("JSON");
    stage.ctrl(Key::M);
    stage.window.event(egui::Event::Text("{".into()));
    stage.window.run();
    stage.click("Send");
    assert_eq!(stage.sent(), []);
    assert!(stage.has_like("No JSON"));
    let stage = Stage::new(one(fixture::waiting(1)));
    assert!(stage.window.get_by_label("POST").accesskit_node().is_disabled());
}

#[test]
fn several_sessions_live_beside_each_other() {
    let mut stage = Stage::new(fixture::busy());
    stage.all_sent();
    assert!(stage.has_like("Open 00:06:01"));
    stage.click_like("consul.local/v1/health, Retry 3 of 10");
    assert!(stage.has_like("Nothing listens there"));
    stage.click("Cancel");
    assert_eq!(stage.sent(), [Command::Disconnect(SessionId(3))]);
    stage.ctrl(Key::PageDown);
    assert!(stage.has_like("Disconnected, at"));
    stage.ctrl(Key::W);
    assert_eq!(stage.sent(), [Command::Close(SessionId(4))]);
    let mut rest = fixture::busy();
    rest.sessions.pop();
    stage.show(rest);
    assert!(stage.has_like("Nothing listens there"), "the neighbour is shown");
}

#[test]
fn the_palette_finds_and_runs_an_action() {
    let mut stage = Stage::new(fixture::busy());
    stage.all_sent();
    stage.ctrl(Key::K);
    stage.window.event(egui::Event::Text("disco".into()));
    stage.window.run();
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), [Command::Disconnect(FIRST)]);
    assert!(!stage.has("Command"), "it closes");
    stage.ctrl(Key::K);
    stage.window.event(egui::Event::Text("session consul".into()));
    stage.window.run();
    stage.press(Key::Enter);
    assert!(stage.has_like("Nothing listens there"));
}

#[test]
fn every_action_is_in_the_palette_or_has_nothing_to_apply_to() {
    let mut stage = Stage::new(fixture::busy());
    stage.ctrl(Key::K);
    let app = stage.window.state().as_ref().expect("the window is open");
    for action in Action::ALL {
        let listed = stage.has(action.spec().text);
        assert!(listed || !app.can(action), "{action:?} cannot be reached");
    }
}

#[test]
fn saving_to_a_path_asks_for_it() {
    let mut stage = ticker();
    stage.all_sent();
    stage.window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    stage.window.run();
    assert!(stage.has("Save capture to path"));
    stage.press(Key::Enter);
    let sent = stage.sent();
    let [Command::SaveAs { session: FIRST, path, replace: false }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(path.to_str(), Some("stream.example.com-v2-ticks.wirescope"));
}

#[test]
fn captures_are_deleted_only_after_a_second_word() {
    let recents = fixture::recents();
    let mut stage = Stage::new(Snapshot { recents: recents.clone(), ..Snapshot::default() });
    stage.click("Captures");
    stage.click("Delete workshop.wirescope");
    assert_eq!(stage.sent(), []);
    stage.click("Delete the file");
    assert_eq!(stage.sent(), [Command::Delete(recents[1].path.clone())]);
}

#[test]
fn a_file_that_is_being_recorded_is_shown_live_and_not_deleted() {
    let recents = fixture::recents();
    let mut busy = fixture::busy();
    let mut second = SessionView::clone(&busy.sessions[1]);
    second.recording.path.clone_from(&recents[1].path);
    busy.sessions[1] = Arc::new(second);
    busy.recents = recents;
    let mut stage = Stage::new(busy);
    stage.click("Captures");
    assert!(stage.has("Delete ticks.wirescope") && !stage.has("Delete workshop.wirescope"));
    assert!(stage.has("Open workshop.wirescope, recording"));
    stage.click_like("Open workshop.wirescope");
    assert_eq!(stage.sent(), [], "it is open already");
    let url = "https://api.example.com/v1/chat";
    let address = stage.window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Address");
    assert!(address.value().is_some_and(|value| value.starts_with(url)), "{:?}", address.value());
}

#[test]
fn errors_stay_until_they_are_dismissed() {
    let mut stage = Stage::new(Snapshot { notices: fixture::notices(), ..Snapshot::default() });
    assert!(stage.has_like("no space left on the device"));
    stage.all_sent();
    stage.window.get_all_by_label("Dismiss").last().expect("a button").click();
    stage.window.run();
    assert_eq!(stage.sent(), [Command::Dismiss(2)]);
}

#[test]
fn a_window_with_nothing_to_show_is_not_painted_again() {
    let stage = Stage::new(Snapshot::default());
    let delay = stage.window.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay > std::time::Duration::from_mins(1), "{delay:?}");
}

#[test]
fn a_million_rows_are_reached_from_either_end() {
    let mut stage = Stage::new(one(fixture::ticker(1_000_000)));
    assert!(stage.has_like("1000000 text"));
    stage.press(Key::Home);
    assert!(stage.has_like("1 text"));
    stage.press(Key::End);
    assert!(stage.has_like("1000000 text"));
}

#[test]
fn pages_of_a_million_rows_are_turned_exactly() {
    let mut stage = Stage::new(one(fixture::ticker(1_000_000)));
    stage.press(Key::Home);
    stage.all_sent();
    let chosen = |stage: &mut Stage, key| {
        stage.press(key);
        let sent = stage.sent();
        let [Command::Select(FIRST, Some(n))] = sent[..] else { panic!("{sent:?}") };
        n
    };
    let page = chosen(&mut stage, Key::PageDown) - 1;
    for turn in 2..6 {
        assert_eq!(chosen(&mut stage, Key::PageDown), 1 + turn * page);
    }
    assert_eq!(chosen(&mut stage, Key::PageUp), 1 + 4 * page);
    stage.press(Key::End);
    assert!(stage.has_like("1000000 text"), "the last row is in view");
    assert_eq!(chosen(&mut stage, Key::Home), 1);
}

#[test]
fn the_handle_of_the_bar_stays_under_the_pointer() {
    let mut stage = Stage::new(one(fixture::ticker(1_000_000)));
    let list = stage.window.get_by_role_and_label(egui::accesskit::Role::List, "Timeline").rect();
    let at = |y: f32| egui::pos2(list.right() - 5.0, y);
    let top = |stage: &mut Stage| match stage.all_sent().pop() {
        Some(Command::View(_, rows)) => Some(rows.start),
        _ => None,
    };
    stage.all_sent();
    stage.window.drag_at(at(list.bottom() - 4.0));
    stage.window.run();
    assert_eq!(top(&mut stage), None, "a press on the handle moves nothing");
    stage.window.hover_at(at(list.bottom() - 4.0 - list.height()));
    stage.window.run();
    assert_eq!(top(&mut stage), Some(0), "all the way up is the first row");
    stage.window.hover_at(at(list.bottom() - 4.0));
    stage.window.run();
    stage.window.drop_at(at(list.bottom() - 4.0));
    stage.window.run();
    assert!(stage.has_like("1000000 text"), "and back is the last");
}

#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        unreachable!("the window does no IO")
    }
}

#[test]
fn a_file_dropped_on_the_window_is_opened() {
    let mut stage = Stage::new(Snapshot::default());
    let path = std::path::PathBuf::from("/tmp/dropped.wirescope");
    stage.window.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    stage.window.step();
    assert_eq!(stage.sent(), [Command::Open(path)]);
    stage.window.run();
    assert_eq!(stage.sent(), [], "once");
}

#[test]
fn a_capture_has_no_buttons_that_connect() {
    let mut view = fixture::waiting(1);
    view.origin = wirescope::engine::Origin::File;
    let stage = Stage::new(one(view));
    assert!(stage.has("Capture") && stage.has_like("4 message"));
    assert!(!stage.has("Retry now") && !stage.has("POST") && !stage.has("Cancel"));
}
