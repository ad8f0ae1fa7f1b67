//! Responses that are held back by what stands in between, and silence where heartbeats were.

use std::io::Read;

use flate2::read::GzDecoder;
use wirescope::model::{ServerOptions, TransportKind};
use wirescope::server::Server;

use super::tap::{Tap, chunks, frames};
use super::{LULL, make, millis, publish, quiet, start_in};

const STREAMS: [TransportKind; 2] = [TransportKind::Sse, TransportKind::Stream];

#[tokio::test]
async fn a_proxy_that_waits_for_the_end_passes_nothing_before() {
    for kind in STREAMS {
        let server = start_in("buffer=end").await;
        let mut tap = Tap::open(&server, kind).await;
        publish(&server, 1..=3);
        assert!(tap.hears_nothing(LULL).await, "{}", kind.word());
        server.stop().await;
        assert_eq!(tap.ids(3).await, [1, 2, 3], "{}", kind.word());
    }
}

#[tokio::test]
async fn what_was_held_back_comes_at_once_when_nothing_stands_in_between() {
    for kind in STREAMS {
        let server = start_in("buffer=end").await;
        let mut tap = Tap::open(&server, kind).await;
        publish(&server, 1..=3);
        assert!(tap.hears_nothing(LULL).await, "{}", kind.word());
        make(&server, "");
        assert_eq!(tap.ids(3).await, [1, 2, 3], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_proxy_that_buffers_passes_much_at_once() {
    for kind in STREAMS {
        let server = start_in("buffer=1000B").await;
        let mut tap = Tap::open(&server, kind).await;
        // One after the other, as each is seen by the server.
        for n in 1..=40 {
            publish(&server, n..=n);
            tokio::task::yield_now().await;
        }
        while chunks(tap.body()).is_empty() {
            tap.hears_nothing(LULL).await;
        }
        let sizes: Vec<usize> = chunks(tap.body()).iter().map(Vec::len).collect();
        assert!(sizes.iter().all(|size| *size >= 1000), "{sizes:?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn compression_that_withholds_says_nothing_until_the_end() {
    for kind in STREAMS {
        let server = start_in("compression=withheld").await;
        let mut tap = Tap::silent(&server, kind).await;
        tap.request("", "Accept-Encoding: br, gzip\r\n").await;
        tap.until("the head", |text| text.contains("\r\n\r\n")).await;
        assert!(tap.text().contains("content-encoding: gzip\r\n"), "{}", tap.text());
        publish(&server, 1..=3);
        // The ten bytes every such stream begins with may come.
        tap.falls_silent().await;
        assert_eq!(unzipped(&tap), "", "{}", kind.word());
        server.stop().await;
        tap.end().await;
        let text = unzipped(&tap);
        assert!(text.contains("\"text\":\"3\"}\n"), "{}: {text}", kind.word());
        assert!(tap.text().ends_with("0\r\n\r\n"));
    }
}

fn unzipped(tap: &Tap) -> String {
    let mut text = String::new();
    // As far as it goes.
    let _ = GzDecoder::new(&chunks(tap.body()).concat()[..]).read_to_string(&mut text);
    text
}

#[tokio::test]
async fn who_does_not_take_gzip_is_not_compressed_for() {
    for kind in STREAMS {
        let server = start_in("compression=withheld").await;
        let mut tap = Tap::open(&server, kind).await;
        assert!(!tap.text().contains("content-encoding"), "{}", tap.text());
        publish(&server, 1..=1);
        assert_eq!(tap.ids(1).await, [1], "{}", kind.word());
        server.stop().await;
    }
}

#[tokio::test]
async fn heartbeats_stop_and_come_again() {
    for kind in [TransportKind::Websocket, TransportKind::Sse, TransportKind::Stream] {
        let heartbeat = Some(millis(40));
        let server = Server::start(ServerOptions { heartbeat, ..quiet() }).await.unwrap();
        let mut tap = Tap::open(&server, kind).await;
        let beats = |tap: &Tap| match kind {
            TransportKind::Websocket => {
                frames(tap.body()).iter().filter(|frame| frame.0 == 9).count()
            }
            TransportKind::Sse => tap.text().matches(": heartbeat\n").count(),
            _ => tap.text().matches("1\r\n\n\r\n").count(),
        };
        while beats(&tap) < 1 {
            tap.hears_nothing(LULL).await;
        }
        make(&server, "heartbeats=off");
        // One may be on its way.
        tap.falls_silent().await;
        let before = beats(&tap);
        make(&server, "");
        while beats(&tap) == before {
            tap.hears_nothing(LULL).await;
        }
        server.stop().await;
    }
}
