//! What events come to, and what nobody waits for.

use super::*;
use crate::model::{Meta, TransportKind};

const MS: u64 = 1_000_000;

fn counter(way: Way) -> Counter {
    let mut counter = Counter::new(&LaneSpec::over(way), 0, &Options::default());
    counter.begin(0);
    counter
}

fn message(n: u64, id: i64) -> Event {
    Event::new(n, Dir::In, Kind::Event)
        .with_payload(format!(r#"{{"id":{id}}}"#))
        .with_wire(Wire::Estimated(20))
}

fn local(t_ns: u64, kind: Kind) -> Event {
    Event::new(t_ns, Dir::Local, kind)
}

#[test]
fn what_never_came_is_lost_also_at_the_end() {
    let mut counter = counter(Way::Over(TransportKind::Sse));
    for (n, id) in (1..).zip([1, 2, 2, 5, 4]) {
        counter.take(n, &message(n, id));
    }
    let lane = counter.lane(7, true);
    assert_eq!((lane.delivered, lane.lost, lane.duplicated, lane.reordered), (5, 3, 1, 1));
    assert_eq!((lane.wire_bytes, lane.payload_bytes), (100, 40));
    assert_eq!(lane.overhead, Some(1.5));
    assert!(lane.wire_is_estimate);
    assert_eq!(lane.latency_ms, None);
    // While more is on its way only what was overtaken is lost.
    assert_eq!(counter.lane(7, false).lost, 1);
}

#[test]
fn only_messages_of_the_run_count() {
    let mut counter =
        Counter::new(&LaneSpec::over(Way::Over(TransportKind::Sse)), 0, &Options::default());
    for (n, id) in (1..).zip([41, 42]) {
        counter.take(n, &message(n, id));
    }
    counter.begin(42);
    counter.end_with(44);
    for (n, id) in (3..).zip([42, 43, 44, 45]) {
        counter.take(n, &message(n, id));
    }
    let lane = counter.lane(2, true);
    assert_eq!((lane.delivered, lane.lost, lane.duplicated), (2, 0, 0));
    assert!(counter.has_reached(44) && !counter.has_reached(45));
}

#[test]
fn what_the_server_counted_takes_the_place_of_what_was_computed() {
    let mut counter = counter(Way::Over(TransportKind::Sse));
    counter.take(1, &message(1, 1));
    counter.sample(MS, Some(Ledger { requests: 3, connections: 2, wire: 18 }), None);
    counter.sample(2 * MS, None, None);
    let lane = counter.lane(1, true);
    assert_eq!((lane.wire_bytes, lane.requests, lane.connections), (18, 3, 2));
    assert_eq!((lane.wire_is_estimate, lane.overhead), (false, Some(1.25)));
}

#[test]
fn what_is_used_while_others_open_and_catch_up_is_not_counted() {
    let way = Way::Over(TransportKind::ShortPoll);
    let counted = |is_told: bool| {
        let mut counter = Counter::new(&LaneSpec::over(way), 0, &Options::default());
        let mut requests = 0;
        // So many polls of 100 bytes.
        let mut polls = |counter: &mut Counter, count: u64| {
            for _ in 0..count {
                let request = Event::new(1, Dir::Out, Kind::Request);
                counter.take(1, &request.with_wire(Wire::Exact(100)));
            }
            requests += count;
            let ledger = Ledger { requests, connections: 1, wire: requests * 100 };
            let due = counter.due();
            counter.sample(1, is_told.then_some(ledger), due);
        };
        polls(&mut counter, 1);
        counter.take(2, &local(1, Kind::Open));
        assert_eq!(counter.due(), Some(Mark::Opened));
        polls(&mut counter, 0);
        assert_eq!(counter.due(), None);
        // Another lane does not open for half a minute.
        polls(&mut counter, 60);
        counter.begin(0);
        polls(&mut counter, 9);
        counter.take(3, &message(2, 5));
        assert_eq!(counter.due(), None, "nobody knows yet that it was the last");
        counter.end_with(5);
        assert_eq!(counter.due(), Some(Mark::Reached));
        polls(&mut counter, 0);
        // Another lane does not catch up for half a minute.
        polls(&mut counter, 60);
        let lane = counter.lane(1, true);
        (lane.requests, lane.connections, lane.wire_bytes)
    };
    assert_eq!(counted(true), (10, 1, 1000));
    // The event of the message itself has 20 more.
    assert_eq!(counted(false), (10, 1, 1020));
}

#[test]
fn a_handshake_counts_and_what_is_counted_is_no_estimate() {
    let mut counter = counter(Way::Over(TransportKind::Websocket));
    counter.take(1, &local(0, Kind::Open).with_wire(Wire::Exact(300)));
    let text = Event::new(1, Dir::In, Kind::Text).with_payload("x").with_wire(Wire::Exact(3));
    counter.take(2, &text);
    let lane = counter.lane(1, true);
    assert_eq!((lane.wire_bytes, lane.wire_is_estimate), (303, false));
}

#[test]
fn nobody_waits_for_a_lane_that_is_over() {
    let mut counter = counter(Way::Over(TransportKind::Sse));
    assert!(!counter.was_open() && !counter.has_reached(1));
    counter.end();
    assert!(counter.was_open() && counter.has_reached(1));
}

#[test]
fn a_lane_is_quiet_where_it_is_open_and_nothing_comes() {
    let mut counter = counter(Way::Over(TransportKind::Sse));
    counter.take(1, &local(0, Kind::Open));
    counter.take(2, &message(5 * MS, 1));
    assert!(!counter.is_quiet_since(4 * MS) && counter.is_quiet_since(5 * MS));
    counter.take(3, &local(6 * MS, Kind::Closed));
    assert!(!counter.is_quiet_since(9 * MS), "it may come back with more");
}

#[test]
fn outages_states_and_reasons_follow_from_the_events() {
    let mut counter = counter(Way::Fallback);
    let view = |counter: &mut Counter, t_ns, stage| {
        let view = counter.view(t_ns, 0, stage);
        (view.state, view.reason)
    };
    let chosen = Meta {
        transport: Some(TransportKind::Sse),
        chosen: Some("SSE, because".into()),
        ..Meta::default()
    };
    let lost = Meta { cause: Some("reset".into()), ..Meta::default() };
    let wait = Meta { delay_ms: Some(2500), ..lost.clone() };
    assert_eq!(view(&mut counter, 0, Stage::Opening).0, "Connecting");
    counter.take(1, &local(0, Kind::Open).with_meta(chosen.clone()));
    let on = (String::from("On SSE"), Some(String::from("SSE, because")));
    assert_eq!(view(&mut counter, 0, Stage::Running), on);
    counter.take(2, &local(100 * MS, Kind::Closed).with_meta(lost.clone()));
    counter.take(3, &local(100 * MS, Kind::Retrying).with_meta(wait));
    let back = (String::from("Back in 2 s"), Some(String::from("reset")));
    assert_eq!(view(&mut counter, 600 * MS, Stage::Running), back);
    counter.take(4, &local(400 * MS, Kind::Open).with_meta(chosen));
    let lane = counter.lane(0, false);
    assert_eq!(lane.recover_ms, Some(RecoverMs { median: 300.0, max: 300.0 }));
    assert_eq!((lane.reconnects, lane.connections), (1, 2));
    assert_eq!(view(&mut counter, 600 * MS, Stage::Done).0, "Done");
    counter.take(5, &local(500 * MS, Kind::Closed).with_meta(lost));
    counter.end();
    let over = (String::from("Gave up"), Some(String::from("reset")));
    assert_eq!(view(&mut counter, 600 * MS, Stage::Done), over);
}
