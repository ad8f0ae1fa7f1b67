//! What the built-in server was like before a lesson set it up otherwise.

use std::time::Duration;

use crate::model::ServerOptions;

/// Settings that a lesson may want otherwise, and that only a start can change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lent {
    history: usize,
    hold: Duration,
    heartbeat: Option<Duration>,
    retry: Duration,
}

impl Lent {
    pub(super) fn of(options: &ServerOptions) -> Self {
        let &ServerOptions { history, hold, heartbeat, retry, .. } = options;
        Self { history, hold, heartbeat, retry }
    }

    /// These, and the rest as it is now.
    pub(super) fn with(self, now: &ServerOptions) -> ServerOptions {
        let Self { history, hold, heartbeat, retry } = self;
        ServerOptions { history, hold, heartbeat, retry, ..now.clone() }
    }
}
