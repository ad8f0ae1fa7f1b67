//! Herds: what a restart of the server sets off, and servers that send nonsense.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use wirescope::compare::crowd::{Comeback, Herd};
use wirescope::model::TransportKind;
use wirescope::server::{Carrier, Hub};

use super::{quiet, start, until};
use crate::support::peer::soon;

const CLIENTS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_herd_comes_back_after_a_restart_and_its_attempts_are_counted() {
    for kind in [TransportKind::Websocket, TransportKind::Sse, TransportKind::ShortPoll] {
        let hub = Hub::new(100);
        let server = start(0, &hub).await;
        let (url, port) = (server.url(), server.addr().port());
        let stop = CancellationToken::new();
        let herd = Herd::start(&url, CLIENTS, kind, Comeback::AtOnce, &stop).await.unwrap();
        let view = until("all open", || herd.view(), |view| view.connected == CLIENTS).await;
        assert_eq!((view.attempted(), view.failed, view.lost_at_s), (0, 0, None), "{kind:?}");
        server.stop().await;
        // Without a backoff everybody tries again and again.
        let many = 5 * CLIENTS as u64;
        let view = until("attempts", || herd.view(), |view| view.attempted() >= many).await;
        assert_eq!((view.connected, view.back_after_s), (0, None), "{kind:?}");
        assert!(view.lost_at_s.is_some() && view.failed > 0 && view.peak() > 0, "{view:?}");
        let server = start(port, &hub).await;
        let view = until("all back", || herd.view(), |view| view.back_after_s.is_some()).await;
        assert_eq!((view.connected, view.transport), (CLIENTS, kind.word()));
        assert_eq!(view.attempts.len(), view.open.len());
        let active = || server.stats().connections.active;
        until("all at the server", active, |n| *n == CLIENTS as u64).await;
        drop(herd);
        until("none at the server", active, |n| *n == 0).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_backs_off_asks_far_less_often() {
    let asked_while_gone = async |comeback| {
        let server = quiet().await;
        let stop = CancellationToken::new();
        let herd =
            Herd::start(&server.url(), CLIENTS, TransportKind::Sse, comeback, &stop).await.unwrap();
        until("all open", || herd.view(), |view| view.connected == CLIENTS).await;
        server.stop().await;
        let gone = until("gone", || herd.view(), |view| view.connected == 0).await;
        let later = gone.elapsed_s + 1.5;
        let view = until("a while", || herd.view(), |view| view.elapsed_s > later).await;
        view.attempted()
    };
    let (at_once, backed_off) =
        tokio::join!(asked_while_gone(Comeback::AtOnce), asked_while_gone(Comeback::Exponential));
    // 250 ms, 500 ms, 1 s: three attempts a client at most, a machine that stalls apart.
    assert!(backed_off <= 4 * CLIENTS as u64, "{backed_off}");
    assert!(at_once > 2 * backed_off, "{at_once} and {backed_off}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_from_a_server_fails_and_ends_nothing() {
    let answers: [&[u8]; 5] = [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
    ];
    for answer in answers {
        for kind in TransportKind::ALL {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let serve = tokio::spawn(async move {
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut asked = [0; 512];
                    let _ = stream.read(&mut asked).await;
                    let _ = stream.write_all(answer).await;
                }
            });
            let stop = CancellationToken::new();
            let herd = Herd::start(&url, 3, kind, Comeback::AtOnce, &stop).await.unwrap();
            // Whether the first bytes looked like an answer or not, it is over each time.
            until("attempts", || herd.view(), |view| view.attempted() >= 6).await;
            stop.cancel();
            serve.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_answer_pings_so_that_they_are_kept() {
    let options = wirescope::model::ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        heartbeat: Some(std::time::Duration::from_millis(20)),
        ..Default::default()
    };
    let server = wirescope::server::Server::start(options).await.unwrap();
    let stop = CancellationToken::new();
    let kind = TransportKind::Websocket;
    let herd = Herd::start(&server.url(), 3, kind, Comeback::Fixed, &stop).await.unwrap();
    until("all open", || herd.view(), |view| view.connected == 3).await;
    // Twenty heartbeats, of which two without an answer would end a connection.
    let later = herd.view().elapsed_s + 0.4;
    let view = until("a while", || herd.view(), |view| view.elapsed_s > later).await;
    assert_eq!((view.connected, view.lost_at_s), (3, None), "{view:?}");
    assert_eq!(server.stats().of(Carrier::Websocket).opened, 3);
    soon("the end", server.stop()).await;
}
