//! Redirects as exchanges of their own, and cookies.

use wirescope::model::{Event, Kind, TransportKind};

use super::{endpoint, run};
use crate::support::peer::Server;
use crate::support::quick_retries;

const HTTP: [TransportKind; 3] =
    [TransportKind::Sse, TransportKind::LongPoll, TransportKind::Stream];

/// Answers with one message in whatever way was asked for.
fn message(request: &crate::support::peer::Request) -> (&'static str, &'static str) {
    let accept = request.header("accept").unwrap_or_default();
    if accept.starts_with("text/event-stream") {
        ("200 OK\r\nContent-Type: text/event-stream", "data: \"hello\"\n\n")
    } else if accept.contains("ndjson") {
        ("200 OK\r\nContent-Type: application/x-ndjson", "\"hello\"\n")
    } else {
        ("200 OK\r\nContent-Type: application/json", r#"{"messages":["hello"],"lastId":1}"#)
    }
}

fn told(events: &[Event]) -> Vec<String> {
    let of = |event: &Event| match event.kind {
        Kind::Request => {
            Some(format!("{} {}", event.meta().method.as_ref()?, event.meta().url.as_ref()?))
        }
        Kind::Response => Some(event.meta().status?.to_string()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[tokio::test]
async fn each_hop_is_an_exchange_and_secrets_stay() {
    for kind in HTTP {
        let (here, there) = (Server::start().await, Server::start().await);
        let mut endpoint = here.endpoint("/a?token=x").over(kind);
        endpoint.options.headers = vec![
            ("Authorization".into(), "Bearer hunter2".into()),
            ("X-Mine".into(), "kept".into()),
            ("Host".into(), "front.example".into()),
        ];
        let elsewhere = there.endpoint("/c").url;
        let running = run(endpoint.clone());
        let (mut peer, request) = here.asked().await;
        assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
        peer.answer("302 Found\r\nLocation: b?y=2\r\nSet-Cookie: sid=7", "moved").await;
        let second = peer.request().await;
        assert!(
            second.line.starts_with("GET /b?y=2 "),
            "the connection serves again: {}",
            second.line
        );
        assert_eq!(second.header("authorization"), Some("Bearer hunter2"));
        assert_eq!(second.header("cookie"), Some("sid=7"));
        peer.answer(&format!("307 Temporary Redirect\r\nLocation: {elsewhere}"), "").await;
        let (mut peer, third) = there.asked().await;
        assert_eq!(third.header("authorization"), None);
        assert_eq!(third.header("x-mine"), Some("kept"));
        assert_eq!(
            third.header("host"),
            elsewhere[url::Position::BeforeHost..url::Position::AfterPort].into()
        );
        let (head, body) = message(&third);
        peer.answer(head, body).await;
        running.memory.until_received(1).await;
        let (_, memory) = running.stop().await;
        let told = told(&memory.events());
        let base = endpoint.url.join("/").unwrap();
        let wanted = [
            format!("GET {base}a?token=x"),
            String::from("302"),
            format!("GET {base}b?y=2"),
            String::from("307"),
            format!("GET {elsewhere}"),
            String::from("200"),
        ];
        assert!(told[0].starts_with(&wanted[0]) && told[1..6] == wanted[1..6], "{told:#?}");
        let requests = memory.of(Kind::Request);
        let cause = requests[2].meta().cause.clone().unwrap();
        assert!(cause.starts_with("Without Authorization, which are for 127.0.0.1"), "{cause}");
        assert_eq!(memory.of(Kind::Response)[0].payload, "moved");
        assert_eq!(memory.of(Kind::Open).len(), 1);
    }
}

#[tokio::test]
async fn a_post_becomes_a_get_as_in_browsers() {
    for (status, line, body) in [
        ("303 See Other", "GET /b ", ""),
        ("302 Found", "GET /b ", ""),
        ("307 Temporary Redirect", "POST /b ", "{}"),
    ] {
        let server = Server::start().await;
        let mut endpoint = server.endpoint("/a").over(TransportKind::Sse);
        endpoint.options.body = Some(wirescope::model::Body::Text("{}".into()));
        let running = run(endpoint);
        let (mut peer, first) = server.asked().await;
        assert!(first.line.starts_with("POST /a ") && first.body == "{}");
        peer.answer(&format!("{status}\r\nLocation: /b"), "").await;
        let second = peer.request().await;
        assert!(second.line.starts_with(line) && second.body == body, "{}", second.line);
        assert_eq!(second.header("content-type").is_some(), !body.is_empty());
        running.stop().await;
    }
}

#[tokio::test]
async fn redirects_that_lead_astray_end_it_with_a_reason() {
    let long = "10 redirects in a row; ";
    let cases = [
        ("/round", long),
        ("ftp://h/x", "the server points to “ftp://h/x”, which is no address "),
        ("wss://h/x", "the server points to a WebSocket at wss://h"),
    ];
    for kind in HTTP {
        for (location, words) in cases {
            let server = Server::start().await;
            let mut endpoint = server.endpoint("/round").over(kind);
            endpoint.options.retries = quick_retries(3);
            let running = run(endpoint);
            let (mut peer, _) = server.asked().await;
            let head = format!("302 Found\r\nLocation: {location}");
            peer.answer(&head, "").await;
            if words == long {
                for _ in 0..10 {
                    peer.request().await;
                    peer.answer(&head, "").await;
                }
            }
            let (_, memory) = running.end().await;
            assert_eq!((memory.of(Kind::Failed).len(), memory.of(Kind::Retrying).len()), (1, 0));
            let failed = memory.of(Kind::Failed)[0].meta().clone();
            assert!(failed.cause.as_ref().unwrap().starts_with(words), "{kind:?}: {failed:?}");
            assert!(failed.hint.is_some() && failed.status == Some(302));
            let last = memory.of(Kind::Response).pop().unwrap();
            assert_eq!(last.meta().status, Some(302));
        }
    }
}

#[tokio::test]
async fn the_composers_post_is_followed_too() {
    let server = Server::start().await;
    let running = run(server.endpoint("/").over(TransportKind::Sse));
    let (mut stream, _) = server.asked().await;
    stream.stream().await;
    running.memory.until_of(Kind::Open, 1).await;
    running.say(wirescope::model::Say::Text("{}".into())).await;
    let (mut peer, first) = server.asked().await;
    assert!(first.line.starts_with("POST / "));
    peer.answer("303 See Other\r\nLocation: /done", "").await;
    let second = peer.request().await;
    assert!(second.line.starts_with("GET /done ") && second.body.is_empty());
    peer.answer("200 OK", "thanks").await;
    running
        .memory
        .until("the second answer", |events| events.iter().any(|event| event.payload == "thanks"))
        .await;
    running.stop().await;
}

#[tokio::test]
async fn cookies_come_back_on_later_requests_of_the_session() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/poll").over(TransportKind::LongPoll);
    endpoint.options.headers = vec![("Cookie".into(), "mine=1; node=0".into())];
    let running = run(endpoint);
    let (mut peer, first) = server.asked().await;
    assert_eq!(first.header("cookie"), Some("mine=1; node=0"));
    let json = "200 OK\r\nContent-Type: application/json";
    let set =
        format!("{json}\r\nSet-Cookie: node=7; Path=/; HttpOnly\r\nSet-Cookie: gone=1; Max-Age=0");
    peer.answer(&set, r#"{"messages":["a"],"lastId":1}"#).await;
    let second = peer.request().await;
    assert_eq!(second.header("cookie"), Some("mine=1; node=7"));
    // The next attempt is of the same session.
    peer.cut();
    let (mut peer, third) = server.asked().await;
    assert_eq!(third.header("cookie"), Some("mine=1; node=7"));
    peer.json(r#"{"messages":["b"],"lastId":2}"#).await;
    running.memory.until_received(2).await;
    running.stop().await;
}

#[tokio::test]
async fn an_encrypted_connection_is_not_left_for_a_plain_one() {
    use tokio::io::AsyncWriteExt;
    let made = super::certificate(&["localhost"]);
    let tls = super::acceptor(&made, &["http/1.1"]);
    let port = super::listen(move |stream| {
        let tls = tls.clone();
        async move {
            let Ok(mut stream) = tls.accept(stream).await else { return };
            super::head(&mut stream).await;
            let answer =
                b"HTTP/1.1 301 Moved\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.flush().await;
            super::head(&mut stream).await;
        }
    })
    .await;
    for kind in HTTP {
        let mut endpoint = endpoint(kind, &super::url(kind, true, &format!("localhost:{port}")));
        endpoint.options.insecure = true;
        let cause = super::failure(endpoint).await.meta().cause.clone().unwrap();
        let words =
            format!("the server sends from https://localhost:{port} to http://localhost:1, ");
        assert!(cause.starts_with(&words), "{cause}");
    }
}
