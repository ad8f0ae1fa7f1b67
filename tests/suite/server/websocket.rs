//! `/ws`.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wirescope::model::ServerOptions;
use wirescope::server::{Draft, Server};

use super::{Raw, publish, quiet, soon, start};

pub(super) struct Socket(pub(super) WebSocketStream<TcpStream>);

impl Socket {
    pub(super) async fn connect(server: &Server, path: &str) -> Self {
        let tcp = TcpStream::connect(server.addr()).await.unwrap();
        let url = format!("ws://{}{path}", server.addr());
        let (stream, _) =
            soon("the upgrade", tokio_tungstenite::client_async(url, tcp)).await.unwrap();
        Self(stream)
    }

    pub(super) async fn next(&mut self) -> Option<Message> {
        soon("a message", self.0.next()).await.map(Result::unwrap)
    }

    async fn json(&mut self) -> Value {
        let message = self.next().await.unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    pub(super) async fn say(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// The close code, after whatever else came.
    pub(super) async fn close_code(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Message::Close(Some(frame))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Message::Close(None)) | None => panic!("no close code"),
                Some(_) => {}
            }
        }
    }
}

fn text(value: &Value) -> Message {
    Message::text(value.to_string())
}

#[tokio::test]
async fn a_socket_follows_its_topic_from_now_or_from_a_cursor() {
    let server = start(quiet()).await;
    publish(&server, 1..=3);
    let mut now = Socket::connect(&server, "/ws").await;
    let mut resumed = Socket::connect(&server, "/ws?since=1").await;
    publish(&server, 4..=4);
    assert_eq!(now.json().await["id"], 4);
    for id in 2..=4 {
        assert_eq!(resumed.json().await["id"], id);
    }
    server.stop().await;
}

#[tokio::test]
async fn rooms_are_joined_and_spoken_in() {
    let server = start(quiet()).await;
    let (mut ann, mut bob) =
        (Socket::connect(&server, "/ws").await, Socket::connect(&server, "/ws").await);
    for socket in [&mut ann, &mut bob] {
        socket.say(text(&json!({"type": "join", "room": "tea"}))).await;
        assert_eq!(socket.json().await, json!({"type": "joined", "room": "tea", "lastId": 0}));
    }
    ann.say(text(&json!({"type": "message", "room": "tea", "text": "hello"}))).await;
    for socket in [&mut ann, &mut bob] {
        let heard = socket.json().await;
        assert_eq!(
            (&heard["id"], &heard["topic"], &heard["type"], &heard["text"]),
            (&json!(1), &json!("tea"), &json!("message"), &json!("hello"))
        );
    }
    bob.say(text(&json!({"type": "message", "text": "to all"}))).await;
    assert_eq!(ann.json().await["topic"], "default");
    server.publish("elsewhere", &Draft::text("message", "x")).unwrap();
    server.publish("tea", &Draft::text("message", "y")).unwrap();
    assert_eq!(ann.json().await["text"], "y", "nothing of a room that was not joined");
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_understood_is_answered_with_what_would_be() {
    let server = start(quiet()).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    for bad in ["hello", "{\"type\":\"leave\"}", "{\"type\":\"join\",\"room\":\"\"}"] {
        socket.say(Message::text(bad)).await;
        let answer = socket.json().await;
        assert_eq!(answer["type"], "error", "{bad}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
    for n in 1..16 {
        socket.say(text(&json!({"type": "join", "room": n.to_string()}))).await;
        assert_eq!(socket.json().await["type"], "joined");
    }
    socket.say(text(&json!({"type": "join", "room": "16"}))).await;
    assert!(socket.json().await["error"].as_str().unwrap().contains("16 rooms"));
    server.stop().await;
}

#[tokio::test]
async fn binary_comes_back_as_it_was() {
    let server = start(quiet()).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    for size in [0, 1, 126, 70_000] {
        let bytes: Vec<u8> = (0..size).map(|n| n as u8).collect();
        socket.say(Message::binary(bytes.clone())).await;
        assert_eq!(socket.next().await, Some(Message::binary(bytes)));
    }
    server.stop().await;
}

#[tokio::test]
async fn pings_go_out_and_a_socket_that_never_answers_is_dropped() {
    // Time enough to answer on a busy machine.
    let heartbeat = Some(Duration::from_millis(400));
    let server = start(ServerOptions { heartbeat, ..quiet() }).await;
    let mut alive = Socket::connect(&server, "/ws").await;
    // Answers as long as it is read from; more pings than a silent client would get.
    for _ in 0..4 {
        assert!(matches!(alive.next().await, Some(Message::Ping(_))));
    }
    server.stop().await;

    let heartbeat = Some(Duration::from_millis(20));
    let server = start(ServerOptions { heartbeat, ..quiet() }).await;
    let mut silent = Raw::get(&server, "/ws", HANDSHAKE).await;
    silent.read_out().await;
    let pings = silent.received.windows(2).filter(|bytes| *bytes == [0x89, 0]).count();
    assert_eq!(pings, 2);
    server.stop().await;
}

pub(super) const HANDSHAKE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn the_handshake_is_that_of_the_rfc() {
    let server = start(quiet()).await;
    let mut raw = Raw::get(&server, "/ws", HANDSHAKE).await;
    raw.until_text("\r\n\r\n").await;
    let head = raw.text().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");

    let table = [
        ("", "426", "ws:// address"),
        (&HANDSHAKE.replace("13", "8"), "426", "sec-websocket-version: 13"),
        (&HANDSHAKE.replace("bm9uY2U", "").replace("dGhlIHNhbXBs", ""), "400", "16 bytes"),
    ];
    for (lines, status, said) in table {
        let mut raw = Raw::get(&server, "/ws", &format!("{lines}Connection: close\r\n")).await;
        let answer = raw.read_out().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains(said), "{answer}");
    }

    let tcp = TcpStream::connect(server.addr()).await.unwrap();
    let mut request = format!("ws://{}/ws", server.addr()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "v2, v1".parse().unwrap());
    let (_socket, response) = tokio_tungstenite::client_async(request, tcp).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "v2");
    server.stop().await;
}
