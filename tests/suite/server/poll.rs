//! `/poll` and `/short`.

use std::time::Duration;

use serde_json::json;
use wirescope::model::ServerOptions;
use wirescope::server::{Carrier, Hub, Server};

use super::{Raw, eventually, get, get_json, ids, publish, quiet, soon, start};

#[tokio::test]
async fn a_poll_answers_with_what_is_newer_than_its_cursor() {
    let server = start(quiet()).await;
    publish(&server, 1..=3);
    for path in ["/poll", "/short"] {
        let answer = get_json(&server, &format!("{path}?since=1")).await;
        assert_eq!(ids(&answer["messages"]), [2, 3]);
        assert_eq!(answer["lastId"], 3);
        assert_eq!(answer["messages"][0]["text"], "2");
        assert_eq!(answer["messages"][0]["type"], "message");
        assert_eq!(answer["messages"][0]["topic"], "default");
        let ts = answer["messages"][0]["ts"].as_f64().unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() * 1e3;
        assert!((now - 60_000.0..=now).contains(&ts), "{ts} is not just before {now}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_first_poll_is_told_where_to_go_on_from() {
    let server = start(quiet()).await;
    publish(&server, 1..=3);
    for path in ["/poll", "/short"] {
        assert_eq!(get_json(&server, path).await, json!({"messages": [], "lastId": 3}), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_long_poll_is_held_until_a_message_comes() {
    let server = start(quiet()).await;
    publish(&server, 1..=1);
    let mut held = Raw::get(&server, "/poll?since=1", "").await;
    let requests = || server.stats().of(Carrier::LongPoll).requests == 1;
    eventually("the request", requests).await;
    assert_eq!(held.text(), "");
    publish(&server, 2..=2);
    held.until_text("\"lastId\":2").await;
    assert!(held.text().starts_with("HTTP/1.1 200"), "{}", held.text());
    server.stop().await;
}

#[tokio::test]
async fn a_long_poll_ends_empty_after_the_hold_and_a_short_poll_at_once() {
    let server = start(ServerOptions { hold: Duration::from_millis(30), ..quiet() }).await;
    publish(&server, 1..=1);
    let held = get(&server, "/poll?since=1").await;
    assert_eq!(held.status(), 204);
    assert_eq!(held.bytes().await.unwrap().len(), 0);
    let empty = get_json(&server, "/short?since=1").await;
    assert_eq!(empty, json!({"messages": [], "lastId": 1}));
    server.stop().await;
}

#[tokio::test]
async fn what_the_history_no_longer_holds_is_said_to_be_missed() {
    let server = start(ServerOptions { history: 2, ..quiet() }).await;
    publish(&server, 1..=5);
    let answer = get_json(&server, "/poll?since=1").await;
    assert_eq!(ids(&answer["messages"]), [4, 5]);
    assert_eq!(answer["missed"], 2);
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_from_before_a_restart_gets_what_there_is() {
    let server = start(quiet()).await;
    let nothing = json!({"messages": [], "lastId": 0, "reset": true});
    assert_eq!(get_json(&server, "/poll?since=77").await, nothing);
    publish(&server, 1..=2);
    for path in ["/poll?since=77", "/short?since=77"] {
        let answer = get_json(&server, path).await;
        assert_eq!(ids(&answer["messages"]), [1, 2]);
        assert_eq!((&answer["lastId"], &answer["reset"]), (&json!(2), &json!(true)));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_outlives_a_server_whose_hub_is_kept() {
    let hub = Hub::new(100);
    let server = Server::start_with(quiet(), hub.clone()).await.unwrap();
    publish(&server, 1..=3);
    let again = ServerOptions { listen: server.addr(), ..quiet() };
    server.stop().await;
    let server = Server::start_with(again, hub).await.unwrap();
    publish(&server, 4..=5);
    let answer = get_json(&server, "/poll?since=2").await;
    assert_eq!(ids(&answer["messages"]), [3, 4, 5]);
    assert_eq!(answer.get("missed").or(answer.get("reset")), None);
    server.stop().await;
}

#[tokio::test]
async fn a_long_answer_is_continued_by_the_next_poll() {
    let server = start(ServerOptions { history: 5_000, ..quiet() }).await;
    publish(&server, 1..=2_500);
    let mut seen = Vec::new();
    while seen.len() < 2_500 {
        let since = seen.last().copied().unwrap_or(0);
        let answer = get_json(&server, &format!("/poll?since={since}")).await;
        let new = ids(&answer["messages"]);
        assert_eq!(answer["lastId"].as_u64(), new.last().copied());
        seen.extend(new);
    }
    assert!(seen.into_iter().eq(1..=2_500));
    server.stop().await;
}

#[tokio::test]
async fn topics_are_apart() {
    let server = start(quiet()).await;
    publish(&server, 1..=3);
    let other = get_json(&server, "/short?since=0&topic=other").await;
    assert_eq!(other, json!({"messages": [], "lastId": 0}));
    let bad = get(&server, "/short?topic=").await;
    assert_eq!(bad.status(), 400);
    let said = soon("the sentence", bad.text()).await.unwrap();
    assert!(said.contains("1 to 64 characters"), "{said}");
    let bad = get(&server, "/poll?since=x").await;
    assert_eq!(bad.status(), 400);
    assert!(bad.text().await.unwrap().contains("?since=12"));
    server.stop().await;
}
