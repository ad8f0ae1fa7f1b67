//! Tasks that end with the value that keeps them.

use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Ends tasks when it is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    _guard: DropGuard,
}

impl Kept {
    /// Keeps `tasks` until this is dropped or `stop` is cancelled. Needs a tokio runtime.
    pub(super) fn new(tasks: JoinSet<()>, stop: &CancellationToken) -> Self {
        let ends = stop.child_token();
        let end = ends.clone();
        tokio::spawn(async move {
            end.cancelled().await;
            drop(tasks);
        });
        Self { _guard: ends.drop_guard() }
    }
}
