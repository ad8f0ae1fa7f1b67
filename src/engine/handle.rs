//! The window's end of the engine: the newest snapshot, and a bounded queue for commands. Neither
//! ever blocks.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use super::Snapshot;
use crate::model::Command;

/// Commands waiting to be carried out, at most. A person does not click faster.
const WAITING: usize = 256;

/// What the window holds of the engine.
#[derive(Debug, Clone)]
pub struct Handle {
    newest: Arc<ArcSwap<Snapshot>>,
    commands: mpsc::Sender<Command>,
}

/// The engine's end of a [`Handle`].
#[derive(Debug)]
pub struct Port {
    newest: Arc<ArcSwap<Snapshot>>,
    /// What the window asks for, in order.
    pub commands: mpsc::Receiver<Command>,
}

impl Handle {
    /// Both ends. The engine uses it; tests use it to show the window a snapshot of their own.
    pub fn pair() -> (Self, Port) {
        let newest = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (sender, commands) = mpsc::channel(WAITING);
        (Self { newest: Arc::clone(&newest), commands: sender }, Port { newest, commands })
    }

    /// Everything there is to show, as of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.newest.load_full()
    }

    /// Asks for something; `false` when the engine is so far behind that it was not taken.
    pub fn send(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }
}

impl Port {
    /// Shows this from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        self.newest.store(Arc::new(snapshot));
    }
}
