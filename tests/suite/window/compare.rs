//! The Compare page driven by accessible name: lanes, lessons, scale runs, and what is asked of the
//! engine.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use wirescope::engine::{RunView, ScaleView, Snapshot, Stage as Doing};
use wirescope::model::{
    BlockedUpgrade, Command, Impairment, LaneSpec, Needs, Network, Restart, RunSetup,
    TransportKind, Trouble, Way,
};

use super::fixture_compare::{
    comparing, herds, learning, lesson, nothing, run, scale, streams, with,
};
use super::stage::Stage;

/// A lesson that is over.
pub fn learned() -> Snapshot {
    let mut lesson = lesson();
    lesson.step = 2;
    lesson.elapsed_s = 60.0;
    lesson.steps[1].measured =
        Some("SSE came in bursts of 160 messages, the oldest 8.1 s late; WebSocket 0.4 ms".into());
    with(RunView { lesson: Some(lesson), stage: Doing::Done, verdict: None, ..run(&[0, 1, 4]) })
}

/// A scale run in its third step.
pub fn scaling() -> Snapshot {
    let mut snapshot = with(run(&[0]));
    let doing = Some((String::from("Opening 5,000 clients over SSE: 3,120 are open"), 0.62));
    snapshot.compare.scale = Some(Arc::new(ScaleView { doing, ..scale() }));
    snapshot
}

/// A run that came to an end of its own.
pub fn failed() -> Snapshot {
    let error = Some((
        String::from("port 4100 is taken by another program"),
        String::from("Choose another port on the Server page, or 0 for any that is free"),
    ));
    let notes = vec![String::from("the Stream lane was left out: it was asked for twice")];
    with(RunView { error, notes, stage: Doing::Done, verdict: None, ..run(&[0, 1]) })
}

/// A run that is over.
fn done() -> Snapshot {
    with(RunView { stage: Doing::Done, ..run(&[0, 1, 2]) })
}

fn page(snapshot: Snapshot) -> Stage {
    let mut stage = Stage::new(snapshot);
    stage.ctrl(Key::Num2);
    stage.sent();
    stage
}

/// Clicks the button that is called so, where other things are, too.
fn press_button(stage: &mut Stage, name: &str) {
    stage.window.get_by_role_and_label(egui::accesskit::Role::Button, name).click();
    stage.window.run();
}

#[test]
fn a_comparison_of_everything_is_one_click_away() {
    let mut stage = page(nothing());
    assert!(stage.has("Not running"));
    stage.click("Compare now");
    assert_eq!(stage.sent(), [Command::StartRun(Box::default())]);
    stage.ctrl(Key::E);
    assert_eq!(stage.sent(), [Command::StartRun(Box::default())]);
}

#[test]
fn lanes_needs_time_and_place_are_part_of_what_is_started() {
    let mut stage = page(nothing());
    for name in ["Stream lane", "SSE lane", "Two ways", "Nothing may be missed", "Sent: 1 min"] {
        stage.click(name);
    }
    stage.type_into("Another server", "192.168.1.5:4100/?join=7F3K-22QD");
    press_button(&mut stage, "Start");
    let ways = Way::ALL.into_iter().filter(|way| {
        ![Way::Over(TransportKind::Stream), Way::Over(TransportKind::Sse)].contains(way)
    });
    let wanted = RunSetup {
        lanes: ways.map(LaneSpec::over).collect(),
        duration: Some(Duration::from_mins(1)),
        needs: Needs { two_way: true, resume: true, ..Needs::default() },
        other: Some("http://192.168.1.5:4100/?join=7F3K-22QD".into()),
        ..RunSetup::default()
    };
    assert_eq!(stage.sent(), [Command::StartRun(Box::new(wanted))]);
}

#[test]
fn an_address_that_is_none_says_so_and_nothing_starts() {
    let mut stage = page(nothing());
    stage.type_into("Another server", "ws://192.168.1.5:4100");
    assert!(stage.has_like("The address of a server, as in http://"));
    press_button(&mut stage, "Start");
    assert_eq!(stage.sent(), []);
}

#[test]
fn every_lane_tells_its_figures() {
    let stage = page(comparing());
    for text in [
        "Running 16:40",
        "one source, six lanes, measured on this machine",
        "WebSocket: Open, 0.4 ms median latency",
        "WebSocket p95 / p99: 1.1 / 2.0 ms",
        "Long poll Delivered: 11,998 / 12,000",
        "Long poll Lost · dup · reordered: 2 · 0 · 0",
        "WebSocket Overhead: 4 %",
        "Stream Wire per message: ≈ 118 B",
        "SSE Server memory: 4.8 kB",
        "SSE Time to recover: 4.0 s",
        "Automatic Server memory: –",
        "Automatic: On SSE, 0.7 ms median latency",
        "WebSocket opened and closed at once behind the proxy; tried again in 24 s",
        "18 clients: 5 WebSocket, 6 SSE, 4 long poll, 3 short poll",
        "recording workshop.wirescope",
    ] {
        assert!(stage.has(text), "{text}");
    }
}

#[test]
fn a_run_is_stopped_begun_again_and_its_server_killed() {
    let mut stage = page(comparing());
    stage.click("Kill server now");
    let restart = Restart { down: Duration::from_secs(3), forgets: false };
    assert_eq!(stage.sent(), [Command::RestartServer(restart)]);
    stage.click("Restart run");
    assert_eq!(stage.sent(), [Command::StartRun(Box::default())]);
    press_button(&mut stage, "Stop");
    assert_eq!(stage.sent(), [Command::StopRun]);
    stage.show(done());
    assert!(stage.has("Done 16:40") && !stage.has("Kill server now"));
    stage.click("recorded workshop.wirescope");
    assert_eq!(stage.sent(), [Command::Open("/tmp/workshop.wirescope".into())]);
}

#[test]
fn a_run_that_is_being_prepared_can_be_stopped() {
    let mut stage = page(with(RunView::default()));
    assert!(stage.has("Opening") && stage.has("Opening the lanes"));
    press_button(&mut stage, "Stop");
    assert_eq!(stage.sent(), [Command::StopRun]);
}

#[test]
fn a_server_elsewhere_is_not_killed_from_here() {
    let mut run = run(&[0, 1]);
    let setup =
        RunSetup { other: Some("http://10.0.0.7:4100/?join=x".into()), ..(*run.setup).clone() };
    run.setup = Arc::new(setup);
    let mut stage = page(with(run));
    assert!(stage.has("one source, two lanes, measured against 10.0.0.7:4100"));
    stage.click("Kill server now");
    assert_eq!(stage.sent(), []);
    assert!(stage.has_like("The run goes to another server; its network is set there"));
}

#[test]
fn the_network_of_a_server_that_is_typed_is_not_set_here() {
    let mut snapshot = nothing();
    snapshot.server.options.network = Network::parse(["delay=20ms"]).unwrap();
    let mut stage = page(snapshot);
    assert!(stage.has("Proxy buffers responses") && stage.has("Make it good"));
    stage.type_into("Another server", "10.0.0.7:4100");
    assert!(stage.has("The next run goes to another server; its network is set there"));
    assert!(!stage.has("Proxy buffers responses") && !stage.has("Make it good"));
    stage.show(comparing());
    assert!(stage.has("Proxy buffers responses"), "the run that is on goes to this one");
}

#[test]
fn the_report_goes_where_it_is_told_to() {
    let mut stage = page(comparing());
    stage.click("Export report");
    stage.click("Choose a place…");
    assert_eq!(stage.sent(), [Command::ReportDialog]);
    stage.click("Export report");
    stage.click("To a path…");
    let field = egui::accesskit::Role::TextInput;
    let typed = stage.window.get_by_role_and_label(field, "Report path").value();
    assert_eq!(typed.as_deref(), Some("report.html"));
    stage.press(Key::Enter);
    assert_eq!(stage.sent(), [Command::Report("report.html".into())]);
    let mut stage = page(nothing());
    stage.click("Export report");
    assert!(!stage.has("Choose a place…"), "there is nothing to report");
}

/// The network that was asked for last.
fn network(stage: &mut Stage) -> Network {
    let sent = stage.sent();
    let [Command::SetNetwork(network)] = &sent[..] else { panic!("{sent:?}") };
    Network::clone(network)
}

/// A trouble and how it shows.
type Shown = (Trouble, fn(&Impairment) -> bool);

#[test]
fn the_network_is_changed_for_every_transport_that_feels_it_at_once() {
    let mut stage = page(comparing());
    stage.click("Proxy blocks WebSocket upgrade");
    stage.sent();
    stage.click("Proxy buffers responses");
    stage.sent();
    stage.click("Server heartbeats");
    let asked = network(&mut stage);
    let upgrade = |way: &Impairment| way.blocked_upgrade == Some(BlockedUpgrade::BadRequest);
    let table: [Shown; 3] = [
        (Trouble::Upgrade, upgrade),
        (Trouble::Buffer, |way| way.buffering.is_some()),
        (Trouble::Heartbeats, |way| way.without_heartbeats),
    ];
    for kind in TransportKind::ALL {
        for (trouble, has) in table {
            let has = has(asked.of(kind));
            assert_eq!(has, trouble.applies_to(kind), "{trouble} of {kind:?}, asked one by one");
        }
        assert_eq!(asked.of(kind).delay, Duration::from_millis(20), "the rest stays");
    }
    let slider = egui::accesskit::Role::Slider;
    stage.window.get_by_role_and_label(slider, "Cut connections").focus();
    stage.window.run();
    stage.press(Key::ArrowLeft);
    let cut = network(&mut stage).of(TransportKind::LongPoll).cut;
    assert!(cut.is_some_and(|cut| cut.after < Duration::from_mins(1)), "{cut:?}");
    stage.click("Make it good");
    assert!(network(&mut stage).is_good());
    stage.click("All of them…");
    assert!(stage.has("Open to the room"), "the Server page is shown");
}

/// Whether a switch is on.
fn is_on(stage: &Stage, name: &str) -> bool {
    let switch = stage.window.get_by_role_and_label(egui::accesskit::Role::Switch, name);
    switch.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn what_all_that_feel_it_have_is_on() {
    let mut snapshot = comparing();
    let buffers = Network::parse(["buffer=16kB,upgrade=400,heartbeats=off"]).unwrap();
    snapshot.server.options.network = buffers;
    let mut stage = page(snapshot.clone());
    assert!(is_on(&stage, "Proxy buffers responses"));
    assert!(is_on(&stage, "Proxy blocks WebSocket upgrade"));
    assert!(!is_on(&stage, "Server heartbeats"));
    assert!(!stage.has("On for some transports only"));
    snapshot.server.options.network.of_mut(TransportKind::Stream).buffering = None;
    stage.show(snapshot);
    assert!(is_on(&stage, "Proxy buffers responses") && stage.has("On for some transports only"));
    stage.click("Proxy buffers responses");
    assert_eq!(network(&mut stage).of(TransportKind::Sse).buffering, None);
}

#[test]
fn transports_that_differ_are_said_to() {
    let mut snapshot = comparing();
    snapshot.server.options.network.of_mut(TransportKind::Sse).delay = Duration::from_millis(90);
    let stage = page(snapshot);
    assert!(stage.has("differs"));
}

#[test]
fn the_source_is_changed_while_it_sends() {
    let mut stage = page(comparing());
    let slider = egui::accesskit::Role::Slider;
    stage.window.get_by_role_and_label(slider, "Messages").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    let sent = stage.sent();
    let [Command::SetSource(source)] = &sent[..] else { panic!("{sent:?}") };
    assert!(source.rate > 12.0, "{}", source.rate);
    stage.show(done());
    stage.window.get_by_role_and_label(slider, "Payload").focus();
    stage.window.run();
    stage.press(Key::ArrowRight);
    assert_eq!(stage.sent(), [], "it is for the next run");
    press_button(&mut stage, "Start");
    let sent = stage.sent();
    let [Command::StartRun(setup)] = &sent[..] else { panic!("{sent:?}") };
    assert!(setup.source.size > 100 && setup.source.rate > 12.0, "{:?}", setup.source);
}

#[test]
fn needs_change_the_verdict_of_what_is_done() {
    let mut stage = page(done());
    stage.click("Needs");
    stage.click("Binary payloads");
    let needs = Needs { binary: true, ..Needs::default() };
    assert_eq!(stage.sent(), [Command::SetNeeds(needs)]);
}

#[test]
fn needs_are_those_of_the_run_that_is_on() {
    let needs = Needs { proxies: true, ..Needs::default() };
    let setup = RunSetup { needs, ..RunSetup::default() };
    let view = RunView { setup: Arc::new(setup), lesson: Some(lesson()), ..run(&[0, 1]) };
    let mut stage = page(with(view));
    stage.click("Needs");
    assert!(is_on(&stage, "Proxies in the way") && !is_on(&stage, "Two ways"));
    stage.click("Two ways");
    assert_eq!(stage.sent(), [Command::SetNeeds(Needs { two_way: true, ..needs })]);
    assert!(is_on(&stage, "Two ways"), "asked for, not there yet");
    stage.click("Two ways");
    assert_eq!(stage.sent(), [Command::SetNeeds(needs)]);
}

#[test]
fn a_verdict_gives_its_reasons() {
    let mut stage = page(comparing());
    assert!(stage.has("For this workload"));
    assert!(stage.has_like("SSE. One-way, 12 msg/s, text: within 0.1 ms of WebSocket"));
    assert!(!stage.has_like("After two cuts it was back in 4.0 s"));
    stage.click("Why");
    assert!(stage.has_like("After two cuts it was back in 4.0 s"));
    assert!(stage.has_like("The client has to send often: WebSocket"));
    stage.click("Hide the reasons");
    assert!(!stage.has_like("After two cuts it was back in 4.0 s"));
}

#[test]
fn one_plot_after_the_other_is_shown_and_lanes_are_left_out() {
    let mut stage = page(comparing());
    assert!(stage.has("Latency distribution, share of messages delivered within"));
    for (tab, name) in [
        ("Over time", "Latency over time, median of each slice, breaks shaded"),
        ("Wire bytes", "Bytes on the wire, both ways, so far"),
        ("Connections", "Connections opened, so far, breaks shaded"),
    ] {
        stage.click(tab);
        assert!(stage.has(name), "{name}");
    }
    let legend = egui::accesskit::Role::CheckBox;
    let is_shown = |stage: &Stage| {
        let item = stage.window.get_by_role_and_label(legend, "SSE in the plot");
        item.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_shown(&stage));
    stage.click("SSE in the plot");
    assert!(!is_shown(&stage));
    stage.click("SSE in the plot");
    assert!(is_shown(&stage));
}

#[test]
fn a_lesson_is_run_and_tells_where_it_is() {
    let mut stage = page(nothing());
    stage.click("Run A proxy that buffers");
    assert_eq!(stage.sent(), [Command::RunLesson("buffering-proxy".into())]);
    stage.show(learning(lesson()));
    for text in [
        "step 2 of 3",
        "The proxy now holds responses back until 16 kB have come together",
        "WebSocket 0.4 ms, SSE 0.5 ms, Stream 0.6 ms; nothing was lost",
        "00:22 of 01:00",
        "next step at 00:40, in 18 s",
    ] {
        assert!(stage.has(text), "{text}");
    }
    assert!(stage.has_like("SSE and Stream stand still"));
    assert!(!stage.has_like("What was held back arrives"), "that is still to come");
    stage.click("Restart run");
    assert_eq!(stage.sent(), [Command::RunLesson("buffering-proxy".into())]);
}

#[test]
fn a_lesson_that_is_over_says_what_was_measured() {
    let mut stage = page(learned());
    assert!(stage.has("what was measured in 3 steps"));
    assert!(stage.has_like("SSE came in bursts of 160 messages"));
    stage.click("Run again");
    assert_eq!(stage.sent(), [Command::RunLesson("buffering-proxy".into())]);
    stage.click("Close");
    assert!(!stage.has_like("SSE came in bursts") && stage.has_like("WebSocket: Open"));
    stage.click("Lessons");
    assert!(stage.has("Run The thundering herd"));
    stage.show(learning(lesson()));
    stage.click("Lanes");
    assert!(stage.has("step 2 of 3"), "the next one is shown again");
}

#[test]
fn what_crowds_did_is_part_of_a_lesson() {
    let mut stage = page(learning(herds()));
    assert!(stage.has("Attempts to come back: At once, without a wait"));
    assert!(stage.has("Attempts to come back: Exponential backoff with jitter"));
    assert!(stage.has("Of them failed: 27,412") && stage.has("All back after: 11 s"));
    stage.show(learning(streams()));
    assert!(stage.has("HTTP/1.1 stream 8: Waiting for a free connection"));
    assert!(stage.has_like("HTTP/2 stream 8: open 3.5 ms · first message 55 ms"));
    assert!(stage.has("2 waiting"));
}

#[test]
fn a_scale_run_is_started_followed_and_stopped() {
    let mut stage = page(nothing());
    stage.click("Scale");
    stage.click("100 clients");
    stage.click("5,000 clients");
    press_button(&mut stage, "Start");
    assert_eq!(stage.sent(), [Command::StartScale(vec![1_000, 5_000])]);
    stage.show(scaling());
    assert!(stage.has("Opening 5,000 clients over SSE: 3,120 are open"));
    assert!(stage.has("Files a process may hold open here: 1,048,576, raised from 1,024"));
    assert!(stage.has_like("Long poll: clients held 984 of 1,000, memory each 9.0 kB"));
    assert!(stage.has("16 were refused: the limit of open files"));
    press_button(&mut stage, "Stop");
    assert_eq!(stage.sent(), [Command::StopScale]);
}

#[test]
fn an_end_that_nobody_wanted_says_why() {
    let stage = page(failed());
    assert!(stage.has("Ended early"));
    assert!(stage.has("The Stream lane was left out: it was asked for twice"));
    assert!(stage.has("Port 4100 is taken by another program"));
    assert!(stage.has("Choose another port on the Server page, or 0 for any that is free"));
    assert!(stage.has("Start"));
}

/// Everything with a name lies within the window, in the smallest one, too.
#[test]
fn nothing_is_clipped_in_a_small_window() {
    let size = Vec2::new(900.0, 600.0);
    let snapshots: [fn() -> Snapshot; 7] = [
        comparing,
        nothing,
        learned,
        failed,
        scaling,
        || learning(herds()),
        || learning(streams()),
    ];
    for (at, snapshot) in snapshots.into_iter().enumerate() {
        for part in ["Lanes", "Lessons", "Scale"] {
            let mut stage = Stage::sized(snapshot(), size, egui::Theme::Dark);
            stage.click("Compare");
            stage.click(part);
            let by = egui_kittest::kittest::By::new();
            let named = by.predicate(|node| node.bounding_box().is_some());
            for node in stage.window.query_all(named) {
                let rect = node.rect();
                let name = node.accesskit_node().label().unwrap_or_default();
                assert!(rect.right() <= size.x + 0.5, "{at}, {part}: {name} ends at {rect}");
            }
        }
    }
}
