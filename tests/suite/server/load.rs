//! Much at once: the highest rate there is, and the largest message. Counts, not speed.

use serde_json::{Value, json};
use wirescope::model::{ServerOptions, Source};
use wirescope::server::Server;

use super::websocket::Socket;
use super::{client, get, get_json, quiet, soon, start};

/// Messages that each has to get.
const MANY: usize = 5_000;

fn id_of(json: &str) -> u64 {
    serde_json::from_str::<Value>(json).unwrap()["id"].as_u64().unwrap()
}

/// The first whole lines of an answer that `read` finds something in, at least so many.
async fn lines<T>(
    server: &Server,
    path: &str,
    least: usize,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let mut response = get(server, path).await;
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    while found.len() < least {
        let chunk = soon(path, response.chunk()).await.unwrap();
        rest.extend_from_slice(&chunk.unwrap_or_else(|| panic!("{path} ended")));
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = rest.drain(..end).collect();
        found.extend(str::from_utf8(&whole).unwrap().lines().filter_map(&read));
    }
    found
}

async fn over_websocket(server: &Server) -> Vec<u64> {
    let mut socket = Socket::connect(server, "/ws?since=0").await;
    let mut ids = Vec::new();
    while ids.len() < MANY {
        ids.push(id_of(socket.next().await.unwrap().to_text().unwrap()));
    }
    ids
}

#[tokio::test]
async fn at_the_highest_rate_nothing_is_missing_between_two_ids() {
    // Enough that nobody is too slow on a slow machine.
    let server = start(ServerOptions { history: 1_000_000, ..quiet() }).await;
    server.set_source(Source { rate: 10_000.0, size: 10, ..Source::default() }).unwrap();
    let event_id = |line: &str| line.strip_prefix("id: ").map(|id| id.parse().unwrap());
    let line_id = |line: &str| (!line.is_empty()).then(|| id_of(line));
    let (websocket, sse, stream) = tokio::join!(
        over_websocket(&server),
        lines(&server, "/sse?lastEventId=0", MANY, event_id),
        lines(&server, "/stream?since=0", MANY, line_id),
    );
    for (who, ids) in [("websocket", websocket), ("sse", sse), ("stream", stream)] {
        assert!(ids.len() >= MANY && ids.iter().copied().eq(1..=ids.len() as u64), "{who}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_of_a_megabyte_arrives_whole_over_every_transport() {
    let server = start(quiet()).await;
    let text = "0123456789".repeat(100_000);
    let post = client()
        .post(format!("{}/publish", server.url()))
        .header("content-type", "application/json")
        .body(json!({ "text": text }).to_string());
    assert_eq!(soon("the answer", post.send()).await.unwrap().status(), 200);
    let mut socket = Socket::connect(&server, "/ws?since=0").await;
    let over_websocket = socket.next().await.unwrap();
    let data = |line: &str| line.strip_prefix("data: ").map(ToOwned::to_owned);
    let line = |line: &str| (!line.is_empty()).then(|| line.to_owned());
    let over_sse = lines(&server, "/sse?lastEventId=0", 1, data).await;
    let over_stream = lines(&server, "/stream?since=0", 1, line).await;
    let polled = |mut answer: Value| answer["messages"][0].take();
    let read = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    let arrived = [
        ("websocket", read(over_websocket.to_text().unwrap())),
        ("sse", read(&over_sse[0])),
        ("stream", read(&over_stream[0])),
        ("long poll", polled(get_json(&server, "/poll?since=0").await)),
        ("short poll", polled(get_json(&server, "/short?since=0").await)),
    ];
    for (who, message) in arrived {
        assert!(message["text"] == text.as_str(), "cut or changed over {who}");
    }
    server.stop().await;
}
