//! A server that is open to a room: who comes in, and how.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use wirescope::model::ServerOptions;
use wirescope::server::{Server, endpoints};

use super::websocket::HANDSHAKE;
use super::{Raw, client, get, quiet, soon, start};

const TOKEN: &str = "7F3K-22QD";

async fn open() -> Server {
    let listen = ([0, 0, 0, 0], 0).into();
    start(ServerOptions { listen, join: Some(TOKEN.to_owned()), ..quiet() }).await
}

/// Asks for `path` with these header lines; status and text.
async fn ask(server: &Server, path: &str, lines: &[(&str, &str)]) -> (StatusCode, String) {
    let mut request = client().get(format!("{}{path}", server.url()));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let response = soon(path, request.send()).await.unwrap();
    (response.status(), soon(path, response.text()).await.unwrap())
}

const PATHS: [&str; 16] = [
    "/",
    "/page/app.js",
    "/ws",
    "/sse",
    "/poll",
    "/short",
    "/stream",
    "/publish",
    "/report",
    "/stats",
    "/metrics",
    "/topics",
    "/clock",
    "/nothing",
    "/?join=",
    "/stats?join=AAAA-AAAA",
];

#[tokio::test]
async fn every_path_needs_the_token_however_it_is_asked_for() {
    let server = open().await;
    let base = server.url();
    for path in PATHS {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            // An address as proxies are asked for it (RFC 9112, section 3.2.2).
            for target in [path.to_owned(), format!("{base}{path}")] {
                let what = format!("{method} {target}");
                let mut raw = Raw::connect(&server).await;
                let host = server.addr();
                let head = format!("{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
                raw.send(&head).await;
                let answer = raw.read_out().await;
                assert!(answer.starts_with("HTTP/1.1 403"), "{what}: {answer}");
                assert!(method == "HEAD" || answer.contains("token"), "{what}: {answer}");
                assert!(!answer.contains(TOKEN), "{what}: {answer}");
            }
        }
    }
    assert_eq!(server.hub().topics().len(), 0, "nothing was followed");
    let mut raw = Raw::get(&server, "/ws", HANDSHAKE).await;
    raw.until_text("the presenter shows").await;
    assert!(raw.text().starts_with("HTTP/1.1 403"), "{}", raw.text());
    let (status, text) = ask(&server, "/stats", &[(AUTHORIZATION.as_str(), "Bearer x")]).await;
    assert_eq!(status, 401, "{text}");
    assert_eq!(server.control().clients(9).1, 0);
    server.stop().await;
}

#[tokio::test]
async fn the_token_is_taken_from_the_address_a_header_or_a_cookie_and_told_nowhere() {
    let server = open().await;
    let cookie = format!("a=b; wirescope_join={TOKEN}");
    for path in ["/", "/short", "/stats", "/metrics"] {
        let bearer = format!("Bearer {}", TOKEN.to_lowercase());
        let with_query = format!("{path}?join=7f3k22qd");
        let answers = [
            ask(&server, &with_query, &[]).await,
            ask(&server, path, &[(AUTHORIZATION.as_str(), &bearer)]).await,
            ask(&server, path, &[(COOKIE.as_str(), &cookie)]).await,
        ];
        for (status, text) in answers {
            assert_eq!(status, 200, "{path}: {text}");
            assert!(!text.contains(TOKEN), "{path}: {text}");
        }
    }
    let (status, text) = ask(&server, &format!("/no?join={TOKEN}"), &[]).await;
    assert_eq!(status, 404);
    assert!(!text.contains(TOKEN), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn opening_the_page_with_the_token_lets_the_browser_in_from_then_on() {
    let server = open().await;
    let response = get(&server, &format!("/?join={TOKEN}")).await;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert_eq!(cookie, "wirescope_join=7F3K-22QD; Path=/; HttpOnly; SameSite=Strict");
    let said = cookie.split(';').next().unwrap();
    assert_eq!(ask(&server, "/short", &[(COOKIE.as_str(), said)]).await.0, 200);
    for path in ["/?join=wrong", "/", &format!("/short?join={TOKEN}")] {
        assert_eq!(get(&server, path).await.headers().get(SET_COOKIE), None, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_from_elsewhere_do_not_write_in_the_name_of_a_participant() {
    let server = open().await;
    let publish = |origin: &str, line: (&str, &str), query: &str| {
        let url = format!("{}/publish{query}", server.url());
        let request = client().post(url).header(ORIGIN, origin).header(line.0, line.1);
        let request = request.header("Content-Type", "application/json").body("{}");
        async { soon("an answer", request.send()).await.unwrap().status() }
    };
    let (own, bearer) = (server.url(), format!("Bearer {TOKEN}"));
    let cookie = format!("wirescope_join={TOKEN}");
    assert_eq!(publish(&own, ("Cookie", &cookie), "").await, 200);
    // A browser takes all ports of a machine for one site, so it would send the cookie.
    assert_eq!(publish("http://127.0.0.1:1", ("Cookie", &cookie), "").await, 403);
    assert_eq!(publish("http://127.0.0.1:1", ("Authorization", &bearer), "").await, 200);
    assert_eq!(publish("http://evil.example", ("Authorization", &bearer), "").await, 403);
    server.stop().await;
}

#[tokio::test]
async fn names_that_others_can_point_here_are_refused() {
    let server = open().await;
    let path = format!("/short?join={TOKEN}");
    for (host, status) in [
        ("192.168.1.5:4100", 200),
        ("laptop.local", 200),
        ("laptop:4100", 200),
        ("evil.example", 403),
    ] {
        let (found, text) = ask(&server, &path, &[(HOST.as_str(), host)]).await;
        assert_eq!(found, status, "{host}: {text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_others_reach_always_has_a_token() {
    let server = start(ServerOptions { listen: ([0, 0, 0, 0], 0).into(), ..quiet() }).await;
    let token = server.options().join.unwrap();
    let url = server.control().join_url().unwrap();
    assert!(url.ends_with(&format!(":{}/?join={token}", server.addr().port())), "{url}");
    assert_eq!(ask(&server, "/short", &[]).await.0, 403);
    // This machine reaches it by a base that knows the token.
    for endpoint in endpoints(&server.control().base()).unwrap() {
        let path = endpoint.url.as_str().split_once("//").unwrap().1;
        let path = &path[path.find('/').unwrap()..];
        let mut raw = Raw::get(&server, path, "").await;
        raw.until_text("HTTP/1.1 ").await;
        raw.until_text("\r\n").await;
        assert!(!raw.text().starts_with("HTTP/1.1 403"), "{path}: {}", raw.text());
    }
    server.stop().await;
    let alone = start(quiet()).await;
    assert_eq!((alone.options().join, alone.control().join_url()), (None, None));
    assert_eq!(alone.control().base(), alone.url());
    alone.stop().await;
}
