//! What our own sessions tell of it.

use wirescope::model::{Kind, TransportKind};
use wirescope::server::{Server, endpoints};
use wirescope::transport::build;

use super::{make, publish, start, start_in};
use crate::support::{self, Running, quick_retries};

fn run(server: &Server, kind: TransportKind) -> Running {
    let all = endpoints(&server.url()).unwrap();
    let mut endpoint = all.into_iter().find(|e| e.transport == Some(kind)).unwrap();
    endpoint.options.retries = quick_retries(50);
    endpoint.options.interval = super::millis(20);
    let transport = build(&endpoint).unwrap();
    support::start(endpoint, transport)
}

fn received_ids(running: &Running) -> Vec<u64> {
    let id = |payload: &String| {
        let value: serde_json::Value = serde_json::from_str(payload).unwrap();
        value["id"].as_u64().unwrap()
    };
    running.memory.received().iter().map(id).collect()
}

#[tokio::test]
async fn what_is_cut_comes_back_and_with_a_cursor_loses_nothing() {
    for kind in TransportKind::ALL {
        for how in ["clean", "fin", "reset"] {
            let server = start().await;
            let running = run(&server, kind);
            running.memory.until_of(Kind::Open, 1).await;
            publish(&server, 1..=1);
            running.memory.until_received(1).await;
            make(&server, &format!("cut=100ms/{how}"));
            for n in 2..=15_u64 {
                tokio::time::sleep(super::millis(30)).await;
                publish(&server, n..=n);
            }
            let what = format!("{how} over {}", kind.word());
            if kind != TransportKind::Websocket {
                running.memory.until_received(15).await;
                let ids = received_ids(&running);
                assert!(ids.iter().copied().eq(1..=15), "{ids:?}: {what}");
            }
            if !super::tap::is_poll(kind) {
                running.memory.until_of(Kind::Closed, 2).await;
            }
            make(&server, "");
            // A WebSocket has no cursor, so it gets what comes once it is back.
            let mut next = 16;
            while received_ids(&running).last().is_none_or(|last| *last < 16) {
                publish(&server, next..=next);
                next += 1;
                tokio::time::sleep(super::millis(10)).await;
            }
            let ids = received_ids(&running);
            assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}: {what}");
            running.stop().await;
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_survived() {
    for kind in TransportKind::ALL {
        let server = start_in("fail=503").await;
        let running = run(&server, kind);
        running.memory.until_of(Kind::Failed, 1).await;
        let failed = running.memory.of(Kind::Failed).remove(0);
        let cause = failed.meta().cause.clone().unwrap();
        assert!(cause.contains("503"), "{cause} over {}", kind.word());
        make(&server, "");
        running.memory.until_of(Kind::Open, 1).await;
        running.stop().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn messages_out_of_order_are_told_as_they_came() {
    for kind in TransportKind::ALL {
        let server = start_in("reorder=5,duplicate=3,drop=4").await;
        let running = run(&server, kind);
        running.memory.until_of(Kind::Open, 1).await;
        if super::tap::is_poll(kind) {
            // Its cursor has to be there before the first message.
            running.memory.until_of(Kind::Response, 1).await;
        }
        publish(&server, 1..=11);
        let wanted = [1, 2, 3, 3, 6, 6, 5, 7, 9, 9, 11, 10];
        running.memory.until_received(wanted.len()).await;
        assert_eq!(received_ids(&running), wanted, "{}", kind.word());
        running.stop().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn silence_is_noticed_by_those_who_ping() {
    let server = start().await;
    let all = endpoints(&server.url()).unwrap();
    let mut endpoint =
        all.into_iter().find(|e| e.transport == Some(TransportKind::Websocket)).unwrap();
    endpoint.options.retries = quick_retries(50);
    endpoint.options.heartbeat = Some(wirescope::model::Heartbeat {
        every: super::millis(200),
        patience: super::millis(300),
    });
    let transport = build(&endpoint).unwrap();
    let running = support::start(endpoint, transport);
    running.memory.until_of(Kind::Open, 1).await;
    make(&server, "websocket:cut=50ms/silence");
    running.memory.until_of(Kind::Closed, 1).await;
    let cause = running.memory.of(Kind::Closed)[0].meta().cause.clone().unwrap();
    assert!(cause.contains("no pong"), "{cause}");
    make(&server, "");
    running.memory.until_of(Kind::Open, 2).await;
    running.stop().await;
    server.stop().await;
}
