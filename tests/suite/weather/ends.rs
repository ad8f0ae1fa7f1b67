//! Connections that end: in the four ways there are, after a time or because nothing passes.

use std::time::Instant;

use wirescope::model::{ServerOptions, TransportKind};
use wirescope::server::{Draft, Server};

use super::tap::{End, Tap, frames, is_poll};
use super::{LULL, make, millis, publish, quiet, soon, start, start_in};

/// A client of this transport that waits for something.
async fn waiting(server: &Server, kind: TransportKind) -> Tap {
    let mut tap = Tap::open(server, kind).await;
    match kind {
        TransportKind::LongPoll => tap.ask().await,
        TransportKind::Sse => tap.until("the opening", |text| text.ends_with("\n\n\r\n")).await,
        _ => {}
    }
    tap
}

#[tokio::test]
async fn connections_end_without_a_word() {
    for trouble in ["cut", "idle"] {
        for (how, wanted) in [("fin", End::Fin), ("reset", End::Reset)] {
            for kind in TransportKind::ALL {
                let server = start().await;
                let mut tap = waiting(&server, kind).await;
                let before = tap.received.len();
                let at = Instant::now();
                make(&server, &format!("{trouble}=250ms/{how}"));
                let what = format!("{trouble} by {how} over {}", kind.word());
                assert_eq!(tap.end().await, wanted, "{what}");
                assert!(at.elapsed() >= millis(250), "{what}");
                let last = &tap.received[before..];
                assert!(last.is_empty(), "{what} said {:?}", String::from_utf8_lossy(last));
                server.stop().await;
            }
        }
    }
}

#[tokio::test]
async fn connections_that_are_open_are_cut_from_when_it_is_said() {
    for kind in TransportKind::ALL {
        let server = start().await;
        let mut tap = waiting(&server, kind).await;
        assert!(tap.hears_nothing(LULL).await, "{}", kind.word());
        let at = Instant::now();
        make(&server, "cut=200ms/fin");
        assert_eq!(tap.end().await, End::Fin, "{}", kind.word());
        assert!(at.elapsed() >= millis(200), "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_stream_lives_as_long_on_a_connection_that_was_there_before() {
    for kind in TransportKind::ALL.into_iter().filter(|kind| !is_poll(*kind)) {
        let server = start_in("cut=400ms/fin").await;
        let mut tap = Tap::silent(&server, kind).await;
        let request = format!("GET /clock HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr());
        tap.send(request.as_bytes()).await;
        tap.until("the time", |text| text.ends_with('}')).await;
        tokio::time::sleep(millis(500)).await;
        let at = Instant::now();
        tap.request("", "").await;
        assert_eq!(tap.end().await, End::Fin, "{}", kind.word());
        assert!(at.elapsed() >= millis(400), "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn packets_simply_stop() {
    for trouble in ["cut", "idle"] {
        for kind in TransportKind::ALL {
            let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
            let server = start().await;
            let mut tap = waiting(&server, kind).await;
            make(&server, &format!("{trouble}=50ms/silence"));
            let what = format!("{trouble} over {}", kind.word());
            assert!(tap.hears_nothing(LULL).await, "{what}");
            // What the server sends goes nowhere, whatever the client does.
            publish(&server, 1..=3);
            if kind == TransportKind::ShortPoll {
                tap.ask().await;
            }
            assert!(tap.hears_nothing(LULL).await, "{what}");
            // Nothing brings such a connection back.
            make(&server, "");
            publish(&server, 4..=4);
            assert!(tap.hears_nothing(LULL).await, "{what}");
            // Stopping the server does not wait for it, and leaves nothing.
            soon("the stop", server.stop()).await;
            tap.end().await;
            let after = tokio::runtime::Handle::current().metrics().num_alive_tasks();
            assert_eq!(after, before, "{what}");
        }
    }
}

#[tokio::test]
async fn a_server_that_gives_up_a_silent_client_does_not_tell_it() {
    let heartbeat = Some(millis(30));
    let server = Server::start(ServerOptions { heartbeat, ..quiet() }).await.unwrap();
    let mut tap = Tap::open(&server, TransportKind::Websocket).await;
    make(&server, "cut=20ms/silence");
    let control = server.control();
    let gone = async {
        while control.clients(0).1 > 0 {
            tokio::task::yield_now().await;
        }
    };
    // Its pings are not answered.
    soon("the end of the client", gone).await;
    tap.received.clear();
    tap.falls_silent().await;
    // Pings from before it was silent.
    assert!(frames(&tap.received).iter().all(|frame| frame.0 == 9), "{:?}", tap.received);
    // The client gives up, too: then nothing is left of it.
    drop(tap);
    let over = async {
        while server.stats().connections.active > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of the connection", over).await;
    server.stop().await;
}

#[tokio::test]
async fn connections_end_as_their_protocol_wants_it() {
    for trouble in ["cut", "idle"] {
        for kind in TransportKind::ALL {
            let server = start().await;
            let mut tap = waiting(&server, kind).await;
            let head = tap.received.len();
            let at = Instant::now();
            make(&server, &format!("{trouble}=250ms/clean"));
            let what = format!("{trouble} over {}", kind.word());
            if (trouble, kind) == ("cut", TransportKind::ShortPoll) {
                while !tap.text().contains("connection: close") {
                    tap.ask().await;
                    tap.take_answer().await;
                }
            }
            if matches!(kind, TransportKind::Sse | TransportKind::Stream) {
                // The response ends; its connection may be used again.
                tap.until(&what, |text| text.ends_with("0\r\n\r\n")).await;
            } else {
                assert_eq!(tap.end().await, End::Fin, "{what}");
            }
            assert!(at.elapsed() >= millis(250), "{what}");
            let last = String::from_utf8_lossy(&tap.received[head..]).into_owned();
            match kind {
                TransportKind::Websocket => {
                    let frames = frames(&tap.received[head..]);
                    assert_eq!(frames.len(), 1, "{what}");
                    assert_eq!((frames[0].0, &frames[0].1[..2]), (8, &[0x03, 0xE9][..]), "{what}");
                }
                TransportKind::LongPoll => {
                    assert!(last.starts_with("HTTP/1.1 204"), "{what}: {last}");
                    assert!(last.contains("connection: close"), "{what}: {last}");
                }
                // Between two polls, the end of the connection is clean.
                _ => {}
            }
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_clean_end_arrives_however_late_it_does() {
    let server = start().await;
    let mut tap = waiting(&server, TransportKind::Websocket).await;
    let head = tap.received.len();
    make(&server, "delay=2s,cut=50ms/clean");
    assert_eq!(tap.end().await, End::Fin);
    let frames = frames(&tap.received[head..]);
    assert_eq!(frames.len(), 1);
    assert_eq!((frames[0].0, &frames[0].1[..2]), (8, &[0x03, 0xE9][..]));
    server.stop().await;
}

#[tokio::test]
async fn a_clean_end_does_not_wait_until_everything_is_sent() {
    let server = start().await;
    let mut tap = waiting(&server, TransportKind::Websocket).await;
    let head = tap.received.len();
    make(&server, "bandwidth=2kB");
    let text = "x".repeat(900);
    for _ in 0..60 {
        server.publish("default", &Draft::text("message", &text)).unwrap();
    }
    // By now, as much as may wait does.
    tap.ids(1).await;
    make(&server, "bandwidth=50kB,cut=10ms/clean");
    assert_eq!(tap.end().await, End::Fin);
    let frames = frames(&tap.received[head..]);
    let last = frames.last().unwrap();
    assert_eq!((last.0, &last.1[..2]), (8, &[0x03, 0xE9][..]));
    assert!(frames.len() < 50, "{}", frames.len());
    server.stop().await;
}

#[tokio::test]
async fn a_connection_over_which_bytes_pass_is_not_idle() {
    for kind in TransportKind::ALL {
        for how in ["fin", "clean"] {
            let server = start_in(&format!("idle=2s/{how}")).await;
            let mut tap = Tap::open(&server, kind).await;
            let (began, mut last) = (Instant::now(), Instant::now());
            let mut longest = millis(0);
            let mut id = 0;
            while began.elapsed() < millis(2600) && longest < millis(1500) {
                id += 1;
                server.publish("default", &Draft::text("message", "x")).unwrap();
                assert_eq!(tap.ids(1).await, [id], "{how} over {}", kind.word());
                // Only a machine that stands still for so long may leave the connection idle.
                longest = longest.max(last.elapsed());
                last = Instant::now();
                tokio::time::sleep(millis(50)).await;
            }
            assert!(!is_poll(kind) || id > 1 || longest >= millis(1500));
            server.stop().await;
        }
    }
}
