//! How connections end and come back: vanished peers, missing pongs, goodbyes, sends of their own.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use wirescope::model::{Dir, Event, Heartbeat, Kind, Say};
use wirescope::session::End;

use super::scripted::serve;
use super::{connect, endpoint};

fn causes(events: &[Event], kind: Kind) -> Vec<String> {
    let of_kind = events.iter().filter(|event| event.kind == kind);
    of_kind.map(|event| event.meta().cause.clone().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_peer_that_vanishes_is_told_and_dialled_again() {
    let address = serve(async |number, mut peer| {
        peer.accept("").await;
        peer.write(b"\x81\x01a").await;
        match number {
            1 => {}
            2 => peer.write(b"\x81\x05hal").await,
            3 => {
                assert_eq!(peer.frame().await, Some((0x81, b"seen".to_vec())));
                peer.reset();
            }
            _ => assert_eq!(peer.rest().await.len(), 8, "a close frame"),
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 5);
    endpoint.options.send = vec!["seen".into()];
    let session = connect(endpoint);
    session.memory.until_received(4).await;
    let (_, memory) = session.stop().await;
    let events = memory.events();
    let closed = causes(&events, Kind::Closed);
    assert_eq!(closed[0], "the peer ended the connection without a close frame");
    let inside = "the connection broke: it ended inside a frame, of which 5 of 7 bytes had come";
    assert_eq!(closed[1], inside);
    assert!(closed[2].starts_with("the connection broke: "), "{closed:?}");
    assert_eq!(closed[3], "disconnected by you");
    let opened: Vec<_> = memory.of(Kind::Open).iter().map(|event| event.attempt).collect();
    assert_eq!(opened, [1, 2, 3, 4]);
    assert_eq!(memory.of(Kind::Retrying)[2].meta().retry, Some((1, 5)), "open resets the count");
}

#[tokio::test]
async fn a_close_code_decides_whether_to_come_back() {
    let table = [(1000, 1), (1001, 2), (1011, 2), (1012, 2), (1008, 1), (4999, 2)];
    for (code, connections) in table {
        let address = serve(move |_, mut peer| async move {
            peer.accept("").await;
            let code: u16 = code;
            peer.write(&[&[0x88, 2], &code.to_be_bytes()[..]].concat()).await;
            assert_eq!(peer.frame().await, Some((0x88, code.to_be_bytes().to_vec())));
        })
        .await;
        let mut endpoint = endpoint(&format!("ws://{address}/"), 1);
        endpoint.options.retries.most = 1;
        let session = connect(endpoint);
        if connections == 2 {
            session.memory.until_of(Kind::Open, 2).await;
            session.stop().await;
        } else {
            let (end, memory) = session.end().await;
            assert_eq!(matches!(end, End::Finished), code == 1000);
            assert_eq!(memory.of(Kind::Open).len(), 1, "{code}");
            assert_eq!(memory.of(Kind::Closed)[0].meta().code, Some(code));
        }
    }
}

#[tokio::test]
async fn pings_are_numbered_and_their_pongs_keep_the_connection() {
    const PINGS: u32 = 45;
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        for number in 1..=PINGS {
            let ping = format!("ws{number}").into_bytes();
            assert_eq!(peer.frame().await, Some((0x89, ping.clone())));
            peer.write(&[&[0x8a, ping.len() as u8], &ping[..]].concat()).await;
        }
        peer.write(b"\x88\x02\x03\xe8").await;
        peer.rest().await;
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    let millis = Duration::from_millis;
    endpoint.options.heartbeat = Some(Heartbeat { every: millis(50), patience: millis(2000) });
    let (end, memory) = connect(endpoint).end().await;
    assert!(matches!(end, End::Finished));
    // Longer than a pong may take: one that was not counted would have been missed.
    assert_eq!(memory.of(Kind::Violation), []);
    let pongs: Vec<_> = memory.of(Kind::Pong).into_iter().map(|e| (e.dir, e.payload)).collect();
    let expected: Vec<_> = (1..=PINGS).map(|n| (Dir::In, format!("ws{n}").into())).collect();
    assert_eq!(pongs, expected);
}

#[tokio::test]
async fn a_peer_that_is_silent_after_a_ping_is_dead() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let address = serve(move |_, mut peer| {
        let ended = ended.clone();
        async move {
            peer.accept("").await;
            peer.rest().await;
            ended.send(()).unwrap();
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 5);
    endpoint.options.heartbeat = Some(Heartbeat::every(Duration::from_millis(20)));
    let session = connect(endpoint);
    session.memory.until_of(Kind::Open, 2).await;
    ends.recv().await.expect("the dead connection's socket was closed");
    let (_, memory) = session.stop().await;
    assert_eq!(causes(&memory.events(), Kind::Closed)[0], "no pong within 20ms of a ping");
}

#[tokio::test]
async fn a_talkative_peer_without_pongs_is_told_of_and_kept() {
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        while let Some((0x89, _)) = peer.frame().await {
            peer.write(b"\x81\x01x").await;
        }
        peer.write(b"\x88\x02\x03\xe8").await;
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    let millis = Duration::from_millis;
    endpoint.options.heartbeat = Some(Heartbeat { every: millis(50), patience: millis(1500) });
    let session = connect(endpoint);
    session.memory.until_of(Kind::Violation, 1).await;
    let before = session.memory.received().len();
    session.memory.until_received(before + 5).await;
    let (_, memory) = session.stop().await;
    let told = causes(&memory.events(), Kind::Violation);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("(RFC 6455, section 5.5.2)"));
    assert_eq!(causes(&memory.events(), Kind::Closed), ["disconnected by you"]);
}

#[tokio::test]
async fn stopping_says_1000_and_closes_the_socket() {
    let (seen, mut saw) = mpsc::unbounded_channel();
    let address = serve(move |_, mut peer| {
        let seen = seen.clone();
        async move {
            peer.accept("").await;
            let close = peer.frame().await;
            // Some peers still have something to say.
            peer.write(b"\x81\x04last\x88\x02\x03\xe8").await;
            seen.send((close, peer.rest().await)).unwrap();
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 5));
    session.memory.until_of(Kind::Open, 1).await;
    let (end, memory) = session.stop().await;
    assert!(matches!(end, End::Stopped));
    assert_eq!(saw.recv().await, Some((Some((0x88, vec![0x03, 0xe8])), Vec::new())));
    assert_eq!(memory.received(), ["last"]);
    assert_eq!(memory.of(Kind::Close).len(), 2);
    assert_eq!(causes(&memory.events(), Kind::Closed), ["disconnected by you"]);
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_peer_that_ignores_it_or_takes_nothing() {
    let (seen, mut saw) = mpsc::unbounded_channel();
    let address = serve(move |_, mut peer| {
        let seen = seen.clone();
        async move {
            peer.accept("").await;
            peer.write(b"\x81\x02go").await;
            // Reads nothing until the client has given up.
            seen.send(peer).unwrap();
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 5));
    session.memory.until_received(1).await;
    session.say(Say::Binary(vec![7; 32 << 20].into())).await;
    session.say(Say::Text("waits for the socket".into())).await;
    let (end, memory) = session.stop().await;
    assert!(matches!(end, End::Stopped));
    let mut peer = saw.recv().await.unwrap();
    assert!(peer.rest().await.len() < 32 << 20, "the rest was given up");
    assert_eq!(memory.of(Kind::Closed).len(), 1);
}

#[tokio::test]
async fn a_flood_does_not_keep_a_stop_or_a_send_waiting() {
    let address = serve(async |_, mut peer| {
        use tokio::io::AsyncWriteExt;
        peer.accept("").await;
        let flood = b"\x81\x02..".repeat(4096);
        while peer.stream.write_all(&flood).await.is_ok() {}
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.memory.until_received(1).await;
    session.say(Say::Text("me too".into())).await;
    let sent = |events: &[Event]| events.iter().any(|e| e.dir == Dir::Out && e.kind == Kind::Text);
    session.memory.until("our message", sent).await;
    let (end, _) = session.stop().await;
    assert!(matches!(end, End::Stopped));
}

#[tokio::test]
async fn what_the_options_want_sent_is_sent_each_time_and_again() {
    let address = serve(async |number, mut peer| {
        peer.accept("").await;
        let rounds = if number == 1 { 1 } else { 3 };
        for _ in 0..rounds {
            assert_eq!(peer.frame().await, Some((0x81, b"subscribe".to_vec())));
            assert_eq!(peer.frame().await, Some((0x81, b"more".to_vec())));
        }
        if number == 2 {
            peer.write(b"\x88\x02\x03\xe8").await;
            peer.rest().await;
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 1);
    endpoint.options.send = vec!["subscribe".into(), "more".into()];
    endpoint.options.every = Some(Duration::from_millis(30));
    let (end, memory) = connect(endpoint).end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let told = memory.of(Kind::Text);
    assert!(told.iter().all(|event| event.dir == Dir::Out));
    assert!(told.iter().filter(|event| event.attempt == 2).count() >= 6);
}

#[tokio::test]
async fn nothing_is_missing_of_a_busy_conversation_with_tungstenite() {
    const MESSAGES: usize = 20_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut server = tokio_tungstenite::accept_async(tcp).await.unwrap();
        for number in 0..MESSAGES {
            let body = format!("{number} {}", "x".repeat(number % 300));
            server.feed(Message::text(body)).await.unwrap();
            if number % 1000 == 0 {
                server.send(Message::Ping(number.to_string().into())).await.unwrap();
            }
        }
        server.close(None).await.unwrap();
        while let Some(Ok(message)) = server.next().await {
            assert!(message.is_pong() || message.is_close(), "{message:?}");
        }
    });
    let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 0)).end().await;
    let received = memory.received();
    assert_eq!(received.len(), MESSAGES);
    for (number, text) in received.iter().enumerate() {
        assert_eq!(text, &format!("{number} {}", "x".repeat(number % 300)));
    }
    assert_eq!(memory.of(Kind::Ping).len(), MESSAGES / 1000);
    // Of pings that came together only the last one needs an answer.
    assert!((1..=MESSAGES / 1000).contains(&memory.of(Kind::Pong).len()));
}
