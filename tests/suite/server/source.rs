//! What the source sends: shapes, bytes over each transport, topics in turn, bursts.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use wirescope::model::{ServerOptions, Shape, Source};

use super::websocket::Socket;
use super::{Raw, eventually, get_json, ids, quiet, start};

fn with(source: Source) -> ServerOptions {
    ServerOptions { source: Source { rate: 1_000.0, ..source }, history: 100_000, ..quiet() }
}

#[tokio::test]
async fn each_shape_has_its_fields_beside_those_of_every_message() {
    let table: [(Shape, &str, &[&str]); 5] = [
        (Shape::Ticks, "tick", &["symbol", "price", "text"]),
        (Shape::Chat, "chat", &["user", "text"]),
        (Shape::Orders, "order", &["order", "state", "total", "text"]),
        (Shape::Tokens, "token", &["answer", "text", "pad"]),
        (Shape::Binary, "binary", &["data"]),
    ];
    for (shape, kind, fields) in table {
        let server = start(with(Source { shape, ..Source::default() })).await;
        eventually("a message", || server.hub().last_id("default") > 0).await;
        let answer = get_json(&server, "/short?since=0").await;
        let message = answer["messages"][0].as_object().unwrap();
        assert_eq!(message["type"], kind);
        let names: Vec<&str> = message.keys().map(String::as_str).collect();
        assert_eq!(names, [&["id", "topic", "ts", "type"], fields].concat(), "{kind}");
        server.stop().await;
    }
}

#[tokio::test]
async fn bytes_are_a_map_over_websocket_and_base64_elsewhere() {
    let source = Source { shape: Shape::Binary, size: 300, ..Source::default() };
    let server = start(with(source)).await;
    let mut socket = Socket::connect(&server, "/ws?since=0").await;
    let Some(Message::Binary(map)) = socket.next().await else { panic!("no binary message") };
    let map = rmpv::decode::read_value(&mut &map[..]).unwrap();
    let answer = get_json(&server, "/short?since=0").await;
    let json = &answer["messages"][0];
    assert_eq!(map["id"].as_u64(), json["id"].as_u64());
    assert_eq!(map["ts"].as_f64(), json["ts"].as_f64());
    assert_eq!((map["topic"].as_str(), map["type"].as_str()), (Some("default"), Some("binary")));
    let data = map["data"].as_slice().unwrap();
    assert_eq!(data.len(), 300);
    let spelt = BASE64_STANDARD.encode(data);
    assert_eq!(json["data"], spelt);
    let mut events = Raw::get(&server, "/sse?lastEventId=0", "").await;
    events.until_text(&format!("\"data\":\"{spelt}\"}}\n\n")).await;
    let mut lines = Raw::get(&server, "/stream?since=0", "").await;
    lines.until_text(&format!("\"data\":\"{spelt}\"}}\n")).await;
    // What went over WebSocket is counted as it went.
    let counted = &get_json(&server, "/stats").await["transports"]["websocket"];
    let (messages, payload) = (&counted["messages"]["out"], &counted["payload_bytes"]["out"]);
    let each = payload.as_f64().unwrap() / messages.as_f64().unwrap();
    assert!((300.0..380.0).contains(&each), "{each}");
    server.stop().await;
}

#[tokio::test]
async fn topics_take_turns_and_each_tells_its_own_story() {
    let topics = ["tea", "coffee", "milk"].map(String::from).to_vec();
    let source = Source { shape: Shape::Tokens, topics, ..Source::default() };
    let server = start(with(source)).await;
    eventually("messages", || server.hub().last_id("milk") >= 60).await;
    let mut stories = Vec::new();
    for topic in ["tea", "coffee", "milk"] {
        let answer = get_json(&server, &format!("/short?since=0&topic={topic}")).await;
        assert!(ids(&answer["messages"]).into_iter().take(60).eq(1..=60));
        let texts = answer["messages"].as_array().unwrap().iter().take(60);
        stories.push(texts.map(|m| m["text"].as_str().unwrap().to_owned()).collect::<String>());
    }
    assert!(stories[0].starts_with("An event stream is enough"), "{}", stories[0]);
    assert!(stories.iter().all(|story| *story == stories[0]));
    assert_eq!(server.hub().last_id("default"), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_large_burst_reaches_everybody_whole() {
    let source = Source { rate: 5_000.0, burst: 5_000, ..Source::default() };
    let server = start(ServerOptions { source, ..quiet() }).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    let mut stream = Raw::get(&server, "/stream", "").await;
    for id in 1..=5_000_u64 {
        let message = socket.next().await.unwrap();
        let value: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        assert_eq!(value["id"], id, "{value}");
    }
    stream.until_text("\"id\":5000,").await;
    assert_eq!(server.stats().of(wirescope::server::Carrier::Stream).slow, 0);
    server.stop().await;
}
