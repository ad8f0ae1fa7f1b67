//! Six connections a host over HTTP/1.1, one over HTTP/2.

use tokio_util::sync::CancellationToken;
use wirescope::compare::crowd::{CONNECTIONS, Protocol, Streams};
use wirescope::server::{Carrier, Draft};

use super::{quiet, until};

const STREAMS: usize = 9;

#[tokio::test(flavor = "multi_thread")]
async fn over_http1_the_seventh_stream_waits_until_one_ends() {
    let server = quiet().await;
    let stop = CancellationToken::new();
    let page = Streams::open(&server.url(), STREAMS, Protocol::Http1, &stop).await.unwrap();
    let open = |view: &wirescope::compare::StreamsView| {
        view.streams.iter().filter(|stream| stream.opened_ms.is_some()).count()
    };
    until("six streams", || page.view(), |view| open(view) == CONNECTIONS).await;
    // By the server's own count.
    until("six at the server", || server.stats().of(Carrier::Sse).active, |n| *n == 6).await;
    server.publish("default", &Draft::text("message", "hello")).unwrap();
    let view = until(
        "six messages",
        || page.view(),
        |view| view.streams.iter().filter(|stream| stream.messages == 1).count() == CONNECTIONS,
    )
    .await;
    assert_eq!((view.connections, view.waiting(), view.label), (6, 3, "HTTP/1.1"));
    for stream in &view.streams {
        match stream.asked_ms {
            Some(asked) => {
                assert_eq!(stream.state(), "Receiving");
                assert!(stream.opened_ms >= Some(asked) && stream.first_ms >= stream.opened_ms);
            }
            None => assert_eq!(stream.state(), "Waiting for a free connection"),
        }
    }
    // Whoever ends makes room.
    server.stop().await;
    let view = until(
        "the others' turn",
        || page.view(),
        |view| view.streams.iter().all(|stream| stream.error.is_some()),
    )
    .await;
    assert_eq!((view.connections, view.streams[8].state()), (0, "Failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http2_one_connection_carries_all() {
    let server = quiet().await;
    let stop = CancellationToken::new();
    let page = Streams::open(&server.url(), STREAMS, Protocol::Http2, &stop).await.unwrap();
    let all = |view: &wirescope::compare::StreamsView| {
        view.streams.iter().all(|stream| stream.opened_ms.is_some())
    };
    until("all streams", || page.view(), all).await;
    server.publish("default", &Draft::text("message", "hello")).unwrap();
    let view = until(
        "all messages",
        || page.view(),
        |view| view.streams.iter().all(|stream| stream.messages == 1),
    )
    .await;
    assert_eq!((view.connections, view.waiting(), view.protocol), (1, 0, "http2"));
    let stats = server.stats();
    assert_eq!((stats.connections.opened, stats.of(Carrier::Sse).active), (1, STREAMS as u64));
    stop.cancel();
    until("nobody at the server", || server.stats().connections.active, |n| *n == 0).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_dropped_leaves_nothing_behind() {
    let server = quiet().await;
    for protocol in Protocol::ALL {
        let stop = CancellationToken::new();
        let page = Streams::open(&server.url(), STREAMS, protocol, &stop).await.unwrap();
        until("streams", || server.stats().of(Carrier::Sse).active, |n| *n >= 6).await;
        drop(page);
        until("none", || server.stats().connections.active, |n| *n == 0).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_there_is_said_of_each_stream() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    for protocol in Protocol::ALL {
        let stop = CancellationToken::new();
        let page = Streams::open(&url, 8, protocol, &stop).await.unwrap();
        let view = until(
            "errors",
            || page.view(),
            |view| view.streams.iter().all(|stream| stream.error.is_some()),
        )
        .await;
        assert_eq!(view.connections, 0, "{view:#?}");
    }
}
