//! Restarts that the source and the counters outlive.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use wirescope::model::{Restart, ServerOptions, Source};
use wirescope::server::{Phase, Server, ServerError};

use super::websocket::Socket;
use super::{Raw, eventually, get_json, ids, publish, quiet, soon, start};

const BRIEF: Restart = Restart { down: Duration::from_millis(50), forgets: false };
/// Longer than any test.
const LONG: Restart = Restart { down: Duration::from_mins(10), forgets: false };

#[tokio::test]
async fn a_restart_ends_everything_without_a_word() {
    let server = start(quiet()).await;
    let control = server.control();
    publish(&server, 1..=3);
    let mut socket = Socket::connect(&server, "/ws").await;
    let mut raws = vec![Raw::connect(&server).await];
    for path in ["/sse", "/stream", "/poll?since=3"] {
        raws.push(Raw::get(&server, path, "").await);
    }
    eventually("the clients", || control.clients(0).1 == 4).await;
    let (addr, before) = (server.addr(), control.phase());
    let restart = tokio::spawn({
        let control = control.clone();
        async move { control.restart(LONG).await }
    });
    for raw in &mut raws {
        let text = raw.read_out().await;
        assert!(!text.ends_with("0\r\n\r\n") && !text.contains("204"), "no word: {text}");
    }
    let ended = soon("the end", futures_util::StreamExt::next(&mut socket.0)).await;
    assert!(ended.is_none_or(|end| end.is_err()), "no close frame");
    assert_eq!((before, control.phase()), (Phase::Listening, Phase::Restarting));
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
    eventually("the end of the clients", || control.clients(0).1 == 0).await;
    server.stop().await;
    assert_eq!(control.phase(), Phase::Stopped(None));
    assert!(soon("the answer", restart).await.unwrap().is_err());
    assert_eq!(soon("the stop", control.stopped()).await, None);
}

#[tokio::test]
async fn a_restart_comes_back_with_what_there_was() {
    let server = start(quiet()).await;
    let control = server.control();
    publish(&server, 1..=3);
    let addr = server.addr();
    soon("the restart", control.restart(BRIEF)).await.unwrap();
    assert_eq!((server.addr(), control.phase()), (addr, Phase::Listening));
    publish(&server, 4..=4);
    assert_eq!(ids(&get_json(&server, "/short?since=2").await["messages"]), [3, 4]);
    server.stop().await;
}

#[tokio::test]
async fn the_source_goes_on_while_nobody_listens() {
    let source = Source { rate: 1_000.0, ..Source::default() };
    let server = start(ServerOptions { source, ..quiet() }).await;
    let control = server.control();
    let before = control.last_id("default");
    let restart = tokio::spawn({
        let control = control.clone();
        async move { control.restart(LONG).await }
    });
    eventually("the restart", || control.phase() == Phase::Restarting).await;
    eventually("ten more", || control.last_id("default") > before + 10).await;
    // Stopping does not wait for it.
    soon("the stop", server.stop()).await;
    let told = soon("the answer", restart).await.unwrap();
    assert!(matches!(told, Err(ServerError::Stopped)), "{told:?}");
}

#[tokio::test]
async fn what_is_forgotten_begins_again() {
    let server = start(quiet()).await;
    let control = server.control();
    publish(&server, 1..=3);
    assert_eq!(get_json(&server, "/short?since=2").await["messages"][0].get("seq"), None);
    soon("the restart", control.restart(Restart { forgets: true, ..BRIEF })).await.unwrap();
    assert_eq!((control.last_id("default"), control.total("default")), (0, 3));
    publish(&server, 1..=2);
    let answer = get_json(&server, "/short?since=3").await;
    assert_eq!((ids(&answer["messages"]), &answer["reset"]), (vec![1, 2], &true.into()));
    let counts = [0, 1].map(|n| answer["messages"][n]["seq"].as_u64());
    assert_eq!(counts, [Some(4), Some(5)], "a count that never begins again");
    assert_eq!((control.last_id("default"), control.total("default")), (2, 5));
    assert_eq!(control.topics()[0].messages, 5);
    server.stop().await;
}

#[tokio::test]
async fn restarts_asked_for_at_once_come_one_after_the_other() {
    let server = start(quiet()).await;
    let control = server.control();
    let (first, second) =
        soon("both", async { tokio::join!(control.restart(BRIEF), control.restart(BRIEF)) }).await;
    first.and(second).unwrap();
    // Whoever asks may lose interest.
    let asked = control.restart(BRIEF);
    assert!(tokio::time::timeout(Duration::ZERO, asked).await.is_err());
    eventually("its beginning", || control.phase() == Phase::Restarting).await;
    eventually("its end", || control.phase() == Phase::Listening).await;
    get_json(&server, "/stats").await;
    server.stop().await;
    let late = control.restart(BRIEF).await;
    assert!(matches!(late, Err(ServerError::Stopped)), "{late:?}");
}

#[tokio::test]
async fn a_port_that_was_taken_meanwhile_stops_the_server_and_says_why() {
    let before = Handle::current().metrics().num_alive_tasks();
    let server = start(quiet()).await;
    let control = server.control();
    let restart = tokio::spawn({
        let control = control.clone();
        async move { control.restart(Restart { down: Duration::from_secs(1), ..BRIEF }).await }
    });
    let taken = take(&server).await;
    let error = soon("the answer", restart).await.unwrap().unwrap_err();
    assert!(
        matches!(error, ServerError::AddressInUse(addr) if addr == taken.local_addr().unwrap())
    );
    assert_eq!(control.phase(), Phase::Stopped(Some(error.to_string().into())));
    assert_eq!(soon("the reason", control.stopped()).await, Some(error.to_string().into()));
    eventually("the end of its tasks", || Handle::current().metrics().num_alive_tasks() == before)
        .await;
    server.stop().await;
    assert_eq!(control.phase(), Phase::Stopped(Some(error.to_string().into())), "it stays");
}

/// Listens where the server did as soon as it does not.
async fn take(server: &Server) -> TcpListener {
    soon("the port", async {
        loop {
            match TcpListener::bind(server.addr()).await {
                Ok(taken) => return taken,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await
}
