//! A client that finds its way, against servers whose network lets only some of the ways pass.

use std::sync::Mutex;

use tokio::sync::Notify;

use super::*;
use crate::compare::base::{Base, options};
use crate::model::{
    BlockedUpgrade, Buffering, FeedError, LaneSpec, Network, Retries, ServerOptions, Source, Way,
};
use crate::server::{Carrier, Control, Draft, Server};
use crate::session::End;

/// Keeps every event.
#[derive(Default)]
struct Kept {
    events: Mutex<Vec<Event>>,
    grown: Notify,
}

impl Feed for Kept {
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        Box::pin(async move {
            self.events.lock().expect("nobody panics").extend(events);
            self.grown.notify_one();
            Ok(())
        })
    }
}

impl Kept {
    fn all(&self) -> Vec<Event> {
        self.events.lock().expect("nobody panics").clone()
    }

    /// The ids of all messages, in the order they came.
    fn ids(&self) -> Vec<u64> {
        let measures = crate::analysis::Measures::new(0, &crate::model::Options::default());
        let all = self.all();
        let messages = all.iter().filter(|event| event.is_received_message());
        let ids = messages.filter_map(|event| measures.read(event).numbers.payload_id);
        ids.filter_map(|id| u64::try_from(id).ok()).collect()
    }

    fn notes(&self) -> String {
        let all = self.all();
        let notes = all.iter().filter(|event| event.kind == Kind::Note);
        notes.filter_map(|event| event.meta().cause.clone()).collect::<Vec<_>>().join("\n")
    }

    /// The way that is on.
    fn on(&self) -> Option<TransportKind> {
        let all = self.all();
        all.iter().rfind(|event| event.kind == Kind::Open).and_then(|open| open.meta().transport)
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                self.grown.notified().await;
            }
        };
        let limit = Duration::from_mins(1);
        let in_time = tokio::time::timeout(limit, waiting).await.is_ok();
        assert!(in_time, "never: {what}; on {:?}, {}", self.on(), self.notes());
    }
}

/// A server with a client that finds its way to it.
struct Scene {
    server: Server,
    control: Control,
    kept: Arc<Kept>,
    stop: CancellationToken,
    client: tokio::task::JoinHandle<End>,
}

async fn scene(network: Network, times: Times) -> Scene {
    let server = Server::start(ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        history: 10_000,
        network,
        ..ServerOptions::default()
    });
    let server = server.await.expect("a free port");
    let quick = Duration::from_millis(20);
    let retries = Retries { most: 1000, first: quick, longest: quick, jitter: 0.0 };
    let spec = LaneSpec { retries: Some(retries), ..LaneSpec::over(Way::Fallback) };
    let follows = Follows {
        base: Base::parse(&server.url()).expect("an address"),
        topic: String::from("default"),
        client: String::from("run-test"),
        options: options(&spec, None),
    };
    let kept = Arc::new(Kept::default());
    let place = Arc::new(Place::after(server.control().last_id("default")));
    let feed: Arc<dyn Feed> =
        Arc::new(Followed::new(Arc::clone(&kept) as Arc<dyn Feed>, Arc::clone(&place)));
    let fallback = Fallback::new(follows.clone(), times, place, Arc::clone(&feed));
    let mut session = Session::new(follows.anywhere(), Box::new(fallback), Clock::start(), feed);
    let stop = CancellationToken::new();
    let (controls, said) = Session::controls(stop.clone());
    let client = tokio::spawn(async move { session.run(&controls, said).await });
    Scene { control: server.control(), server, kept, stop, client }
}

impl Scene {
    fn publish(&self, count: usize) {
        for _ in 0..count {
            self.control.publish("default", &Draft::text("t", "x")).expect("there is room");
        }
    }

    async fn until_on(&self, kind: TransportKind) {
        self.kept.until(kind.label(), |kept| kept.on() == Some(kind)).await;
    }

    /// Waits for all that was published, which has come exactly once.
    async fn complete(&self) {
        let last = self.control.last_id("default");
        self.kept.until("the last message", |kept| kept.ids().last() == Some(&last)).await;
        assert_eq!(self.kept.ids(), (1..=last).collect::<Vec<_>>(), "{}", self.kept.notes());
    }

    async fn end(self) -> String {
        self.stop.cancel();
        let end = self.client.await.expect("it does not panic");
        assert!(matches!(end, End::Stopped), "{end:?}");
        self.server.stop().await;
        self.kept.notes()
    }
}

fn blocked() -> Network {
    let mut network = Network::default();
    network.of_mut(TransportKind::Websocket).blocked_upgrade =
        Some(BlockedUpgrade::UpgradeRequired);
    network
}

const PATIENT: Times =
    Times { deadline: Duration::from_secs(20), upgrade: Duration::from_mins(10) };

#[tokio::test]
async fn where_nothing_is_in_the_way_it_is_a_websocket() {
    let scene = scene(Network::default(), PATIENT).await;
    scene.until_on(TransportKind::Websocket).await;
    scene.publish(20);
    scene.complete().await;
    assert_eq!(scene.end().await, "", "there is nothing to note");
}

#[tokio::test]
async fn a_blocked_upgrade_leads_to_sse_and_up_again_without_a_gap() {
    let times = Times { upgrade: Duration::from_millis(50), ..PATIENT };
    let scene = scene(blocked(), times).await;
    scene.until_on(TransportKind::Sse).await;
    let why = "WebSocket does not work: the server answered 426";
    assert!(scene.kept.notes().contains(why), "{}", scene.kept.notes());
    let open = scene.kept.all().into_iter().rfind(|event| event.kind == Kind::Open);
    let chosen = open.and_then(|open| open.meta().chosen.clone()).unwrap_or_default();
    assert!(chosen.starts_with("SSE, because WebSocket does not work"), "{chosen}");
    scene.publish(50);
    scene.complete().await;
    let still = "WebSocket still does not work";
    scene.kept.until(still, |kept| kept.notes().contains(still)).await;
    scene.publish(50);
    scene.control.set_network(Network::default());
    while scene.kept.on() != Some(TransportKind::Websocket) {
        // Some of them while it changes over.
        scene.publish(1);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    scene.publish(50);
    scene.complete().await;
    let notes = scene.end().await;
    assert!(notes.contains("WebSocket works again, so SSE is left"), "{notes}");
}

#[tokio::test]
async fn a_way_that_opens_and_delivers_nothing_is_left_for_long_poll() {
    let mut network = blocked();
    network.of_mut(TransportKind::Sse).buffering = Some(Buffering::UntilEnd);
    let times = Times { deadline: Duration::from_secs(1), ..PATIENT };
    let scene = scene(network, times).await;
    scene.until_on(TransportKind::Sse).await;
    // Into a way that delivers nothing; the one after it has them.
    scene.publish(20);
    scene.until_on(TransportKind::LongPoll).await;
    scene.publish(20);
    scene.complete().await;
    let notes = scene.end().await;
    assert!(notes.contains("but nothing came within 1s"), "{notes}");
    assert!(notes.contains("going on with Long poll"), "{notes}");
}

#[tokio::test]
async fn losing_the_connection_again_and_again_does_not_put_off_the_way_up() {
    let times = Times { upgrade: Duration::from_millis(500), ..PATIENT };
    let scene = scene(blocked(), times).await;
    scene.until_on(TransportKind::Sse).await;
    scene.control.set_network(Network::default());
    let ways_up = async {
        while scene.kept.on() != Some(TransportKind::Websocket) {
            scene.publish(1);
            tokio::time::sleep(Duration::from_millis(100)).await;
            // Only what it is on, not what it tries beside that.
            let (clients, _) = scene.control.clients(10);
            let on = clients.into_iter().filter(|client| client.carrier == Carrier::Sse);
            for client in on {
                scene.control.cut(client.id);
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_mins(1), ways_up).await.is_ok();
    assert!(in_time, "never up again: {}", scene.kept.notes());
    scene.complete().await;
    scene.end().await;
}

#[tokio::test]
async fn a_host_that_is_gone_is_no_reason_for_another_way() {
    let scene = scene(Network::default(), PATIENT).await;
    scene.until_on(TransportKind::Websocket).await;
    scene.publish(5);
    scene.complete().await;
    let down = crate::model::Restart { down: Duration::from_millis(100), forgets: false };
    scene.control.restart(down).await.expect("it listens again");
    let opened = |kept: &Kept| kept.all().iter().filter(|e| e.kind == Kind::Open).count();
    scene.kept.until("it is back", |kept| opened(kept) == 2).await;
    assert_eq!(scene.kept.on(), Some(TransportKind::Websocket));
    scene.publish(5);
    scene.complete().await;
    assert_eq!(scene.end().await, "");
}
