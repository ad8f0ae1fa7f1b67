//! Owns the runtime, the sessions, the captures and the built-in server. Commands come in through
//! one bounded queue, snapshots go out; nobody else holds a task or a file.

mod chunks;
mod handle;
mod snapshot;

pub use chunks::Chunks;
pub use handle::{Handle, Port};
pub use snapshot::{
    Entry, Matches, Notice, Origin, RecentCapture, Recording, Rows, Selected, ServerView,
    SessionView, Severity, Snapshot, Stats, TransportStats,
};
