//! Where a session's events go. The recorder implements it; transports only know this much of it.

use futures_util::future::BoxFuture;

use super::Event;

/// Takes events in batches and makes the sender wait while it cannot keep up.
pub trait Feed: Send + Sync {
    /// Hands over `events`. Resolves as soon as there is room for them, which is how a slow disk
    /// slows the socket down.
    ///
    /// # Errors
    /// [`FeedError`] once the recording has ended; the batch was not recorded.
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>>;
}

/// The recording has ended and takes no further events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recording has ended")]
pub struct FeedError;
