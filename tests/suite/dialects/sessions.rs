//! What scripts cannot tell: names that are made at random, and answers that nobody would send.

use std::collections::BTreeSet;

use wirescope::model::{Kind, Say};
use wirescope::transport::poll::{Dialect, LONG};

use crate::support::peer::{Request, Server};
use crate::support::{Running, start};

fn run(server: &Server, path: &str, dialect: &str) -> Running {
    let mut endpoint = server.endpoint(path);
    endpoint.options.dialect = Some(dialect.to_owned());
    let transport = (LONG.build)(&endpoint).unwrap();
    start(endpoint, transport)
}

/// `/server/session` of a SockJS request.
fn session(request: &Request) -> String {
    let target = request.line.split(' ').nth(1).unwrap();
    target.strip_prefix("/echo").unwrap().rsplit_once('/').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_session_keeps_the_name_it_made_for_itself_and_the_next_has_another() {
    let server = Server::start().await;
    let running = run(&server, "/echo", "sockjs");
    let (mut peer, first) = server.asked().await;
    peer.answer("200 OK", "o\n").await;
    let again = peer.request().await;
    assert_eq!(session(&first), session(&again));
    running.say(Say::Text("hi".into())).await;
    let (mut other, post) = server.asked().await;
    assert_eq!(session(&first), session(&post));
    assert!(post.line.ends_with("/xhr_send HTTP/1.1"), "{}", post.line);
    other.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    peer.answer("200 OK", "c[2010,\"Another connection still open\"]").await;
    let (_, next) = server.asked().await;
    assert_ne!(session(&first), session(&next));
    running.stop().await;
}

#[tokio::test]
async fn no_answer_makes_a_dialect_panic() {
    let bodies: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\xff\xfe\x1e\x1e\n\n",
        b"{}",
        b"[]",
        b"null",
        b"a[1,\"\\ud800\"]\n",
        b"c[99999999999,1]",
        b"b!!!\x1e0{\"sid\":{}}\x1e2\x1e2\x1e1",
        br#"{"status":"x","error_code":-1,"result":{"a":[1]},"metadata":{"resourceVersion":[]}}"#,
        br#"{"type":"ERROR","object":{"code":1e400}}"#,
        br#"{"backoff":-1,"retry_after_ms":1e300,"parameters":{"retry_after":"NaN"},"changes":true}"#,
    ];
    let heads =
        ["200 OK", "200 OK\r\nContent-Type: application/json", "204 No Content", "409 Conflict"];
    for known in Dialect::known() {
        let server = Server::start().await;
        let mut endpoint = server.endpoint("/");
        endpoint.options.dialect = Some(known.name.clone());
        endpoint.options.retries.most = 0;
        for (number, body) in bodies.iter().enumerate() {
            let head = heads[number % heads.len()];
            let transport = (LONG.build)(&endpoint).unwrap();
            let running = start(endpoint.clone(), transport);
            let (mut peer, _) = server.asked().await;
            let length = body.len();
            peer.send(format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n")).await;
            peer.try_send(body).await;
            // Every answer is told in some way before the next request, or ends the session.
            let is_told = |kind: Kind| matches!(kind, Kind::Response | Kind::Failed);
            running
                .memory
                .until(&known.name, |events| events.iter().any(|event| is_told(event.kind)))
                .await;
            running.stop().await;
        }
    }
}

/// Header fields, the start of a body, and the dialect they belong to.
type Given = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn a_good_answer_gives_its_dialect_away() {
    let table: [Given; 10] = [
        (&[("X-Consul-Index", "7")], "[]", "consul"),
        (&[("X-Etcd-Index", "7")], "{\"action\":", "etcd"),
        (&[("Last-Modified", "x"), ("Etag", "0")], "hello", "nchan"),
        (&[], r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"#, "kubernetes"),
        (&[], "{\"results\":[\n],\n\"last_seq\":\"3-g\"", "couchdb"),
        (&[], r#"{"next_batch":"s1","rooms":{"#, "matrix"),
        (&[], r#"{"ok":true,"result":[]}"#, "telegram"),
        (&[], r#"0{"sid":"abc","upgrades":[]}"#, "engineio"),
        (&[], "Welcome to SockJS!\n", "sockjs"),
        (&[], r#"{"messages":[],"lastId":1}"#, "generic"),
    ];
    let mut names = BTreeSet::new();
    for (fields, body, name) in table {
        let headers = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (dialect, because) = Dialect::recognised(200, &headers, body.as_bytes()).unwrap();
        assert_eq!(dialect.name, name);
        assert!(!because.is_empty());
        names.insert(name);
        assert_eq!(Dialect::recognised(500, &headers, body.as_bytes()), None);
    }
    assert_eq!(Dialect::recognised(200, &Vec::new(), b"{\"a\":{\"ok\":1,\"result\":2}}"), None);
}

/// Connects without naming transport or dialect.
fn unnamed(server: &Server, path: &str) -> Running {
    let endpoint = server.endpoint(path);
    let transport = wirescope::transport::build(&endpoint).unwrap();
    start(endpoint, transport)
}

#[tokio::test]
async fn the_answer_that_gave_a_dialect_away_is_gone_on_from() {
    // Where it goes, the answer, and what is asked next: that answer is not asked for again.
    let table = [
        (
            "/socket.io/?EIO=4&transport=polling",
            "200 OK\r\nContent-Type: text/plain; charset=UTF-8",
            r#"0{"sid":"abc"}"#,
            "GET /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1",
        ),
        (
            "/api/v1/pods",
            "200 OK\r\nContent-Type: application/json",
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}"#,
            "GET /api/v1/pods?allowWatchBookmarks=true&timeoutSeconds=300&watch=1&resourceVersion=7 HTTP/1.1",
        ),
        (
            "/v1/kv/x",
            "200 OK\r\nContent-Type: application/json\r\nX-Consul-Index: 7",
            "[]",
            "GET /v1/kv/x?wait=300s&index=7 HTTP/1.1",
        ),
        // This one was an event already, and not the state of the key.
        (
            "/v2/keys/x?wait=true",
            "200 OK\r\nContent-Type: application/json\r\nX-Etcd-Index: 7",
            r#"{"action":"set","node":{"modifiedIndex":8}}"#,
            "GET /v2/keys/x HTTP/1.1",
        ),
        (
            "/api/v1/events",
            "200 OK\r\nContent-Type: application/json",
            r#"{"events":[],"queue_id":"q"}"#,
            "POST /api/v1/register HTTP/1.1",
        ),
    ];
    for (path, head, body, next) in table {
        let server = Server::start().await;
        let running = unnamed(&server, path);
        let (mut peer, _) = server.asked().await;
        peer.answer(head, body).await;
        let request = tokio::select! {
            request = peer.next_request() => match request {
                Some(request) => request,
                None => server.asked().await.1,
            },
            (_, request) = server.asked() => request,
        };
        assert_eq!(request.line, next, "{path}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_greeting_is_no_answer_to_a_poll() {
    let server = Server::start().await;
    let running = unnamed(&server, "/echo");
    let (mut peer, _) = server.asked().await;
    peer.answer("200 OK\r\nContent-Type: text/plain", "Welcome to SockJS!\n").await;
    let request = tokio::select! {
        Some(request) = peer.next_request() => request,
        (_, request) = server.asked() => request,
    };
    assert!(request.line.starts_with("POST /echo/"), "{}", request.line);
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), [""; 0]);
}
