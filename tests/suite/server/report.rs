//! `POST /report`: what browsers measured reaches the list of clients, and little else does.

use serde_json::json;
use wirescope::model::Reported;
use wirescope::server::{Client, Server};

use super::{Raw, client, eventually, quiet, soon, start};

async fn report(server: &Server, head: &[(&str, &str)], body: String) -> (u16, String) {
    let mut request = client().post(format!("{}/report", server.url())).body(body);
    for (name, value) in head {
        request = request.header(*name, *value);
    }
    let response = soon("the answer", request.send()).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn told(server: &Server) -> Vec<(Option<String>, Option<Reported>)> {
    let (clients, _) = server.control().clients(10);
    clients.into_iter().map(|Client { name, reported, .. }| (name, reported)).collect()
}

#[tokio::test]
async fn a_report_reaches_those_connections_that_have_its_name() {
    let server = start(quiet()).await;
    let mut streams = Vec::new();
    for path in ["/sse?client=ann", "/stream?client=ann", "/sse?client=bob", "/sse"] {
        let mut raw = Raw::get(&server, path, "").await;
        raw.until_text("\r\n\r\n").await;
        streams.push(raw);
    }
    eventually("four clients", || told(&server).len() == 4).await;
    let lanes = json!([
        {"transport": "sse", "median_ms": 1.5, "p95_ms": 2.0, "delivered": 7, "lost": 2, "reconnects": 1,
            "new": true},
        {"transport": "websocket", "median_ms": 0.5},
        {"transport": "stream", "delivered": 3},
    ]);
    let body = json!({"client": "ann", "lanes": lanes}).to_string();
    assert_eq!(report(&server, &[JSON], body).await, (204, String::new()));
    let named = |name: &str| Some(name.to_owned());
    let over_sse = Reported {
        median_ms: Some(1.5),
        p95_ms: Some(2.0),
        delivered: Some(7),
        lost: Some(2),
        reconnects: Some(1),
    };
    let over_stream = Reported { delivered: Some(3), ..Reported::default() };
    let expected = [
        (named("ann"), Some(over_sse)),
        (named("ann"), Some(over_stream)),
        (named("bob"), None),
        (None, None),
    ];
    assert_eq!(told(&server), expected);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_report_is_refused_with_a_reason() {
    let server = start(quiet()).await;
    let with = |lane: serde_json::Value| json!({"client": "a", "lanes": [lane]}).to_string();
    let six = json!({"client": "a", "lanes": vec![json!({"transport": "sse"}); 6]}).to_string();
    let table = [
        (vec![JSON], "[]".to_owned(), 400, "a report is {"),
        (vec![JSON], String::from("{\"client\":7,\"lanes\":[]}"), 400, "a report is {"),
        (vec![JSON], with(json!({"transport": "publish"})), 400, "transport"),
        (vec![JSON], with(json!({"transport": "sse", "median_ms": -1})), 400, "median_ms"),
        (vec![JSON], with(json!({"transport": "sse", "median_ms": "1"})), 400, "a report is {"),
        (vec![JSON], with(json!({"transport": "sse", "p95_ms": 1e9})), 400, "p95_ms"),
        (vec![JSON], with(json!({"transport": "sse", "lost": -1})), 400, "a report is {"),
        (vec![JSON], with(json!({"transport": "sse", "delivered": u64::MAX})), 400, "a count"),
        (vec![JSON], six, 400, "one lane"),
        (vec![JSON], " ".repeat(4097), 413, "4096 bytes"),
        (vec![], with(json!({"transport": "sse"})), 415, "application/json"),
        (vec![JSON, ("origin", "https://evil.example")], "{}".to_owned(), 403, "evil.example"),
    ];
    for (head, body, status, said) in table {
        let (answered, sentence) = report(&server, &head, body).await;
        assert_eq!(answered, status, "{sentence}");
        assert!(sentence.contains(said), "{sentence}");
    }
    server.stop().await;
}

#[tokio::test]
async fn who_reports_all_the_time_is_asked_to_wait() {
    let server = start(quiet()).await;
    let body = || String::from("{\"client\":\"a\",\"lanes\":[]}");
    let (mut taken, mut refused) = (0, 0);
    while refused == 0 {
        match report(&server, &[JSON], body()).await {
            (204, _) => taken += 1,
            (status, sentence) => {
                assert_eq!(status, 429, "{sentence}");
                refused += 1;
            }
        }
        // On a slow machine half a second may pass between two, but not every time.
        assert!(taken < 100, "nobody was asked to wait");
    }
    server.stop().await;
}
