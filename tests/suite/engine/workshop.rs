//! The workshop as the window drives it: room, network, clients, comparisons, lessons, reports.

use wirescope::engine::{RunView, Stage};
use wirescope::model::{Cut, CutHow, Impairment, LaneSpec, Needs, Network, Restart, RunSetup, Way};

use super::*;

fn run(snapshot: &Snapshot) -> Option<&RunView> {
    snapshot.compare.run.as_deref()
}

fn is_at(snapshot: &Snapshot, stage: Stage) -> bool {
    run(snapshot).is_some_and(|run| run.stage == stage)
}

fn fast(lanes: &[TransportKind]) -> RunSetup {
    RunSetup {
        source: Source { rate: 200.0, ..Source::default() },
        lanes: lanes.iter().map(|kind| LaneSpec::over(Way::Over(*kind))).collect(),
        ..RunSetup::default()
    }
}

#[test]
fn a_comparison_starts_the_server_it_needs_and_leaves_a_recording_and_a_report() {
    let bench = Bench::start();
    let mut options = bench.handle.snapshot().server.options.clone();
    options.listen.set_port(0);
    bench.send(Command::StartRun(Box::new(fast(&[TransportKind::Websocket, TransportKind::Sse]))));
    let snapshot = bench.until("messages over both lanes", |snapshot| {
        run(snapshot).is_some_and(|run| {
            run.stage == Stage::Running && run.lanes.iter().all(|lane| lane.figures.delivered > 50)
        })
    });
    assert!(snapshot.server.url.is_some());
    assert!((snapshot.server.options.source.rate - 200.0).abs() < f64::EPSILON);
    bench.send(Command::StopRun);
    let snapshot = bench.until("the last figures", |snapshot| is_at(snapshot, Stage::Done));
    let done = run(&snapshot).unwrap();
    for lane in &done.lanes {
        let figures = &lane.figures;
        assert_eq!((figures.lost, figures.delivered), (0, done.sent), "{figures:?}");
    }
    bench.until("the source as it was", |s| {
        (s.server.options.source.rate - Source::default().rate).abs() < f64::EPSILON
    });

    // What was measured stays, and is judged anew by what else is needed.
    let before = done.verdict.clone().unwrap();
    let needs = Needs { two_way: true, ..Needs::default() };
    bench.send(Command::SetNeeds(needs));
    let snapshot = bench.until("another verdict", |s| {
        run(s).is_some_and(|run| run.setup.needs == needs && run.verdict.as_ref() != Some(&before))
    });
    assert_eq!(run(&snapshot).unwrap().verdict.as_ref().unwrap().transport, "websocket");

    let capture = snapshot.compare.capture.clone().unwrap();
    bench.until("the recording among the recent ones", |s| {
        s.recents.iter().any(|recent| recent.path == capture)
    });
    for name in ["report.html", "report.json"] {
        let path = bench.folder.path().join(name);
        bench.send(Command::Report(path.clone()));
        bench.until("a written report", |_| path.exists());
        bench.until("word of it", |s| s.notices.iter().any(|n| n.text.contains(name)));
        let report = std::fs::read_to_string(&path).unwrap();
        let begins = if name.ends_with("json") { "{" } else { "<!doctype html>" };
        assert!(report.to_lowercase().starts_with(begins), "{}", &report[..100]);
        assert!(report.contains("websocket") || report.contains("WebSocket"));
    }
    bench.send(Command::Report(bench.folder.path().join("nowhere/report.html")));
    bench.until("what was wrong", |s| {
        s.notices.iter().any(|n| n.severity == Severity::Error && n.hint.is_some())
    });
}

#[test]
fn the_room_is_opened_with_a_token_and_closed_again() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/sse"), TransportKind::Sse);
    bench.send(Command::OpenRoom(true));
    let snapshot = bench.until("an open room", |snapshot| snapshot.server.join.is_some());
    let join = snapshot.server.join.clone().unwrap();
    assert!(join.url.ends_with(&format!("?join={}", join.token)) && !join.token.is_empty());
    assert!(join.qr_side > 20 && join.qr.iter().any(|dark| *dark));
    assert!(snapshot.server.options.listen.ip().is_unspecified());
    assert_eq!(snapshot.server.url.as_deref(), Some(&*url), "it stays where it was");
    // Whoever was there has no token.
    bench.until("a session that is refused", |s| find(s, id).unwrap().phase.is_over());
    bench.send(Command::OpenRoom(false));
    let snapshot =
        bench.until("a closed room", |s| s.server.join.is_none() && s.server.url.is_some());
    assert!(snapshot.server.options.listen.ip().is_loopback());
    bench.send(Command::Reconnect(id));
    bench.until("a session that is let in", |s| find(s, id).unwrap().phase.is_open());
}

#[test]
fn the_network_is_made_bad_while_clients_are_there() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/sse"), TransportKind::Sse);
    let mut network = Network::default();
    *network.of_mut(TransportKind::Sse) = Impairment {
        cut: Some(Cut { after: Duration::from_millis(300), how: CutHow::Reset }),
        ..Impairment::default()
    };
    bench.send(Command::SetNetwork(Box::new(network.clone())));
    let snapshot = bench.until("reconnects", |s| find(s, id).unwrap().stats.reconnects > 1);
    assert_eq!(snapshot.server.options.network, network);
    bench.send(Command::SetNetwork(Box::default()));
    bench.until("a good network", |s| s.server.options.network.is_good());
}

#[test]
fn clients_are_listed_and_cut_and_the_server_restarts_under_them() {
    let bench = Bench::start();
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/ws"), TransportKind::Websocket);
    let reconnects = |s: &Snapshot| find(s, id).unwrap().stats.reconnects;
    let snapshot = bench.until("a client", |s| s.server.client_count == 1);
    let client = snapshot.server.clients[0].clone();
    assert_eq!(client.agent, "Wirescope");
    assert_eq!((client.kind, &*client.address), (TransportKind::Websocket, "127.0.0.1"));
    bench.send(Command::CutClient(client.id));
    bench.until("it came back", |s| reconnects(s) == 1 && s.server.client_count == 1);
    bench.send(Command::CutAll);
    bench.until("it came back again", |s| reconnects(s) == 2 && s.server.client_count == 1);
    bench.until("what was counted", |s| {
        let counted = &s.server.transports[0];
        let came = (counted.closed, counted.requests) == (2, 3) && counted.wire_in > 0;
        came && counted.payload_out > 0 && counted.duration_p99 >= counted.duration_p95
    });
    bench.send(Command::RestartServer(Restart { down: Duration::from_millis(50), forgets: true }));
    let snapshot = bench.until("and once more", |s| reconnects(s) > 2 && !s.server.is_busy);
    assert_eq!(snapshot.server.error, None);
}

#[test]
fn what_is_published_by_hand_reaches_the_clients() {
    let bench = Bench::start();
    let publish = |text: &str| {
        let topic = String::from("default");
        bench.send(Command::Publish { topic, text: text.into() });
    };
    publish("too early");
    bench.until("what was wrong", |s| s.notices.iter().any(|n| n.severity == Severity::Error));
    let url = bench.serve();
    let id = bench.connect(&format!("{url}/sse"), TransportKind::Sse);
    bench.send(Command::Filter(id, Filter { text: "Needle".into(), ..Filter::default() }));
    publish("a Needle");
    publish(r#"{"type":"note","text":"another Needle"}"#);
    publish("{no JSON: Needle}");
    bench.until("both", |s| {
        find(s, id).unwrap().matches.as_ref().is_some_and(|matches| matches.at.len() == 2)
    });
    bench.until("what was wrong", |s| s.notices.iter().any(|n| n.text.contains("JSON object")));
}

#[test]
fn a_lesson_runs_on_a_server_that_is_fit_for_it_and_what_it_did_is_undone() {
    let bench = Bench::start();
    bench.serve();
    let lessons = bench.handle.snapshot().compare.lessons.clone();
    assert_eq!(lessons.len(), 8);
    let id = "no-heartbeat-behind-a-nat";
    bench.send(Command::RunLesson(id.into()));
    bench.until("a bad network", |s| !s.server.options.network.is_good());
    let snapshot = bench.until("the lesson", |s| {
        run(s).and_then(|run| run.lesson.as_ref()).is_some_and(|lesson| lesson.lesson.id == id)
    });
    let lesson = run(&snapshot).unwrap().lesson.clone().unwrap();
    assert!(lesson.steps.len() > 1 && !lesson.steps[0].what.is_empty());
    bench.send(Command::StopRun);
    bench.until("its end", |s| is_at(s, Stage::Done) && s.server.options.network.is_good());
    bench.send(Command::RunLesson("no-such".into()));
    bench.until("what was wrong", |s| s.notices.iter().any(|n| n.text.contains("no-such")));
}

#[test]
fn a_room_is_not_opened_again_by_the_next_start() {
    let bench = Bench::start();
    bench.serve();
    bench.send(Command::OpenRoom(true));
    bench.until("an open room", |s| s.server.join.is_some());
    bench.send(Command::StopServer);
    bench.until("a stopped server", |s| s.server.url.is_none() && !s.server.is_busy);
    let snapshot = {
        bench.send(Command::Demo);
        bench.until("a server", |s| s.server.url.is_some())
    };
    assert!(snapshot.server.options.listen.ip().is_loopback());
    assert_eq!((&snapshot.server.join, &snapshot.server.options.join), (&None, &None));
}

#[test]
fn a_start_that_gave_way_has_no_part_in_what_came_after() {
    let bench = Bench::start();
    bench.serve();
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut elsewhere = fast(&[TransportKind::Sse]);
    elsewhere.other = Some(format!("http://{}", silent.local_addr().unwrap()));
    bench.send(Command::StartRun(Box::new(elsewhere)));
    bench.until("a run that is being prepared", |s| is_at(s, Stage::Opening));
    bench.send(Command::StartRun(Box::new(fast(&[TransportKind::Websocket]))));
    bench.send(Command::StartRun(Box::new(fast(&[TransportKind::Sse]))));
    let delivered = |s: &Snapshot| {
        let run = run(s).filter(|run| run.setup.other.is_none())?;
        let lane = run.lanes.first().filter(|lane| lane.figures.transport == "sse")?;
        Some(lane.figures.delivered)
    };
    let some = delivered(&bench.until("messages", |s| delivered(s) > Some(10))).unwrap();
    bench.until("more of them", |s| delivered(s) > Some(some + 50));
    bench.send(Command::StopRun);
    let snapshot = bench.until("its end", |s| is_at(s, Stage::Done));
    assert_eq!(snapshot.notices.iter().find(|n| n.severity == Severity::Error), None);

    // One that is given up leaves what was measured before.
    let mut elsewhere = fast(&[TransportKind::Sse]);
    elsewhere.other = Some(format!("http://{}", silent.local_addr().unwrap()));
    bench.send(Command::StartRun(Box::new(elsewhere)));
    bench.until("another that is being prepared", |s| is_at(s, Stage::Opening));
    bench.send(Command::StopRun);
    bench.until("the figures of before", |s| is_at(s, Stage::Done) && delivered(s).is_some());
}

#[test]
fn whatever_ends_a_lesson_the_server_is_as_it_was_before() {
    let bench = Bench::start();
    bench.serve();
    let before = bench.handle.snapshot().server.options.clone();
    let is_as_before = |s: &Snapshot| s.server.options == before && s.server.url.is_some();
    let is_on = |s: &Snapshot, id: &str| {
        let lesson = run(s).and_then(|run| run.lesson.as_ref());
        lesson.is_some_and(|lesson| lesson.lesson.id == id) && !is_at(s, Stage::Done)
    };
    // One that wants another heartbeat, and one that begins in the middle of it.
    bench.send(Command::RunLesson("no-heartbeat-behind-a-nat".into()));
    bench.until("the first lesson", |s| {
        is_on(s, "no-heartbeat-behind-a-nat") && s.server.options.heartbeat != before.heartbeat
    });
    bench.send(Command::RunLesson("one-way-feed".into()));
    bench.until("the second", |s| is_on(s, "one-way-feed") && is_at(s, Stage::Running));
    bench.send(Command::StopRun);
    bench.until("its end", |s| is_at(s, Stage::Done) && is_as_before(s));
    // And a server that is stopped in the middle.
    bench.send(Command::RunLesson("no-heartbeat-behind-a-nat".into()));
    bench.until("the first again", |s| {
        is_on(s, "no-heartbeat-behind-a-nat") && is_at(s, Stage::Running)
    });
    bench.send(Command::StopServer);
    bench.until("a stopped server", |s| s.server.url.is_none() && !s.server.is_busy);
    let snapshot = bench.until("the lesson's end", |s| is_at(s, Stage::Done));
    assert_eq!(snapshot.server.options, before);
}
