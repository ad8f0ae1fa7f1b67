//! The wish to stop ends an HTTP transport by itself, in whatever it waits for: these tests run
//! attempts without a session, which would end them by force in the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wirescope::model::{Clock, Feed, Kind, Say};
use wirescope::transport::{Entry, Link, Outbox, Outcome, poll, sse, stream};

use crate::support::Memory;
use crate::support::peer::{Peer, Server, soon};

const JSON: &str = "200 OK\r\nContent-Type: application/json";
const ENTRIES: [&Entry; 4] = [&sse::ENTRY, &poll::LONG, &poll::SHORT, &stream::ENTRY];

struct Attempt {
    memory: Arc<Memory>,
    stop: CancellationToken,
    say: mpsc::Sender<Say>,
    task: tokio::task::JoinHandle<Outcome>,
}

fn attempt(entry: &Entry, server: &Server) -> Attempt {
    let mut endpoint = server.endpoint("/");
    endpoint.options.interval = Duration::from_hours(1);
    let mut transport = (entry.build)(&endpoint).unwrap();
    let memory = Arc::new(Memory::default());
    let feed: Arc<dyn Feed> = memory.clone();
    let stop = CancellationToken::new();
    let (say, said) = mpsc::channel(1);
    let mut link = Link::new(Clock::start(), feed, said, stop.clone(), Outbox::default());
    link.begin(1, None);
    let task = tokio::spawn(async move { transport.attempt(&mut link).await });
    Attempt { memory, stop, say, task }
}

impl Attempt {
    async fn stops(self, peers: Vec<Peer>) {
        self.stop.cancel();
        let outcome = soon("the attempt ends", self.task).await.unwrap();
        assert!(matches!(outcome, Outcome::Stopped), "{outcome:?}");
        for peer in peers {
            peer.gone().await;
        }
    }
}

async fn open(entry: &Entry, peer: &mut Peer) {
    match entry.kind {
        wirescope::model::TransportKind::Sse => peer.stream().await,
        wirescope::model::TransportKind::Stream => {
            peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n").await;
        }
        _ => peer.answer(JSON, "{}").await,
    }
}

#[tokio::test]
async fn before_the_head_came() {
    for entry in ENTRIES {
        let server = Server::start().await;
        let attempt = attempt(entry, &server);
        let (peer, _) = server.asked().await;
        attempt.stops(vec![peer]).await;
    }
}

#[tokio::test]
async fn within_the_head() {
    for entry in ENTRIES {
        let server = Server::start().await;
        let attempt = attempt(entry, &server);
        let (mut peer, _) = server.asked().await;
        peer.send("HTTP/1.1 200 O").await;
        attempt.stops(vec![peer]).await;
    }
}

#[tokio::test]
async fn within_the_body_of_a_refusal() {
    for entry in ENTRIES {
        let server = Server::start().await;
        let attempt = attempt(entry, &server);
        let (mut peer, _) = server.asked().await;
        peer.send("HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nhalf").await;
        attempt.stops(vec![peer]).await;
    }
}

#[tokio::test]
async fn while_nothing_happens() {
    for entry in ENTRIES {
        let server = Server::start().await;
        let attempt = attempt(entry, &server);
        let (mut peer, _) = server.asked().await;
        open(entry, &mut peer).await;
        attempt.memory.until_of(Kind::Open, 1).await;
        attempt.stops(vec![peer]).await;
    }
}

#[tokio::test]
async fn while_a_post_is_not_answered() {
    for entry in ENTRIES {
        let server = Server::start().await;
        let attempt = attempt(entry, &server);
        let (mut peer, _) = server.asked().await;
        open(entry, &mut peer).await;
        attempt.memory.until_of(Kind::Open, 1).await;
        attempt.say.send(Say::Text("hello".into())).await.unwrap();
        let is_post = |events: &[wirescope::model::Event]| {
            events.iter().any(|event| event.meta().method.as_deref() == Some("POST"))
        };
        attempt.memory.until("the POST", is_post).await;
        attempt.stops(vec![peer]).await;
    }
}

#[tokio::test]
async fn while_a_flood_comes() {
    let server = Server::start().await;
    let attempt = attempt(&sse::ENTRY, &server);
    let (mut peer, _) = server.asked().await;
    peer.stream().await;
    let flood = tokio::spawn(async move {
        let block = "data: x\n\n".repeat(1000);
        while peer.try_send(block.as_bytes()).await {}
    });
    attempt.memory.until_received(1000).await;
    attempt.stops(Vec::new()).await;
    soon("the client hangs up", flood).await.unwrap();
}
