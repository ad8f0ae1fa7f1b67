//! SSE against servers that misbehave on purpose.

use wirescope::model::{Dir, Endpoint, Event, Kind, Say};
use wirescope::session::End;
use wirescope::transport::sse::ENTRY;
use wirescope::transport::{Transport, TransportError};

use crate::support::peer::Server;
use crate::support::{Running, start};

fn sse(endpoint: &Endpoint) -> Box<dyn Transport> {
    (ENTRY.build)(endpoint).unwrap()
}

fn run(endpoint: Endpoint) -> Running {
    let transport = sse(&endpoint);
    start(endpoint, transport)
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.word()).collect()
}

#[tokio::test]
async fn the_life_of_a_stream_is_told_from_request_to_stop() {
    let server = Server::start().await;
    let running = run(server.endpoint("/events?x=1"));
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /events?x=1 HTTP/1.1");
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(request.header("cache-control"), Some("no-cache"));
    assert_eq!(request.header("last-event-id"), None);
    peer.stream().await;
    peer.send("retry: 20\n: hello\nevent: tick\nid: 7\ndata: a\ndata: b\n\ndata: c\n\n").await;
    running.memory.until_received(2).await;
    let (end, memory) = running.stop().await;
    peer.gone().await;
    assert!(matches!(end, End::Stopped), "{end:?}");

    let events = memory.events();
    let told = [
        "connecting",
        "request",
        "response",
        "open",
        "retry",
        "comment",
        "event",
        "event",
        "closed",
    ];
    assert_eq!(kinds(&events), told);
    assert_eq!(events[1].wire.bytes(), Some(request.size as u64), "the head can be computed");
    assert_eq!(events[1].meta().headers.len(), request.headers.len());
    assert_eq!(events[2].meta().status, Some(200));
    assert_eq!(events[2].meta().version.as_deref(), Some("HTTP/1.1"));
    assert_eq!(events[2].wire.bytes(), Some(52));
    let timing = events[3].meta().timing.unwrap();
    assert!(timing.tcp.is_some() && timing.dns.is_none() && timing.tls.is_none(), "{timing:?}");
    assert!(timing.first_byte.is_some() && timing.total >= timing.first_byte, "{timing:?}");
    assert!(events[3].meta().remote.as_deref().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(events[4].meta().retry_ms, Some(20));
    assert_eq!(events[5].text(), Some("hello"));
    let event = &events[6];
    assert_eq!((event.name.as_deref(), event.id.as_deref()), (Some("tick"), Some("7")));
    assert_eq!((event.text(), event.wire.bytes()), (Some("a\nb"), Some(35)));
    assert_eq!((events[7].name.as_deref(), events[7].id.as_deref()), (None, None));
    assert!(events.windows(2).all(|two| two[0].t_ns <= two[1].t_ns));
}

#[tokio::test]
async fn a_cut_stream_resumes_after_the_last_whole_event() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: thr").await;
    running.memory.until_received(2).await;
    peer.cut();
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.header("last-event-id"), Some("2"), "3 was not whole");
    peer.stream().await;
    peer.send("id: 3\ndata: three\n\n").await;
    running.memory.until_received(3).await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["one", "two", "three"]);
    let discarded = &memory.of(Kind::Violation)[0];
    assert_eq!(&discarded.payload[..], b"id: 3\ndata: thr");
    let retrying = &memory.of(Kind::Retrying)[0];
    assert_eq!(retrying.meta().resume_after.as_deref(), Some("2"));
    let cause = retrying.meta().cause.clone().unwrap();
    assert!(cause.contains("ended within an event, after 15 bytes"), "{cause}");
    assert_eq!(memory.of(Kind::Open)[1].meta().resume_after.as_deref(), Some("2"));
}

#[tokio::test]
async fn an_id_without_data_moves_the_place_to_resume_from() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.options.last_event_id = Some("40".into());
    let running = run(endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.header("last-event-id"), Some("40"));
    peer.stream().await;
    peer.send("id: 41\n\n: seen\n").await;
    running.memory.until_of(Kind::Comment, 1).await;
    peer.cut();
    let (_peer, request) = server.asked().await;
    assert_eq!(request.header("last-event-id"), Some("41"));
    running.stop().await;
}

#[tokio::test]
async fn an_id_that_no_header_may_hold_is_not_sent_back_and_ends_nothing() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("id: a\u{1}b\nretry: 10\n\n: seen\n").await;
    running.memory.until_of(Kind::Comment, 1).await;
    peer.cut();
    let (_peer, request) = server.asked().await;
    assert_eq!(request.header("last-event-id"), None);
    let notes = running.memory.of(Kind::Note);
    let cause = notes.first().and_then(|note| note.meta().cause.clone()).unwrap();
    assert!(cause.contains("asking without it"), "{cause}");
    running.stop().await;
}

#[tokio::test]
async fn the_reconnection_time_of_the_stream_is_waited_for() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("retry: 86400000\n\n").await;
    running.memory.until_of(Kind::Retry, 1).await;
    peer.cut();
    running.memory.until_of(Kind::Retrying, 1).await;
    let delay = running.memory.of(Kind::Retrying)[0].meta().delay_ms.unwrap();
    assert!((69_120_000..=103_680_000).contains(&delay), "a day, give or take a fifth: {delay}");
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_ends_the_session_and_shows_what_came() {
    for (status, hint) in [(401, "credentials"), (403, "not allowed"), (404, "path")] {
        let server = Server::start().await;
        let running = run(server.endpoint("/"));
        let (mut peer, _) = server.asked().await;
        peer.answer(&format!("{status} Nope\r\nContent-Type: text/plain"), "go away").await;
        let (end, memory) = running.end().await;
        assert!(matches!(&end, End::GaveUp(error) if error.is_final()), "{end:?}");
        let events = memory.events();
        assert_eq!(kinds(&events), ["connecting", "request", "response", "failed"]);
        let failed = &events[3];
        assert_eq!(failed.text(), Some("go away"));
        assert_eq!(failed.meta().status, Some(status));
        let cause = format!("the server answered {status} Nope");
        assert_eq!(failed.meta().cause, Some(cause));
        assert!(failed.meta().hint.as_deref().unwrap().contains(hint), "{failed:?}");
    }
}

#[tokio::test]
async fn a_page_is_no_event_stream() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.answer("200 OK\r\nContent-Type: text/html; charset=utf-8", "<h1>Hello</h1>").await;
    let (end, memory) = running.end().await;
    assert!(matches!(&end, End::GaveUp(e) if matches!(**e, TransportError::WrongType { .. })));
    let failed = &memory.of(Kind::Failed)[0];
    assert_eq!(failed.text(), Some("<h1>Hello</h1>"));
    let cause = failed.meta().cause.clone().unwrap();
    assert_eq!(cause, "the server answered 200 with text/html, not text/event-stream");
    assert_eq!(memory.of(Kind::Connecting).len(), 1);
}

#[tokio::test]
async fn a_refusal_whose_body_never_ends_is_cut() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.send("HTTP/1.1 500 Oops\r\n\r\n").await;
    let flood = tokio::spawn(async move {
        let block = [b'x'; 8192];
        while peer.try_send(&block).await {}
    });
    running.memory.until_of(Kind::Failed, 1).await;
    let failed = &running.memory.of(Kind::Failed)[0];
    assert_eq!(failed.payload.len(), 64 << 10);
    let cause = failed.meta().cause.as_deref().unwrap();
    assert!(cause.ends_with("of its body only 64 KiB are kept"), "{cause}");
    running.stop().await;
    crate::support::peer::soon("the client hangs up", flood).await.unwrap();
}

#[tokio::test]
async fn no_content_means_that_the_stream_is_over() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    assert_eq!(memory.of(Kind::Retrying).len(), 0);
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_when_it_says() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.answer("503 Busy\r\nRetry-After: 3600", "").await;
    running.memory.until_of(Kind::Retrying, 1).await;
    let delay = running.memory.of(Kind::Retrying)[0].meta().delay_ms.unwrap();
    assert!((3_600_000..=4_320_000).contains(&delay), "an hour and at most a fifth: {delay}");
    running.controls.hurry.notify_one();
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    running.memory.until_of(Kind::Open, 1).await;
    running.stop().await;
}

#[tokio::test]
async fn stopping_before_the_head_came_leaves_nothing_behind() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (peer, _) = server.asked().await;
    let (end, memory) = running.stop().await;
    peer.gone().await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    assert_eq!(kinds(&memory.events()), ["connecting", "request", "failed"]);
}

#[tokio::test]
async fn the_composer_posts_beside_the_stream() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/room");
    endpoint.options.headers = vec![("Authorization".into(), "Bearer t".into())];
    let running = run(endpoint);
    let (mut stream, _) = server.asked().await;
    stream.stream().await;
    running.memory.until_of(Kind::Open, 1).await;
    running.say(Say::Text(r#"{"say":"hi"}"#.into())).await;
    let (mut post, request) = server.asked().await;
    assert_eq!(request.line, "POST /room HTTP/1.1");
    assert_eq!(request.body, r#"{"say":"hi"}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer t"));
    // The stream goes on while the answer to the POST is awaited.
    stream.send("data: meanwhile\n\n").await;
    running.memory.until_received(1).await;
    post.answer("201 Created", "ok").await;
    running.memory.until_of(Kind::Response, 2).await;
    let (_, memory) = running.stop().await;
    stream.gone().await;
    post.gone().await;
    let answer = &memory.of(Kind::Response)[1];
    assert_eq!((answer.meta().status, answer.text()), (Some(201), Some("ok")));
    let request_event = &memory.of(Kind::Request)[1];
    assert_eq!(request_event.dir, Dir::Out);
    assert_eq!(request_event.wire.bytes(), Some(request.size as u64));
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_the_rest_goes_on() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.options.max_message = 1000;
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send(format!("data: {}\n\ndata: fine\n\n", "x".repeat(100_000))).await;
    running.memory.until_received(2).await;
    let (_, memory) = running.stop().await;
    let events = memory.of(Kind::Event);
    let kept = events[0].payload.len();
    assert!(kept <= 1000, "{kept}");
    assert_eq!(events[0].meta().truncated, Some(100_000 - kept as u64));
    assert_eq!(events[1].text(), Some("fine"));
    assert_eq!(events[1].meta, None);
}

#[tokio::test]
async fn no_line_and_no_event_is_longer_than_16_mib() {
    const MIB: usize = 1 << 20;
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send([b"data: ".as_slice(), &vec![b'x'; 17 * MIB], b"\n\ndata: fine\n\n"].concat()).await;
    let line = format!("data: {}\n", "x".repeat(MIB));
    peer.send(line.repeat(18) + "\ndata: fine\n\n").await;
    running.memory.until_received(4).await;
    let (_, memory) = running.stop().await;
    let events = memory.of(Kind::Event);
    let cut = |event: &Event| (event.payload.len(), event.meta().truncated);
    let field = "data: ".len();
    assert_eq!(cut(&events[0]), (16 * MIB - field, Some((MIB + field) as u64)));
    let (kept, left_out) = cut(&events[2]);
    assert!(kept <= 16 * MIB && kept > 16 * MIB - 32, "{kept}");
    assert!(left_out.unwrap() >= 2 * MIB as u64);
    assert_eq!([events[1].text(), events[3].text()], [Some("fine"); 2]);
}

#[tokio::test]
async fn a_post_can_open_the_stream() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/chat");
    endpoint.options.body = Some(wirescope::model::Body::Text(r#"{"stream":true}"#.into()));
    let running = run(endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "POST /chat HTTP/1.1");
    assert_eq!(request.body, r#"{"stream":true}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    peer.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
    .await;
    // Chunk boundaries have nothing to do with lines or events.
    for part in ["dat", "a: a\n", "\nda", "ta: b\n\n"] {
        peer.send(format!("{:x}\r\n{part}\r\n", part.len())).await;
    }
    running.memory.until_received(2).await;
    peer.send("0\r\n\r\n").await;
    running.memory.until_of(Kind::Closed, 1).await;
    let closed = &running.memory.of(Kind::Closed)[0];
    let words = "the server ended the response; the POST is not sent again by itself";
    assert_eq!(closed.meta().cause.as_deref(), Some(words));
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    assert_eq!(memory.received(), ["a", "b"]);
    assert_eq!(memory.of(Kind::Request).len(), 1);
}

/// A POST that asks for a stream, as language models are asked.
fn post(server: &Server) -> Endpoint {
    let mut endpoint = server.endpoint("/v1/chat/completions");
    endpoint.options.body = Some(wirescope::model::Body::Text(r#"{"stream":true}"#.into()));
    endpoint
}

#[tokio::test]
async fn the_end_after_an_end_marker_is_no_loss() {
    let streams = [
        ("data: {\"a\":1}\n\ndata: [DONE]\n\n", "[DONE]"),
        ("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "message_stop"),
    ];
    for (stream, marker) in streams {
        for endpoint in [|server: &Server| server.endpoint("/"), post] {
            let server = Server::start().await;
            let running = run(endpoint(&server));
            let (mut peer, _) = server.asked().await;
            peer.stream().await;
            peer.send(stream).await;
            peer.cut();
            let (end, memory) = running.end().await;
            assert!(matches!(end, End::Finished), "{end:?}");
            let cause = memory.of(Kind::Closed)[0].meta().cause.clone().unwrap();
            assert_eq!(cause, format!("the answer is complete: it ended with {marker}"));
        }
    }
}

#[tokio::test]
async fn a_post_that_broke_is_not_sent_again() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("data: one\n\ndata: tw").await;
    running.memory.until_received(1).await;
    peer.cut();
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let closed = &memory.of(Kind::Closed)[0];
    let cause = closed.meta().cause.clone().unwrap();
    assert!(cause.ends_with("8 bytes of it; the POST is not sent again by itself"), "{cause}");
    assert!(closed.meta().hint.as_deref().unwrap().contains("connect again"), "{closed:?}");
    assert_eq!(memory.of(Kind::Retrying).len(), 0);
}

#[tokio::test]
async fn a_post_is_sent_again_where_the_server_gave_a_place_to_go_on_from() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    peer.send("id: 7\ndata: one\n\n").await;
    running.memory.until_received(1).await;
    peer.cut();
    let (_peer, request) = server.asked().await;
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.header("last-event-id"), Some("7"));
    assert_eq!(request.body, r#"{"stream":true}"#);
    running.stop().await;
}

#[tokio::test]
async fn a_post_that_was_put_off_is_sent_when_the_server_says() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    peer.answer("429 Too Many Requests\r\nRetry-After: 0", "{}").await;
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.body, r#"{"stream":true}"#);
    peer.answer("500 Oops", "").await;
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let failed = &memory.of(Kind::Failed)[1];
    let words = "the server answered 500 Oops; the POST is not sent again by itself";
    assert_eq!(failed.meta().cause.as_deref(), Some(words));
    assert_eq!(failed.meta().status, Some(500));
}

#[tokio::test]
async fn one_answer_instead_of_a_stream_is_shown() {
    let server = Server::start().await;
    let running = run(post(&server));
    let (mut peer, _) = server.asked().await;
    let body = r#"{"error":{"message":"no such model"}}"#;
    peer.json(body).await;
    let (end, memory) = running.end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let failed = &memory.of(Kind::Failed)[0];
    assert_eq!(failed.text(), Some(body));
    assert!(failed.meta().hint.as_deref().unwrap().contains("\"stream\": true"), "{failed:?}");
}

#[tokio::test]
async fn an_unknown_coding_is_not_taken_for_text() {
    let server = Server::start().await;
    let running = run(server.endpoint("/"));
    let (mut peer, _) = server.asked().await;
    let head = "200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: compress";
    peer.answer(head, "not really").await;
    let (_, memory) = running.end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    let words = "the server answered 200 with text/event-stream compressed as compress, not \
                 text/event-stream";
    assert_eq!(cause, words);
}
