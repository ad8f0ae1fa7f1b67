//! The figures of every kind of lane, and how a run begins and ends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wirescope::compare::{CompareError, Stage, Target, start};
use wirescope::model::{Buffering, LaneSpec, Network, Restart, RunSetup, Source, Way};
use wirescope::server::Draft;

use super::*;

#[tokio::test]
async fn a_comparison_that_cannot_be_made_begins_nothing() {
    let server = server().await;
    let before = server.control().source();
    let source = |rate, size| Source { rate, size, ..Source::default() };
    let table = [
        (RunSetup { source: source(99_999.0, 100), ..RunSetup::default() }, "out of range"),
        (RunSetup { source: source(10.0, 0), ..RunSetup::default() }, "out of range"),
        (RunSetup { source: source(f64::NAN, 1), ..RunSetup::default() }, "out of range"),
        (RunSetup { lanes: Vec::new(), ..RunSetup::default() }, "no lane"),
        (RunSetup { lanes: lanes(&[SSE; 17]), ..RunSetup::default() }, "at most 16"),
    ];
    for (setup, words) in table {
        let place = |_: &_| panic!("a place was asked for");
        let target = Target::BuiltIn(server.control());
        let error: CompareError =
            start(setup, target, place, CancellationToken::new()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(server.control().source(), before);
    }
    server.stop().await;
}

#[tokio::test]
async fn every_lane_gets_every_message_and_the_source_is_as_it_was() {
    let server = server().await;
    let control = server.control();
    let before = Source { rate: 0.0, size: 7, ..Source::default() };
    control.set_source(before.clone()).unwrap();
    // What was there before is not part of the run.
    for _ in 0..5 {
        control.publish("default", &Draft::text("old", "old")).unwrap();
    }
    let setup = setup(100.0, lanes(&Way::ALL));
    let begun = Begun::new(setup, Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 20)).await;
    assert_eq!(begun.running.view().stage, Stage::Running);
    let (comparison, _folder) = begun.end().await;
    let sent = control.last_id("default") - 5;
    for (lane, way) in comparison.lanes.iter().zip(Way::ALL) {
        assert_eq!((lane.transport, lane.label.as_str()), (way.word(), way.label()));
        assert_eq!((lane.sent, lane.delivered, lane.lost), (sent, sent, 0), "{lane:?}");
        assert_eq!((lane.duplicated, lane.reordered, lane.reconnects), (0, 0, 0), "{lane:?}");
        assert!(!lane.wire_is_estimate && lane.wire_bytes > lane.payload_bytes, "{lane:?}");
        assert!(lane.latency_ms.is_some() && lane.recover_ms.is_none(), "{lane:?}");
    }
    let view = &comparison.view;
    assert_eq!((view.stage, view.sent, view.lanes.len()), (Stage::Done, sent, 6));
    for lane in &view.lanes {
        assert_eq!(lane.state, "Done");
        let counted: u64 = lane.series.buckets.iter().map(|b| u64::from(b.received)).sum();
        assert_eq!(counted, sent);
        assert_eq!(lane.distribution.last().map(|point| point.1), Some(1.0));
        let wire = lane.wire.last().map_or(0.0, |point| point.1);
        assert_eq!(wire as u64, lane.figures.wire_bytes);
        assert!(lane.connections.last().is_some_and(|point| point.1 >= 1.0));
    }
    assert!(view.lanes[5].reason.as_deref().is_some_and(|why| why.contains("WebSocket")));
    assert_eq!(control.source(), before, "the source is as it was");
    server.stop().await;
}

#[tokio::test]
async fn a_lost_connection_is_counted_and_only_who_resumes_misses_nothing() {
    let server = server().await;
    let control = server.control();
    let mut specs = lanes(&[WEBSOCKET, SSE, LONG_POLL, SHORT_POLL, STREAM, Way::Fallback, SSE]);
    specs[6] =
        LaneSpec { label: Some(String::from("SSE, forgets")), resumes: false, ..specs[6].clone() };
    let begun = Begun::new(setup(200.0, specs), Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 10)).await;
    control.cut_all();
    // A poll whose connection ends between two requests takes another and misses nothing.
    let polls = |lane: &Lane| lane.transport.ends_with("-poll");
    let back = |lane: &Lane| polls(lane) || lane.recover_ms.is_some();
    begun.until("all are back", |lanes| lanes.iter().all(back)).await;
    let reached: Vec<u64> =
        begun.running.view().lanes.iter().map(|lane| lane.figures.delivered).collect();
    let more = |lanes: &[Lane]| lanes.iter().zip(&reached).all(|(l, r)| l.delivered > r + 10);
    begun.until("more", more).await;
    let (comparison, _folder) = begun.end().await;
    let (forgets, resume) = comparison.lanes.split_last().unwrap();
    for lane in resume {
        assert_eq!((lane.lost, lane.delivered), (0, lane.sent + lane.duplicated), "{lane:?}");
        assert_eq!(lane.duplicated, 0, "{lane:?}");
        if !polls(lane) {
            assert!(lane.reconnects >= 1 && lane.recover_ms.is_some(), "{lane:?}");
            assert!(lane.connections >= 2, "{lane:?}");
        }
    }
    assert_eq!(forgets.label, "SSE, forgets");
    assert!(forgets.lost > 0 && forgets.delivered + forgets.lost == forgets.sent, "{forgets:?}");
    let outages = &comparison.view.lanes[0].series.outages;
    assert_eq!(outages.len(), 1);
    assert!(outages[0].resumed_after.is_some(), "{outages:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_restart_that_forgets_is_counted_on() {
    let server = server().await;
    let control = server.control();
    let begun = Begun::new(setup(200.0, lanes(&Way::ALL)), Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 10)).await;
    control.restart(Restart { down: Duration::from_millis(50), forgets: true }).await.unwrap();
    let reached: Vec<u64> =
        begun.running.view().lanes.iter().map(|lane| lane.figures.delivered).collect();
    let more = |lanes: &[Lane]| lanes.iter().zip(&reached).all(|(l, r)| l.delivered > r + 100);
    begun.until("more", more).await;
    let (comparison, _folder) = begun.end().await;
    let sent = control.hub().total("default");
    assert!(control.last_id("default") < sent, "ids began again");
    for lane in &comparison.lanes {
        assert_eq!(lane.sent, sent);
        assert_eq!(lane.delivered - lane.duplicated + lane.lost, sent, "{lane:?}");
        // What nobody had asked for before it was forgotten is gone, and nothing else.
        assert!(lane.lost < sent / 2 && lane.delivered > 100, "{lane:?}");
        assert!(lane.connections >= 2, "{lane:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_run_ends_with_its_figures_when_its_server_is_stopped() {
    let server = server().await;
    let control = server.control();
    let begun = Begun::new(setup(200.0, lanes(&Way::ALL)), Target::BuiltIn(control)).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 10)).await;
    server.stop().await;
    // Nobody stops the run.
    let comparison = soon("the run ends", begun.running.done()).await;
    let view = &comparison.view;
    assert_eq!(view.stage, Stage::Done);
    let (words, hint) = view.error.clone().unwrap();
    assert!(words.contains("server was stopped"), "{words}");
    assert!(hint.contains("start the server"), "{hint}");
    for lane in &comparison.lanes {
        assert!(lane.delivered >= 10 && lane.sent >= lane.delivered, "{lane:?}");
        assert_eq!(lane.delivered + lane.lost, lane.sent, "{lane:?}");
    }
    // One that has not begun ends as well.
    let gone = self::server().await;
    let control = gone.control();
    gone.stop().await;
    let begun = Begun::new(setup(200.0, lanes(&[SSE])), Target::BuiltIn(control)).await;
    let comparison = soon("the run ends", begun.running.done()).await;
    assert!(comparison.view.error.is_some_and(|(words, _)| words.contains("stopped")));
}

#[tokio::test]
async fn nothing_is_sent_again_while_lanes_catch_up() {
    let server = server().await;
    let control = server.control();
    let begun = Begun::new(setup(200.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes[0].delivered > 0).await;
    // It will never catch up with these.
    let mut network = Network::default();
    network.of_mut(TransportKind::Sse).buffering = Some(Buffering::UntilEnd);
    control.set_network(network);
    control.publish("default", &Draft::text("t", "x")).unwrap();
    begun.stop.cancel();
    soon("it catches up", async {
        while begun.running.view().stage != Stage::CatchingUp {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let later = Source { rate: 1.0, size: 9, ..Source::default() };
    begun.running.set_source(later.clone()).unwrap();
    assert!(control.source().rate < f64::EPSILON, "it rests");
    begun.end().await;
    assert_eq!(control.source(), later, "that is for the time after");
    server.stop().await;
}

#[tokio::test]
async fn less_than_was_asked_for_is_told() {
    let server = server().await;
    let control = server.control();
    let begun = Begun::new(setup(200.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes[0].delivered > 0).await;
    control.set_source(Source { rate: 0.0, ..Source::default() }).unwrap();
    let sent = begun.running.view().sent as f64;
    soon("time passes", async {
        while begun.running.view().elapsed_s < (sent + 100.0) / 100.0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let (comparison, _folder) = begun.end().await;
    let notes = comparison.notes.join("\n");
    assert!(notes.contains("instead of 200"), "{notes}");
    server.stop().await;
}

#[tokio::test]
async fn a_run_that_others_change_leaves_what_they_wanted() {
    let server = server().await;
    let control = server.control();
    let begun = Begun::new(setup(100.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered > 0)).await;
    let theirs = Source { rate: 50.0, size: 9, ..Source::default() };
    control.set_source(theirs.clone()).unwrap();
    let (comparison, _folder) = begun.end().await;
    assert_eq!((comparison.lanes[0].lost, control.source()), (0, theirs));
    let other = Begun::new(setup(100.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    let during = Source { rate: 70.0, ..Source::default() };
    other.running.set_source(during).unwrap();
    other.end().await;
    assert_eq!(control.source().size, 9, "what the run itself changed is not kept");
    server.stop().await;
}

#[tokio::test]
async fn a_run_may_begin_while_the_one_before_ends() {
    let server = server().await;
    let control = server.control();
    let before = control.source();
    let first = Begun::new(setup(100.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    first.until("messages", |lanes| lanes[0].delivered > 0).await;
    first.stop.cancel();
    let second = Begun::new(setup(100.0, lanes(&[SSE])), Target::BuiltIn(control.clone())).await;
    let (ended, _folder) = first.end().await;
    assert_eq!((ended.lanes[0].lost, ended.lanes[0].duplicated), (0, 0));
    second.until("messages", |lanes| lanes[0].delivered > 10).await;
    assert!(control.source().rate > 0.0, "the end of the first does not silence the second");
    let (comparison, _folder) = second.end().await;
    let lane = &comparison.lanes[0];
    assert_eq!((lane.lost, lane.delivered), (0, lane.sent));
    assert_eq!(control.source(), before);
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_left_of_a_run_that_is_over_or_dropped() {
    let server = server().await;
    let control = server.control();
    let before = control.source();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let at_first = tasks();
    let ended = Begun::new(setup(100.0, lanes(&Way::ALL)), Target::BuiltIn(control.clone())).await;
    ended.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered > 0)).await;
    drop(ended.end().await);
    let dropped =
        Begun::new(setup(100.0, lanes(&Way::ALL)), Target::BuiltIn(control.clone())).await;
    dropped.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered > 0)).await;
    drop(dropped);
    soon("every task is gone", async {
        while tasks() > at_first || control.source() != before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.stop().await;
}
