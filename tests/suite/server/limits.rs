//! What is too much, too large or too slow.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Message;
use wirescope::server::{Carrier, Draft, Hub, Limits, Server, Start};

use super::websocket::{HANDSHAKE, Socket};
use super::{Raw, client, eventually, get, publish, quiet, soon, start};

async fn start_within(limits: Limits) -> Server {
    Server::start_within(quiet(), Hub::new(100), limits).await.unwrap()
}

#[tokio::test]
async fn too_many_connections_are_told_so() {
    let server = start_within(Limits { connections: 2, ..Limits::default() }).await;
    let mut first = Raw::get(&server, "/sse", "").await;
    first.until_text("retry: ").await;
    let second = Socket::connect(&server, "/ws").await;
    let mut third = Raw::get(&server, "/sse", "").await;
    let answer = third.read_out().await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("holds 2 connections"), "{answer}");
    assert_eq!(server.stats().connections.refused, 1);
    drop(second);
    eventually("a free place", || server.stats().connections.active == 1).await;
    assert_eq!(get(&server, "/short").await.status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = start(quiet()).await;
    let mut raw =
        Raw::get(&server, "/short", &format!("X-Large: {}\r\n", "x".repeat(20_000))).await;
    raw.until_text("\r\n\r\n").await;
    assert!(raw.text().starts_with("HTTP/1.1 431"), "{}", raw.text());
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_socket_with_1009() {
    let server = start_within(Limits { message: 1_000, ..Limits::default() }).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    socket.say(Message::binary(vec![0; 1_000])).await;
    assert_eq!(socket.next().await.map(|echo| echo.len()), Some(1_000));
    socket.say(Message::binary(vec![0; 100_000])).await;
    let (code, reason) = socket.close_code().await;
    assert_eq!((code, reason.as_str()), (1009, "a message has at most 1000 bytes"));
    eventually("the count", || server.stats().of(Carrier::Websocket).errors == 1).await;
    server.stop().await;
}

#[tokio::test]
async fn a_frame_against_the_rules_closes_the_socket_with_1002() {
    let server = start(quiet()).await;
    let mut raw = Raw::get(&server, "/ws", HANDSHAKE).await;
    raw.until_text("\r\n\r\n").await;
    let head = raw.received.len();
    // Text that is not masked.
    raw.send("\u{1}\u{1}x").await;
    raw.read_out().await;
    assert_eq!(raw.received[head], 0x88);
    assert_eq!(raw.received[head + 2..head + 4], 1002_u16.to_be_bytes());
    server.stop().await;
}

#[tokio::test]
async fn a_socket_that_falls_too_far_behind_is_closed_with_1013() {
    let server = start(quiet()).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    // All at once, so that the reader has no chance in between.
    publish(&server, 1..=2_000);
    let (code, reason) = socket.close_code().await;
    assert_eq!(code, 1013);
    assert!(reason.contains("976 messages are gone"), "{reason}");
    let stats = *server.stats().of(Carrier::Websocket);
    assert_eq!((stats.slow, stats.errors), (1, 1));
    server.stop().await;
}

#[tokio::test]
async fn streams_that_fall_too_far_behind_end_and_say_why() {
    let server = start(quiet()).await;
    let mut sse = Raw::get(&server, "/sse", "").await;
    let mut stream = Raw::get(&server, "/stream", "").await;
    sse.until_text("retry: ").await;
    stream.until_text("\r\n\r\n").await;
    publish(&server, 1..=2_000);
    sse.until_text(": too slow: 976 messages are gone; come back with the last id\n\n").await;
    for (raw, carrier) in [(sse, Carrier::Sse), (stream, Carrier::Stream)] {
        assert!(!raw.text().contains("\"id\":"), "nothing after a gap");
        eventually("the end", || server.stats().of(carrier).closed == 1).await;
        assert_eq!(server.stats().of(carrier).slow, 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn clients_that_read_nothing_are_dropped() {
    let server =
        start_within(Limits { stall: Duration::from_millis(50), ..Limits::default() }).await;
    let _sse = Raw::get(&server, "/sse", "").await;
    let _stream = Raw::get(&server, "/stream", "").await;
    let _socket = Socket::connect(&server, "/ws").await;
    let streaming = [Carrier::Sse, Carrier::Stream, Carrier::Websocket];
    let all_active = || streaming.iter().all(|c| server.stats().of(*c).active == 1);
    eventually("three clients", all_active).await;
    // More than the system's buffers take on the way.
    let large = Draft::text("message", &"x".repeat(8 << 20));
    for _ in 0..3 {
        server.publish("default", &large).unwrap();
    }
    for carrier in streaming {
        eventually(carrier.word(), || server.stats().of(carrier).active == 0).await;
        assert_eq!(server.stats().of(carrier).slow, 1, "{}", carrier.word());
    }
    eventually("free places", || server.stats().connections.active == 0).await;
    server.stop().await;
}

#[tokio::test]
async fn publishing_too_fast_is_refused_and_counted() {
    // How much is too fast is the bucket's own test; here everything is.
    let server = start_within(Limits { publish_rate: 0, ..Limits::default() }).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    socket.say(r#"{"type":"message","text":"one"}"#).await;
    let refused = socket.next().await.unwrap();
    let refused = refused.to_text().unwrap();
    assert!(refused.starts_with("{\"type\":\"error\""), "{refused}");
    assert!(refused.contains("may publish 0 messages a second"), "{refused}");
    let url = format!("{}/publish", server.url());
    let request = client().post(url).header("Content-Type", "application/json").body("{}");
    let response = soon("the refusal", request.send()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    assert!(response.text().await.unwrap().contains("may publish 0 messages a second"));
    for carrier in [Carrier::Websocket, Carrier::Publish] {
        assert_eq!(server.stats().of(carrier).errors, 1, "{}", carrier.word());
    }
    assert_eq!(server.hub().last_id("default"), 0);
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_fast_is_refused_before_it_is_read() {
    let server = start_within(Limits { publish_rate: 0, ..Limits::default() }).await;
    let mut raw = Raw::connect(&server).await;
    let head = "Content-Type: application/json\r\nContent-Length: 100000\r\n";
    raw.send(&format!("POST /publish HTTP/1.1\r\nHost: {}\r\n{head}\r\n", server.addr())).await;
    raw.until_text("may publish 0 messages a second").await;
    assert!(raw.text().starts_with("HTTP/1.1 429"), "{}", raw.text());
    server.stop().await;
}

#[tokio::test]
async fn there_are_only_so_many_topics() {
    let server = start(quiet()).await;
    let read = |n| server.hub().subscribe(&format!("t{n}"), Start::Now).unwrap();
    let readers: Vec<_> = (0..32).map(read).collect();
    for path in ["/sse?topic=new", "/poll?topic=new", "/short?topic=new", "/stream?topic=new"] {
        let refused = get(&server, path).await;
        assert_eq!(refused.status(), 403, "{path}");
        let said = refused.text().await.unwrap();
        assert!(said.contains("32 topics already"), "{said}");
    }
    let mut raw = Raw::get(&server, "/ws?topic=new", HANDSHAKE).await;
    raw.until_text("32 topics already").await;
    assert!(raw.text().starts_with("HTTP/1.1 403"), "{}", raw.text());
    drop(readers);
    assert_eq!(get(&server, "/short?topic=new").await.status(), 200, "there is room again");
    server.stop().await;
}
