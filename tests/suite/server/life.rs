//! Starting, stopping, and what is left behind: nothing.

use tokio::runtime::Handle;
use wirescope::model::{ServerOptions, Source};
use wirescope::server::{Carrier, Server, ServerError};

use super::websocket::Socket;
use super::{Raw, eventually, get_json, publish, quiet, soon, start};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// One client on every path that holds a connection, and one that says nothing.
async fn clients(server: &Server) -> (Socket, Vec<Raw>) {
    let socket = Socket::connect(server, "/ws").await;
    let mut raws = Vec::new();
    for (path, first) in [("/sse", "retry: "), ("/stream", "\r\n\r\n")] {
        let mut raw = Raw::get(server, path, "").await;
        raw.until_text(first).await;
        raws.push(raw);
    }
    raws.push(Raw::get(server, "/poll?since=0", "").await);
    eventually("the poll", || server.stats().of(Carrier::LongPoll).active == 1).await;
    raws.push(Raw::connect(server).await);
    eventually("the connections", || server.stats().connections.active == 5).await;
    (socket, raws)
}

#[tokio::test]
async fn stopping_says_goodbye_and_leaves_nothing() {
    let before = tasks();
    let server = start(quiet()).await;
    let (mut socket, mut raws) = clients(&server).await;
    let addr = server.addr();
    let stopped = tokio::spawn(server.stop());
    assert_eq!(socket.close_code().await, (1001, "the server is being stopped".to_owned()));
    assert_eq!(socket.next().await, None);
    for raw in &mut raws[..2] {
        let text = raw.read_out().await;
        assert!(text.ends_with("0\r\n\r\n"), "ended in the middle: {text}");
    }
    assert!(raws[2].read_out().await.starts_with("HTTP/1.1 204"), "{}", raws[2].text());
    assert_eq!(raws[3].read_out().await, "");
    soon("the stop", stopped).await.unwrap();
    assert_eq!(tasks(), before);
    let again = Server::start(ServerOptions { listen: addr, ..quiet() }).await.unwrap();
    again.stop().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_those_who_do_not_listen() {
    let before = tasks();
    let server = start(quiet()).await;
    // Neither reads, so neither sees that it is to go.
    let mut socket = Socket::connect(&server, "/ws").await;
    let raw = Raw::get(&server, "/stream", "").await;
    eventually("the stream", || server.stats().of(Carrier::Stream).active == 1).await;
    server.set_source(Source { rate: 1_000.0, size: 1_000_000, ..Source::default() }).unwrap();
    eventually("full buffers", || server.hub().last_id("default") > 40).await;
    soon("the stop", server.stop()).await;
    assert_eq!(tasks(), before);
    drop(raw);
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket.0).await {}
}

#[tokio::test]
async fn dropping_ends_everything() {
    let before = tasks();
    let server =
        start(ServerOptions { source: Source { rate: 100.0, ..Source::default() }, ..quiet() })
            .await;
    let (socket, mut raws) = clients(&server).await;
    let addr = server.addr();
    drop(server);
    eventually("the end of all tasks", || tasks() == before).await;
    drop(socket);
    raws[0].read_out().await;
    drop(Server::start(ServerOptions { listen: addr, ..quiet() }).await.unwrap());
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_explained() {
    let server = start(quiet()).await;
    let listen = server.addr();
    let taken = Server::start(ServerOptions { listen, ..quiet() }).await.unwrap_err();
    assert!(matches!(taken, ServerError::AddressInUse(addr) if addr == listen));
    assert!(taken.to_string().contains("listen on another port"), "{taken}");
    // TEST-NET-1 (RFC 5737) belongs to no machine.
    let listen = ([192, 0, 2, 1], 0).into();
    let foreign = Server::start(ServerOptions { listen, ..quiet() }).await.unwrap_err();
    assert!(matches!(foreign, ServerError::NotOurs(_)), "{foreign:?}");
    let silly =
        Server::start(ServerOptions { source: Source { size: 0, ..Source::default() }, ..quiet() })
            .await
            .unwrap_err();
    assert!(matches!(silly, ServerError::Options(_)), "{silly:?}");
    server.stop().await;
}

#[tokio::test]
async fn ids_begin_again_with_a_new_hub() {
    let first = start(quiet()).await;
    publish(&first, 1..=3);
    first.stop().await;
    let second = start(quiet()).await;
    publish(&second, 1..=1);
    assert_eq!(get_json(&second, "/short?since=0").await["lastId"], 1);
    assert!(second.url().starts_with("http://127.0.0.1:"));
    second.stop().await;
}

#[tokio::test]
async fn a_source_that_has_settled_keeps_to_its_new_pace() {
    let server = start(quiet()).await;
    let last = || server.hub().last_id("default");
    for _ in 0..50 {
        let before = last();
        server.set_source(Source { rate: 10_000.0, size: 1, ..Source::default() }).unwrap();
        eventually("ticks", || last() > before).await;
        server.set_source(Source { rate: 0.0, size: 1, ..Source::default() }).unwrap();
        // Messages are due while nobody lets the source send them.
        std::thread::sleep(std::time::Duration::from_millis(1));
        soon("the pause", server.settled()).await;
        let sent = last();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(last(), sent, "no tick after the pause");
    }
    server.stop().await;
}
