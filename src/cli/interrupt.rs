//! The wish to end, as terminals and service managers send it.

use anyhow::{Context, Result};

/// Listens from the moment it is made, so that a signal that comes early is not the end of the
/// process but of its work.
#[derive(Debug)]
pub(super) struct Interrupt {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Interrupt {
    /// Begins to listen for SIGINT and SIGTERM. Needs a tokio runtime.
    pub(super) fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    /// Resolves when the person or the system asks the program to end.
    pub(super) async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Interrupt {
    /// Begins to listen for Ctrl-C. Needs a tokio runtime.
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {})
    }

    /// Resolves when the person asks the program to end.
    pub(super) async fn came(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
