//! What a web page may do, what `POST /publish` takes, and what is said where there is nothing.

use serde_json::{Value, json};
use wirescope::server::{Draft, Server};

use super::websocket::HANDSHAKE;
use super::{Raw, client, get, get_json, ids, quiet, soon, start};

async fn post(server: &Server, head: &[(&str, &str)], body: impl Into<String>) -> (u16, String) {
    let url = format!("{}/publish", server.url());
    let mut request = client().post(url).body(body.into());
    for (name, value) in head {
        request = request.header(*name, *value);
    }
    let response = soon("the answer", request.send()).await.unwrap();
    assert!(response.headers().get("access-control-allow-origin").is_none());
    (response.status().as_u16(), response.text().await.unwrap())
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

#[tokio::test]
async fn an_object_is_published_and_its_id_told() {
    let server = start(quiet()).await;
    for id in 1..=2 {
        let (status, answer) = post(&server, &[JSON], "{\"type\":\"order\",\"n\": 1.50}").await;
        assert_eq!((status, answer), (200, format!("{{\"id\":{id}}}")));
    }
    let answer = get_json(&server, "/short?since=0").await;
    assert_eq!(ids(&answer["messages"]), [1, 2]);
    let message = &answer["messages"][0];
    assert_eq!((&message["type"], &message["n"]), (&json!("order"), &json!(1.5)));
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_published_is_refused_with_a_reason() {
    let server = start(quiet()).await;
    let big = format!("{{\"text\":\"{}\"}}", "x".repeat(1 << 20));
    let table = [
        (vec![JSON], "[1]".to_owned(), 400, "must be a JSON object"),
        (vec![JSON], String::new(), 400, "must be a JSON object"),
        (vec![JSON], "{\"type\":\"a\\nb\"}".to_owned(), 400, "“type”"),
        (vec![JSON], big, 413, "at most 1048576 bytes"),
        (vec![("content-type", "text/plain")], "{}".to_owned(), 415, "application/json"),
        (vec![], "{}".to_owned(), 415, "application/json"),
    ];
    for (head, body, status, said) in table {
        let (answered, sentence) = post(&server, &head, body).await;
        assert_eq!(answered, status, "{sentence}");
        assert!(sentence.contains(said), "{sentence}");
    }
    assert_eq!(server.hub().last_id("default"), 0);
    let exact = format!("{{\"text\":\"{}\"}}", "x".repeat((1 << 20) - 11));
    assert_eq!(post(&server, &[JSON], exact).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_page_from_elsewhere_can_neither_publish_nor_open_a_socket() {
    let server = start(quiet()).await;
    let own = server.url();
    let table = [
        ("https://evil.example", false),
        ("null", false),
        (own.as_str(), true),
        ("http://localhost:3000", true),
    ];
    for (origin, allowed) in table {
        let (status, said) = post(&server, &[JSON, ("origin", origin)], "{}").await;
        assert_eq!(status, if allowed { 200 } else { 403 }, "{origin}: {said}");
        let lines = format!("Origin: {origin}\r\n{HANDSHAKE}");
        let mut raw = Raw::get(&server, "/ws", &lines).await;
        raw.until_text("\r\n\r\n").await;
        let expected = if allowed { "HTTP/1.1 101" } else { "HTTP/1.1 403" };
        assert!(raw.text().starts_with(expected), "{origin}: {}", raw.text());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_name_pointed_at_this_machine_gets_nothing() {
    let server = start(quiet()).await;
    for path in ["/sse", "/poll", "/stats", "/ws", "/nothing"] {
        let mut raw = Raw::connect(&server).await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: evil.example:{}\r\nConnection: close\r\n\r\n",
            server.addr().port()
        );
        raw.send(&request).await;
        let answer = raw.read_out().await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("“evil.example” is not a name of this machine"), "{answer}");
    }
    let mut raw = Raw::connect(&server).await;
    raw.send("GET /short HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(raw.read_out().await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn any_page_may_read() {
    let server = start(quiet()).await;
    for path in ["/short", "/stats", "/metrics", "/", "/nothing"] {
        let response = get(&server, path).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
    }
    let ask = |path: &str, method: &str| {
        let url = format!("{}{path}", server.url());
        client()
            .request(reqwest::Method::OPTIONS, url)
            .header("origin", "https://page.example")
            .header("access-control-request-method", method)
            .send()
    };
    let read = ask("/sse", "GET").await.unwrap();
    assert_eq!(read.status(), 204);
    assert_eq!(read.headers()["access-control-allow-origin"], "*");
    let allowed = read.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("Last-Event-ID"));
    let publish = ask("/publish", "POST").await.unwrap();
    assert!(publish.headers().get("access-control-allow-origin").is_none());
    assert!(publish.headers().get("access-control-allow-methods").is_none());
    server.stop().await;
}

#[tokio::test]
async fn where_there_is_nothing_the_paths_are_listed() {
    let server = start(quiet()).await;
    let missing = get(&server, "/events").await;
    assert_eq!(missing.status(), 404);
    let list = missing.text().await.unwrap();
    assert!(list.contains("nothing at /events"), "{list}");
    let index = get(&server, "/").await;
    assert_eq!(index.status(), 200);
    let index = index.text().await.unwrap();
    for path in [
        "/ws", "/sse", "/poll", "/short", "/stream", "/publish", "/stats", "/metrics", "/topics",
        "/clock", "/report",
    ] {
        assert!(list.contains(path) && index.contains(path), "{path} is not listed");
    }
    let wrong = get(&server, "/publish").await;
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.headers()["allow"], "POST");
    assert!(wrong.text().await.unwrap().contains("use POST"));
    server.stop().await;
}

#[tokio::test]
async fn publishers_at_once_leave_no_gap() {
    let server = start(quiet()).await;
    let mut raw = Raw::get(&server, "/stream", "").await;
    raw.until_text("\r\n\r\n").await;
    let client = client();
    let posts = (0..8).map(|_| {
        let (client, url) = (client.clone(), format!("{}/publish", server.url()));
        async move {
            let mut ids = Vec::new();
            for _ in 0..25 {
                let request = client.post(&url).header(JSON.0, JSON.1).body("{}");
                let body = request.send().await.unwrap().bytes().await.unwrap();
                let answer: Value = serde_json::from_slice(&body).unwrap();
                ids.push(answer["id"].as_u64().unwrap());
            }
            ids
        }
    });
    let told = soon("the answers", futures_util::future::join_all(posts)).await;
    let mut told: Vec<u64> = told.into_iter().flatten().collect();
    told.sort_unstable();
    assert!(told.into_iter().eq(1..=200));
    raw.until("all lines", |text| text.matches("\"id\":").count() >= 200).await;
    let text = raw.text();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let heard = lines.map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].as_u64().unwrap());
    assert!(heard.eq(1..=200));
    server.stop().await;
}

#[tokio::test]
async fn the_page_comes_whole_and_under_a_strict_policy() {
    let server = start(quiet()).await;
    let page = get(&server, "/").await;
    let own = server.addr();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let directives: Vec<&str> = policy.split("; ").collect();
    for wanted in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        &format!("connect-src 'self' ws://{own} wss://{own}"),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(&wanted), "{policy}");
    }
    let html = page.text().await.unwrap();
    let parts: Vec<&str> = html.split('"').filter(|part| part.starts_with("/page/")).collect();
    assert_eq!(parts, ["/page/style.css", "/page/app.js"]);
    for (part, kind) in parts.into_iter().zip(["text/css", "text/javascript"]) {
        let part = get(&server, part).await;
        assert_eq!(part.status(), 200);
        assert_eq!(part.headers()["x-content-type-options"], "nosniff");
        assert_eq!(part.headers()["referrer-policy"], "no-referrer");
        assert!(part.headers()["content-type"].to_str().unwrap().starts_with(kind));
    }
    assert_eq!(get(&server, "/page/../src/lib.rs").await.status(), 404);
    assert_eq!(get(&server, "/page/other.js").await.status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn topics_are_listed_by_name_and_by_what_was_said_in_them() {
    let server = start(quiet()).await;
    for topic in ["us", "eu", "us"] {
        server.publish(topic, &Draft::text("message", "x")).unwrap();
    }
    let answer = get(&server, "/topics").await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let listed: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(listed, json!([{"name": "eu", "messages": 1}, {"name": "us", "messages": 2}]));
    server.stop().await;
}

#[tokio::test]
async fn the_clock_lies_between_question_and_answer() {
    let server = start(quiet()).await;
    let now = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.unwrap().as_secs_f64() * 1e3
    };
    let asked = now();
    let ts = get_json(&server, "/clock").await["ts"].as_f64().unwrap();
    // Written to the microsecond.
    assert!(asked - 0.01 <= ts && ts <= now(), "{asked} {ts}");
    server.stop().await;
}

#[tokio::test]
async fn events_have_no_types_for_those_who_ask() {
    let server = start(quiet()).await;
    super::publish(&server, 1..=1);
    let mut raw = Raw::get(&server, "/sse?named=off&lastEventId=0", "").await;
    raw.until_text("id: 1\ndata: {\"id\":1,").await;
    assert!(!raw.text().contains("event:"), "{}", raw.text());
    server.stop().await;
}
