//! The lessons that come with the program, what is refused as one, and how one runs.

use std::collections::HashSet;
use std::sync::Arc;

use super::file::parsed;
use super::*;
use crate::compare::sample::{lane, lane_view, run_view};
use crate::compare::{HerdView, RunView, Stage, StreamView, StreamsView};
use crate::model::{Shape, Way};

const SMALL: &str = r#"
title = "Title"
about = "About."
duration = "20s"
source = { rate = 10 }
lanes = [{ way = "sse" }, { way = "websocket", label = "Mine", resumes = false }]
[[steps]]
at = "0s"
what = "First"
watch = "Look."
measured = [{ lane = "SSE", figures = ["delivered", "longest gap"] }]
[[steps]]
at = "10s"
what = "Second"
watch = "Look again."
network.all = { cut = "3s/reset", upgrade = "426" }
network.sse = { buffer = "end" }
source = { rate = 20, burst = 2, size = 5, shape = "chat" }
restart = { down = "2s", forgets = true }
cut-all = true
measured = [{ lane = "Mine", figures = ["missing"] }, { figures = ["streams waiting"] }]
"#;

#[test]
fn all_eight_are_there_and_fit_to_be_shown() {
    assert_eq!(lessons().len(), 8, "one does not parse");
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for lesson in lessons() {
        let LessonSummary { id, title, about, seconds } = &lesson.summary;
        assert!(ids.insert(id) && titles.insert(title), "{id} twice");
        assert!((15.0..=90.0).contains(seconds), "{id}: {seconds} s");
        assert!((2..=5).contains(&lesson.steps.len()), "{id}");
        assert!(!title.ends_with('.') && about.ends_with('.'), "{id}");
        for step in &lesson.steps {
            assert!(!step.what.ends_with('.') && step.watch.ends_with('.'), "{id}: {}", step.what);
            assert!(!step.measures.is_empty(), "{id}: nothing is told of “{}”", step.what);
            let sentences = step.watch.matches(['.', '?']).count();
            assert!(sentences <= 6 && step.watch.len() < 420, "{id}: too long to be read aloud");
            for text in [title, about, &step.what, &step.watch] {
                let left = ["{", "}", "TODO", "XXX", "<", "  ", "\n", "..."];
                assert!(!text.is_empty(), "{id}");
                assert!(left.iter().all(|odd| !text.contains(odd)), "{id}: {text}");
            }
        }
        let last = lesson.steps[lesson.steps.len() - 1].at;
        assert!(lesson.duration.as_secs() >= last.as_secs() + 8, "{id}: no time to see the end");
        assert_eq!(lesson.setup().lanes, lesson.lanes);
        assert_eq!(super::lesson(id), Some(lesson));
        // What it wants can be had.
        assert!(lesson.server.applied(ServerOptions::default()).checked().is_ok(), "{id}");
    }
}

#[test]
fn every_lesson_makes_something_bad() {
    for lesson in lessons() {
        let bad = lesson.steps.iter().flat_map(|step| &step.acts).any(|act| match act {
            Act::Network(network) => !network.is_good(),
            Act::Restart(_) | Act::Crowd(CrowdSpec::Streams { .. }) => true,
            Act::Source(_) | Act::CutAll | Act::Crowd(CrowdSpec::Herd { .. }) => false,
        });
        assert!(bad, "{}", lesson.id());
    }
}

#[test]
fn a_file_becomes_what_it_says() {
    let lesson = parsed("small", SMALL).expect("a lesson");
    assert_eq!((lesson.id(), lesson.summary.seconds), ("small", 20.0));
    assert_eq!(lesson.lanes[0], LaneSpec::over(Way::Over(TransportKind::Sse)));
    assert_eq!((lesson.lanes[1].name(), lesson.lanes[1].resumes), ("Mine", false));
    let acts = &lesson.steps[1].acts;
    let [Act::Network(network), Act::Source(source), Act::CutAll, Act::Restart(restart)] =
        &acts[..]
    else {
        panic!("{acts:?}");
    };
    // What is done to all is done to those that can feel it.
    assert_eq!(network.of(TransportKind::Websocket).to_string(), "cut=3s/reset,upgrade=426");
    assert_eq!(network.of(TransportKind::Sse).to_string(), "cut=3s/reset,buffer=end");
    assert_eq!((source.rate, source.burst, source.size, source.shape), (20.0, 2, 5, Shape::Chat));
    assert_eq!(*restart, Restart { down: Duration::from_secs(2), forgets: true });
}

#[test]
fn an_error_names_the_file_and_the_field() {
    let table = [
        ("rate = 10", "rate = -1", "source: a rate of -1"),
        ("rate = 10", "rat = 10", "rat"),
        ("duration = \"20s\"", "duration = \"2h\"", "duration: a lesson takes 15 to 90 s"),
        ("way = \"sse\"", "way = \"pigeon\"", "lanes[0].way: “pigeon”"),
        ("at = \"10s\"", "at = \"20s\"", "steps[1].at"),
        ("at = \"0s\"", "at = \"1s\"", "steps[0].at"),
        ("at = \"0s\"", "at = \"soon\"", "steps[0].at"),
        ("lane = \"SSE\"", "lane = \"Pigeon\"", "steps[0].measured: there is no lane “Pigeon”"),
        ("\"longest gap\"", "\"mood\"", "steps[0].measured: “mood”"),
        ("\"longest gap\"", "\"attempts\"", "steps[0].measured: “attempts”"),
        ("[\"streams waiting\"]", "[\"median\"]", "steps[1].measured: “median”"),
        ("3s/reset", "3s/explode", "steps[1].network.all: cut takes"),
        ("cut =", "cutt =", "steps[1].network.all: “cutt”"),
        ("network.sse", "network.pigeon", "steps[1].network: “pigeon”"),
        ("buffer = \"end\"", "upgrade = \"426\"", "steps[1].network.sse: upgrade does nothing"),
        ("forgets = true", "forgets = 7", "forgets"),
    ];
    for (good, bad, wanted) in table {
        assert!(SMALL.contains(good), "{good}");
        let error = parsed("small", &SMALL.replacen(good, bad, 1)).expect_err(bad).to_string();
        assert!(error.starts_with("the lesson small.toml: "), "{error}");
        assert!(error.contains(wanted), "{bad}: {error}");
    }
}

#[test]
fn the_server_is_changed_only_where_the_lesson_says() {
    let usual = ServerOptions::default();
    assert!(ServerNeeds::default().are_met(&usual));
    let needs = ServerNeeds { heartbeat: Some(None), history: Some(7), ..ServerNeeds::default() };
    let fit = needs.applied(usual.clone());
    assert_eq!((fit.heartbeat, fit.history, fit.hold), (None, 7, usual.hold));
    assert!(!needs.are_met(&usual) && needs.are_met(&fit));
}

fn small() -> &'static Lesson {
    Box::leak(Box::new(parsed("small", SMALL).expect("a lesson")))
}

/// What it is like after so many seconds, when so many messages came, one each 100 ms.
fn moment(stage: Stage, elapsed_s: f64, delivered: u64) -> Moment {
    let lesson = small();
    let came: Vec<u64> = (1..=delivered).map(|n| n * 100).collect();
    let lanes = lesson.lanes.iter().map(|spec| {
        let figures = lane(TransportKind::Sse, (elapsed_s * 10.0) as u64, delivered, 2.0);
        let mut view = lane_view(spec.clone(), figures, &came);
        view.wire = Arc::new([(elapsed_s as f32, 1.0)]);
        view
    });
    let run = RunView { stage, ..run_view(lanes.collect(), elapsed_s) };
    Moment { run, herds: Vec::new(), streams: Vec::new() }
}

#[test]
fn steps_come_when_they_are_due_and_are_told_when_they_are_over() {
    let source = Source { rate: 3.0, ..Source::default() };
    let mut timeline = Timeline::new(small(), Network::default(), source.clone());
    assert!(timeline.advance(&moment(Stage::Opening, 0.0, 0)).is_empty());
    assert!(timeline.advance(&moment(Stage::Running, 0.1, 0)).is_empty(), "it does nothing");
    assert_eq!(timeline.view().step, 0);
    assert!(timeline.advance(&moment(Stage::Running, 9.9, 90)).is_empty());
    assert_eq!(timeline.view().steps[0].measured, None);
    assert_eq!(timeline.advance(&moment(Stage::Running, 10.1, 90)).len(), 4);
    assert!(timeline.advance(&moment(Stage::Running, 10.2, 90)).is_empty(), "once");
    let view = timeline.view();
    assert_eq!((view.step, view.elapsed_s), (1, 10.2));
    let told = view.steps[0].measured.as_deref();
    assert_eq!(told, Some("SSE: 90 of 100 delivered, longest gap 1.1 s"));
    assert!(timeline.advance(&moment(Stage::CatchingUp, 20.0, 100)).is_empty());
    assert!(!timeline.is_over());
    assert!(timeline.advance(&moment(Stage::Done, 20.0, 195)).is_empty());
    assert!(timeline.is_over());
    // 11 were missing when it began, and 5 are at its end.
    assert_eq!(timeline.view().steps[1].measured.as_deref(), Some("Mine: 0 missing"));
    assert_eq!(timeline.undo(), [Act::Network(Box::default()), Act::Source(source)]);
}

#[test]
fn a_run_that_was_held_up_does_everything_in_order_and_one_that_ends_early_nothing_more() {
    let mut late = Timeline::new(small(), Network::default(), Source::default());
    assert_eq!(late.advance(&moment(Stage::Running, 15.0, 100)).len(), 4);
    assert_eq!(late.view().step, 1);
    let mut early = Timeline::new(small(), Network::default(), Source::default());
    early.advance(&moment(Stage::Running, 1.0, 9));
    assert!(early.advance(&moment(Stage::Done, 12.0, 100)).is_empty());
    assert!(early.is_over());
    assert_eq!(early.view().steps[1].measured, None);
}

#[test]
fn a_silence_counts_up_to_the_end_of_the_step() {
    let gap = |from: &Moment, to: &Moment| measured(&small().steps[0], from, to);
    let (start, middle) = (moment(Stage::Running, 0.0, 0), moment(Stage::Running, 5.0, 10));
    assert_eq!(gap(&start, &middle).as_deref(), Some("SSE: 10 of 50 delivered, longest gap 4 s"));
    let end = moment(Stage::Running, 8.0, 10);
    assert_eq!(gap(&middle, &end).as_deref(), Some("SSE: 0 of 30 delivered, longest gap 3 s"));
}

#[test]
fn a_crowd_is_told_of_the_step_alone() {
    let step = Step {
        measures: [Figure::Attempts, Figure::AttemptsPeak, Figure::BackAfter]
            .map(|figure| Measure { lane: None, figure })
            .into(),
        ..small().steps[0].clone()
    };
    let herd = |attempts: &[u32], back_after_s| HerdView {
        transport: "websocket",
        comeback: "jitter",
        label: "Exponential backoff with jitter",
        clients: 100,
        connected: 40,
        elapsed_s: attempts.len() as f64,
        slice_s: 0.1,
        attempts: attempts.into(),
        open: Vec::new(),
        failed: 0,
        lost_at_s: None,
        back_after_s,
    };
    let with = |herds: Vec<HerdView>| Moment {
        herds: herds.into_iter().map(Arc::new).collect(),
        ..moment(Stage::Running, 1.0, 0)
    };
    let before = with(vec![herd(&[900, 5], None)]);
    let told = |after| measured(&step, &before, &with(after));
    assert_eq!(
        told(vec![herd(&[900, 7, 30, 10], Some(3.29))]).as_deref(),
        Some("42 attempts, 30 in the busiest 100 ms, all 100 back after 3.3 s")
    );
    // Another herd took its place.
    assert_eq!(
        told(vec![herd(&[900, 7], None), herd(&[1], None)]).as_deref(),
        Some("1 attempt, 1 in the busiest 100 ms, 40 of 100 connected")
    );
    assert_eq!(measured(&step, &before, &moment(Stage::Running, 2.0, 0)), None);
}

#[test]
fn streams_that_wait_are_counted() {
    let step = Step {
        measures: [Figure::StreamsReceiving, Figure::StreamsWaiting, Figure::Connections]
            .map(|figure| Measure { lane: None, figure })
            .into(),
        ..small().steps[0].clone()
    };
    let got = StreamView { asked_ms: Some(1.0), first_ms: Some(2.0), ..StreamView::default() };
    let streams = StreamsView {
        protocol: "http1",
        label: "HTTP/1.1",
        connections: 6,
        elapsed_s: 3.0,
        streams: [vec![got; 6], vec![StreamView::default(); 4]].concat(),
    };
    let before = moment(Stage::Running, 1.0, 0);
    let after = Moment { streams: vec![Arc::new(streams)], ..moment(Stage::Running, 9.0, 0) };
    assert_eq!(
        measured(&step, &before, &after).as_deref(),
        Some("6 of 10 streams receive, 4 wait for a connection, 6 connections over HTTP/1.1")
    );
}

#[test]
fn figures_have_words() {
    for figure in Figure::ALL {
        assert_eq!(Figure::from_word(figure.word()), Some(figure));
    }
    assert_eq!(Figure::from_word("mood"), None);
}

#[test]
fn what_an_act_lets_through_at_once_belongs_to_its_step() {
    let step = Step {
        measures: vec![Measure { lane: Some("SSE".into()), figure: Figure::Median }],
        ..small().steps[0].clone()
    };
    let at = |s: f64, came: &[u64]| {
        let spec = LaneSpec::over(Way::Over(TransportKind::Sse));
        let mut view = lane_view(spec, lane(TransportKind::Sse, 9, 9, 2.0), came);
        view.wire = Arc::new([(s as f32, 1.0)]);
        let run = run_view(vec![view], s);
        Moment { run, herds: Vec::new(), streams: Vec::new() }
    };
    // Both in the same slice of the series.
    let before = at(5.02, &[5_010]);
    let told = |after: &Moment| measured(&step, &before, after);
    assert_eq!(told(&at(6.0, &[5_010, 5_030])).as_deref(), Some("SSE: median 2 ms"));
    assert_eq!(told(&at(6.0, &[5_010])).as_deref(), Some("SSE: no median"));
}
