//! Answers that go on: what is in them is shown as it comes, and a piece that is not whole is none.

use wirescope::model::Kind;
use wirescope::transport::poll::LONG;

use crate::support::peer::{Peer, Server};
use crate::support::{Running, start};

const LIST: &str = r#"{"metadata":{"resourceVersion":"1"},"items":[]}"#;

fn pods(server: &Server, limit: usize) -> Running {
    let mut endpoint = server.endpoint("/pods");
    endpoint.options.dialect = Some("kubernetes".into());
    endpoint.options.max_message = limit;
    let transport = (LONG.build)(&endpoint).unwrap();
    start(endpoint, transport)
}

/// A watch whose answer has begun.
async fn watched(server: &Server) -> Peer {
    let (mut peer, _) = server.asked().await;
    peer.json(LIST).await;
    peer.request().await;
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    peer
}

async fn chunk(peer: &mut Peer, text: &str) {
    peer.send(format!("{:x}\r\n{text}\r\n", text.len())).await;
}

fn line(version: u32) -> String {
    format!(r#"{{"type":"ADDED","object":{{"metadata":{{"resourceVersion":"{version}"}}}}}}"#)
}

#[tokio::test]
async fn messages_are_shown_while_the_answer_is_still_going_on() {
    let server = Server::start().await;
    let running = pods(&server, 64 << 10);
    let mut peer = watched(&server).await;
    running.memory.until_of(Kind::Response, 2).await;
    chunk(&mut peer, &format!("{}\n", line(2))).await;
    running.memory.until_received(1).await;
    // Whatever the chunks: the end of one line, the next, and the beginning of a third.
    let (two, three, four) = (line(3), line(4), line(5));
    chunk(&mut peer, &two[..10]).await;
    chunk(&mut peer, &format!("{}\n{three}\n{}", &two[10..], &four[..20])).await;
    running.memory.until_received(3).await;
    let ids: Vec<_> = running.memory.of(Kind::Message).into_iter().filter_map(|e| e.id).collect();
    assert_eq!(ids.iter().map(AsRef::as_ref).collect::<Vec<_>>(), ["2", "3", "4"]);
    running.stop().await;
    peer.gone().await;
}

#[tokio::test]
async fn half_a_line_does_not_count_when_the_connection_breaks() {
    let server = Server::start().await;
    let running = pods(&server, 64 << 10);
    let mut peer = watched(&server).await;
    chunk(&mut peer, &format!("{}\n{}", line(2), line(3))).await;
    running.memory.until_received(1).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert!(request.line.contains("resourceVersion=2 "), "{}", request.line);
    peer.json(&format!("{}\n", line(3))).await;
    running.memory.until_received(2).await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), [line(2), line(3)]);
    let retrying = &memory.of(Kind::Retrying)[0];
    assert_eq!(retrying.meta().resume_after.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_cut_and_told() {
    let server = Server::start().await;
    let running = pods(&server, 100);
    let mut peer = watched(&server).await;
    chunk(&mut peer, &format!("{}\n{}", line(2), "x".repeat(1000))).await;
    running.memory.until_of(Kind::Violation, 1).await;
    let (_, memory) = running.stop().await;
    peer.gone().await;
    let violation = &memory.of(Kind::Violation)[0];
    assert_eq!(violation.payload.len(), 100);
    let cause = violation.meta().cause.as_deref();
    assert_eq!(cause, Some("a piece of the answer is longer than the limit, 100 bytes"));
    assert_eq!(memory.received(), [line(2)]);
}

#[tokio::test]
async fn signs_of_life_are_told_as_they_come() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/db/_changes?heartbeat=1000");
    endpoint.options.dialect = Some("couchdb".into());
    let transport = (LONG.build)(&endpoint).unwrap();
    let running = start(endpoint, transport);
    let (mut peer, _) = server.asked().await;
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for count in 1..=3 {
        chunk(&mut peer, "\n").await;
        running.memory.until_of(Kind::Comment, count).await;
    }
    chunk(&mut peer, "{\"results\":[{\"seq\":1}],\n\"last_seq\":1}\n").await;
    peer.send("0\r\n\r\n").await;
    let request = peer.request().await;
    assert!(request.line.ends_with("&since=1 HTTP/1.1"), "{}", request.line);
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["{\"seq\":1}"]);
}
