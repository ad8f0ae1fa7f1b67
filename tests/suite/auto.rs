//! Which transport an address gets when nobody chose one.

use wirescope::model::{Endpoint, Event, Kind, TransportKind};
use wirescope::session::End;
use wirescope::transport::auto;

use crate::support::peer::{Peer, Server};
use crate::support::{Running, start};

fn run(endpoint: Endpoint) -> Running {
    let transport = auto::build(&endpoint).unwrap();
    start(endpoint, transport)
}

fn chosen(events: &[Event]) -> Vec<(TransportKind, String)> {
    let meta = |event: &Event| (event.meta().transport.unwrap(), event.meta().chosen.clone());
    let told = events.iter().filter(|event| event.kind == Kind::Open).map(meta);
    told.map(|(kind, why)| (kind, why.unwrap())).collect()
}

#[tokio::test]
async fn an_event_stream_is_read_from_the_very_answer_that_told() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, request) = server.asked().await;
    let accept = request.header("accept").unwrap();
    assert_eq!(
        accept,
        "text/event-stream, application/x-ndjson, application/json;q=0.9, */*;q=0.1"
    );
    peer.stream().await;
    peer.send("id: 1\ndata: a\n\n").await;
    running.memory.until_received(1).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.header("accept"), Some("text/event-stream"), "it is known now");
    assert_eq!(request.header("last-event-id"), Some("1"));
    peer.stream().await;
    running.memory.until_of(Kind::Open, 2).await;
    let (_, memory) = running.stop().await;
    let why = String::from("SSE, because the answer is text/event-stream");
    let told = (TransportKind::Sse, why);
    assert_eq!(chosen(&memory.events()), [told.clone(), told]);
    assert_eq!(memory.received(), ["a"]);
    assert_eq!(memory.of(Kind::Response).len(), 2);
}

#[tokio::test]
async fn what_is_polled_is_polled_on_from_the_very_answer_that_told() {
    let etag =
        "Content-Type: text/plain\r\nLast-Modified: Sun, 22 Nov 2026 12:46:12 GMT\r\nEtag: 3";
    let file = "Content-Type: application/json\r\nLast-Modified: Sun, 22 Nov 2026 12:46:12 GMT\r\nEtag: \"3\"";
    let json = "Content-Type: application/json; charset=utf-8";
    let body = r#"{"messages":[1],"lastId":1}"#;
    let table = [
        (format!("200 OK\r\n{json}"), "the answer has messages and lastId", "?since=1&lastId=1", 1),
        (format!("200 OK\r\n{file}"), "the answer has messages and lastId", "?since=1&lastId=1", 1),
        (
            format!("200 OK\r\n{etag}"),
            "the answer has nchan's cursor, Last-Modified with Etag",
            "",
            1,
        ),
        ("204 No Content".to_owned(), "the answer is 204 No Content", "", 0),
    ];
    for (head, because, query, messages) in table {
        let server = Server::start().await;
        let running = run(server.endpoint("/p"));
        let (mut peer, _) = server.asked().await;
        if messages == 0 {
            peer.send(format!("HTTP/1.1 {head}\r\n\r\n")).await;
        } else {
            peer.answer(&head, body).await;
        }
        let request = peer.request().await;
        assert_eq!(request.line, format!("GET /p{query} HTTP/1.1"), "{head}");
        assert_eq!(request.header("if-none-match"), because.contains("nchan").then_some("3"));
        let (_, memory) = running.stop().await;
        let why = format!("Long poll, because {because}");
        assert_eq!(chosen(&memory.events()), [(TransportKind::LongPoll, why)]);
        assert_eq!(memory.of(Kind::Message).len(), messages, "{head}");
    }
}

#[tokio::test]
async fn a_poll_that_resumes_is_asked_again_with_its_cursor() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/p");
    endpoint.options.last_event_id = Some("41".into());
    let running = run(endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.header("last-event-id"), Some("41"));
    peer.json(r#"{"messages":[1],"lastId":1}"#).await;
    let (peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /p?since=41&lastId=41 HTTP/1.1");
    let (_, memory) = running.stop().await;
    peer.gone().await;
    assert_eq!(memory.of(Kind::Message).len(), 0, "what came before the cursor does not count");
}

#[tokio::test]
async fn a_websocket_is_recognised_by_its_refusal() {
    let table = [
        "426 Upgrade Required\r\nUpgrade: websocket",
        "400 Bad Request\r\nSec-WebSocket-Version: 13",
    ];
    for head in table {
        let server = Server::start().await;
        let running = run(server.endpoint("/"));
        let (mut peer, _) = server.asked().await;
        peer.answer(head, "").await;
        let (end, memory) = running.end().await;
        assert!(matches!(end, End::GaveUp(_)), "{end:?}");
        let hint = memory.of(Kind::Failed)[0].meta().hint.clone().unwrap();
        assert!(hint.contains("ws://"), "{hint}");
    }
}

#[tokio::test]
async fn a_page_is_nothing_to_be_followed() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.answer("200 OK\r\nContent-Type: text/html", "<p>").await;
    let (_, memory) = running.end().await;
    let failed = &memory.of(Kind::Failed)[0];
    let words = "the server answered 200 with text/html, not text/event-stream or JSON";
    assert_eq!(failed.meta().cause.as_deref(), Some(words));
    assert_eq!(failed.text(), Some("<p>"));
    peer.gone().await;
}

#[tokio::test]
async fn an_answer_that_led_astray_does_not_bind() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.json("{broken").await;
    let (mut peer, request) = server.asked().await;
    assert!(request.header("accept").unwrap().starts_with("text/event-stream"), "asked anew");
    peer.stream().await;
    running.memory.until_of(Kind::Open, 1).await;
    running.stop().await;
}

/// Answers with this type and these chunks, and leaves the answer open.
async fn chunks(peer: &mut Peer, media_type: &str, chunks: &[&str]) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n");
    peer.send(head + "Transfer-Encoding: chunked\r\n\r\n").await;
    for chunk in chunks {
        peer.send(format!("{:x}\r\n{chunk}\r\n", chunk.len())).await;
    }
}

#[tokio::test]
async fn what_goes_on_is_a_stream_and_read_from_the_very_answer_that_told() {
    const JSON: &str = "application/json";
    // Path, type, chunks, why.
    let table: [(&str, &str, &[&str], &str); 6] = [
        ("/", "application/x-ndjson", &["{\"id\":1}\n{\"id\":2}\n"], ""),
        ("/", "application/json-seq", &["\u{1E}1\n\u{1E}2\n"], ""),
        ("/", JSON, &["{\"id\":1}\n{\"i", "d\":2}\n"], ", one JSON text after the other"),
        ("/", JSON, &["\n", "{\"id\":1}\n"], ", and stays open after its first message"),
        ("/", JSON, &["[{\"id\":1},{\"id\":2},"], ", and stays open after its first message"),
        ("/api/v1/pods?watch=true", JSON, &[], ", and the address asks for watch=true"),
    ];
    for (path, media_type, parts, because) in table {
        let server = Server::start().await;
        let running = run(server.endpoint(path));
        let (mut peer, _) = server.asked().await;
        chunks(&mut peer, media_type, parts).await;
        running.memory.until_of(Kind::Open, 1).await;
        let count = parts.concat().matches(['1', '2']).count();
        running.memory.until_received(count).await;
        let (_, memory) = running.stop().await;
        peer.gone().await;
        let why = format!("Stream, because the answer is {media_type}{because}");
        assert_eq!(chosen(&memory.events()), [(TransportKind::Stream, why)]);
        assert_eq!(memory.received().len(), count, "nothing is lost or told twice");
        assert_eq!((memory.of(Kind::Request).len(), memory.of(Kind::Response).len()), (1, 1));
    }
}

#[tokio::test]
async fn a_document_in_chunks_is_no_stream() {
    for body in ["[{\"id\":1},{\"id\":2}]", "{\"messages\":[1,2],\"lastId\":2}", "7"] {
        let server = Server::start().await;
        let running = run(server.endpoint("/"));
        let (mut peer, _) = server.asked().await;
        let (first, rest) = body.split_at(1);
        let parts: &[&str] = if rest.is_empty() { &[first] } else { &[first, rest] };
        chunks(&mut peer, "application/json", parts).await;
        peer.send("0\r\n\r\n").await;
        running.memory.until_of(Kind::Open, 1).await;
        let (_, memory) = running.stop().await;
        assert_eq!(chosen(&memory.events())[0].0, TransportKind::LongPoll, "{body}");
    }
}

#[tokio::test]
async fn a_stream_that_resumes_is_asked_again_with_its_place() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/stream");
    endpoint.options.last_event_id = Some("41".into());
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    chunks(&mut peer, "application/x-ndjson", &["{\"id\":1}\n"]).await;
    let (_peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /stream?since=41 HTTP/1.1");
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received().len(), 0, "what came before the place does not count");
}

fn post(server: &Server) -> Endpoint {
    let mut endpoint = server.endpoint("/v1/chat/completions");
    endpoint.options.body = Some(wirescope::model::Body::Text("{}".into()));
    endpoint
}

#[tokio::test]
async fn the_one_answer_to_a_post_is_shown_and_not_polled() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    peer.json("{\"messages\":[],\"lastId\":1}").await;
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let why =
        "Stream, because the answer is application/json, and a POST is not sent again by itself";
    assert_eq!(chosen(&memory.events()), [(TransportKind::Stream, String::from(why))]);
    assert_eq!(memory.received(), ["{\"messages\":[],\"lastId\":1}"]);
    assert_eq!(memory.of(Kind::Request).len(), 1);
}

#[tokio::test]
async fn a_post_that_failed_before_anything_was_chosen_is_not_sent_again() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    peer.answer("500 Oops", "").await;
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert_eq!(cause, "the server answered 500 Oops; the POST is not sent again by itself");
}

#[tokio::test]
async fn a_body_that_is_no_json_may_give_its_dialect_away() {
    let server = Server::start().await;
    let running = run(server.endpoint("/echo"));
    let (mut peer, _) = server.asked().await;
    peer.answer("200 OK\r\nContent-Type: text/plain", "Welcome to SockJS!\n").await;
    let (mut peer, request) = server.asked().await;
    assert!(request.line.starts_with("POST /echo/"), "{}", request.line);
    peer.answer("200 OK\r\nContent-Type: application/javascript", "o\n").await;
    running.memory.until_of(Kind::Open, 1).await;
    let (_, memory) = running.stop().await;
    let why = String::from("Long poll, because the server greets with SockJS");
    assert_eq!(chosen(&memory.events()), [(TransportKind::LongPoll, why)]);
}

#[tokio::test]
async fn a_dialect_of_polls_that_is_named_decides() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/p");
    endpoint.options.dialect = Some("generic".into());
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    chunks(&mut peer, "application/json", &["{\"messages\":[1],\"lastId\":1}"]).await;
    peer.send("0\r\n\r\n").await;
    running.memory.until_of(Kind::Open, 1).await;
    let (_, memory) = running.stop().await;
    let why = String::from("Long poll, because the dialect “generic” is one of polls");
    assert_eq!(chosen(&memory.events()), [(TransportKind::LongPoll, why)]);
}
