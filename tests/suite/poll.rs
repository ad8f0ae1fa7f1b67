//! Long and short polls against servers that misbehave on purpose.

use std::time::Duration;

use wirescope::model::{Endpoint, Event, Kind, Say};
use wirescope::session::End;
use wirescope::transport::poll::{LONG, SHORT};
use wirescope::transport::{Entry, TransportError};

use crate::support::peer::{Peer, Request, Server};
use crate::support::{Running, start};

fn run(entry: &Entry, endpoint: Endpoint) -> Running {
    let transport = (entry.build)(&endpoint).unwrap();
    start(endpoint, transport)
}

fn long(server: &Server) -> Running {
    run(&LONG, server.endpoint("/poll"))
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.word()).collect()
}

fn cause(events: &[Event]) -> String {
    events.last().and_then(|event| event.meta().cause.clone()).unwrap_or_default()
}

/// Answers the request that waits and takes the next one.
async fn next(peer: &mut Peer, json: &str) -> Request {
    peer.json(json).await;
    peer.request().await
}

const TWO: &str = r#"{"messages":[{"id":1,"text":"a"}, {"id":2, "text":"b"}],"lastId":2}"#;

#[tokio::test]
async fn each_answer_is_followed_by_the_request_for_what_comes_after() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /poll HTTP/1.1");
    let request = next(&mut peer, TWO).await;
    assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
    let request = next(&mut peer, r#"{"messages":[{"id":3}],"lastId":3}"#).await;
    assert_eq!(request.line, "GET /poll?since=3&lastId=3 HTTP/1.1");
    let (end, memory) = running.stop().await;
    peer.gone().await;
    assert!(matches!(end, End::Stopped), "{end:?}");

    let events = memory.events();
    let told = [
        "connecting",
        "request",
        "response",
        "open",
        "message",
        "message",
        "request",
        "response",
        "message",
        "request",
        "closed",
    ];
    assert_eq!(kinds(&events), told);
    assert_eq!(events[4].text(), Some(r#"{"id":1,"text":"a"}"#), "byte for byte");
    assert_eq!(events[5].text(), Some(r#"{"id":2, "text":"b"}"#), "byte for byte");
    assert_eq!((events[4].id.as_deref(), events[5].id.as_deref()), (Some("1"), Some("2")));
    let wire: u64 = events[2..6].iter().filter_map(|event| event.wire.bytes()).sum();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 67\r\n\r\n";
    assert_eq!(wire, (head.len() + TWO.len()) as u64, "head and body, each byte once");
    assert!(events[2].meta().timing.unwrap().tcp.is_some(), "a connection was made");
    assert!(events[7].meta().timing.unwrap().tcp.is_none(), "and used again");
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_an_answer_is_cut_half_way() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    next(&mut peer, TWO).await;
    // All of message 3 is there, but not all of the answer: it does not count yet.
    let half = r#"{"messages":[{"id":3,"text":"c"}],"#;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n";
    peer.send(format!("{head}{half}")).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
    next(&mut peer, r#"{"messages":[{"id":3},{"id":4}],"lastId":4}"#).await;
    let (_, memory) = running.stop().await;
    let ids: Vec<_> = memory.of(Kind::Message).into_iter().filter_map(|event| event.id).collect();
    assert_eq!(ids.iter().map(AsRef::as_ref).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    let closed = &memory.of(Kind::Closed)[0];
    assert_eq!(
        cause(std::slice::from_ref(closed)),
        "the connection broke: the answer was cut short"
    );
    let retrying = &memory.of(Kind::Retrying)[0];
    assert_eq!(retrying.meta().resume_after.as_deref(), Some("2"));
}

#[tokio::test]
async fn nothing_is_lost_when_the_connection_breaks_before_the_answer() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    next(&mut peer, TWO).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
    next(&mut peer, r#"{"messages":[{"id":3}],"lastId":3}"#).await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.of(Kind::Message).len(), 3);
}

#[tokio::test]
async fn answers_with_nothing_new_go_round_without_being_errors() {
    for empty in ["204 No Content", "304 Not Modified", "408 Request Timeout"] {
        let server = Server::start().await;
        let running = long(&server);
        let (mut peer, _) = server.asked().await;
        peer.send(format!("HTTP/1.1 {empty}\r\n{}\r\n", length_of(empty))).await;
        peer.request().await;
        next(&mut peer, TWO).await;
        peer.send(format!("HTTP/1.1 {empty}\r\n{}\r\n", length_of(empty))).await;
        let request = peer.request().await;
        assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
        let (_, memory) = running.stop().await;
        assert_eq!(memory.of(Kind::Connecting).len(), 1, "{empty}");
        assert_eq!(memory.of(Kind::Open).len(), 1, "{empty}");
        assert_eq!(memory.of(Kind::Message).len(), 2, "{empty}");
        // They came at once, which is told together with the wait it causes.
        let note = &memory.of(Kind::Response)[0];
        assert!(note.meta().delay_ms.is_some(), "{note:?}");
        assert!(cause(std::slice::from_ref(note)).starts_with("nothing new"), "{note:?}");
    }
}

fn length_of(status: &str) -> &'static str {
    if status.starts_with("408") { "Content-Length: 0\r\n" } else { "" }
}

#[tokio::test]
async fn an_answer_without_messages_is_one_message() {
    let server = Server::start().await;
    let running = run(&SHORT, server.endpoint("/status"));
    let (mut peer, _) = server.asked().await;
    let request = next(&mut peer, "{\"load\": 0.5}").await;
    assert_eq!(request.line, "GET /status HTTP/1.1", "no cursor was told");
    next(&mut peer, "[1, 2]").await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["{\"load\": 0.5}", "[1, 2]"]);
}

#[tokio::test]
async fn a_short_poll_asks_again_at_intervals_whatever_came() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/short?since=0");
    endpoint.options.interval = Duration::from_hours(1);
    endpoint.options.send = vec!["hello".into()];
    let running = run(&SHORT, endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /short?since=0 HTTP/1.1");
    peer.json(TWO).await;
    running.memory.until_of(Kind::Message, 2).await;
    // While the interval passes, the composer works on the same connection.
    let post = peer.request().await;
    assert_eq!((post.line.as_str(), post.body.as_str()), ("POST /short?since=0 HTTP/1.1", "hello"));
    peer.answer("200 OK", "").await;
    running.say(Say::Binary(vec![0_u8, 159].into())).await;
    let (end, memory) = running.stop().await;
    peer.gone().await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    let polls = |event: &&Event| event.meta().method.as_deref() == Some("GET");
    assert_eq!(memory.of(Kind::Request).iter().filter(polls).count(), 1);
}

#[tokio::test]
async fn a_held_poll_is_stopped_at_once() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    next(&mut peer, TWO).await;
    let (end, _) = running.stop().await;
    peer.gone().await;
    assert!(matches!(end, End::Stopped), "{end:?}");
}

#[tokio::test]
async fn a_server_whose_ids_begin_anew_is_followed_and_the_break_is_told() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    next(&mut peer, r#"{"messages":[{"id":17}],"lastId":17}"#).await;
    let request = next(&mut peer, r#"{"messages":[{"id":1},{"id":2}],"lastId":2}"#).await;
    assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
    let (_, memory) = running.stop().await;
    assert_eq!(memory.of(Kind::Message).len(), 3);
    let told = cause(&memory.of(Kind::Response));
    assert_eq!(told, "the server's ids began anew: 2 comes after 17; going on from 2");
}

#[tokio::test]
async fn refusals_end_the_session_and_show_what_came() {
    for status in [401, 403, 404] {
        let server = Server::start().await;
        let running = long(&server);
        let (mut peer, _) = server.asked().await;
        peer.answer(&format!("{status} Nope"), "go away").await;
        let (end, memory) = running.end().await;
        assert!(matches!(&end, End::GaveUp(error) if error.is_final()), "{end:?}");
        let events = memory.events();
        assert_eq!(kinds(&events), ["connecting", "request", "response", "failed"]);
        assert_eq!((events[3].meta().status, events[3].text()), (Some(status), Some("go away")));
    }
}

#[tokio::test]
async fn what_cannot_be_polled_is_not_asked_again() {
    let table = [
        (
            "Content-Type: text/html",
            "<h1>Hello</h1>",
            "the server answered 200 with text/html, not JSON",
        ),
        ("X-None: 1", "hello", "the server answered 200 with no content type, not JSON"),
    ];
    for (field, body, words) in table {
        let server = Server::start().await;
        let running = long(&server);
        let (mut peer, _) = server.asked().await;
        peer.answer(&format!("200 OK\r\n{field}"), body).await;
        let (end, memory) = running.end().await;
        let is_type = |end: &End| match end {
            End::GaveUp(error) => matches!(**error, TransportError::WrongType { .. }),
            _ => false,
        };
        assert!(is_type(&end), "{end:?}");
        assert_eq!(cause(&memory.events()), words);
        assert_eq!(memory.of(Kind::Failed)[0].text(), Some(body));
    }
}

#[tokio::test]
async fn an_event_stream_is_no_poll_although_it_never_ends() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("data: a\n\n").await;
    let (_, memory) = running.end().await;
    assert_eq!(cause(&memory.events()), "the server answered 200 with text/event-stream, not JSON");
    assert_eq!(memory.of(Kind::Failed)[0].text(), Some("data: a\n\n"));
    peer.gone().await;
}

#[tokio::test]
async fn broken_json_is_shown_and_asked_for_again() {
    let server = Server::start().await;
    let running = long(&server);
    let (mut peer, _) = server.asked().await;
    next(&mut peer, TWO).await;
    peer.json(r#"{"messages":[{"id":3}"#).await;
    let request = peer_or_new(&server, peer).await.1;
    assert_eq!(request.line, "GET /poll?since=2&lastId=2 HTTP/1.1");
    let (_, memory) = running.stop().await;
    let violation = &memory.of(Kind::Violation)[0];
    assert_eq!(violation.text(), Some(r#"{"messages":[{"id":3}"#));
    assert!(cause(std::slice::from_ref(violation)).contains("RFC 8259"), "{violation:?}");
    assert_eq!(memory.of(Kind::Message).len(), 2);
}

/// The next request on a new connection; the old one is closed by the client.
async fn peer_or_new(server: &Server, old: Peer) -> (Peer, Request) {
    let new = server.asked().await;
    old.gone().await;
    new
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_kept() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/poll");
    endpoint.options.max_message = 1000;
    endpoint.options.retries.most = 0;
    let running = run(&LONG, endpoint);
    let (mut peer, _) = server.asked().await;
    let body = format!(r#"{{"messages":["{}"],"lastId":1}}"#, "x".repeat(5000));
    peer.json(&body).await;
    let (_, memory) = running.end().await;
    let words = format!("an answer of {} bytes is longer than the limit", body.len());
    assert!(cause(&memory.events()).contains(&words), "{}", cause(&memory.events()));
    assert_eq!(memory.of(Kind::Violation)[0].payload.len(), 1000);
}

#[tokio::test]
async fn a_session_can_begin_where_another_ended() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/poll?lastId=0");
    endpoint.options.last_event_id = Some("41".into());
    let running = run(&LONG, endpoint);
    let (peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /poll?lastId=41 HTTP/1.1");
    running.stop().await;
    peer.gone().await;
}

#[tokio::test]
async fn a_dialect_file_tells_how_to_read_and_ask() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.toml");
    let dialect = r#"
        name = "bot"
        [[cursor]]
        from = { json = "result[*].update_id" }
        fold = "next"
        to = [{ query = "offset" }]
        [messages]
        json = ["result[*]"]
        id = "update_id"
    "#;
    std::fs::write(&path, dialect).unwrap();
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/getUpdates");
    endpoint.options.dialect = Some(path.display().to_string());
    let running = run(&LONG, endpoint.clone());
    let (mut peer, _) = server.asked().await;
    let answer = r#"{"ok":true,"result":[{"update_id":10},{"update_id":12},{"update_id":11}]}"#;
    let request = next(&mut peer, answer).await;
    assert_eq!(request.line, "GET /getUpdates?offset=13 HTTP/1.1");
    let (_, memory) = running.stop().await;
    assert_eq!(memory.of(Kind::Message).len(), 3);

    std::fs::write(&path, "name = \"bot\"\n[messages]\njson = [\"a[0]\"]\n").unwrap();
    let error = (LONG.build)(&endpoint).err().unwrap().to_string();
    assert!(
        error.contains("bot.toml, line 3, column 8, messages.json: “a[0]” is no path"),
        "{error}"
    );
    endpoint.options.dialect = Some("telepathy".into());
    let error = (SHORT.build)(&endpoint).err().unwrap();
    assert!(error.is_final() && error.to_string().contains("generic"), "{error}");
}

#[tokio::test]
async fn a_cursor_that_is_refused_is_given_up_once_and_told() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/lp");
    endpoint.options.dialect = Some("nchan".into());
    endpoint.options.last_event_id = Some("Fri, 01 Jan 2100 00:00:00 GMT; 0".into());
    let running = run(&LONG, endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.header("if-none-match"), Some("0"));
    assert_eq!(request.header("if-modified-since"), Some("Fri, 01 Jan 2100 00:00:00 GMT"));
    peer.answer("400 Bad Request", "").await;
    let request = peer.request().await;
    assert_eq!(request.header("if-none-match"), None);
    let told = cause(&running.memory.of(Kind::Response));
    assert!(told.contains("does not know the cursor “Fri, 01 Jan 2100 00:00:00 GMT; 0”"), "{told}");
    peer.answer("400 Bad Request", "").await;
    let (end, _) = running.end().await;
    assert!(matches!(&end, End::GaveUp(error) if error.is_final()), "{end:?}");
}
