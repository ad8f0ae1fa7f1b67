//! Messages that are left out, come twice or change places: the same over every transport, whatever
//! answers and batches they come in.

use std::ops::RangeInclusive;

use wirescope::model::{Network, ServerOptions, TransportKind};
use wirescope::server::{Carrier, Server};

use super::tap::Tap;
use super::{LULL, make, publish, quiet, start_in};

/// What comes of these messages: first they change places, then some are lost, others doubled.
fn expected(list: &str, ids: RangeInclusive<u64>) -> Vec<u64> {
    let (drop, duplicate, reorder) = every(list);
    let mut order: Vec<u64> = ids.collect();
    for place in 1..order.len() {
        if order[place - 1].is_multiple_of(reorder) && order[place] == order[place - 1] + 1 {
            order.swap(place - 1, place);
        }
    }
    order.retain(|id| !id.is_multiple_of(drop));
    order
        .into_iter()
        .flat_map(|id| vec![id; 1 + usize::from(id.is_multiple_of(duplicate))])
        .collect()
}

fn every(list: &str) -> (u64, u64, u64) {
    let of = |word: &str| {
        let value = list.split(',').find_map(|item| item.strip_prefix(word));
        value.map_or(u64::MAX, |value| value[1..].parse().unwrap())
    };
    (of("drop"), of("duplicate"), of("reorder"))
}

const LISTS: [&str; 5] =
    ["drop=3", "duplicate=4", "reorder=5", "reorder=2", "drop=7,duplicate=3,reorder=4"];

#[tokio::test]
async fn messages_are_lost_doubled_and_swapped_alike_over_every_transport() {
    for kind in TransportKind::ALL {
        for list in LISTS {
            let server = start_in(list).await;
            let mut tap = Tap::open(&server, kind).await;
            let wanted = expected(list, 1..=41);
            let mut seen = Vec::new();
            // Uneven batches, so that each id is once at a border.
            for batch in [1..=1, 2..=3, 4..=4, 5..=5, 6..=10, 11..=11, 12..=20, 21..=41] {
                let sent = *batch.end();
                publish(&server, batch);
                // One that is held back comes with the next.
                let there = expected(list, 1..=sent).len() - held(list, sent);
                if there > seen.len() {
                    seen.extend(tap.ids(there - seen.len()).await);
                }
            }
            assert_eq!(seen, wanted, "{list} over {}", kind.word());
            server.stop().await;
        }
    }
}

/// How many messages wait for the one after the last.
fn held(list: &str, last: u64) -> usize {
    let (drop, duplicate, reorder) = every(list);
    let is_held = last.is_multiple_of(reorder) && !last.is_multiple_of(drop);
    usize::from(is_held) * (1 + usize::from(last.is_multiple_of(duplicate)))
}

#[tokio::test]
async fn all_can_be_lost() {
    for kind in TransportKind::ALL {
        let server = start_in("drop=1").await;
        let mut tap = Tap::open(&server, kind).await;
        publish(&server, 1..=5);
        if kind == TransportKind::ShortPoll {
            tap.ask().await;
            tap.take_answer().await;
            assert!(!tap.text().contains("\"text\""), "{}", tap.text());
        } else {
            if kind == TransportKind::LongPoll {
                tap.ask().await;
            }
            let before = tap.received.len();
            tap.hears_nothing(LULL).await;
            let new = &tap.received[before..];
            assert!(!String::from_utf8_lossy(new).contains("\"text\""), "{}", kind.word());
        }
        // What is done changes at once.
        make(&server, "");
        publish(&server, 6..=6);
        assert_eq!(tap.ids(1).await.last(), Some(&6), "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_held_poll_waits_on_where_all_there_is_is_held_back() {
    let server = start_in("reorder=10").await;
    let mut tap = Tap::open(&server, TransportKind::LongPoll).await;
    publish(&server, 1..=10);
    assert_eq!(tap.ids(9).await, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(tap.text().contains("\"lastId\":9"), "10 is still to come: {}", tap.text());
    tap.ask().await;
    let asked = server.stats().of(Carrier::LongPoll).requests;
    assert!(tap.hears_nothing(LULL).await, "{}", tap.text());
    publish(&server, 11..=11);
    assert_eq!(tap.ids(2).await, [11, 10]);
    assert_eq!(server.stats().of(Carrier::LongPoll).requests, asked.max(3), "one answer for both");
    server.stop().await;
}

#[tokio::test]
async fn what_is_held_back_comes_when_the_network_is_good_again() {
    for kind in TransportKind::ALL {
        let server = start_in("reorder=3").await;
        let mut tap = Tap::open(&server, kind).await;
        publish(&server, 1..=3);
        assert_eq!(tap.ids(2).await, [1, 2], "{}", kind.word());
        make(&server, "");
        assert_eq!(tap.ids(1).await, [3], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn whoever_resumes_where_a_message_is_held_back_loses_nothing() {
    for kind in TransportKind::ALL {
        let server = start_in("reorder=3").await;
        publish(&server, 1..=7);
        let mut tap = Tap::resume(&server, kind, 2).await;
        // 6 comes after 7, 3 after 4.
        assert_eq!(tap.ids(5).await, [4, 3, 5, 7, 6], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_message_held_back_at_the_end_of_a_full_answer_still_comes_after_the_next() {
    let network = Network::parse(["reorder=1000"]).unwrap();
    let options = ServerOptions { history: 2_000, network, ..quiet() };
    let server = Server::start(options).await.unwrap();
    let mut tap = Tap::open(&server, TransportKind::ShortPoll).await;
    publish(&server, 1..=1001);
    let ids = tap.ids(1001).await;
    assert_eq!(ids[998..], [999, 1001, 1000]);
    assert_eq!(server.stats().of(Carrier::ShortPoll).requests, 2, "one answer for all");
    server.stop().await;
}
