//! Bytes that come late or slowly, and first answers that do. That something is late is told by the
//! clock, which a slow machine only makes later; that it is not late, by something that would
//! otherwise take longer than a test may.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use wirescope::model::{Network, TransportKind};
use wirescope::server::{Draft, Server};

use super::tap::{Tap, frames, is_poll, masked, path};
use super::{make, millis, publish, soon, start, start_in};

/// How long the next message takes from when it is published; a short poll asks after that.
async fn transit(server: &Server, tap: &mut Tap, text: &str) -> Duration {
    let at = Instant::now();
    server.publish("default", &Draft::text("message", text)).unwrap();
    tap.ids(1).await;
    at.elapsed()
}

#[tokio::test]
async fn bytes_are_delayed_each_way() {
    let delay = millis(150);
    for kind in TransportKind::ALL {
        let server = start().await;
        let mut tap = Tap::open(&server, kind).await;
        // On an open connection.
        make(&server, "delay=150ms");
        let least = if is_poll(kind) { 2 * delay } else { delay };
        for _ in 0..2 {
            let took = transit(&server, &mut tap, "x").await;
            assert!(took >= least, "{took:?} over {}", kind.word());
        }
        if kind == TransportKind::Websocket {
            let at = Instant::now();
            let before = tap.received.len();
            tap.send(&masked(2, b"echo")).await;
            tap.until("the echo", |text| text.contains("echo")).await;
            assert!(at.elapsed() >= 2 * delay, "there and back");
            assert_eq!(frames(&tap.received[before..]), [(2, b"echo".to_vec())]);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn the_delay_of_bytes_on_their_way_ends_with_its_cause() {
    for kind in TransportKind::ALL {
        let server = start().await;
        let mut tap = Tap::open(&server, kind).await;
        make(&server, "delay=1m");
        if is_poll(kind) {
            tap.ask().await;
        }
        publish(&server, 1..=1);
        assert!(tap.hears_nothing(super::LULL).await, "{}", kind.word());
        make(&server, "");
        assert_eq!(tap.ids(1).await, [1], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn bytes_stay_in_order_however_the_delay_varies() {
    for kind in TransportKind::ALL {
        let server = start_in("delay=40ms,jitter=40ms").await;
        let mut tap = Tap::open(&server, kind).await;
        let (mut seen, mut times) = (Vec::new(), Vec::new());
        for n in 1..=12 {
            times.push(transit(&server, &mut tap, "x").await);
            seen.push(n);
        }
        publish(&server, 13..=40);
        while seen.len() < 40 {
            let next = tap.ids(1).await;
            seen.extend(next);
        }
        assert!(seen.iter().copied().eq(1..=40), "{seen:?} over {}", kind.word());
        let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        // Twelve times within a twentieth of the range: less than once in 10^13 runs.
        assert!(*most > *least + millis(4), "{times:?} over {}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_slow_line_takes_its_time() {
    for kind in TransportKind::ALL {
        let server = start().await;
        let mut tap = Tap::open(&server, kind).await;
        make(&server, "bandwidth=50kB");
        let took = transit(&server, &mut tap, &"x".repeat(20_000)).await;
        // The first piece, a fiftieth of a second's, goes out at once.
        assert!(took >= millis(375), "{took:?} over {}", kind.word());
        make(&server, "");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_line_that_is_slow_no_more_lets_all_through_at_once() {
    for kind in TransportKind::ALL {
        let server = start().await;
        let mut tap = Tap::open(&server, kind).await;
        // This would take hours.
        make(&server, "bandwidth=1B");
        if is_poll(kind) {
            tap.ask().await;
        }
        let large = "x".repeat(9_000);
        server.publish("default", &Draft::text("message", &large)).unwrap();
        tap.hears_nothing(super::LULL).await;
        assert!(!tap.text().contains(&large), "{}", kind.word());
        make(&server, "");
        assert_eq!(tap.ids(1).await, [1], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn each_client_has_the_bandwidth_for_itself() {
    let server = start_in("sse:bandwidth=20kB").await;
    let mut first = Tap::open(&server, TransportKind::Sse).await;
    let mut second = Tap::open(&server, TransportKind::Sse).await;
    let (at, large) = (Instant::now(), "x".repeat(10_000));
    server.publish("default", &Draft::text("message", &large)).unwrap();
    let (one, other) = tokio::join!(first.ids(1), second.ids(1));
    assert_eq!((one, other), (vec![1], vec![1]));
    assert!(at.elapsed() >= millis(460));
    server.stop().await;
}

#[tokio::test]
async fn the_first_answer_of_a_connection_is_slow() {
    for kind in TransportKind::ALL {
        let server = start_in("slow-accept=300ms").await;
        let at = Instant::now();
        let mut tap = Tap::open(&server, kind).await;
        assert!(at.elapsed() >= millis(300), "{}", kind.word());
        // The next would take too long for this test.
        make(&server, "slow-accept=1m");
        publish(&server, 1..=1);
        assert_eq!(tap.ids(1).await, [1], "{}", kind.word());
        // Those that wait do not when the network is good again.
        let mut tap = Tap::silent(&server, kind).await;
        tap.request("", "").await;
        assert!(tap.hears_nothing(super::LULL).await, "{}", kind.word());
        make(&server, "");
        tap.until("the head", |text| text.contains("\r\n\r\n")).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn only_the_transport_asked_for_last_counts() {
    let server = start_in("long-poll:delay=1m").await;
    let mut tap = Tap::open(&server, TransportKind::ShortPoll).await;
    publish(&server, 1..=1);
    assert_eq!(tap.ids(1).await, [1]);
    let path = path(TransportKind::LongPoll);
    tap.send(format!("GET {path}?since=0 HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr()).as_bytes())
        .await;
    assert!(tap.hears_nothing(super::LULL).await);
    make(&server, "");
    tap.take_answer().await;
    server.stop().await;
}

#[tokio::test]
async fn no_bandwidth_at_all_is_next_to_none() {
    let server = start().await;
    let mut tap = Tap::open(&server, TransportKind::Sse).await;
    tap.until("the opening", |text| text.ends_with("\n\n\r\n")).await;
    let mut network = Network::default();
    // Around the reader of lists, which refuses it.
    network.of_mut(TransportKind::Sse).bandwidth = Some(0);
    server.control().set_network(network);
    publish(&server, 1..=1);
    let first = soon("the first byte", tap.stream.read_buf(&mut tap.received)).await.unwrap();
    assert_eq!(first, 1);
    make(&server, "");
    assert_eq!(tap.ids(1).await, [1]);
    server.stop().await;
}
