//! How a lane travels: the transports anybody would use, and a WebSocket that says where it was.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::base::Follows;
use super::fallback::{Fallback, Times};
use super::place::{Followed, Place};
use crate::model::{Clock, Endpoint, Feed, LaneSpec, TransportKind, Way};
use crate::session::Session;
use crate::transport::{self, Link, Outcome, Transport, TransportError};

/// The session of a lane whose events go to `feed`. `newest` is the id of the topic's newest message
/// by now.
pub(super) fn session(
    spec: &LaneSpec,
    follows: &Follows,
    newest: u64,
    clock: Clock,
    feed: Arc<dyn Feed>,
) -> Result<Session, TransportError> {
    let endpoint = endpoint(spec, follows);
    let place = Arc::new(match spec.way {
        Way::Over(_) => Place::default(),
        // It may have to leave a way that has not brought a message yet.
        Way::Fallback => Place::after(newest),
    });
    let followed =
        || -> Arc<dyn Feed> { Arc::new(Followed::new(Arc::clone(&feed), place.clone())) };
    let (transport, feed): (Box<dyn Transport>, _) = match spec.way {
        Way::Over(TransportKind::Websocket) => {
            let socket = Resuming { follows: follows.clone(), place: Arc::clone(&place) };
            (Box::new(socket), followed())
        }
        Way::Over(_) => (transport::build(&endpoint)?, feed),
        Way::Fallback => {
            let feed = followed();
            let times = Times::default();
            let fallback = Fallback::new(follows.clone(), times, place, Arc::clone(&feed));
            (Box::new(fallback), feed)
        }
    };
    Ok(Session::new(endpoint, transport, clock, feed))
}

/// What a lane connects to first.
pub(super) fn endpoint(spec: &LaneSpec, follows: &Follows) -> Endpoint {
    match spec.way {
        Way::Over(kind) => follows.endpoint(kind, None),
        Way::Fallback => follows.anywhere(),
    }
}

/// A WebSocket that says after a loss which message it has seen last. The protocol knows nothing of
/// the kind, so whoever builds on it has to do that; the built-in server takes `?since=`.
struct Resuming {
    follows: Follows,
    place: Arc<Place>,
}

impl Resuming {
    async fn once(&mut self, link: &mut Link) -> Outcome {
        let since = self.place.id().filter(|_| self.follows.options.resume);
        let endpoint = self.follows.endpoint(TransportKind::Websocket, since);
        match transport::build(&endpoint) {
            Ok(mut socket) => socket.attempt(link).await,
            Err(error) => Outcome::Lost(error),
        }
    }
}

impl Transport for Resuming {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        self.once(link).boxed()
    }

    fn cursor(&self) -> Option<String> {
        let id = self.place.id().filter(|_| self.follows.options.resume);
        id.map(|id| id.to_string())
    }
}
