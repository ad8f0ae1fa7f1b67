//! Where a lane stands in its topic, read off its events as they are recorded: what a client has to
//! remember that changes its transport, or one whose transport remembers nothing.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::counter::is_sign_of_life;
use crate::analysis::Measures;
use crate::model::{Event, Feed, FeedError, Options};

/// An id that is lower by more was not overtaken: the server began to count anew.
const OVERTAKEN: u64 = 64;

/// What is known of a lane's place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Known {
    /// Id of the message after which to go on.
    id: Option<u64>,
    /// Things that came and prove that the way delivers.
    signs: u64,
}

impl Known {
    fn take(&mut self, id: u64) {
        let began_anew = |last| id == 1 || id + OVERTAKEN < last;
        match self.id {
            Some(last) if id < last && !began_anew(last) => {}
            _ => self.id = Some(id),
        }
    }
}

/// Where a lane stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    known: watch::Sender<Known>,
}

impl Place {
    /// The place of a lane that is to have everything after this message.
    pub(super) fn after(id: u64) -> Self {
        Self { known: watch::Sender::new(Known { id: Some(id), signs: 0 }) }
    }

    /// Id of the message after which to go on; `None` before the first.
    pub(super) fn id(&self) -> Option<u64> {
        self.known.borrow().id
    }

    /// How many things came so far that prove that the way delivers.
    pub(super) fn signs(&self) -> u64 {
        self.known.borrow().signs
    }

    /// Resolves when more than so many came.
    pub(super) async fn more_than(&self, signs: u64) {
        // The sender is in `self`, so this cannot fail.
        let _ = self.known.subscribe().wait_for(|known| known.signs > signs).await;
    }

    /// Takes the place that a transport tells, where it knows better.
    pub(super) fn go_on_after(&self, id: u64) {
        self.known.send_if_modified(|known| {
            known.take(id);
            false
        });
    }

    /// Takes what events that were handed over have told.
    fn take(&self, signs: u64, ids: &[u64]) {
        self.known.send_if_modified(|known| {
            known.signs += signs;
            for id in ids {
                known.take(*id);
            }
            signs > 0
        });
    }
}

/// Hands events on and remembers the place of those that were taken.
pub(super) struct Followed {
    feed: Arc<dyn Feed>,
    place: Arc<Place>,
    measures: Measures,
}

impl Followed {
    /// Events go to `feed`, and where they lead to is noted in `place`.
    pub(super) fn new(feed: Arc<dyn Feed>, place: Arc<Place>) -> Self {
        Self { feed, place, measures: Measures::new(0, &Options::default()) }
    }

    /// The id of a message that came.
    fn id(&self, event: &Event) -> Option<u64> {
        let own = event.id.as_deref().and_then(|id| id.parse().ok());
        own.or_else(|| u64::try_from(self.measures.read(event).numbers.payload_id?).ok())
    }
}

impl Feed for Followed {
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        Box::pin(async move {
            let signs = events.iter().filter(|event| is_sign_of_life(event)).count() as u64;
            let messages = events.iter().filter(|event| event.is_received_message());
            let ids: Vec<u64> = messages.filter_map(|event| self.id(event)).collect();
            // Only then: what was not handed over has to come again.
            self.feed.send(events).await?;
            self.place.take(signs, &ids);
            Ok(())
        })
    }
}

/// Takes events and keeps none, only the place they lead to.
pub(super) struct Dropped;

impl Feed for Dropped {
    fn send(&self, _: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Kind};

    /// Keeps what it is given to itself until it may go on.
    struct Held(tokio::sync::Semaphore);

    impl Feed for Held {
        fn send(&self, _: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
            Box::pin(async {
                let _ = self.0.acquire().await;
                Ok(())
            })
        }
    }

    #[tokio::test]
    async fn what_becomes_known_while_events_are_handed_over_stays() {
        let place = Arc::new(Place::after(3));
        let held = Arc::new(Held(tokio::sync::Semaphore::new(0)));
        let feed = Followed::new(Arc::clone(&held) as Arc<dyn Feed>, Arc::clone(&place));
        let event = Event::new(0, Dir::In, Kind::Text).with_payload(r#"{"id":4}"#);
        let (sent, ()) = tokio::join!(feed.send(vec![event]), async {
            assert_eq!(place.id(), Some(3), "nothing is handed over yet");
            place.go_on_after(7);
            held.0.add_permits(1);
        });
        assert_eq!(sent, Ok(()));
        assert_eq!((place.id(), place.signs()), (Some(7), 1));
    }

    async fn after(payloads: &[&'static str]) -> Option<u64> {
        let place = Arc::new(Place::default());
        let feed = Followed::new(Arc::new(Dropped), Arc::clone(&place));
        for payload in payloads {
            let event = Event::new(0, Dir::In, Kind::Text).with_payload(*payload);
            assert_eq!(feed.send(vec![event]).await, Ok(()));
        }
        place.id()
    }

    #[tokio::test]
    async fn the_place_is_that_of_the_last_message_that_was_not_overtaken() {
        assert_eq!(after(&[]).await, None);
        assert_eq!(after(&["plain"]).await, None);
        assert_eq!(after(&[r#"{"id":4}"#, r#"{"id":6}"#, r#"{"id":5}"#]).await, Some(6));
        assert_eq!(after(&[r#"{"id":900}"#, r#"{"id":1}"#, r#"{"id":2}"#]).await, Some(2));
        assert_eq!(after(&[r#"{"id":900}"#, r#"{"id":30}"#]).await, Some(30), "began anew");
    }

    #[tokio::test]
    async fn signs_of_life_are_what_comes_and_no_head() {
        let place = Arc::new(Place::default());
        let feed = Followed::new(Arc::new(Dropped), Arc::clone(&place));
        for (dir, kind, signs) in [
            (Dir::Local, Kind::Open, 0),
            (Dir::In, Kind::Response, 0),
            (Dir::Out, Kind::Ping, 0),
            (Dir::In, Kind::Pong, 1),
            (Dir::In, Kind::Comment, 2),
            (Dir::In, Kind::Event, 3),
        ] {
            assert_eq!(feed.send(vec![Event::new(0, dir, kind)]).await, Ok(()));
            assert_eq!(place.signs(), signs, "{kind:?}");
        }
        place.more_than(2).await;
    }
}
