//! Pongs that arrive nowhere, in both directions.

use wirescope::model::{ServerOptions, TransportKind};
use wirescope::server::Server;

use super::tap::{End, Tap, frames, masked};
use super::{make, millis, quiet, start_in};

const PING: u8 = 9;
const PONG: u8 = 10;

#[tokio::test]
async fn a_client_whose_pongs_are_swallowed_is_dropped() {
    let heartbeat = Some(millis(100));
    let server = Server::start(ServerOptions { heartbeat, ..quiet() }).await.unwrap();
    make(&server, "pongs=off");
    let mut tap = Tap::open(&server, TransportKind::Websocket).await;
    let mut answered = 0;
    // Answers each ping, until there is nobody to answer.
    while answered < 2 {
        let pings = frames(tap.body()).iter().filter(|frame| frame.0 == PING).count();
        for _ in answered..pings {
            tap.send(&masked(PONG, b"")).await;
        }
        answered = pings;
        if answered < 2 {
            tap.hears_nothing(millis(20)).await;
        }
    }
    assert_eq!(tap.end().await, End::Fin);
    let pings = frames(tap.body()).iter().filter(|frame| frame.0 == PING).count();
    assert_eq!(pings, 2, "and no third");
    assert_eq!(server.stats().of(wirescope::server::Carrier::Websocket).errors, 1);
    server.stop().await;
}

#[tokio::test]
async fn pongs_of_the_server_never_leave() {
    let server = start_in("pongs=off").await;
    let mut tap = Tap::open(&server, TransportKind::Websocket).await;
    let sends = async |tap: &mut Tap, word: &str| {
        tap.send(&masked(PING, word.as_bytes())).await;
        tap.send(&masked(2, format!("after {word}").as_bytes())).await;
        tap.until(word, |text| text.contains(&format!("after {word}"))).await;
        // The answer to a ping comes before that to what was sent after it, or with it.
        tap.send(&masked(2, b"end")).await;
        tap.until("the end", |text| text.ends_with("end")).await;
        let pongs = frames(tap.body()).into_iter().filter(|frame| frame.0 == PONG);
        pongs.map(|frame| String::from_utf8(frame.1).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sends(&mut tap, "one").await, Vec::<String>::new());
    make(&server, "");
    assert_eq!(sends(&mut tap, "two").await, ["two"]);
    make(&server, "pongs=off");
    assert_eq!(sends(&mut tap, "three").await, ["two"]);
    server.stop().await;
}
