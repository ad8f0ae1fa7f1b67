//! The network between the built-in server and its clients, made bad on purpose: every trouble over
//! every transport that feels it, seen by raw sockets, and a few as our own sessions tell them.

mod bodies;
mod ends;
mod frames;
mod http2;
mod messages;
mod requests;
mod sessions;
mod tap;
mod times;

use std::time::Duration;

use wirescope::model::{
    DEFAULT_TOPIC, Impairment, Network, ServerOptions, Source, TransportKind, Trouble,
};
use wirescope::server::{Draft, Server};

use super::support::LIMIT;
use tap::Tap;

/// A free port, a good network, and nothing but what is published.
fn quiet() -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        heartbeat: None,
        ..ServerOptions::default()
    }
}

async fn start() -> Server {
    Server::start(quiet()).await.unwrap()
}

/// A server whose network is like this from the beginning.
async fn start_in(list: &str) -> Server {
    let network = Network::parse([list]).unwrap();
    Server::start(ServerOptions { network, ..quiet() }).await.unwrap()
}

/// Makes the network like this from now on; the empty list makes it good.
fn make(server: &Server, list: &str) {
    server.control().set_network(Network::parse([list]).unwrap());
}

/// Publishes `n` to `m`, so that on a fresh topic texts are ids.
fn publish(server: &Server, texts: std::ops::RangeInclusive<u64>) {
    for n in texts {
        server.publish(DEFAULT_TOPIC, &Draft::text("message", &n.to_string())).unwrap();
    }
}

/// Panics instead of hanging.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// How long nothing has to come for it to count as not coming. What comes later than it should
/// cannot fail a test, so a slow machine does not either.
const LULL: Duration = Duration::from_millis(300);

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Where the effect of a trouble is shown over each transport that feels it. A trouble that is new
/// has no line here, and this does not compile.
fn shown_in(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Delay | Trouble::Jitter | Trouble::Bandwidth | Trouble::SlowAccept => "times",
        Trouble::Cut | Trouble::Idle => "ends",
        Trouble::Drop | Trouble::Duplicate | Trouble::Reorder => "messages",
        Trouble::Fail | Trouble::RetryAfter | Trouble::Upgrade | Trouble::Cors => "requests",
        Trouble::Buffer | Trouble::Compression | Trouble::Heartbeats => "bodies",
        Trouble::Pongs => "frames",
    }
}

/// Transports that must feel it, said once more and independently of the catalogue.
fn must_feel(trouble: Trouble) -> &'static [TransportKind] {
    use TransportKind::{LongPoll, ShortPoll, Sse, Stream, Websocket};
    match trouble {
        Trouble::Buffer | Trouble::Compression => &[Sse, Stream],
        Trouble::Heartbeats => &[Websocket, Sse, Stream],
        Trouble::Upgrade | Trouble::Pongs => &[Websocket],
        Trouble::Cors => &[Sse, LongPoll, ShortPoll, Stream],
        _ => &TransportKind::ALL,
    }
}

#[tokio::test]
async fn the_catalogue_says_who_feels_what_and_nobody_else_does() {
    for trouble in Trouble::ALL {
        assert!(!shown_in(trouble).is_empty());
        assert_eq!(trouble.felt_by(), must_feel(trouble), "{trouble}");
        let unfelt = TransportKind::ALL.into_iter().filter(|kind| !trouble.applies_to(*kind));
        for kind in unfelt {
            let mut network = Network::default();
            // Around the reader of lists, which refuses it.
            network.of_mut(kind).set(trouble.word(), trouble.example()).unwrap();
            let server = Server::start(ServerOptions { network, ..quiet() }).await.unwrap();
            let mut tap = Tap::open(&server, kind).await;
            publish(&server, 1..=3);
            assert_eq!(tap.ids(3).await, [1, 2, 3], "{trouble} over {}", kind.word());
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn what_is_done_to_one_transport_is_not_done_to_another() {
    let server = start_in("sse:drop=1,fail=500/1").await;
    for kind in TransportKind::ALL.into_iter().filter(|kind| *kind != TransportKind::Sse) {
        let mut tap = Tap::open(&server, kind).await;
        let next = server.hub().last_id(DEFAULT_TOPIC) + 1;
        publish(&server, next..=next);
        assert_eq!(tap.ids(1).await, [next], "{}", kind.word());
    }
    assert_eq!(
        server.control().network().of(TransportKind::Sse),
        &Impairment::parse("drop=1,fail=500").unwrap()
    );
    server.stop().await;
}

/// A restart that forgets is a trouble, too: whoever comes back with a cursor begins again.
#[tokio::test]
async fn a_server_that_forgot_begins_again_over_every_transport() {
    for kind in TransportKind::ALL {
        let server = start().await;
        publish(&server, 1..=5);
        let mut tap = Tap::resume(&server, kind, 3).await;
        assert_eq!(tap.ids(2).await, [4, 5], "{}", kind.word());
        let forgets = wirescope::model::Restart { down: Duration::ZERO, forgets: true };
        soon("the restart", server.control().restart(forgets)).await.unwrap();
        publish(&server, 1..=1);
        let mut tap = Tap::resume(&server, kind, 5).await;
        assert_eq!(tap.ids(1).await, [1], "{}", kind.word());
        server.stop().await;
    }
}
