//! Requests that fail, lose their `Upgrade`, or whose answers pages may not read.

use wirescope::model::TransportKind;
use wirescope::server::{Carrier, Server};

use super::tap::Tap;
use super::{make, publish, start, start_in};

/// The head of the answer to the first request of a connection.
async fn head(server: &Server, kind: TransportKind, lines: &str) -> String {
    let mut tap = Tap::silent(server, kind).await;
    tap.request("", lines).await;
    tap.until("the head", |text| text.contains("\r\n\r\n")).await;
    tap.text().to_ascii_lowercase()
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn usual(kind: TransportKind) -> u16 {
    if kind == TransportKind::Websocket { 101 } else { 200 }
}

#[tokio::test]
async fn every_so_manieth_request_fails() {
    for kind in TransportKind::ALL {
        let server = start_in("fail=503/3,retry-after=7s").await;
        for number in 1..=7 {
            let head = head(&server, kind, "").await;
            let fails = number % 3 == 0;
            let wanted = if fails { 503 } else { usual(kind) };
            assert_eq!(status(&head), wanted, "request {number} over {}", kind.word());
            assert_eq!(head.contains("\r\nretry-after: 7\r\n"), fails, "{head}");
        }
        let carrier = Carrier::ALL.into_iter().find(|carrier| carrier.transport() == Some(kind));
        assert_eq!(server.stats().of(carrier.unwrap()).errors, 2, "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn each_request_fails_with_the_status_that_is_asked_for() {
    let server = start().await;
    for code in [500, 502, 503, 429] {
        make(&server, &format!("fail={code}"));
        for kind in TransportKind::ALL {
            let head = head(&server, kind, "").await;
            assert_eq!(status(&head), code, "{}", kind.word());
            assert!(!head.contains("retry-after"), "{head}");
        }
    }
    // What only looks on is left alone.
    let stats = reqwest::get(format!("{}/stats", server.url())).await.unwrap();
    assert_eq!(stats.status(), 200);
    make(&server, "");
    for kind in TransportKind::ALL {
        assert_eq!(status(&head(&server, kind, "").await), usual(kind), "{}", kind.word());
    }
    server.stop().await;
}

#[tokio::test]
async fn an_open_connection_fails_with_its_next_request() {
    for kind in [TransportKind::LongPoll, TransportKind::ShortPoll] {
        let server = start().await;
        let mut tap = Tap::open(&server, kind).await;
        make(&server, "fail=502");
        tap.ask().await;
        assert!(tap.take_answer().await.starts_with("http/1.1 502"), "{}", kind.word());
        make(&server, "");
        publish(&server, 1..=1);
        assert_eq!(tap.ids(1).await, [1], "the cursor is where it was");
        server.stop().await;
    }
}

#[tokio::test]
async fn an_upgrade_is_blocked_in_three_ways() {
    let server = start().await;
    for (how, wanted, said) in
        [("400", 400, "takes no upgrade"), ("426", 426, "on purpose"), ("strip", 426, "ws://")]
    {
        make(&server, &format!("upgrade={how}"));
        let mut tap = Tap::silent(&server, TransportKind::Websocket).await;
        tap.request("", "").await;
        tap.take_answer().await;
        let text = tap.text().to_ascii_lowercase();
        assert_eq!(status(&text), wanted, "{how}");
        assert!(text.contains(said), "{how}: {text}");
        // What is plain HTTP gets through.
        let head = head(&server, TransportKind::Sse, "").await;
        assert_eq!(status(&head), 200);
    }
    make(&server, "");
    assert_eq!(status(&head(&server, TransportKind::Websocket, "").await), 101);
    server.stop().await;
}

#[tokio::test]
async fn pages_from_elsewhere_may_not_read_without_the_header() {
    let server = start().await;
    for (list, there) in [("", true), ("cors=off", false)] {
        make(&server, list);
        let kinds = TransportKind::ALL.into_iter().filter(|k| *k != TransportKind::Websocket);
        for kind in kinds {
            let head = head(&server, kind, "Origin: https://elsewhere.example\r\n").await;
            assert_eq!(status(&head), 200);
            let found = head.contains("\r\naccess-control-allow-origin: *\r\n");
            assert_eq!(found, there, "{list} over {}: {head}", kind.word());
        }
    }
    server.stop().await;
}
