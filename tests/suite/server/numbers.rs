//! The statistics against what a socket counted.

use serde_json::Value;
use wirescope::server::{Carrier, CarrierStats, InOut, Server};

use super::websocket::{HANDSHAKE, Socket};
use super::{Raw, eventually, get, get_json, publish, quiet, start};

async fn closed(server: &Server, carrier: Carrier, connections: u64) -> CarrierStats {
    let gone = || {
        let stats = server.stats();
        stats.of(carrier).closed == connections && stats.connections.active == 0
    };
    eventually("the end of the connections", gone).await;
    *server.stats().of(carrier)
}

fn wire(raw: &Raw) -> InOut {
    InOut { r#in: raw.sent, out: raw.received.len() as u64 }
}

/// Bytes of the JSON of these messages.
fn payload(text: &str) -> u64 {
    let bodies = text.split("{\"id\":").skip(1);
    bodies.map(|body| 6 + body.find('}').unwrap() as u64 + 1).sum()
}

#[tokio::test]
async fn streams_count_what_the_socket_counts() {
    let server = start(quiet()).await;
    for (path, carrier) in [("/sse", Carrier::Sse), ("/stream", Carrier::Stream)] {
        let before = server.hub().last_id("default");
        let mut raw = Raw::get(&server, path, "").await;
        raw.until_text("\r\n\r\n").await;
        eventually("a reader", || server.stats().of(carrier).active == 1).await;
        publish(&server, before + 1..=before + 3);
        raw.until("three messages", |text| text.matches("\"text\":").count() == 3).await;
        raw.until_text(&format!("\"text\":\"{}\"}}\n", before + 3)).await;
        // The rest of the last chunk.
        raw.until("the last chunk", |text| text.ends_with("\n\r\n")).await;
        raw.finish().await;
        let stats = closed(&server, carrier, 1).await;
        assert_eq!(stats.wire_bytes, wire(&raw), "{path}");
        assert_eq!(stats.messages, InOut { r#in: 0, out: 3 });
        assert_eq!(stats.payload_bytes.out, payload(&raw.text()));
        assert_eq!((stats.opened, stats.requests, stats.errors), (1, 1, 0));
        assert_eq!(stats.duration_ms.unwrap().count, 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn requests_in_turn_on_one_connection_are_told_apart() {
    let server = start(quiet()).await;
    publish(&server, 1..=2);
    let mut raw = Raw::connect(&server).await;
    let mut expected = Vec::new();
    let host = format!("Host: {}\r\n", server.addr());
    let requests = [
        (Carrier::ShortPoll, format!("GET /short?since=1 HTTP/1.1\r\n{host}\r\n"), "\"lastId\":2}"),
        (
            Carrier::LongPoll,
            format!("GET /poll?since=0 HTTP/1.1\r\n{host}X: y\r\n\r\n"),
            "\"lastId\":2}",
        ),
        (
            Carrier::Publish,
            format!(
                "POST /publish HTTP/1.1\r\n{host}Content-Type: application/json\r\n\
                 Content-Length: 12\r\nExpect: 100-continue\r\n\r\n"
            ),
            "{\"id\":3}",
        ),
        (Carrier::Other, format!("GET /nothing HTTP/1.1\r\n{host}\r\n"), "topic=NAME.\n"),
        (Carrier::Websocket, format!("GET /ws HTTP/1.1\r\n{host}\r\n"), "address\n"),
        (Carrier::ShortPoll, format!("GET /short?since=1 HTTP/1.1\r\n{host}\r\n"), "\"lastId\":3}"),
    ];
    for (carrier, request, end) in requests {
        let (sent, received) = (raw.sent, raw.received.len());
        raw.send(&request).await;
        if carrier == Carrier::Publish {
            // The body comes when the head has long been put down to its request.
            raw.until_text("100 Continue\r\n\r\n").await;
            raw.send("{\"text\":\"3\"}").await;
        }
        raw.until(end, |text| text[received..].ends_with(end)).await;
        expected.push((carrier, raw.sent - sent, (raw.received.len() - received) as u64));
    }
    raw.finish().await;
    eventually("the end", || server.stats().connections.active == 0).await;
    let stats = server.stats();
    for carrier in Carrier::ALL {
        let of = expected.iter().filter(|(of, ..)| *of == carrier);
        let (r#in, out) = of.fold((0, 0), |sum, (_, sent, got)| (sum.0 + sent, sum.1 + got));
        assert_eq!(stats.of(carrier).wire_bytes, InOut { r#in, out }, "{}", carrier.word());
    }
    let short = stats.of(Carrier::ShortPoll);
    assert_eq!((short.opened, short.closed, short.requests), (1, 1, 2));
    assert_eq!((short.reconnects, short.messages.out), (1, 3));
    assert_eq!(stats.of(Carrier::LongPoll).reconnects, 0, "it began at 0");
    let publish = stats.of(Carrier::Publish);
    assert_eq!((publish.messages.r#in, publish.payload_bytes.r#in), (1, 12));
    assert_eq!((stats.of(Carrier::Other).errors, stats.of(Carrier::Websocket).errors), (1, 1));
    server.stop().await;
}

#[tokio::test]
async fn a_websocket_counts_what_the_socket_counts() {
    let server = start(quiet()).await;
    let mut raw = Raw::get(&server, "/ws?since=0", HANDSHAKE).await;
    raw.until_text("\r\n\r\n").await;
    // Masked with zeros: two bytes of binary, a ping of one, a close with 1000.
    raw.send_bytes(&[0x82, 0x82, 0, 0, 0, 0, 7, 8]).await;
    raw.send_bytes(&[0x89, 0x81, 0, 0, 0, 0, 9]).await;
    publish(&server, 1..=2);
    raw.until_text("\"text\":\"2\"}").await;
    raw.until_bytes("the echo", &[0x82, 2, 7, 8]).await;
    raw.until_bytes("the pong", &[0x8a, 1, 9]).await;
    // While it is open too.
    let so_far = wire(&raw);
    let counted = || server.stats().of(Carrier::Websocket).wire_bytes == so_far;
    eventually("the bytes so far", counted).await;
    raw.send_bytes(&[0x88, 0x82, 0, 0, 0, 0, 3, 232]).await;
    raw.read_out().await;
    let stats = closed(&server, Carrier::Websocket, 1).await;
    assert_eq!(stats.wire_bytes, wire(&raw));
    assert_eq!(stats.messages, InOut { r#in: 1, out: 3 });
    let out = 2 + payload(&raw.text());
    assert_eq!(stats.payload_bytes, InOut { r#in: 2, out });
    assert_eq!((stats.reconnects, stats.errors), (0, 0));
    server.stop().await;
}

#[tokio::test]
async fn numbers_are_told_as_json_and_to_prometheus() {
    let server = start(quiet()).await;
    let socket = Socket::connect(&server, "/ws").await;
    let resumed = Socket::connect(&server, "/ws?since=7").await;
    drop(resumed);
    let gone = || server.stats().of(Carrier::Websocket).closed == 1;
    eventually("the end of one", gone).await;
    let json = get_json(&server, "/stats").await;
    let names: Vec<_> = json["transports"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, Carrier::ALL.map(Carrier::word));
    let ws = &json["transports"]["websocket"];
    for (key, value) in [("active", 1), ("opened", 2), ("closed", 1), ("reconnects", 1)] {
        assert_eq!(ws[key], value, "{key}");
    }
    assert_eq!(ws["duration_ms"]["count"], 1);
    assert!(ws["wire_bytes"]["in"].as_u64().unwrap() > 100);
    assert_eq!(json["transports"]["sse"]["duration_ms"], Value::Null);
    let metrics = get(&server, "/metrics").await;
    assert_eq!(metrics.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.text().await.unwrap();
    for line in [
        "# TYPE wirescope_active_connections gauge",
        "wirescope_active_connections{transport=\"websocket\"} 1",
        "wirescope_connections_opened_total{transport=\"websocket\"} 2",
        "wirescope_requests_total{transport=\"long-poll\"} 0",
        "wirescope_messages_total{transport=\"sse\",direction=\"out\"} 0",
        "wirescope_connection_duration_seconds_count{transport=\"websocket\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    drop(socket);
    server.stop().await;
}
