//! What every view is given: the newest snapshot, the time, and a place for its wishes.

use std::path::Path;

use crate::engine::{Notice, SessionView, Severity, Snapshot};
use crate::model::{Command, SessionId};

use super::action::Action;
use super::format::Zone;

/// What there is to show, borrowed for one frame.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    /// Everything the engine knows.
    pub snapshot: &'a Snapshot,
    /// Where the person is.
    pub zone: &'a Zone,
    /// The wall clock, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
}

/// What the views ask for in one frame, carried out after it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// For the engine.
    pub commands: Vec<Command>,
    /// For the window.
    pub actions: Vec<Action>,
    /// For the person.
    pub notices: Vec<Notice>,
}

/// The session whose recording this file is, live or opened.
pub(crate) fn session_of<'a>(snapshot: &'a Snapshot, path: &Path) -> Option<&'a SessionView> {
    let of = |session: &&std::sync::Arc<SessionView>| session.recording.path == path;
    snapshot.sessions.iter().find(of).map(std::sync::Arc::as_ref)
}

impl Outbox {
    /// Asks the engine.
    pub(crate) fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Asks the window.
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Tells the person.
    pub(crate) fn say(&mut self, severity: Severity, text: String, hint: Option<String>) {
        self.notices.push(Notice { id: 0, severity, text, hint });
    }
}

impl Scene<'_> {
    /// The session of this name.
    pub(crate) fn session(&self, id: Option<SessionId>) -> Option<&std::sync::Arc<SessionView>> {
        self.snapshot.sessions.iter().find(|session| Some(session.id) == id)
    }
}

/// What a session's clock says now: a live one runs on between snapshots.
pub(crate) fn now_ns(session: &SessionView) -> u64 {
    match &session.clock {
        Some(clock) if !session.phase.is_over() => clock.now(),
        _ => session.now_ns,
    }
}
