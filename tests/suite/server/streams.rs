//! `/sse` and `/stream`.

use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use wirescope::model::{ServerOptions, Source};
use wirescope::server::{Carrier, Draft};

use super::{Raw, publish, quiet, soon, start};

fn data_ids(text: &str) -> Vec<u64> {
    let ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.map(|id| id.trim().parse().unwrap()).collect()
}

#[tokio::test]
async fn an_event_stream_begins_with_retry_and_gives_each_message_its_id_and_name() {
    let server = start(ServerOptions { retry: Duration::from_millis(1500), ..quiet() }).await;
    let mut raw = Raw::get(&server, "/sse", "").await;
    raw.until_text("retry: 1500\n\n").await;
    let head = raw.text().to_ascii_lowercase();
    for line in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-cache\r\n",
        "x-accel-buffering: no\r\n",
        "access-control-allow-origin: *\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(head.contains(line), "{line:?} is missing in {head}");
    }
    server.publish("default", &Draft::text("tick", "a\nb")).unwrap();
    raw.until_text("a\\nb\"}\n\n").await;
    let event = raw.text().split("id: ").nth(1).unwrap().to_owned();
    let mut lines = event.lines();
    assert_eq!(lines.next(), Some("1"));
    assert_eq!(lines.next(), Some("event: tick"));
    let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
    let message: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&message["id"], &message["type"]), (&1.into(), &"tick".into()));
    server.stop().await;
}

#[tokio::test]
async fn an_event_stream_resumes_after_the_last_id_by_header_or_parameter() {
    let server = start(quiet()).await;
    publish(&server, 1..=5);
    let table = [
        ("/sse", "Last-Event-ID: 3\r\n", vec![4, 5, 6]),
        ("/sse?lastEventId=3", "", vec![4, 5, 6]),
        ("/sse?lastEventId=1", "Last-Event-ID: 4\r\n", vec![5, 6]),
        ("/sse", "", vec![6]),
        ("/sse", "Last-Event-ID: from-elsewhere\r\n", vec![6]),
    ];
    let mut streams = Vec::new();
    for (path, head, expected) in table {
        let mut raw = Raw::get(&server, path, head).await;
        raw.until_text("retry: ").await;
        streams.push((raw, expected));
    }
    publish(&server, 6..=6);
    for (mut raw, expected) in streams {
        raw.until_text("\"text\":\"6\"}\n\n").await;
        assert_eq!(data_ids(&raw.text()), expected);
    }
    let mut raw = Raw::get(&server, "/sse?lastEventId=99", "").await;
    raw.until_text("\"text\":\"6\"}\n\n").await;
    assert!(raw.text().contains(": ids have begun again\n"));
    assert_eq!(data_ids(&raw.text()), [1, 2, 3, 4, 5, 6]);
    server.stop().await;
}

#[tokio::test]
async fn quiet_streams_have_heartbeats() {
    let heartbeat = Some(Duration::from_millis(10));
    let server = start(ServerOptions { heartbeat, ..quiet() }).await;
    let mut raw = Raw::get(&server, "/sse", "").await;
    raw.until("two heartbeats", |text| text.matches(": heartbeat\n\n").count() >= 2).await;
    let mut raw = Raw::get(&server, "/stream", "").await;
    // A chunk of one byte, a line feed.
    raw.until("two blank lines", |text| text.matches("1\r\n\n\r\n").count() >= 2).await;
    server.stop().await;
}

#[tokio::test]
async fn a_stream_is_a_line_a_message_from_the_cursor_on() {
    let server = start(quiet()).await;
    publish(&server, 1..=3);
    let mut raw = Raw::get(&server, "/stream?since=1", "").await;
    raw.until_text("\"text\":\"3\"}\n").await;
    let head = raw.text().to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-ndjson\r\n"), "{head}");
    assert!(head.contains("x-accel-buffering: no\r\n"), "{head}");
    publish(&server, 4..=4);
    raw.until_text("\"text\":\"4\"}\n").await;
    let text = raw.text();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let ids: Vec<u64> = lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [2, 3, 4]);
    server.stop().await;
}

#[tokio::test]
async fn ticks_come_at_a_pace_that_can_be_changed() {
    let server = start(quiet()).await;
    let mut raw = Raw::get(&server, "/stream", "").await;
    raw.until_text("\r\n\r\n").await;
    server.set_source(Source { rate: 1_000.0, size: 12, ..Source::default() }).unwrap();
    raw.until_text("\"text\":\"The quick br\"}\n").await;
    server.set_source(Source { rate: 1_000.0, size: 3, ..Source::default() }).unwrap();
    raw.until_text("\"text\":\"The\"}\n").await;
    server.set_source(Source { rate: 0.0, size: 3, ..Source::default() }).unwrap();
    assert!(server.set_source(Source { rate: 1e9, size: 3, ..Source::default() }).is_err());
    assert_eq!(server.source(), Source { rate: 0.0, size: 3, ..Source::default() });
    server.stop().await;
}

#[tokio::test]
async fn several_streams_share_one_connection_over_http_2() {
    let before = Handle::current().metrics().num_alive_tasks();
    let server = start(quiet()).await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let mut streams = Vec::new();
    for _ in 0..8 {
        let asked = client.get(format!("{}/sse", server.url())).send();
        let mut response = soon("the head", asked).await.unwrap();
        assert_eq!(response.version(), reqwest::Version::HTTP_2);
        assert_eq!(response.chunk().await.unwrap().as_deref(), Some(&b"retry: 3000\n\n"[..]));
        streams.push(response);
    }
    let stats = server.stats();
    assert_eq!((stats.of(Carrier::Sse).active, stats.connections.active), (8, 1));
    publish(&server, 1..=1);
    for response in &mut streams {
        let event = soon("the event", response.chunk()).await.unwrap().unwrap();
        assert!(event.starts_with(b"id: 1\nevent: message\n"));
    }
    let stopped = tokio::spawn(server.stop());
    for response in &mut streams {
        // The end of an HTTP/2 stream may be a frame without data.
        while let Some(rest) = soon("the end", response.chunk()).await.unwrap() {
            assert_eq!(rest.len(), 0);
        }
    }
    soon("the stop", stopped).await.unwrap();
    drop((client, streams));
    super::eventually("the end of all tasks", || {
        Handle::current().metrics().num_alive_tasks() == before
    })
    .await;
}

#[tokio::test]
async fn no_time_between_heartbeats_means_none() {
    let heartbeat = Some(Duration::ZERO);
    let server = start(ServerOptions { heartbeat, ..quiet() }).await;
    let mut raw = Raw::get(&server, "/sse", "").await;
    raw.until_text("retry: ").await;
    publish(&server, 1..=1);
    raw.until_text("\"text\":\"1\"}").await;
    assert!(!raw.text().contains("heartbeat"));
    server.stop().await;
}
