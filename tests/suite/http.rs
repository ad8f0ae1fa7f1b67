//! What every transport on HTTP shares: how a request is shaped, and how it is told that none
//! came through. Event streams stand for all of them.

use wirescope::model::{Endpoint, Event, Kind};
use wirescope::session::End;
use wirescope::transport::sse::ENTRY;

use crate::support::peer::Server;
use crate::support::{Running, start};

fn run(endpoint: Endpoint) -> Running {
    let transport = (ENTRY.build)(&endpoint).unwrap();
    start(endpoint, transport)
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.word()).collect()
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    drop(server);
    endpoint.options.retries.most = 2;
    let address = endpoint.title();
    let (end, memory) = run(endpoint).end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let told = [
        "connecting",
        "request",
        "failed",
        "retrying",
        "connecting",
        "request",
        "failed",
        "retrying",
        "connecting",
        "request",
        "failed",
    ];
    assert_eq!(kinds(&memory.events()), told);
    let failed = &memory.of(Kind::Failed)[0];
    assert_eq!(failed.meta().cause, Some(format!("{address} refused the connection")));
    assert!(failed.meta().hint.as_deref().unwrap().starts_with("Nothing listens there"));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to_be_unknown() {
    let mut endpoint = Endpoint::parse("http://no-such-host.invalid/").unwrap();
    endpoint.options.retries.most = 0;
    let (_, memory) = run(endpoint).end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.starts_with("no-such-host.invalid could not be looked up: "), "{cause}");
}

#[tokio::test]
async fn tls_with_a_server_that_has_none_says_so() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.url.set_scheme("https").unwrap();
    let running = run(endpoint);
    let mut peer = server.peer().await;
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let (_, memory) = running.end().await;
    let failed = memory.of(Kind::Failed)[0].meta().clone();
    let cause = "TLS with 127.0.0.1 failed: what answers there does not speak TLS";
    assert_eq!(failed.cause.as_deref(), Some(cause));
    assert!(failed.hint.unwrap().contains("http://"));
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_told_as_such() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.options.retries.most = 0;
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    peer.send("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    let (_, memory) = running.end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.starts_with("what came is no HTTP answer: "), "{cause}");
}

#[tokio::test]
async fn options_that_cannot_work_end_at_once() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/");
    endpoint.options.headers = vec![("No good".into(), "x".into())];
    let (end, memory) = run(endpoint).end().await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert_eq!(cause, "“No good” is no header name");

    let mut endpoint = server.endpoint("/");
    endpoint.options.ca_file = Some("no/such.pem".into());
    let (_, memory) = run(endpoint).end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.starts_with("no/such.pem: "), "{cause}");
}

#[tokio::test]
async fn the_address_and_the_options_shape_the_request() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/a%20b?x=1#part");
    endpoint.url.set_host(Some("localhost")).unwrap();
    endpoint.url.set_username("me").unwrap();
    endpoint.url.set_password(Some("pw")).unwrap();
    endpoint.options.headers =
        vec![("Host".into(), "other.example".into()), ("accept".into(), "text/*".into())];
    let running = run(endpoint);
    let (mut peer, request) = server.asked().await;
    assert_eq!(request.line, "GET /a%20b?x=1 HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Basic bWU6cHc="));
    assert_eq!(request.header("host"), Some("other.example"));
    assert_eq!(request.header("accept"), Some("text/*"));
    peer.stream().await;
    running.memory.until_of(Kind::Open, 1).await;
    let (_, memory) = running.stop().await;
    let sent = &memory.of(Kind::Request)[0];
    assert_eq!(sent.wire.bytes(), Some(request.size as u64));
    let names = |headers: &[(String, String)]| {
        let mut names: Vec<_> = headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&sent.meta().headers), names(&request.headers));
    let open = memory.of(Kind::Open)[0].meta().clone();
    assert_eq!(names(&open.request_headers), names(&request.headers));
    let timing = open.timing.unwrap();
    assert!(timing.dns.is_some() && timing.tcp.is_some(), "{timing:?}");
}
