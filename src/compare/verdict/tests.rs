//! Verdicts by tables, and the promise that no number in them is made up.

use std::collections::HashSet;

use super::*;
use crate::compare::sample;
use crate::compare::{LatencyMs, RecoverMs};

fn lane(kind: TransportKind, p50: f64, wire_per_message: u64) -> Lane {
    Lane { wire_bytes: wire_per_message * 12_000, ..sample::lane(kind, 12_000, 12_000, p50) }
}

/// Those of the target picture, and the one that falls back.
fn usual() -> Vec<Lane> {
    let automatic = Lane {
        transport: "fallback",
        label: "Automatic".into(),
        ..lane(TransportKind::Websocket, 0.4, 104)
    };
    vec![
        lane(TransportKind::Websocket, 0.4, 104),
        lane(TransportKind::Sse, 0.5, 131),
        Lane { requests: 9_871, ..lane(TransportKind::LongPoll, 2.3, 512) },
        Lane { requests: 1_000, ..lane(TransportKind::ShortPoll, 502.0, 139) },
        lane(TransportKind::Stream, 0.5, 125),
        automatic,
    ]
}

fn source(rate: f64) -> Source {
    Source { rate, ..Source::default() }
}

fn judged(needs: Needs, lanes: &[Lane]) -> Verdict {
    verdict(&needs, &source(12.0), lanes, None).expect("enough was measured")
}

fn need(change: fn(&mut Needs)) -> Needs {
    let mut needs = Needs::default();
    change(&mut needs);
    needs
}

#[test]
fn the_target_picture() {
    let found = judged(need(|needs| needs.resume = true), &usual());
    assert_eq!((found.transport, found.label.as_str()), ("sse", "Server-Sent Events"));
    assert_eq!(
        found.summary,
        "One-way, 12 msg/s, text: within 0.1 ms of WebSocket, resumes by itself. \
         WebSocket would save 27 B a message."
    );
    assert_eq!(
        found.reasons,
        [
            "An EventSource reconnects and resumes by itself, with Last-Event-ID",
            "Median 0.5 ms, p99 1.5 ms; WebSocket 0.4 ms and 1.2 ms",
            "None of 12,000 messages was lost",
            "131 B on the wire a message; WebSocket 104 B, Stream 125 B, Short poll 139 B, Long poll 512 B",
            "Short poll was slower: median 502 ms and p95 1,004 ms against 0.5 ms and p95 1 ms",
        ]
    );
    assert_eq!(
        found.would_change,
        [
            "If the client sends often, too: WebSocket",
            "If payloads are bytes: WebSocket",
            "At 3,704 msg/s the 27 B that WebSocket saves would come to 100 kB a second for each client",
            "No lane had to reconnect in this run, so how each comes back was not measured",
        ]
    );
}

#[test]
fn needs_decide_where_figures_do_not() {
    let table: [(Switch, &str, &str); 6] = [
        (|_| {}, "sse", ""),
        (|needs| needs.two_way = true, "websocket", "SSE cannot send, and the client has to"),
        (|needs| needs.binary = true, "websocket", "SSE carries text only here"),
        (|needs| needs.proxies = true, "sse", "WebSocket needs an upgrade"),
        (|needs| needs.browser = true, "sse", "A browser has no reader for Stream"),
        (
            |needs| (needs.two_way, needs.proxies) = (true, true),
            "fallback",
            "WebSocket needs an upgrade",
        ),
    ];
    for (change, wanted, reason) in table {
        let found = judged(need(change), &usual());
        assert_eq!(found.transport, wanted, "{found:?}");
        let reasons = found.reasons.join("\n").replace("Server-Sent Events", "SSE");
        assert!(reasons.contains(reason), "{reason}: {reasons}");
        // What only follows from a need is not said without it.
        if !reason.is_empty() {
            let plain = judged(Needs::default(), &usual()).reasons.join("\n");
            assert!(!plain.replace("Server-Sent Events", "SSE").contains(reason), "{plain}");
        }
    }
}

type Change = fn(&mut Lane);

#[test]
fn what_failed_is_not_recommended_and_it_is_said_why() {
    // Which lane, what became of it, what is needed, what is taken then, and what is said.
    let table: [(&str, Change, Switch, &str, &str); 6] = [
        (
            "websocket",
            |lane| (lane.delivered, lane.connections, lane.latency_ms) = (0, 0, None),
            |needs| needs.two_way = true,
            "fallback",
            "WebSocket never opened in this run",
        ),
        (
            "sse",
            |lane| (lane.delivered, lane.latency_ms) = (0, None),
            |_| {},
            "websocket",
            "Server-Sent Events delivered nothing of 12,000 messages",
        ),
        (
            "sse",
            |lane| (lane.delivered, lane.lost) = (11_998, 2),
            |needs| needs.resume = true,
            "websocket",
            "Server-Sent Events lost 2 of 12,000, WebSocket 0",
        ),
        // Those who can miss something do not mind two of twelve thousand.
        ("sse", |lane| lane.lost = 2, |_| {}, "sse", "2 of 12,000 messages were lost"),
        ("sse", |lane| lane.lost = 500, |_| {}, "websocket", "lost 500 of 12,000"),
        (
            "sse",
            |lane| {
                lane.latency_ms =
                    Some(LatencyMs { p50: 3_400.0, p95: 6_800.0, p99: 7_000.0, max: 7_100.0 });
            },
            |_| {},
            "websocket",
            "Server-Sent Events was slower: median 3,400 ms and p95 6,800 ms against 0.4 ms",
        ),
    ];
    for (which, change, needs, wanted, said) in table {
        let mut lanes = usual();
        lanes.iter_mut().filter(|lane| lane.transport == which).for_each(change);
        let found = judged(need(needs), &lanes);
        assert_eq!(found.transport, wanted, "{found:?}");
        assert!(found.reasons.iter().any(|reason| reason.contains(said)), "{said}: {found:?}");
    }
}

#[test]
fn the_last_one_left_is_taken_with_its_faults_named() {
    let only = [
        Lane { lost: 3, ..lane(TransportKind::LongPoll, 2.3, 512) },
        sample::lane(TransportKind::Websocket, 12_000, 0, 0.0),
    ];
    let needs = Needs { two_way: true, binary: true, resume: true, ..Needs::default() };
    let found = judged(needs, &only);
    assert_eq!(found.transport, "long-poll");
    let reasons = found.reasons.join("\n");
    assert!(reasons.contains("Long poll cannot send"), "{reasons}");
    assert!(reasons.contains("bytes go as Base64"), "{reasons}");
    assert!(found.summary.contains("3 of 12,000 lost"), "{}", found.summary);
    assert!(found.summary.starts_with("Two-way, 12 msg/s, binary: median 2.3 ms"));
}

#[test]
fn bytes_count_where_there_are_many_messages() {
    let at = |rate| verdict(&Needs::default(), &source(rate), &usual(), None).expect("a verdict");
    assert_eq!(at(1_000.0).transport, "sse");
    assert_eq!(at(5_000.0).transport, "websocket", "135 kB a second");
}

#[test]
fn too_little_is_no_verdict() {
    let needs = Needs::default();
    assert_eq!(verdict(&needs, &source(1.0), &[], None), None);
    let mut few = usual();
    for lane in &mut few {
        lane.delivered = 19;
    }
    assert_eq!(verdict(&needs, &source(1.0), &few, None), None);
    few[3].delivered = 20;
    assert!(verdict(&needs, &source(1.0), &few, None).is_some());
    let alike = [lane(TransportKind::Sse, 1.0, 100), lane(TransportKind::Sse, 2.0, 100)];
    assert_eq!(verdict(&needs, &source(1.0), &alike, None), None, "nothing to choose from");
}

#[test]
fn what_came_back_says_so_and_equals_are_called_equal() {
    let mut lanes = usual();
    for lane in &mut lanes {
        lane.reconnects = 3;
    }
    lanes[1].latency_ms = lanes[0].latency_ms;
    lanes[1].wire_bytes = lanes[0].wire_bytes;
    let found = judged(need(|needs| needs.proxies = true), &lanes);
    assert_eq!(
        found.summary,
        "One-way, 12 msg/s, text: as fast as WebSocket, nothing lost over 3 reconnects, \
         plain HTTP, as long as no proxy collects the response."
    );
    assert!(!found.would_change.iter().any(|line| line.contains("reconnect")), "{found:?}");
}

#[test]
fn medians_are_the_same_by_the_rule_that_decides() {
    let at = |own: f64, theirs: f64| {
        let mut lanes = vec![lane(TransportKind::Sse, own, 131)];
        lanes.push(lane(TransportKind::Websocket, theirs, 131));
        // It is out as it needs an upgrade, however fast it is.
        let said = judged(need(|needs| needs.proxies = true), &lanes).summary;
        let said = said.strip_prefix("One-way, 12 msg/s, text: ").expect("a head");
        said.split(", plain").next().unwrap_or_default().to_owned()
    };
    assert_eq!(at(0.04, 0.09), "within 0.05 ms of WebSocket");
    assert_eq!(at(0.09, 0.04), "within 0.05 ms of WebSocket");
    assert_eq!(at(0.4, 0.4), "as fast as WebSocket");
    assert_eq!(at(180.0, 0.4), "median 180 ms against 0.4 ms over WebSocket");
    assert_eq!(at(2.0, 8.0), "median 2 ms against 8 ms over WebSocket");
    assert_eq!(at(100.0, 120.3), "within 21 ms of WebSocket");
}

#[test]
fn a_lane_that_does_not_resume_is_not_said_to() {
    let mut lanes = usual();
    lanes[1].resumes = false;
    let found = judged(need(|needs| needs.resume = true), &lanes);
    assert_eq!(found.transport, "sse");
    let said = format!("{} {}", found.summary, found.reasons.join(" "));
    assert!(!said.contains("resume"), "{said}");
}

#[test]
fn a_lane_that_lost_much_is_nothing_to_compare_with() {
    let mut lanes = usual();
    (lanes[0].delivered, lanes[0].lost) = (1_000, 11_000);
    let found = judged(Needs::default(), &lanes);
    assert_eq!(
        found.summary,
        "One-way, 12 msg/s, text: as fast as Stream. Stream would save 6 B a message."
    );
    assert!(found.reasons.iter().any(|reason| reason.contains("lost 11,000 of 12,000")));
}

fn scale_row(transport: &'static str, memory: u64) -> ScaleRow {
    ScaleRow {
        transport,
        clients: 1_000,
        held: 1_000,
        setup_ms: 90.0,
        memory_per_connection: Some(memory),
        fan_out_per_s: 1e5,
        p50_ms: None,
        p99_ms: None,
        lost: 0,
        note: None,
    }
}

#[test]
fn a_scale_run_adds_what_a_connection_costs() {
    let rows = vec![scale_row("websocket", 6_100), scale_row("sse", 4_800)];
    let scale = ScaleView { rows, ..ScaleView::default() };
    let found = verdict(&Needs::default(), &source(12.0), &usual(), Some(&scale));
    let reasons = found.expect("a verdict").reasons;
    let wanted = "4.8 kB of server memory a connection with 1,000 open; WebSocket 6.1 kB";
    assert!(reasons.iter().any(|reason| reason == wanted), "{reasons:?}");
}

/// The numbers in a text. Digits that belong to a word, as in p99 and Base64, are none.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let is_word = rest[..at].ends_with(char::is_alphabetic);
        let tail = &rest[at..];
        let end = tail.find(|c: char| !c.is_ascii_digit() && !",.".contains(c));
        let end = end.unwrap_or(tail.len());
        if !is_word {
            found.push(tail[..end].trim_end_matches(['.', ',']).to_owned());
        }
        rest = &tail[end..];
    }
    found
}

/// Every number that follows from the figures.
fn figures(lanes: &[Lane], rate: f64) -> HashSet<String> {
    let mut texts = vec![number(rate), bytes(WORTH)];
    for lane in lanes {
        let whole = [lane.sent, lane.delivered, lane.lost, lane.duplicated, lane.reordered];
        texts.extend(whole.into_iter().chain([lane.requests, lane.reconnects]).map(count));
        texts.extend(lane.latency_ms.iter().flat_map(|l| [l.p50, l.p95, l.p99]).map(time));
        texts.extend(lane.recover_ms.map(|recover| seconds(recover.max / 1e3)));
        texts.extend(lane.wire_per_message().map(bytes));
        for other in lanes {
            let apart = |of: fn(&Lane) -> Option<f64>| Some((of(lane)? - of(other)?).abs());
            texts.extend(apart(median).map(at_most));
            texts.extend(apart(Lane::wire_per_message).map(bytes));
            texts.extend(apart(Lane::wire_per_message).map(|saved| number(WORTH / saved)));
        }
    }
    texts.iter().flat_map(|text| numbers(text)).collect()
}

#[test]
fn every_number_is_a_figure_of_the_run() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut decided = HashSet::new();
    for case in 0..2_000 {
        let mut lanes = usual();
        for lane in &mut lanes {
            let sent = random.u64(1..20_000);
            let lost = if random.bool() { 0 } else { random.u64(0..=sent) };
            (lane.sent, lane.lost, lane.delivered) = (sent, lost, sent - lost);
            lane.connections = random.u64(0..3);
            lane.reconnects = random.u64(0..4);
            lane.requests = random.u64(0..10_000);
            lane.duplicated = random.u64(0..3);
            lane.reordered = random.u64(0..3);
            lane.wire_bytes = lane.delivered * random.u64(100..5_000);
            lane.wire_is_estimate = random.bool();
            let max = random.f64() * 20_000.0;
            lane.recover_ms = (lane.reconnects > 0).then_some(RecoverMs { median: max / 3.0, max });
            let p50 = random.f64() * 10_f64.powi(random.i32(-1..5));
            lane.latency_ms = (lane.delivered > 0).then_some(LatencyMs {
                p50,
                p95: p50 * 1.7,
                p99: p50 * 2.1,
                max: p50 * 9.0,
            });
        }
        random.shuffle(&mut lanes);
        lanes.truncate(random.usize(1..=6));
        let needs = Needs {
            two_way: random.bool(),
            binary: random.bool(),
            proxies: random.bool(),
            browser: random.bool(),
            resume: random.bool(),
        };
        let rate = random.f64() * 10_f64.powi(random.i32(0..5));
        let Some(found) = verdict(&needs, &source(rate), &lanes, None) else { continue };
        let known = figures(&lanes, rate);
        let texts = [vec![found.summary.clone()], found.reasons, found.would_change].concat();
        for text in &texts {
            for number in numbers(text) {
                assert!(known.contains(&number), "{case}: {number} in “{text}”");
            }
            assert!(
                !text.contains("NaN") && !text.contains("inf") && !text.contains("–"),
                "{text}"
            );
        }
        let best = lanes.iter().find(|lane| lane.transport == found.transport).expect("a lane");
        assert!(best.delivered > 0);
        decided.insert(found.transport);
    }
    assert!(decided.len() >= 5, "the cases are too much alike: {decided:?}");
}
