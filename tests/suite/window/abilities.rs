//! What the window shows and lets people do of frames, certificates, proxies and further sends;
//! and command lines that are pasted and copied.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egui::{Event, Key, OutputCommand};
use egui_kittest::kittest::Queryable;
use wirescope::engine::{Origin, SessionView, Snapshot};
use wirescope::model::{Command, Endpoint, Proxy, Say, SessionId, TransportKind};

use super::stage::Stage;
use super::{fixture, states};

const FIRST: SessionId = SessionId(1);

fn one(session: SessionView) -> Snapshot {
    Snapshot { sessions: vec![Arc::new(session)], ..Snapshot::default() }
}

fn ticker() -> Stage {
    let mut stage = Stage::new(one(fixture::ticker(500)));
    stage.all_sent();
    stage
}

fn paste(stage: &mut Stage, text: &str) {
    stage.ctrl(Key::L);
    stage.window.event(Event::Paste(text.to_owned()));
    stage.window.run();
}

fn field(stage: &Stage, name: &str) -> String {
    let field = stage.window.get_by_role_and_label(egui::accesskit::Role::TextInput, name);
    field.value().unwrap_or_default()
}

/// What the last frame put on the clipboard.
fn copied(stage: &Stage) -> Option<String> {
    stage.window.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

/// Clicks what is called so, and tells what it copied.
fn copied_by(stage: &mut Stage, name: &str) -> String {
    stage.window.get_by_label(name).click();
    for _ in 0..8 {
        stage.window.step();
        if let Some(text) = copied(stage) {
            stage.window.run();
            return text;
        }
    }
    panic!("{name} copied nothing");
}

#[test]
fn a_pasted_command_line_fills_the_form() {
    let mut stage = Stage::new(Snapshot::default());
    let line = "curl -sN --compressed -k -H 'X-Room: 7' \\\n  -H 'Accept: text/event-stream' \\\n  \
                -x proxy:3128 -m 10 'https://example.com/events?room=1' | jq .";
    paste(&mut stage, line);
    assert_eq!(field(&stage, "Address"), "https://example.com/events?room=1");
    assert!(stage.has("The curl line was filled in"));
    assert!(stage.has_like("Left out: -s, -m 10; what follows was left out: | jq ."));
    stage.press(Key::Enter);
    let sent = stage.sent();
    let [Command::Connect(endpoint)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(endpoint.transport, Some(TransportKind::Sse));
    assert_eq!(endpoint.options.headers, [("X-Room".to_owned(), "7".to_owned())]);
    assert!(endpoint.options.insecure && endpoint.options.compression);
    assert_eq!(endpoint.options.proxy, Proxy::parse("http://proxy:3128").unwrap());
}

#[test]
fn a_command_line_is_shown_before_it_is_connected_with() {
    let mut stage = Stage::new(Snapshot::default());
    stage.type_into("Address", "wscat -c ws://h/p -s chat");
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), []);
    assert_eq!(field(&stage, "Address"), "ws://h/p");
    stage.click("Connect");
    let sent = stage.sent();
    let [Command::Connect(endpoint)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(endpoint.options.subprotocols, ["chat"]);
}

#[test]
fn a_command_line_that_cannot_be_read_says_why() {
    let mut stage = Stage::new(Snapshot::default());
    paste(&mut stage, "curl 'https://example.com");
    assert!(stage.has_like("that is never closed"));
    assert!(field(&stage, "Address").starts_with("curl '"), "it can be mended");
    paste(&mut stage, "https://example.com/");
    assert_eq!(field(&stage, "Address"), "https://example.com/", "an address is an address");
}

#[test]
fn a_session_is_copied_as_a_command_line() {
    let mut view = fixture::ticker(500);
    fixture::select(&mut view, 495);
    let mut endpoint = Endpoint::clone(&view.endpoint);
    endpoint.options.headers.push(("Authorization".into(), "Bearer it's".into()));
    view.endpoint = Arc::new(endpoint);
    let mut stage = Stage::new(one(view.clone()));
    stage.click_like("495 text");
    let line = copied_by(&mut stage, "Copy as websocat");
    let wanted = "websocat \"-H=Authorization: Bearer it's\" \
                  'wss://stream.example.com/v2/ticks?symbols=AAPL,MSFT'";
    assert_eq!(line, wanted);
    assert!(stage.has("It holds the secrets of the session"));
    for (action, start) in [
        ("Copy as curl", "curl -N -L -H"),
        ("Copy as wscat", "wscat -c 'wss://"),
        ("Copy as wirescope capture", "wirescope capture 'wss://"),
    ] {
        stage.ctrl(Key::K);
        stage.window.event(Event::Text(action.into()));
        stage.window.run();
        let line = copied_by(&mut stage, action);
        assert!(line.starts_with(start), "{line}");
    }
    view.origin = Origin::File;
    view.endpoint = Arc::new(view.endpoint.redacted().without_redacted().0);
    stage.show(one(view));
    let line = copied_by(&mut stage, "Copy as websocat");
    assert!(!line.contains("it's"), "{line}");
    assert!(stage.has_like("A capture holds no secrets"));
}

#[test]
fn only_a_websocket_is_copied_as_a_tool_for_those() {
    let mut stage = Stage::new(one(fixture::closed(1)));
    stage.ctrl(Key::K);
    stage.window.event(Event::Text("Copy as".into()));
    stage.window.run();
    assert!(stage.has("Copy as curl") && !stage.has("Copy as websocat"));
}

/// Chooses how the message is read.
fn format(stage: &mut Stage, name: &str) {
    stage.click("Format");
    pick(stage, name);
}

/// Picks an entry of the menu that is open.
fn pick(stage: &mut Stage, name: &str) {
    stage.window.get_by_role_and_label(egui::accesskit::Role::MenuItemRadio, name).click();
    stage.window.run();
}

fn write(stage: &mut Stage, text: &str) {
    stage.ctrl(Key::M);
    stage.window.event(Event::Text(text.into()));
    stage.window.run();
}

#[test]
fn any_kind_of_frame_is_sent() {
    let mut stage = ticker();
    let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
    let table = [
        ("Hex", "77 73 31", Say::Binary(bytes("ws1"))),
        ("Base64", "d3Mx", Say::Binary(bytes("ws1"))),
        ("Ping", "ws1", Say::Ping(bytes("ws1"))),
        ("Pong", "ws2", Say::Pong(bytes("ws2"))),
    ];
    for (name, text, say) in table {
        format(&mut stage, name);
        write(&mut stage, text);
        stage.press(Key::Enter);
        assert_eq!(stage.sent(), [Command::Send(FIRST, say)], "{name}");
    }
    format(&mut stage, "Ping");
    stage.click("Send");
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::Ping(Bytes::new()))], "an empty one");
}

#[test]
fn a_close_tells_what_its_code_means() {
    let mut stage = ticker();
    format(&mut stage, "Close");
    assert!(stage.has("without a code"));
    stage.type_into("Close code", "1012");
    assert!(stage.has("service restart"));
    write(&mut stage, "bye");
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::Close(Some(1012), "bye".into()))]);
}

#[test]
fn what_is_wrong_is_told_at_its_character() {
    let mut stage = ticker();
    format(&mut stage, "Hex");
    write(&mut stage, "77 7g");
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), []);
    assert!(stage.has_like("“g” at character 5 is not a hexadecimal digit"));
    // The wrong character is selected: what is typed takes its place.
    stage.window.event(Event::Text("3".into()));
    stage.window.run();
    stage.press(Key::Enter);
    let say = Say::Binary(Bytes::from_static(b"ws"));
    assert_eq!(stage.sent(), [Command::Send(FIRST, say)]);
}

#[test]
fn a_message_goes_out_in_frames_and_again_and_again() {
    let mut stage = ticker();
    write(&mut stage, "abcd");
    stage.click("How it is sent");
    stage.type_into("Frames", "2");
    stage.type_into("Every", "25s");
    assert!(stage.has("How it is sent"));
    stage.press(Key::Escape);
    stage.click("Send");
    let parts = vec![Bytes::from_static(b"ab"), Bytes::from_static(b"cd")];
    let say = Say::Fragments { is_text: true, parts };
    let again = Say::Repeat(Some((Box::new(say.clone()), Duration::from_secs(25))));
    assert_eq!(stage.sent(), [Command::Send(FIRST, say), Command::Send(FIRST, again)]);

    let mut stage = Stage::new(one(states::repeating()));
    stage.all_sent();
    assert!(stage.has_like(r#"Sent every 25s: {"op":"ping""#));
    stage.click("Stop");
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::Repeat(None))]);
    assert!(stage.has("Pings of the server are not answered"));
    stage.click("Answer pings");
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::AnswerPings(true))]);
}

#[test]
fn pongs_are_withheld_by_a_switch() {
    let mut stage = ticker();
    stage.click("How it is sent");
    stage.click("Answer pings");
    assert_eq!(stage.sent(), [Command::Send(FIRST, Say::AnswerPings(false))]);
}

#[test]
fn a_file_is_sent_by_the_engine() {
    let mut stage = ticker();
    format(&mut stage, "File");
    stage.click("Choose…");
    assert_eq!(stage.sent(), [Command::SendFileDialog(FIRST)]);
    write(&mut stage, "/tmp/message.bin");
    stage.click("Send");
    assert_eq!(stage.sent(), [Command::SendFile(FIRST, "/tmp/message.bin".into())]);
}

#[test]
fn over_http_there_are_no_frames_to_send() {
    let mut view = fixture::ticker(500);
    view.transport = Some(TransportKind::Sse);
    let mut stage = Stage::new(one(view));
    stage.click("Format");
    assert!(stage.has("Base64") && !stage.has("Ping") && !stage.has("Close"));
}

#[test]
fn what_came_as_bytes_is_edited_as_bytes() {
    let mut view = fixture::ticker(500);
    fixture::select(&mut view, 496);
    let mut stage = Stage::new(one(view));
    stage.click_like("496 binary");
    stage.click("Edit and resend");
    stage.all_sent();
    stage.click("Send");
    let sent = stage.sent();
    let [Command::Send(FIRST, Say::Binary(bytes))] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(bytes.len(), 412);
}

#[test]
fn the_options_hold_the_way_and_who_one_is() {
    let mut stage = Stage::new(Snapshot::default());
    stage.type_into("Address", "https://example.com/events?room=1#f");
    stage.click("Options");
    stage.click("Authorization");
    pick(&mut stage, "Basic");
    stage.type_into("User", "me");
    let password = egui::accesskit::Role::PasswordInput;
    let password = stage.window.get_by_role_and_label(password, "Password");
    password.focus();
    password.type_text("secret");
    stage.window.run();
    stage.type_into("Proxy", "socks5h://proxy:1080");
    stage.type_into("Certificate", "/tmp/me.pem");
    stage.type_into("Key", "/tmp/me.key");
    stage.click("Offer compression");
    stage.click("Echo");
    stage.click("Add parameter");
    stage.type_into("Parameter 2 name", "since");
    stage.type_into("Parameter 2 value", "a b");
    stage.ctrl(Key::L);
    stage.press(Key::Enter);
    let sent = stage.sent();
    let [Command::Connect(endpoint)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(endpoint.url.as_str(), "https://example.com/events?room=1&since=a+b#f");
    let options = &endpoint.options;
    let authorization = ("Authorization".to_owned(), "Basic bWU6c2VjcmV0".to_owned());
    assert_eq!(options.headers, [authorization]);
    assert_eq!(options.proxy, Proxy::parse("socks5h://proxy:1080").unwrap());
    assert_eq!(options.cert_file, Some("/tmp/me.pem".into()));
    assert_eq!(options.key_file, Some("/tmp/me.key".into()));
    assert!(!options.compression && options.echo && options.answer_pings);
}

#[test]
fn a_proxy_that_is_none_says_so() {
    let mut stage = Stage::new(Snapshot::default());
    stage.click("Options");
    stage.type_into("Proxy", "ftp://proxy");
    assert!(stage.has_like("is no proxy; try http://host:3128"));
}

#[test]
fn options_of_other_transports_are_not_shown() {
    let mut stage = Stage::new(Snapshot::default());
    stage.click("Transport");
    stage.click("WebSocket");
    stage.click("Options");
    assert!(stage.has("Answer pings") && stage.has("Echo") && !stage.has("Last-Event-ID"));
    stage.click("Options");
    stage.click("Transport");
    stage.click("SSE");
    stage.click("Options");
    assert!(!stage.has("Answer pings") && !stage.has("Echo") && stage.has("Last-Event-ID"));
}

#[test]
fn frames_are_told_bit_by_bit() {
    let mut view = fixture::ticker(500);
    fixture::select(&mut view, 495);
    let mut stage = Stage::new(one(view));
    stage.click_like("495 text");
    assert!(stage.has("Frame: FIN, opcode 1, unmasked, 2 B header"));

    let mut stage = Stage::new(one(states::masked()));
    stage.click_like("501 text");
    assert!(stage.has("Frame: FIN, opcode 1, mask 1a2b3c4d, 6 B header"));

    let mut stage = Stage::new(one(states::fragmented()));
    stage.click_like("501 text");
    assert!(stage.has("Frame: 9 frames") && stage.has("9 frames"));
    assert!(stage.has("Compressed: 54 B of 74 B, 73 %"));
    assert!(stage.has("Encoding: permessage-deflate"));
    assert!(stage.has("Frame 1 1 RSV1 2 B 4 B 12:46:15.500"));
    assert!(!stage.has_like("Frame 9 0 FIN"), "only those on the screen are written");
}

#[test]
fn a_broken_rule_is_told_with_its_bytes() {
    let mut stage = Stage::new(one(states::violation()));
    stage.click_like("501 violation");
    assert!(stage.has("Opcode 0x3 is reserved (RFC 6455, section 5.2)"));
    assert!(stage.has("5 B as bytes"));
}

#[test]
fn close_codes_have_their_meaning_beside_them() {
    let mut stage = Stage::new(one(states::closing()));
    assert!(stage.has_like("501 close 1012 service restart: deploying"));
    stage.click_like("501 close");
    assert!(stage.has("Close code: 1012, service restart"));
}

#[test]
fn the_handshake_tells_the_way_and_the_certificates() {
    let mut stage = Stage::new(one(states::insecure()));
    stage.click_like("495 text");
    assert!(stage.has("Latency, from send time: 84 µs"));
    stage.click("Handshake");
    for part in [
        "Proxy: socks5h://proxy.local:1080",
        "TLS: TLS 1.3 · TLS13_AES_256_GCM_SHA384",
        "Subprotocol: v2",
        "DNS: 41 µs",
        "Certificate: not verified",
        "Issued by: C=US, O=Example Trust, CN=Example Trust R3",
        "Names: stream.example.com, *.stream.example.com",
        "Valid: until 2026-12-30, 37 days left",
        "Issued by: itself",
        "Valid: expired 2026-11-01, 21 days ago",
        "SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        assert!(stage.has(part), "{part}");
    }
}

#[test]
fn an_unverified_connection_is_told_as_long_as_it_lasts() {
    let mut stage = Stage::new(one(states::insecure()));
    assert!(stage.has("Not verified") && stage.has("certificate not verified"));
    assert!(stage.has_like("stream.example.com/v2/ticks, Open 00:06:01, certificate not verified"));
    assert!(stage.has("The certificate is not verified"));
    let mut over = fixture::closed(1);
    over.insecure = true;
    stage.show(one(over));
    assert!(!stage.has("Not verified") && !stage.has("certificate not verified"));
}

#[test]
fn sizes_and_gaps_are_plotted() {
    let mut stage = ticker();
    stage.click("Size");
    assert!(stage.has_like("Size of received messages") && stage.has_like(" B"));
    stage.click("Gaps");
    assert!(stage.has_like("Time between received messages"));
    let empty = fixture::closed(1);
    stage.show(one(empty));
    assert!(stage.has("No gaps yet"));
}
