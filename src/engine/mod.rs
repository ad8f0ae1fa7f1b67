//! Owns the runtime, the sessions, the captures and the built-in server. Commands come in through
//! one bounded queue, snapshots go out; nobody else holds a task or a file.

mod answer;
mod begun;
mod chunks;
mod comparing;
mod core;
mod dialog;
mod handle;
mod join;
mod lent;
mod meta;
mod observer;
mod opened;
mod reading;
mod recents;
mod search;
mod serving;
mod sessions;
mod snapshot;
mod tracked;
mod user_agent;
mod viewer;
mod watch;
mod work;
mod workshop;

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

pub use chunks::Chunks;
pub use core::Waker;
pub use handle::{Handle, Port};
pub use meta::report_meta;
pub use reading::{Reading, SchemaFile};
pub use snapshot::{
    ClientView, CompareView, Entry, JoinView, Matches, Notice, Origin, RecentCapture, Recording,
    Rows, Selected, Sending, ServerView, SessionView, Severity, Snapshot, Stats, TopicView,
    TransportStats,
};

pub use crate::compare::{
    HerdView, Lane, LaneView, LatencyMs, LessonSummary, LessonView, RunView, ScaleRow, ScaleView,
    Stage, StepView, StreamView, StreamsView, Verdict,
};

/// How long the end of the program waits for sessions and files to close.
const GOODBYE: Duration = Duration::from_secs(8);

/// The running engine. Dropping it ends every session and closes every file.
#[derive(Debug)]
pub struct Engine {
    runtime: Option<Runtime>,
    quit: CancellationToken,
    core: Option<tokio::task::JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine on threads of its own. Recordings go into `folder` until they are saved
    /// elsewhere. `waker` is called whenever there is a new snapshot, from one of these threads.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn start(folder: PathBuf, waker: Waker) -> std::io::Result<(Self, Handle)> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("engine")
            .enable_all()
            .build()?;
        let (handle, port) = Handle::pair();
        let quit = CancellationToken::new();
        let core = runtime.spawn(core::Core::new(port, folder.into(), waker).run(quit.clone()));
        Ok((Self { runtime: Some(runtime), quit, core: Some(core) }, handle))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.quit.cancel();
        if let (Some(runtime), Some(core)) = (self.runtime.take(), self.core.take()) {
            // What has not closed by then keeps what was committed: a recording is never worse
            // off than after a crash.
            let _ = runtime.block_on(async { tokio::time::timeout(GOODBYE, core).await });
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
